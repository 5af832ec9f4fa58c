"""Which database the commands of `kit class` mean."""

import os
from typing import Annotated

from typer import Option

from grader.text import _

Database = Annotated[
    str | None, Option("--database", metavar="URL", help=_("Where the classroom is kept; without it KIT_DATABASE, else sqlite:///classroom.db."))
]


def database_url(given: str | None) -> str:
    """The database that --database names, else KIT_DATABASE, else a file in this folder."""
    return given or os.environ.get("KIT_DATABASE") or "sqlite:///classroom.db"

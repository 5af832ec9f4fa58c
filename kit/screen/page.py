"""Reports as one web page that needs nothing else."""

from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from rich.console import Console

from grader.text import _
from grader.verdict import Verdict
from kit.errors import KitError
from kit.files import write_atomically
from kit.grading import Target
from kit.screen.graded import subject
from kit.screen.report import report


def write_page(path: Path, graded: Sequence[tuple[Target, Verdict]]) -> None:
    """Write the reports to path. Raises KitError when that cannot be."""
    console = Console(
        file=StringIO(), record=True, width=90, force_terminal=True, color_system="truecolor", highlight=False, markup=False, emoji=False
    )
    for target, verdict in graded:
        for line in report(console, verdict, subject(target)):
            console.print(line, soft_wrap=True)
        console.print()
    try:
        write_atomically(path, console.export_html(inline_styles=True))
    except OSError as error:
        raise KitError(_("the report cannot be written ({reason})").format(reason=error.strerror), path, _("Choose another place.")) from error

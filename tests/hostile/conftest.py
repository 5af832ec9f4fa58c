import sys
from collections.abc import Iterator

import pytest
from court import Court, open_court

collect_ignore = ["bank"]


@pytest.fixture(scope="session")
def court() -> Iterator[Court]:
    """The judge that all cheats of this run are brought before."""
    if sys.platform != "linux":
        pytest.skip("the sandbox is Linux's")
    with open_court() as place:
        yield place

import sys
from collections.abc import Iterator

import pytest
from court import Court, in_session, open_court

collect_ignore = ["bank"]


@pytest.fixture(scope="session")
def open_for_all() -> Iterator[tuple[Court, dict[str, str]]]:
    """What takes long to build."""
    if sys.platform != "linux":
        pytest.skip("the sandbox is Linux's")
    with open_court() as place:
        yield place


@pytest.fixture
def court(open_for_all: tuple[Court, dict[str, str]]) -> Iterator[Court]:
    """The judge that all cheats of this run are brought before."""
    place, environment = open_for_all
    with in_session(environment):
        yield place

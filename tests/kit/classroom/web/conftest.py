"""The served classroom, on SQLite: what differs between databases is tested where it is asked."""

import pytest
from browser import Browser
from house import House


@pytest.fixture
def house(sqlite_store, bank, clock) -> House:
    return House(sqlite_store, bank, clock)


@pytest.fixture
def ada(house) -> Browser:
    """The browser of a student who is signed in."""
    return Browser(house).sign_in(house.person("Ada Lovelace"))


@pytest.fixture
def teacher(house) -> Browser:
    return Browser(house).sign_in(house.person("Grace Hopper", "teacher"))

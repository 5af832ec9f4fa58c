"""The token file: for its owner alone, and clear words when it is not."""

import stat
from pathlib import Path

import pytest

from kit import membership
from kit.errors import KitError
from kit.membership import Membership

MINE = Membership("https://class.example.org", "t" * 43, "Deep learning", "Ada", "amber-otter")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membership, "membership_path", lambda: tmp_path / "config" / "classroom.json")


def test_it_comes_back_and_only_the_owner_can_read_it():
    assert membership.load() is None
    path = membership.save(MINE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert membership.load() == membership.needed() == MINE
    assert MINE.token not in repr(MINE)


def test_a_file_that_others_can_read_is_not_used():
    membership.save(MINE).chmod(0o644)
    with pytest.raises(KitError, match=r"others can read your class token.*chmod 600"):
        membership.load()


def test_a_damaged_file_says_what_to_do():
    membership.save(MINE).write_text("{")
    with pytest.raises(KitError, match="kit leave --here"):
        membership.load()


def test_without_a_class_one_is_told_how_to_join():
    with pytest.raises(KitError, match="kit join URL CODE"):
        membership.needed()


def test_forgetting_removes_the_file():
    membership.save(MINE)
    assert (membership.forget(), membership.forget(), membership.load()) == (True, False, None)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "config").write_text("in the way")
    with pytest.raises(KitError, match=r"cannot be saved.*classroom\.json"):
        membership.save(MINE)

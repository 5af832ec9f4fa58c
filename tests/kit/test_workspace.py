from datetime import datetime
from pathlib import Path

import pytest

from kit.bank import Bank
from kit.errors import KitError
from kit.exercise import Exercise
from kit.workspace import Workspace

MINI_BANK = Path(__file__).parents[1] / "end_to_end" / "mini_bank"


@pytest.fixture
def double(tmp_path) -> Exercise:
    return Bank(MINI_BANK, cache=tmp_path / "cache").exercise("double")


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    (tmp_path / "work").mkdir()
    return Workspace.make(tmp_path / "work")


def test_the_nearest_folder_with_the_mark(workspace):
    deep = workspace.root / "a" / "b"
    deep.mkdir(parents=True)
    assert Workspace.find(deep) == workspace
    assert Workspace.find(workspace.root.parent) is None
    assert workspace.slug_of(deep) == "a"
    assert workspace.slug_of(workspace.root) is None


def test_fetch_writes_statement_and_starter(workspace, double):
    fetched = workspace.fetch(double, "zh")
    assert fetched.new
    assert fetched.answer == workspace.root / "double" / "double.py"
    assert fetched.answer.read_bytes() == double.starter.read_bytes()
    assert fetched.statement.read_bytes() == double.statement("zh").read_bytes()
    assert sorted(path.name for path in fetched.answer.parent.iterdir()) == ["README.md", "double.py"]
    assert not workspace.fetch(double, "zh").new


def test_a_newer_starter_replaces_only_what_the_kit_wrote(workspace, double):
    answer = workspace.answer(double)
    answer.parent.mkdir()
    answer.write_text("old starter\n")
    assert workspace.fetch(double, "en").answer.read_text() == "old starter\n"
    from hashlib import sha256

    workspace.fetch(double, "en", frozenset({sha256(b"old starter\n").hexdigest()}))
    assert answer.read_bytes() == double.starter.read_bytes()


def test_fetch_does_not_follow_a_link(workspace, double, tmp_path):
    elsewhere = tmp_path / "precious"
    elsewhere.write_text("precious")
    workspace.folder(double).mkdir()
    workspace.answer(double).symlink_to(elsewhere)
    workspace.fetch(double, "en")
    workspace.reset(double)
    assert elsewhere.read_text() == "precious"


def test_reset_keeps_every_copy(workspace, double):
    workspace.fetch(double, "en")
    assert workspace.reset(double) is None

    def now() -> datetime:
        return datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001  # a learner's own clock

    kept = []
    for text in ("first", "second"):
        workspace.answer(double).write_text(text)
        kept.append(workspace.reset(double, now))
    assert [path.name for path in kept] == ["double.2026-01-02-030405.py", "double.2026-01-02-030405-2.py"]
    assert [path.read_text() for path in kept] == ["first", "second"]
    assert workspace.answer(double).read_bytes() == double.starter.read_bytes()


def test_a_file_in_the_way_is_told(workspace, double):
    workspace.folder(double).write_text("")
    with pytest.raises(KitError, match="cannot be written"):
        workspace.fetch(double, "en")
    with pytest.raises(KitError, match="cannot be written"):
        Workspace.make(workspace.folder(double))

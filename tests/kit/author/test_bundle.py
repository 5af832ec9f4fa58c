"""The student edition: the wheel that has neither solutions nor hidden checks in it."""

import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from small_bank import SLUG

from kit.author.bundle import bundle
from kit.errors import KitError

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def student(tmp_path_factory):
    """The student edition of the real bank."""
    return bundle(ROOT, tmp_path_factory.mktemp("dist"), edition="student")


def contents(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_neither_solutions_nor_checks_are_in_it(student):
    files = contents(student)
    assert not [name for name in files if "solutions" in name or "/checks/" in name]
    hidden = [*ROOT.glob("solutions/*/*/*"), *ROOT.glob("grader/checks/*/*.py")]
    secret = {path.read_bytes() for path in hidden if path.is_file()}
    assert len(secret) > 40
    assert [name for name, content in files.items() if content in secret] == []
    lines = {path: path.read_text(encoding="utf-8").splitlines() for path in hidden if path.name in {"mistakes.toml", "ANSWER.md"}}
    said = b"\n".join(files.values()).decode(errors="replace")
    assert [str(path) for path, text in lines.items() if (longest := max(text, key=len)) and len(longest) > 60 and longest in said] == []


def test_everything_that_a_student_needs_is(student):
    files = contents(student)
    shown = {path.relative_to(ROOT).as_posix() for path in (ROOT / "exercises").rglob("*") if path.is_file()}
    assert {f"kit/_bank/{name}" for name in shown} <= set(files)
    assert files["kit/_bank/exercises/bank.toml"] == b'format = 1\nedition = "student"\n'
    assert "grader/worker/main.py" in files
    (metadata,) = [content.decode() for name, content in files.items() if name.endswith("METADATA")]
    assert "+student" in metadata
    assert "Requires-Dist: torch>=2.6" in metadata
    assert "kit = kit.__main__:entry" in next(content for name, content in files.items() if name.endswith("entry_points.txt")).decode()


def test_the_full_edition_of_another_bank(bank, tmp_path):
    files = contents(bundle(bank, tmp_path / "out", edition="full"))
    assert f"kit/_bank/solutions/basics/{SLUG}/solution.py" in files
    assert f"kit/_bank/exercises/basics/{SLUG}/README.md" in files
    assert not [name for name in files if "lstm" in name]


def test_a_student_edition_cannot_become_a_full_one(bank, tmp_path):
    (bank / "exercises" / "bank.toml").write_text('format = 1\nedition = "student"\n')
    with pytest.raises(KitError, match="cannot be put back"):
        bundle(bank, tmp_path, edition="full")


def test_an_incomplete_bank_is_refused(bank, tmp_path):
    (bank / f"exercises/basics/{SLUG}/starter.py").unlink()
    with pytest.raises(KitError, match=r"starter\.py"):
        bundle(bank, tmp_path, edition="student")


def test_without_hatchling_it_says_what_to_install(bank, tmp_path, monkeypatch):
    monkeypatch.setattr("kit.author.bundle.find_spec", lambda name: None if name == "hatchling" else find_spec(name))
    with pytest.raises(KitError, match="pip install hatchling"):
        bundle(bank, tmp_path, edition="student")

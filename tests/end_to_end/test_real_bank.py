"""The exercises that the kit ships, by the real `kit`."""

from pathlib import Path

import pytest
from person import Learner

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shipped(learner: Learner) -> Learner:
    """A learner who has set nothing: the kit's own bank."""
    return Learner(learner.folder, {name: value for name, value in learner.env.items() if name != "KIT_BANK"})


@pytest.fixture(scope="module")
def slugs() -> list[str]:
    return sorted(path.parent.name for path in ROOT.glob("exercises/*/*/exercise.toml"))


def test_the_first_exercise_from_an_empty_folder(shipped: Learner):
    fetched = shipped.kit("next")
    assert fetched.status == 0
    (answer,) = shipped.folder.glob("*/*.py")
    assert answer.name in fetched.out
    starter = shipped.kit("grade")
    assert starter.status == 1
    assert "your turn" in starter.out
    assert shipped.kit("hint").out


@pytest.mark.parametrize(("lang", "word"), [("en", " the "), ("zh", "的")])
def test_a_statement_is_shown_in_both_languages(shipped: Learner, slugs: list[str], lang: str, word: str):
    run = shipped.kit("show", slugs[0], "--lang", lang)
    assert run.status == 0
    assert word in run.out


def test_list_and_status_know_all(shipped: Learner, slugs: list[str]):
    listed = shipped.kit("list").out
    assert [slug for slug in slugs if f"  {slug} " not in listed] == []
    assert f"0/{len(slugs)}" in shipped.kit("status").out


@pytest.mark.slow
def test_every_solution_passes(shipped: Learner, slugs: list[str]):
    for slug in slugs:
        assert shipped.kit("fetch", slug).status == 0
        (solution,) = ROOT.glob(f"solutions/*/{slug}/solution.py")
        shipped.write(slug, solution.read_text())
    run = shipped.kit("grade", "--all")
    assert (run.status, run.err) == (0, "")
    assert f"{len(slugs)} of {len(slugs)} exercises passed" in run.out
    assert "Every one of these exercises is passed" in shipped.kit("next").err

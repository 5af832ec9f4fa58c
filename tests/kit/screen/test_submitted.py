"""A verdict of the class within its feedback level, and what is told while one waits."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from grader.verdict import CheckResult, Diagnosis, Failure, Verdict
from kit.bank import Bank
from kit.classroom.feedback import limited
from kit.grading import Target
from kit.replies import Me, Receipt, Submission
from kit.screen.console import Screen
from kit.screen.submitted import show_me, show_verdict, waiting

MINI_BANK = Path(__file__).parents[2] / "end_to_end" / "mini_bank"
FAILURE = Failure(kind="values", lines=["largest error 0.41 at [2]"])
CHECKS = [
    CheckResult(name="shape", title="shape", status="passed"),
    CheckResult(name="values", title="values", status="failed", failure=FAILURE, diagnosis=Diagnosis("squared", "You squared x.")),
    CheckResult(name="gradient", title="gradient of x", status="skipped", because="values did not pass"),
]
VERDICT = Verdict(slug="double", passed=False, complete=True, seed=7041, replayed=False, device="cpu", checks=CHECKS, seconds=0.5)


@pytest.fixture
def screen() -> Screen:
    return Screen(StringIO(), StringIO())


def said(screen: Screen) -> tuple[str, str]:
    return screen.out.file.getvalue(), screen.err.file.getvalue()


def shown(screen: Screen, feedback: str, tmp_path: Path, assignment: str | None = "week-1") -> tuple[str, str]:
    target = Target(Bank(MINI_BANK, cache=tmp_path).exercise("double"), Path("double.py"), "double")
    verdict = limited(VERDICT, feedback)
    show_verdict(screen, target, Submission(1, "double", assignment, 3, "done", None, 2.0, feedback, verdict), verdict)
    return said(screen)


def test_full_is_as_kit_grade_shows_it(screen, tmp_path):
    out, err = shown(screen, "full", tmp_path)
    assert "largest error 0.41" in out
    assert "try again with: kit grade double --check values --seed 7041" in out
    assert "1 of 3 checks passed  0.50 s · cpu" in out
    assert "submission 3, for week-1. Stuck? Run: kit hint double" in err


def test_diagnosis_names_the_mistake_and_no_values(screen, tmp_path):
    out, _err = shown(screen, "diagnosis", tmp_path)
    assert "✗ values\n  diagnosis: You squared x.\n" in out
    assert "gradient of x  values did not pass" in out
    assert "1 of 3 checks passed\n" in out
    assert "0.41" not in out
    assert "seed" not in out


def test_verdict_counts_and_nothing_else(screen, tmp_path):
    out, err = shown(screen, "verdict", tmp_path, None)
    assert out == "double  Double\n\n1 of 3 checks passed\n"
    assert "as practice" in err


def test_in_a_pipe_it_is_said_once_that_it_was_handed_in(screen):
    with waiting(screen, Receipt(1, True, 4, 0.0)) as tell:
        tell.of(3, 1.0)
        tell.away()
    assert said(screen) == ("", "Handed in.\n")


def test_in_a_terminal_place_and_age_are_shown_and_go_away(screen, monkeypatch):
    terminal = StringIO()
    monkeypatch.setitem(vars(screen), "err", Console(file=terminal, force_terminal=True, width=100, color_system=None))
    with waiting(screen, Receipt(1, False, 4, 0.0)) as tell:
        tell.of(3, 62.5)
        screen.err._live_stack[0].refresh()
        tell.of(None, 63.0)
        screen.err._live_stack[0].refresh()
        tell.away()
        screen.err._live_stack[0].refresh()
    for words in ("You handed in this same answer before", "number 3 in the queue · 62 seconds", "being judged · 63 seconds", "trying again"):
        assert words in terminal.getvalue()


def test_who_one_is(screen):
    show_me(screen, Me("Ada", "amber-otter", "student", "Lab A", "Deep learning"), "https://class.example.org")
    out, _err = said(screen)
    assert [line.split()[-1] for line in out.splitlines()] == ["learning", "https://class.example.org", "Ada", "amber-otter", "student", "A"]

"""A verdict of the class within its feedback level, and what is told while one waits."""

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from grader.verdict import CheckResult, Diagnosis, Failure, Verdict
from kit.bank import Bank
from kit.classroom.feedback import limited
from kit.grading import Target
from kit.replies import Assignment, Me, Receipt, Submission
from kit.screen.console import Screen
from kit.screen.submitted import show_me, show_receipt, show_verdict, waiting

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


def test_attempts_are_told_and_practice_is_counted_apart(screen, tmp_path):
    target = Target(Bank(MINI_BANK, cache=tmp_path).exercise("double"), Path("double.py"), "double")
    for attempts in ((2, 3, 1), (2, None, None)):
        show_verdict(screen, target, Submission(1, "double", "week-1", 5, "done", None, 2.0, "full", VERDICT, *attempts), VERDICT)
    show_receipt(screen, Receipt(1, True, 4, 0.0, 3, 3, 0))
    out, err = said(screen)
    assert "attempt 2 of 3 (1 left), for week-1. Stuck?" in err
    assert "attempt 2, for week-1. Stuck?" in err
    assert out.endswith("Handed in: attempt 3 of 3 (0 left).\n")


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


def test_what_is_open_is_listed(screen):
    due, closes = datetime(2026, 9, 8, 10, 0, tzinfo=UTC), datetime(2026, 9, 9, 10, 0, tzinfo=UTC)
    assigned = [Assignment("week-1", "Week 1", True, due, closes), Assignment("over", "Over", False, due, due), Assignment("any", "Any", True, None, None)]
    show_me(screen, Me("Ada", "amber-otter", "student", None, "Deep learning"), "https://class.example.org", assigned)
    out, _err = said(screen)
    listed = [line for line in out.splitlines() if line.startswith("open")]
    assert [" ".join(line.split()) for line in listed] == [
        "open week-1 · Week 1 · due 2026-09-08 10:00 UTC · closes 2026-09-09 10:00 UTC",
        "open any · Any",
    ]

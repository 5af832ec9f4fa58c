from io import StringIO
from pathlib import Path

import pytest
from msgspec.structs import replace

from grader.verdict import CheckResult, Failure, Verdict
from kit.bank import Bank
from kit.grading import Target
from kit.progress import Record
from kit.screen.console import Screen
from kit.screen.graded import next_steps, show, show_row, show_total
from kit.screen.page import write_page

MINI_BANK = Path(__file__).parents[2] / "end_to_end" / "mini_bank"
FAILED = CheckResult(name="values", title="values", status="failed", failure=Failure(kind="values", lines=["<b>off</b>"]))
VERDICT = Verdict(slug="double", passed=True, complete=True, seed=7, replayed=False, device="cpu", checks=[])


@pytest.fixture
def bank(tmp_path) -> Bank:
    return Bank(MINI_BANK, cache=tmp_path)


@pytest.fixture
def target(bank) -> Target:
    return Target(bank.exercise("double"), Path("double.py"), "double")


@pytest.mark.parametrize(
    ("verdict", "records", "says"),
    [
        (VERDICT, {}, "Next: Softplus. Run: kit next"),
        (VERDICT, {"softplus": Record(passed=True)}, "every exercise of the bank is passed"),
        (replace(VERDICT, complete=False), {}, "kit grade double"),
        (replace(VERDICT, replayed=True), {}, "kit grade double"),
        (replace(VERDICT, passed=False, checks=[replace(FAILED, failure=Failure(kind="your_turn"))]), {}, "Write your answer in double.py"),
        (replace(VERDICT, passed=False, checks=[FAILED]), {}, "kit hint double"),
    ],
)
def test_what_to_do_next(bank, target, verdict, records, says):
    assert says in "\n".join(line.plain for line in next_steps(target, verdict, bank, records))


def test_the_judges_own_failure_is_one_line_of_talk(bank, target):
    out, err = StringIO(), StringIO()
    show(Screen(out, err), target, replace(VERDICT, passed=False, error="it\nfell"), bank, {})
    assert (out.getvalue(), err.getvalue().count("\n")) == ("", 1)
    assert "says nothing about your answer: it fell" in err.getvalue()


def test_rows_and_total(bank, target):
    out = StringIO()
    screen = Screen(out, StringIO())
    bad = replace(VERDICT, passed=False, checks=[FAILED])
    show_row(screen, target, bad)
    show_total(screen, [VERDICT, bad])
    assert out.getvalue() == "✗ double  0 of 1 check passed  0.00 s · cpu  values\n\n1 of 2 exercises passed\n"


def test_a_page_escapes_what_it_shows(tmp_path, target):
    write_page(tmp_path / "out.html", [(target, replace(VERDICT, passed=False, checks=[FAILED]))])
    text = (tmp_path / "out.html").read_text()
    assert "&lt;b&gt;off&lt;/b&gt;" in text
    assert "<script" not in text

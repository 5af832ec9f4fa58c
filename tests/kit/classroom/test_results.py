"""The tables of a batch: an error is never a zero, and the platforms find the headings they know."""

from pathlib import Path

import pytest

from grader.verdict import CheckResult, Diagnosis, Failure, Verdict
from kit.classroom.folder import Answer
from kit.classroom.results import Result, table


@pytest.fixture
def result(bank):
    """Makes a result; ok None is one without a verdict."""

    def make(student: str, slug: str, ok: bool | None, number: str = "") -> Result:
        failure = Failure(kind="values", lines=["largest error 1", "more"])
        failed = CheckResult(name="values", title="values", status="failed", failure=failure, diagnosis=Diagnosis("squared", "You squared x."))
        checks = [CheckResult(name="shape", title="shape", status="passed"), *([] if ok else [failed])]
        verdict = Verdict(
            slug=slug, passed=bool(ok), complete=True, seed=1, replayed=False, device="cpu", checks=checks, seconds=0.25, flags=["3: exec"]
        )
        return Result(
            answer=Answer(student=student, number=number, exercise=bank.exercise(slug), path=Path("a.py")), file="a.py", sha256="ab", bank_version="cd",
            verdict=None if ok is None else verdict, error="the node is gone" if ok is None else "",
        )  # fmt: skip

    return make


def test_plain_says_all_that_is_known(result):
    headings, *rows = table([result("ada", "double", True), result("bob", "double", False), result("eve", "double", None)], "plain")
    ada, bob, eve = (dict(zip(headings, row, strict=True)) for row in rows)
    assert (ada["status"], ada["points"], ada["checks_passed"], ada["checks_total"], ada["message"]) == ("passed", 10, 1, 1, None)
    assert (bob["status"], bob["points"], bob["checks_passed"], bob["checks_total"]) == ("failed", 0, 1, 2)
    assert (bob["failed_checks"], bob["diagnosis"], bob["message"], bob["flags"]) == ("values", "You squared x.", "largest error 1", "3: exec")
    assert (eve["status"], eve["points"], eve["checks_total"], eve["message"]) == ("error", None, None, "the node is gone")


def test_canvas(result):
    rows = table([result("adal", "softplus", True, "12"), result("adal", "double", False, "12"), result("bob", "double", None)], "canvas")
    assert rows == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "double", "softplus"],
        ["    Points Possible", None, None, None, None, 10, 20],
        ["adal", "12", None, None, None, 0, 20],
        ["bob", "", None, "bob", None, None, None],
    ]


def test_moodle(result):
    rows = table([result("Ada L", "double", True, "12"), result("bob@example.org", "double", False)], "moodle")
    assert rows == [
        ["Identifier", "Full name", "Email address", "double"],
        ["Participant 12", "Ada L", None, 10],
        [None, "bob@example.org", "bob@example.org", 0],
    ]

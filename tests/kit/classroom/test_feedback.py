"""The feedback levels: what each tells, and that nothing else slips through."""

import pytest

from grader.verdict import CheckResult, Diagnosis, Failure, Frame, Layer, Verdict, encode
from kit.classroom.feedback import limited

SECRET = "0.1894"
FAILURE = Failure(kind="values", lines=[f"expected {SECRET}"], facts={"expected": SECRET}, frames=[Frame(3, "double", f"return {SECRET}")])
VERDICT = Verdict(
    slug="double",
    passed=False,
    complete=True,
    seed=7041,
    replayed=False,
    device="cpu",
    checks=[
        CheckResult(name="shape", title="shape", status="passed", output=SECRET),
        CheckResult(
            name="values",
            title="values",
            status="failed",
            case=SECRET,
            failure=FAILURE,
            output=SECRET,
            diagnosis=Diagnosis("squared", "You squared x.", [SECRET]),
        ),
        CheckResult(name="gradient", title="gradient of x", status="skipped", because="values did not pass"),
    ],
    output=SECRET,
    flags=[SECRET],
    layers=[Layer("landlock", on=True, why=SECRET)],
    versions={"torch": SECRET},
    seconds=1.25,
)


def test_full_is_whole():
    assert limited(VERDICT, "full") is VERDICT


def test_diagnosis_names_checks_and_mistakes_and_no_values():
    told = limited(VERDICT, "diagnosis")
    assert [(check.title, check.status) for check in told.checks] == [("shape", "passed"), ("values", "failed"), ("gradient of x", "skipped")]
    assert told.checks[1].diagnosis == Diagnosis("squared", "You squared x.")
    assert told.checks[2].because == "values did not pass"
    assert SECRET.encode() not in encode(told)
    assert b"7041" not in encode(told)


def test_verdict_tells_how_many_and_not_which():
    told = limited(VERDICT, "verdict")
    assert [check.status for check in told.checks] == ["passed", "failed", "failed"]
    for word in (SECRET, "7041", "values", "squared", "gradient"):
        assert word.encode() not in encode(told)


@pytest.mark.parametrize(("level", "kept"), [("full", True), ("diagnosis", True), ("verdict", False)])
def test_why_an_answer_could_not_be_loaded(level, kept):
    load = Failure(kind="raised", lines=["SyntaxError: invalid syntax"])
    verdict = Verdict(slug="double", passed=False, complete=True, seed=1, replayed=False, device="cpu", checks=[], load=load)
    assert (limited(verdict, level).load == load) is kept

import pytest
from junitparser import JUnitXml
from msgspec.structs import replace

from grader.verdict import CheckResult, Diagnosis, Failure, Verdict
from kit.errors import KitError
from kit.junit import write_junit

VERDICT = Verdict(
    slug="one", passed=False, complete=True, seed=7, replayed=False, device="cpu", seconds=1.5,
    checks=[
        CheckResult(name="shape", title="shape", status="passed", seconds=0.25),
        CheckResult(
            name="values", title="values", status="failed", failure=Failure(kind="values", lines=["off by \x1b one", "more"]),
            diagnosis=Diagnosis("m", "You < me"), output="hi\x00",
        ),
        CheckResult(name="edge", title="edge", status="skipped", because="values did not pass"),
    ],
)  # fmt: skip


def test_one_suite_for_each_verdict(tmp_path):
    path = tmp_path / "out.xml"
    write_junit(path, [VERDICT, replace(VERDICT, slug="two", checks=[], load=Failure(kind="raised", lines=["SyntaxError"]))])
    one, two = JUnitXml.fromfile(str(path))
    assert (one.name, one.tests, one.failures, one.skipped, one.errors) == ("one", 3, 1, 1, 0)
    failed = list(one)[1]
    assert failed.result[0].type == "values"
    assert "You < me" in failed.result[0].text
    assert "\x1b" not in path.read_text()
    assert (two.tests, two.failures) == (1, 1)


def test_a_place_that_cannot_be_written(tmp_path):
    with pytest.raises(KitError, match="cannot be written"):
        write_junit(tmp_path / "no" / "out.xml", [VERDICT])

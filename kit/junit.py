"""Verdicts as JUnit XML, for whatever reads that."""

from collections.abc import Sequence
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from grader.text import _
from grader.verdict import CheckResult, Verdict
from kit.errors import KitError
from kit.files import write_atomically


def write_junit(path: Path, verdicts: Sequence[Verdict]) -> None:
    """One suite for each verdict, one case for each check. Raises KitError when the file cannot be written."""
    xml = JUnitXml("kit")
    for verdict in verdicts:
        xml.add_testsuite(_suite(verdict))
    try:
        write_atomically(path, xml.tostring())
    except OSError as error:
        raise KitError(_("the report cannot be written ({reason})").format(reason=error.strerror), path, _("Choose another place.")) from error


def _suite(verdict: Verdict) -> TestSuite:
    suite = TestSuite(verdict.slug)
    suite.add_property("seed", str(verdict.seed))
    suite.add_property("device", verdict.device)
    suite.add_testcases([_case(check, verdict) for check in verdict.checks])
    if verdict.load is not None or verdict.error is not None:
        case = TestCase("load", verdict.slug, verdict.seconds)
        case.result = [
            Error(_legal(verdict.error)) if verdict.error is not None else Failure(_legal("\n".join(verdict.load.lines if verdict.load else [])))
        ]
        suite.add_testcase(case)
    suite.time = verdict.seconds
    return suite


def _case(check: CheckResult, verdict: Verdict) -> TestCase:
    case = TestCase(check.name, verdict.slug, check.seconds)
    if check.status == "skipped":
        case.result = [Skipped(_legal(check.because or ""))]
    elif check.status == "failed":
        lines = check.failure.lines if check.failure else []
        failure = Failure(_legal(lines[0] if lines else ""), check.failure.kind if check.failure else None)
        failure.text = _legal("\n".join([*lines, *([check.diagnosis.message] if check.diagnosis else [])]))
        case.result = [failure]
    if check.output:
        case.system_out = _legal(check.output)
    return case


def _legal(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return "".join(char if char in "\t\n" or " " <= char < "\ud800" or "\ue000" <= char < "\ufffe" or char > "\uffff" else "\ufffd" for char in text)

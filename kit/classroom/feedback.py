"""How much of a verdict a student is told: all of it, the diagnosis, or only whether it passed."""

from __future__ import annotations

from msgspec import structs

from grader.verdict import CheckResult, Verdict
from kit.classroom.schema import Feedback

__all__ = ["limited"]


def limited(verdict: Verdict, level: Feedback) -> Verdict:
    """The verdict as that level tells it.

    full: whole. diagnosis: of each check its title, its status and the known mistake, and why an answer could not be loaded; no values, inputs,
    output or seeds. verdict: whether it passed and how many checks did, not which.
    """
    if level == "full":
        return verdict
    bare = structs.replace(verdict, seed=0, replayed=False, output="", flags=[], layers=[], versions={}, seconds=0.0)
    if level == "diagnosis":
        return structs.replace(bare, checks=[_diagnosed(check) for check in verdict.checks])
    passed = sum(check.status == "passed" for check in verdict.checks)
    yes, no = CheckResult(name="", title="", status="passed"), CheckResult(name="", title="", status="failed")
    return structs.replace(bare, load=None, checks=[yes] * passed + [no] * (len(verdict.checks) - passed))


def _diagnosed(check: CheckResult) -> CheckResult:
    diagnosis = structs.replace(check.diagnosis, also=[]) if check.diagnosis is not None else None
    return CheckResult(name=check.name, title=check.title, status=check.status, because=check.because, diagnosis=diagnosis)

"""A bank of one small exercise without findings, and a judge that knows its mistakes without running anything."""

import re
from pathlib import Path

from grader.mistakes import apply, load
from grader.verdict import CheckResult, Diagnosis, Failure, Job, Verdict
from kit.author.new import new

SLUG = "weighted-mean"
CHECKS = ("values", "gradients")


def make_bank(root: Path) -> Path:
    """What `kit author new` writes, with everything filled in that it asks for."""
    exercises = root / "exercises"
    exercises.mkdir(parents=True)
    (exercises / "bank.toml").write_text("format = 1\n", encoding="utf-8")
    (exercises / "questions.toml").write_text('[[question]]\nid = "q1"\nen = "Why?"\nzh = "为什么？"\n', encoding="utf-8")
    for path in new(root, "basics", SLUG, "Weighted mean", "加权平均"):
        edit(path, lambda text: re.sub("<<(?:write: |待写：)(.+?)>>", r"\1", text))
    edit(root / f"exercises/basics/{SLUG}/exercise.toml", lambda text: text.replace("answers = []", 'answers = ["q1"]'))
    return root


def edit(path: Path, change) -> None:
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def replace(path: Path, old: str, new_text: str) -> None:
    assert old in path.read_text(encoding="utf-8")
    edit(path, lambda text: text.replace(old, new_text))


def verdict(job: Job, failing: str | None = None, *, kind: str = "values", diagnosis: str | None = None, **fields) -> Verdict:
    """Passed, or failed by one check."""
    checks = [
        CheckResult(
            name=name,
            title=name,
            status="failed" if failing in {name, "all"} else "passed",
            failure=Failure(kind=kind, lines=["wrong"]) if failing in {name, "all"} else None,
            diagnosis=Diagnosis(diagnosis, "") if diagnosis and failing == name else None,
        )
        for name in CHECKS
    ]
    facts = {
        "slug": job.slug,
        "passed": failing is None,
        "complete": True,
        "seed": job.seed or 0,
        "replayed": True,
        "device": "cpu",
        "checks": checks,
    }
    return Verdict(**{**facts, "seconds": 0.1, **fields})


def right_judge(job: Job) -> Verdict:
    """What a judge without a fault says."""
    solution = Path(job.solution).read_text(encoding="utf-8")
    if job.source == solution:
        return verdict(job)
    if "your turn" in job.source:
        return verdict(job, "all", kind="your_turn")
    for mistake in load(job.mistakes):
        if job.source == apply(solution, mistake):
            return verdict(job, mistake.caught_by.removeprefix("test_"), diagnosis=mistake.name)
    return verdict(job, "values")

"""The drawers of an exercise: where its files lie, known from its name alone (its files may be missing or wrong)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from grader.text import _
from grader.verdict import Job
from kit.errors import KitError, did_you_mean
from kit.exercise import ExerciseFile, read_toml

__all__ = ["Drawers", "find"]


class Drawers(Struct, frozen=True):
    """The places of one exercise."""

    bank: Path
    track: str
    slug: str

    @property
    def module(self) -> str:
        """The slug as a Python name."""
        return self.slug.replace("-", "_")

    @property
    def exercise(self) -> Path:
        """The folder that a learner may see."""
        return self.bank / "exercises" / self.track / self.slug

    @property
    def model(self) -> Path:
        """The folder of the model answer."""
        return self.bank / "solutions" / self.track / self.slug

    @property
    def starter(self) -> Path:
        """The stub, cut from the solution."""
        return self.exercise / "starter.py"

    @property
    def solution(self) -> Path:
        """The model answer in code."""
        return self.model / "solution.py"

    @property
    def mistakes(self) -> Path:
        """The known mistakes."""
        return self.model / "mistakes.toml"

    @property
    def checks(self) -> Path:
        """The hidden checks."""
        return self.bank / "grader" / "checks" / self.track / f"test_{self.module}.py"

    @property
    def speed(self) -> Path:
        """The rules of its speed board, where it has one."""
        return self.checks.with_name(f"speed_{self.module}.py")

    @property
    def second(self) -> Path:
        """The second right answer."""
        return self.bank / "tests" / "second" / f"{self.module}.py"

    @property
    def blind(self) -> Path:
        """The answer of somebody who saw only the statement and the starter."""
        return self.bank / "tests" / "blind" / f"{self.module}.py"

    def show(self, path: Path) -> str:
        """A path of the bank as authors write it."""
        return path.relative_to(self.bank).as_posix()

    def read(self) -> ExerciseFile:
        """exercise.toml. Raises KitError."""
        return read_toml(self.exercise / "exercise.toml", ExerciseFile)

    def job(
        self,
        facts: ExerciseFile,
        source: str,
        *,
        seed: int,
        device: Literal["auto", "cpu"] = "cpu",
        diagnose: bool = False,
        stop_at_first_failure: bool = False,
    ) -> Job:
        """The job of judging `source` as an answer to this exercise."""
        return Job(
            slug=self.slug,
            source=source,
            filename=f"{self.module}.py",
            checks=str(self.checks),
            solution=str(self.solution),
            mistakes=str(self.mistakes),
            forbid=facts.forbid,
            seconds=facts.seconds,
            check_seconds=facts.check_seconds,
            memory_mb=facts.memory_mb,
            seed=seed,
            device=device,
            diagnose=diagnose,
            stop_at_first_failure=stop_at_first_failure,
        )


def find(bank: Path, slugs: Sequence[str] = ()) -> list[Drawers]:
    """The named exercises, or all, by track and name. Raises KitError for a name that is not there."""
    folders = sorted(path for path in (bank / "exercises").glob("*/*") if path.is_dir() and path.name[0] not in "._")
    all_drawers = {folder.name: Drawers(bank, folder.parent.name, folder.name) for folder in folders}
    wanted = list(dict.fromkeys(slug.replace("_", "-") for slug in slugs)) or list(all_drawers)
    for slug in wanted:
        if slug not in all_drawers:
            raise KitError(_("no exercise is called {slug}").format(slug=slug), remedy=did_you_mean(slug, all_drawers, _("Run: kit list")))
    return [all_drawers[slug] for slug in wanted]

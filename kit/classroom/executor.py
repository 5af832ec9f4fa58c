"""Who judges answers and times them: one small interface, with this machine or a Ray cluster behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import structs

from grader.text import _
from grader.verdict import Device, Job, Policy, Speed, Verdict
from kit.errors import KitError
from kit.grading import Target, Wish, job

if TYPE_CHECKING:
    from kit.bank import Bank
    from kit.exercise import Exercise

__all__ = ["NODE", "Executor", "Infrastructure", "WorkerState", "job_for", "open_executor", "patience"]

NODE = "node"  # among the versions of a verdict or a measurement: the machine that judged, when it was not this one
START_SECONDS = 60.0
PER_SECOND = 4.0  # what a verdict may take for each second that the answer may: reference, diagnosis, a machine that is busy


class Infrastructure(Exception):
    """An answer could not be judged. It says nothing about the answer: it is judged again, and costs nobody an attempt."""


@dataclass(frozen=True)
class WorkerState:
    """A place where answers are judged: how many at once, how many now, on which devices. fine: it answers; note says why not, ready to show."""

    name: str
    capacity: int
    busy: int
    devices: frozenset[str]
    fine: bool = True
    note: str = ""


class Executor(Protocol):
    """Judges answers, several at once."""

    @property
    def capacity(self) -> int:
        """How many at once."""
        ...

    @property
    def devices(self) -> frozenset[str]:
        """Which kinds of device there are: "cpu", "cuda"."""
        ...

    def describe(self) -> list[WorkerState]:
        """Its places, for the teacher's eye and for those who hand out work."""
        ...

    def grade(self, job: Job) -> Verdict:
        """Judge, and wait for it. Raises Infrastructure."""
        ...

    def measure(self, job: Job) -> Speed:
        """Time a passing answer (kit.classroom.speed makes the job), and wait for it. Raises Infrastructure."""
        ...

    def close(self) -> None:
        """End everything that was started; who still waits in grade() or measure() gets Infrastructure."""
        ...


def open_executor(where: str, *, bank: Bank, sandbox: Policy, jobs: int | None = None) -> Executor:
    """An executor by its name: "local", or "ray://HOST:PORT" with the address of the cluster's head, whose port is 6379 as a rule.

    "ray://auto" is the cluster that this machine belongs to. jobs: how many at once on this machine; None: as many as cores. Raises KitError
    for another name, a student edition, a sandbox that is not complete, a cluster that does not answer.
    """
    if bank.edition == "student":
        remedy = _("Start it with the full edition, or name one with --bank.")
        raise KitError(_("a student edition cannot grade: it has no hidden checks"), bank.root, remedy)
    if where == "local":
        from kit.classroom.local import open_local  # noqa: PLC0415  # each executor only where it is used

        return open_local(sandbox, jobs=jobs)
    if where.startswith("ray://"):
        from kit.classroom.cluster import open_cluster  # noqa: PLC0415  # the same

        address = where.removeprefix("ray://").rstrip("/") or "auto"
        if address != "auto" and not re.fullmatch(r"[^\s/]+:[0-9]{1,5}", address):
            what = _("{address} is no address of a cluster's head").format(address=address)
            raise KitError(what, "--grade-on", _("Write ray://HOST:PORT, say ray://10.0.0.5:6379; ray://auto is the cluster of this machine."))
        return open_cluster(address, bank=bank, sandbox=sandbox)
    raise KitError(_("{name} is no place to grade").format(name=where), "--grade-on", _("Write local, or ray://HOST:PORT."))


def job_for(exercise: Exercise, source: str, *, sandbox: Policy, device: Literal["default"] | Device = "default", lang: str) -> Job:
    """The judge's job for an answer that was handed in. Raises KitError when the checks are missing, or the exercise has no such device."""
    target = Target(exercise, Path(f"{exercise.module}.py"), exercise.slug)
    return structs.replace(job(target, Wish(device=device, lang=lang), source), policy=sandbox)


def patience(job: Job) -> float:
    """Seconds after which a judge that has not answered is given up; far more than any honest verdict takes."""
    return START_SECONDS + PER_SECOND * job.seconds

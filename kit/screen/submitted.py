"""The learner's class in the terminal: joined, waiting for a verdict, the verdict within what the class tells."""

# imported where it is needed: it is heavy and seldom

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rich.text import Text

from grader.text import _, ngettext
from grader.verdict import CheckResult, Verdict
from kit.grading import Target
from kit.replies import Assignment, Me, Receipt, Submission
from kit.screen.console import Screen, styled
from kit.screen.graded import subject
from kit.screen.layout import columns, indented
from kit.screen.report import MARKS, report
from kit.screen.safe import one_line

if TYPE_CHECKING:
    from rich.status import Status

__all__ = ["Waiting", "ask_line", "show_joined", "show_me", "show_receipt", "show_verdict", "waiting"]


def show_joined(screen: Screen, me: Me, kept: Path) -> None:
    """Welcome, and the name on the boards."""
    screen.result(styled(_("Welcome to {classroom}, {name}.").format(classroom=me.classroom, name=me.name), "strong"))
    screen.result(_("On the boards you are called {pseudonym}.").format(pseudonym=me.pseudonym))
    screen.talk(styled(_("Kept in {path}").format(path=kept), "quiet"), styled(_("Hand in an answer: kit submit. See the board: kit board"), "quiet"))


def show_me(screen: Screen, me: Me, server: str, assigned: Sequence[Assignment] = ()) -> None:
    """Who one is in the class, and what is open there."""
    roles = {"student": _("student"), "assistant": _("assistant"), "teacher": _("teacher")}
    rows = [
        (_("class"), me.classroom),
        (_("server"), server),
        (_("name"), me.name),
        (_("pseudonym"), me.pseudonym),
        (_("role"), roles.get(me.role, me.role)),
        *([(_("section"), me.section)] if me.section else []),
        *((_("open"), _assignment(each)) for each in assigned if each.open),
    ]
    screen.result(*columns([(styled(name, "quiet"), styled(one_line(value))) for name, value in rows]))


def show_receipt(screen: Screen, receipt: Receipt) -> None:
    """That the answer was handed in."""
    screen.result(_handed_in(receipt))
    screen.talk(styled(_("The same command without --no-wait shows the verdict."), "quiet"))


class Waiting(Protocol):
    """What can be told while a verdict is waited for."""

    def of(self, position: int | None, age: float) -> None:
        """The place in the queue (None: it is being judged) and the seconds since it was handed in."""
        ...

    def away(self) -> None:
        """The server does not answer."""
        ...


@contextmanager
def waiting(screen: Screen, receipt: Receipt) -> Generator[Waiting]:
    """Say that it was handed in; then, in a terminal, on a line that goes away, what happens until the verdict is there."""
    screen.talk(styled(_handed_in(receipt), "quiet"))
    if not screen.err.is_terminal:
        yield _Silent()
        return
    with screen.err.status("") as status:
        line = _Line(status)
        line.of(receipt.position, receipt.age)
        yield line


class _Silent:
    def of(self, position: int | None, age: float) -> None: ...

    def away(self) -> None: ...


class _Line:
    def __init__(self, status: Status) -> None:
        self._status = status

    def of(self, position: int | None, age: float) -> None:
        seconds = ngettext("{n} second", "{n} seconds", int(age)).format(n=int(age))
        state = _("being judged") if position is None else _("number {position} in the queue").format(position=position)
        self._status.update(f"{state} · {seconds}")

    def away(self) -> None:
        self._status.update(_("the class does not answer; trying again"))


def show_verdict(screen: Screen, target: Target, submission: Submission, verdict: Verdict) -> None:
    """The verdict as `kit grade` shows it, or as much of it as the class tells; then what to do next."""
    about = subject(target)
    if submission.feedback == "full":
        screen.result(*report(screen.out, verdict, about))
    else:
        screen.result(styled(about.slug, "strong") + styled(f"  {about.title}", "quiet"), Text(""))
        if submission.feedback == "diagnosis":
            screen.result(*_diagnoses(screen, verdict), Text(""))
        screen.result(_count(verdict))
    place = _("for {assignment}").format(assignment=submission.assignment) if submission.assignment else _("as practice")
    counted = _attempt(submission) or _("submission {number}").format(number=submission.number)
    handed = _("{counted}, {place}").format(counted=counted, place=place)
    following = _("See where you stand: kit board") if verdict.passed else _("Stuck? Run: kit hint {slug}").format(slug=about.slug)
    screen.talk("", styled(f"{handed}. {following}", "quiet"))


def ask_line(screen: Screen, question: str) -> str:
    """A question on stderr, and what was typed."""
    screen.err.print(styled(question) + Text(" "), end="", soft_wrap=True)
    return sys.stdin.readline().strip()


def _handed_in(receipt: Receipt) -> str:
    if not receipt.new:
        return _("You handed in this same answer before; nothing new was made of it.")
    counted = _attempt(receipt)
    return _("Handed in: {attempt}.").format(attempt=counted) if counted else _("Handed in.")


def _attempt(of: Receipt | Submission) -> str:
    """Which of the assignment's attempts it is; nothing for practice."""
    if of.attempt is None:
        return ""
    if of.attempts is None or of.attempts_left is None:
        return _("attempt {number}").format(number=of.attempt)
    return _("attempt {number} of {limit} ({left} left)").format(number=of.attempt, limit=of.attempts, left=of.attempts_left)


def _assignment(assignment: Assignment) -> str:
    due = f"{assignment.due_at:%Y-%m-%d %H:%M} UTC" if assignment.due_at else ""
    until = f"{assignment.closes_at:%Y-%m-%d %H:%M} UTC" if assignment.closes_at else ""
    times = [_("due {time}").format(time=due)] * bool(due) + [_("closes {time}").format(time=until)] * bool(until)
    return " · ".join([assignment.slug, assignment.title, *times])


def _diagnoses(screen: Screen, verdict: Verdict) -> list[Text]:
    """A line for each check, and the known mistakes by name."""
    lines: list[Text] = []
    if verdict.load is not None:
        lines += indented(screen.out, styled(_("the answer could not be loaded"), "failed"), 2, styled(MARKS["failed"], "failed"))
        lines += [line for message in verdict.load.lines for line in indented(screen.out, message, 2)]
    for check in verdict.checks:
        lines += _diagnosed(screen, check)
    return lines


def _diagnosed(screen: Screen, check: CheckResult) -> list[Text]:
    because = f"  {one_line(check.because)}" if check.because else ""
    role = check.status
    lines = indented(screen.out, styled(f"{one_line(check.title)}{because}", "" if role == "passed" else role), 2, styled(MARKS[role], role))
    if check.diagnosis is not None:
        lines += indented(screen.out, styled(_("diagnosis: {message}").format(message=one_line(check.diagnosis.message)), "diagnosis"), 2)
    return lines


def _count(verdict: Verdict) -> Text:
    passed, total = sum(check.status == "passed" for check in verdict.checks), len(verdict.checks)
    counted = ngettext("{passed} of {total} check passed", "{passed} of {total} checks passed", total).format(passed=passed, total=total)
    return styled(counted, "passed" if verdict.passed else "failed")

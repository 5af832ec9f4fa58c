"""A verdict as the learner sees it: what agrees, what does not, which mistake it looks like, how to try again."""

import shlex
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from grader.text import _, ngettext
from grader.verdict import CheckResult, Failure, Frame, Verdict
from kit.screen.console import styled
from kit.screen.layout import indented, spread
from kit.screen.safe import harmless, one_line

OUTPUT_LINES = 12
MARKS = {"passed": "✓", "failed": "✗", "skipped": "–", "todo": "○"}


@dataclass(frozen=True)
class Subject:
    """What the verdict is about: the exercise's name and title, and the name of the learner's file."""

    slug: str
    title: str
    filename: str
    target: str


def report(console: Console, verdict: Verdict, subject: Subject) -> list[Text]:
    """The whole report, line by line."""
    lines = [styled(subject.slug, "strong") + styled(f"  {subject.title}", "quiet"), Text("")]
    if verdict.load is not None:
        lines += _load(console, verdict.load, subject)
    else:
        named: set[str] = set()
        for check in verdict.checks:
            lines += _check(console, check, verdict, subject, named)
    if verdict.output.strip():
        lines += _output(console, verdict.output)
    return [*lines, Text(""), summary(verdict)]


def summary(verdict: Verdict) -> Text:
    """The last line: how many checks passed, and whether that counts."""
    passed, total = sum(check.status == "passed" for check in verdict.checks), len(verdict.checks)
    counted = ngettext("{passed} of {total} check passed", "{passed} of {total} checks passed", total).format(passed=passed, total=total)
    line = styled(counted, "passed" if verdict.passed else "failed")
    facts = [f"{verdict.seconds:.2f} s", verdict.device]
    if verdict.replayed:
        facts.append(_("replayed with seed {seed}").format(seed=verdict.seed))
    return line + styled(f"  {' · '.join(facts)}", "quiet")


def retry(verdict: Verdict, check: CheckResult, target: str) -> str:
    """The command that runs this check again on the same inputs."""
    device = " --device cuda" if verdict.device == "cuda" else ""
    return f"kit grade {shlex.quote(target)} --check {check.name} --seed {verdict.seed}{device}"


def _load(console: Console, load: Failure, subject: Subject) -> list[Text]:
    head = styled(MARKS["failed"], "failed") + Text(" ") + styled(_("the answer could not be loaded"), "failed")
    return [head, *_failure(console, load, subject)]


def _check(console: Console, check: CheckResult, verdict: Verdict, subject: Subject, named: set[str]) -> list[Text]:
    """A line for the check; below it, why it failed. named: the mistakes that were named already, to which its own is added."""
    failure = check.failure
    todo = failure is not None and failure.kind == "your_turn"
    role = "todo" if todo else check.status
    title = one_line(check.title)
    if check.case:
        title += f" [{one_line(check.case)}]"
    mark = styled(MARKS[role], role)
    if check.status == "skipped":
        return indented(console, styled(f"{title}  {one_line(check.because or '')}", role), 2, mark)
    if todo:
        frames = failure.frames if failure else []
        place = (
            _("your turn: {function}, line {line}").format(function=one_line(frames[-1].function), line=frames[-1].line) if frames else _("your turn")
        )
        return indented(console, Text.assemble(title, styled(f"  {place}", role)), 2, mark)
    lines = indented(console, styled(title, "failed" if role == "failed" else ""), 2, mark)
    if check.status == "passed" or failure is None:
        return lines
    lines[-1:] = spread(console, lines[-1], styled(_("seed {seed}").format(seed=verdict.seed), "quiet"))
    lines += _failure(console, failure, subject)
    if check.diagnosis is not None:
        message = _("the same as above") if check.diagnosis.mistake in named else one_line(check.diagnosis.message)
        lines += indented(console, styled(_("diagnosis: {message}").format(message=message), "diagnosis"), 2)
        named.add(check.diagnosis.mistake)
    if check.output.strip():
        lines += _output(console, check.output)
    again = _("try again with: {command}").format(command=one_line(retry(verdict, check, subject.target)))
    return [*lines, Text("  ") + styled(again, "quiet")]


def _failure(console: Console, failure: Failure, subject: Subject) -> list[Text]:
    lines = [line for message in failure.lines for line in indented(console, message, 2)]
    return lines + _frames(console, failure.frames, subject)


def _frames(console: Console, frames: list[Frame], subject: Subject) -> list[Text]:
    lines: list[Text] = []
    for frame in frames:
        place = f"{subject.filename}:{frame.line}"
        if frame.function:  # a line that Python cannot read, or that the scan found, is in none
            place = _("{file}:{line} in {function}").format(file=subject.filename, line=frame.line, function=one_line(frame.function))
        lines.append(Text("  ") + styled(place, "quiet"))
        if frame.code.strip():
            lines.append(Text("      ") + Text(_cut(one_line(frame.code), console.width - 6)))
    return lines


def _output(console: Console, output: str) -> list[Text]:
    """The last lines that the learner printed."""
    printed = harmless(output).strip("\n").split("\n")
    shown = printed[-OUTPUT_LINES:]
    left_out = len(printed) - len(shown)
    head = _("your output:")
    if left_out:
        head = ngettext("your output, {n} line above left out:", "your output, {n} lines above left out:", left_out).format(n=left_out)
    return [Text("  ") + styled(head, "quiet"), *(Text("  │ ") + Text(_cut(line, console.width - 4)) for line in shown)]


def _cut(line: str, width: int) -> str:
    text = Text(line)
    text.truncate(max(width, 20), overflow="ellipsis")
    return text.plain

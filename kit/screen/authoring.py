"""What the authors' tools found."""

# ruff: noqa: PLC0415  # imported where it is needed: it is heavy and seldom

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.text import Text

from grader.text import _, ngettext
from kit.screen.console import Screen, styled
from kit.screen.layout import columns, indented
from kit.screen.safe import one_line

if TYPE_CHECKING:
    from kit.author.check import Report
    from kit.author.mutate import MutationReport
    from kit.author.sync import Synced


@contextmanager
def bar(screen: Screen) -> Generator[Callable[[int, int, str], None]]:
    """A progress bar with the time left, on stderr of a terminal only."""
    if not screen.err.is_terminal:
        yield lambda _done, _total, _slug: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    shown = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*shown, console=screen.err, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, total, slug: progress.update(task, completed=done, total=total, description=one_line(slug))


def show_reports(screen: Screen, reports: "Sequence[Report]") -> None:
    """One line for each exercise, its findings below it."""
    for report in reports:
        mark, role = ("✓", "passed") if report.ok else ("✗", "failed")
        if report.ok and not report.slug:
            continue
        screen.result(
            Text.assemble(styled(mark, role), " ", styled(report.slug or _("the bank"), "strong"), styled(f"  {report.seconds:.1f} s", "quiet"))
        )
        for number, finding in enumerate(report.findings, start=1):
            screen.result(*_lines(screen, Text.assemble(styled(f"{finding.where}: ", "quiet"), styled(finding.problem)), 2))
            if finding.remedy not in {following.remedy for following in report.findings[number : number + 1]}:
                screen.result(*_lines(screen, styled(finding.remedy, "quiet"), 4))
    findings = sum(len(report.findings) for report in reports)
    exercises = sum(bool(report.slug) for report in reports)
    text = ngettext("{n} exercise", "{n} exercises", exercises).format(n=exercises)
    found = ngettext("{n} finding", "{n} findings", findings).format(n=findings)
    screen.result("", styled(f"{text} · {found}", "failed" if findings else "passed"))


def _lines(screen: Screen, text: Text, indent: int) -> list[Text]:
    """Wrapped for a reader, whole for a program."""
    return indented(screen.out, text, indent) if screen.out.is_terminal else [Text(" " * indent) + text]


def show_synced(screen: Screen, synced: "Sequence[Synced]") -> None:
    """Which starters changed."""
    for each in synced:
        if each.changed:
            screen.result(str(each.path))
    changed = sum(each.changed for each in synced)
    screen.talk(ngettext("{n} starter written, the others were fresh", "{n} starters written, the others were fresh", changed).format(n=changed))


def show_mutations(screen: Screen, reports: "Sequence[MutationReport]", target: float) -> None:
    """The score of each exercise, and every change that no check noticed."""
    rows: list[tuple[Text, ...]] = []
    for report in reports:
        role = "passed" if report.score >= target else "failed"
        killed = _("{killed} of {all} noticed").format(killed=report.count("killed"), all=report.counted)
        rows.append((styled(report.slug, "strong"), styled(f"{report.score:.1%}", role), styled(killed), styled(f"{report.seconds:.1f} s", "quiet")))
    if rows:
        screen.result(*columns(rows))
    for report in reports:
        for outcome in report.outcomes:
            head = f"{report.slug}:{outcome.mutant.line}  {outcome.mutant.description}"
            if outcome in report.survived:
                screen.result("", styled(head, "failed"), *(Text("  ") + styled(line) for line in outcome.mutant.diff.splitlines()))
            elif outcome in report.wrongly_listed:
                screen.result(
                    "", styled(head, "failed"), styled(f"  {_('listed as equivalent, and yet {check} notices it').format(check=outcome.by)}")
                )
            elif outcome.result == "error":
                screen.result("", styled(head, "todo"), styled(f"  {one_line(outcome.by)}"))

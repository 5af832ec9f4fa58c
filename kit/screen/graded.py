"""After a grade: the report and what to do next; or one row for each of many."""

# ruff: noqa: PLC0415  # imported where it is needed: it is heavy and seldom

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager

from rich.text import Text

from grader.text import _, ngettext
from grader.verdict import Verdict
from kit.bank import Bank
from kit.grading import Target
from kit.language import in_use
from kit.progress import Record, counts_as_pass
from kit.screen.console import Screen, styled
from kit.screen.report import MARKS, Subject, report, summary
from kit.screen.safe import one_line


def subject(target: Target) -> Subject:
    """What the report says of the target."""
    return Subject(target.exercise.slug, target.exercise.title.say(in_use()), target.path.name, target.typed)


def show(screen: Screen, target: Target, verdict: Verdict, bank: Bank, records: Mapping[str, Record]) -> None:
    """The report on stdout, the next step on stderr."""
    if verdict.error is not None:
        screen.talk(own_failure(verdict.error))
        return
    screen.result(*report(screen.out, verdict, subject(target)))
    screen.talk("", *next_steps(target, verdict, bank, records))


def own_failure(error: str) -> Text:
    """The judge's own failure as one line."""
    return styled(_("error: the judge failed, which says nothing about your answer: {reason}").format(reason=one_line(error)), "failed")


def next_steps(target: Target, verdict: Verdict, bank: Bank, records: Mapping[str, Record]) -> list[Text]:
    """What to do now."""
    slug = target.exercise.slug
    if counts_as_pass(verdict):
        passed = {name for name, record in records.items() if record.passed} | {slug}
        following = next((exercise for exercise in bank.exercises if exercise.slug not in passed), None)
        lines = [_("{points} points. Compare with the model answer: kit solution {slug}").format(points=target.exercise.points, slug=slug)]
        if following is None:
            lines.append(_("That was the last one: every exercise of the bank is passed."))
        else:
            lines.append(_("Next: {title}. Run: kit next").format(title=following.title.say(in_use())))
    elif bank.edition == "student" and (verdict.passed or (verdict.load is None and not _untouched(verdict))):
        lines = [_("Only the statement's examples were tried: the hidden checks run when you hand your answer in.")]
    elif verdict.passed:
        lines = [_("This was only a part of it. For the whole verdict run: kit grade {name}").format(name=target.typed)]
    elif _untouched(verdict):
        lines = [_("Write your answer in {file}, then run: kit grade").format(file=target.path.name)]
    else:
        lines = [_("Stuck? Run: kit hint {slug}").format(slug=slug)]
    return [styled(line, "quiet") for line in lines]


def _untouched(verdict: Verdict) -> bool:
    """Whether something is still the starter's."""
    return any(check.failure is not None and check.failure.kind == "your_turn" for check in verdict.checks)


def show_row(screen: Screen, target: Target, verdict: Verdict) -> None:
    """One of many."""
    if verdict.error is not None:
        screen.talk(own_failure(f"{target.exercise.slug}: {verdict.error}"))
        return
    status = "passed" if verdict.passed else "failed"
    failed = next((check for check in verdict.checks if check.status == "failed"), None)
    line = Text.assemble(styled(MARKS[status], status), " ", styled(target.exercise.slug, "strong"), "  ", summary(verdict))
    if failed is not None:
        line.append_text(styled(f"  {one_line(failed.title)}", "quiet"))
    screen.result(line)


def show_total(screen: Screen, verdicts: Sequence[Verdict]) -> None:
    """The last line of many."""
    passed, total = sum(verdict.passed for verdict in verdicts), len(verdicts)
    text = ngettext("{passed} of {total} exercise passed", "{passed} of {total} exercises passed", total).format(passed=passed, total=total)
    screen.result("", styled(text, "passed" if passed == total else "failed"))


@contextmanager
def bar(screen: Screen, total: int, *, quiet: bool) -> Generator[Callable[[str], None]]:
    """A progress bar with the time left, on stderr of a terminal only; call it with a name as each thing begins."""
    if quiet or not screen.err.is_terminal:
        yield lambda _name: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=screen.err, transient=True) as progress:
        task = progress.add_task("", total=total)
        begun = 0

        def advance(name: str) -> None:
            nonlocal begun
            progress.update(task, completed=begun, description=one_line(name))
            begun += 1

        yield advance

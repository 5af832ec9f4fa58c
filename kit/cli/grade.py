"""kit grade: the job goes to the judge before anything heavy is imported."""

# ruff: noqa: PLC0415  # each command imports what it needs when it runs: that keeps the start of the others quick

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from typer import Argument, Option

from grader.text import _
from grader.verdict import Job, Verdict
from kit.cli.complete import complete_check, complete_device, complete_slug
from kit.cli.session import Session
from kit.errors import NOT_PASSED, OWN_FAILURE, PASSED, USAGE, KitError, OwnFailure
from kit.grading import DeviceChoice, Target, Wish, job, targets
from kit.progress import Progress

if TYPE_CHECKING:
    from grader.client import Pending


def grade(  # noqa: PLR0917  # typer calls it by keyword
    names: Annotated[
        list[str] | None,
        Argument(metavar="SLUG|FILE", help=_("Exercises or files; without any, the one you are at."), autocompletion=complete_slug),
    ] = None,
    check: Annotated[str | None, Option("--check", metavar="NAME", help=_("Run one check only."), autocompletion=complete_check)] = None,
    seed: Annotated[str | None, Option("--seed", metavar="N", help=_("Draw the inputs from this seed, to replay a failure."))] = None,
    device: Annotated[
        str | None,
        Option(
            "--device",
            metavar="auto|cpu|cuda",
            help=_("Where to compute; auto is the GPU where there is one. Without it, the first device of the exercise."),
            autocompletion=complete_device,
        ),
    ] = None,
    every: Annotated[bool, Option("--all", help=_("Grade every answer of the workspace."))] = False,
    as_json: Annotated[bool, Option("--json", help=_("Print the verdict as JSON and nothing else."))] = False,
    junit: Annotated[str | None, Option("--junit", metavar="FILE", help=_("Also write the verdicts as JUnit XML."))] = None,
    html: Annotated[str | None, Option("--html", metavar="FILE", help=_("Also write the report as a web page."))] = None,
    pdb: Annotated[bool, Option("--pdb", help=_("Run in this process, without the sandbox, and stop in a debugger where it fails."))] = False,
    no_server: Annotated[bool, Option("--no-server", help=_("Do not use the warm server."))] = False,
) -> int:
    """Grade an answer."""
    session = Session()
    wish = Wish(only=check, seed=_seed(seed), device=_device(device), lang=session.lang)
    chosen = targets(names or [], session.bank, session.workspace, session.cwd, every=every)
    if every and names:
        raise KitError(_("--all and names do not go together"), remedy=_("Leave one of them out."))
    if check is not None and len(chosen) > 1:
        raise KitError(_("--check goes with one exercise"), remedy=_("Name the exercise that has this check."))
    session.consent()
    if pdb:
        return _debug(chosen, wish)
    problems: list[KitError] = []
    if len(chosen) == 1:
        graded = [(chosen[0], _one(session, chosen[0], wish, server=not no_server, quiet=as_json))]
    else:
        graded = _many(session, chosen, wish, problems, server=not no_server, quiet=as_json)
    verdicts = [verdict for _target, verdict in graded]
    if as_json:
        _print_json(verdicts, several=every or len(chosen) > 1)
    if junit is not None:
        from kit.junit import write_junit

        write_junit(Path(junit), verdicts)
    if html is not None:
        from kit.screen.page import write_page

        write_page(Path(html), graded)
    return USAGE if problems else _status(verdicts)


def _status(verdicts: Sequence[Verdict]) -> int:
    if any(verdict.error is not None for verdict in verdicts):
        return OWN_FAILURE
    return PASSED if all(verdict.passed for verdict in verdicts) else NOT_PASSED


@contextmanager
def _judging() -> Generator[None]:
    """The judge's errors as the kit's."""
    from grader.client import JobRefused, JudgeError

    try:
        yield
    except JobRefused as error:
        raise KitError(str(error)) from error
    except JudgeError as error:
        raise OwnFailure(str(error)) from error


def _submit(work: Job, *, server: bool) -> "Pending":
    from grader.client import submit

    return submit(work, server=server)


def _one(session: Session, target: Target, wish: Wish, *, server: bool, quiet: bool) -> Verdict:
    """Grade one answer; unless quiet, show the report. The judge works while the screen is imported."""
    work = job(target, wish, edition=session.bank.edition)
    with _judging():
        pending = _submit(work, server=server)
        if not quiet:
            import_module("kit.screen.graded")
        verdict = pending.result()
    remembered = _remember(session, verdict, work.source)
    if not quiet:
        from kit.screen.graded import show

        show(session.screen, target, verdict, session.bank, remembered.records() if remembered else {})
    return verdict


def _many(
    session: Session, chosen: Sequence[Target], wish: Wish, problems: list[KitError], *, server: bool, quiet: bool
) -> list[tuple[Target, Verdict]]:
    """Grade several answers, one after the other, with a progress bar; one that cannot be read is told and added to the problems."""
    from kit.screen import graded

    done: list[tuple[Target, Verdict]] = []
    with graded.bar(session.screen, len(chosen), quiet=quiet) as advance, _judging():
        for target in chosen:
            advance(target.exercise.slug)
            try:
                work = job(target, wish, edition=session.bank.edition)
            except KitError as error:
                problems.append(error)
                session.screen.talk(_("error: {message}").format(message=error))
                continue
            verdict = _submit(work, server=server).result()
            _remember(session, verdict, work.source)
            done.append((target, verdict))
            if not quiet:
                graded.show_row(session.screen, target, verdict)
    if not quiet:
        graded.show_total(session.screen, [verdict for _target, verdict in done])
    return done


def _remember(session: Session, verdict: Verdict, source: str) -> Progress | None:
    """Record the attempt where the learner's progress is kept; a verdict is shown even when that fails."""
    if session.workspace is None or verdict.error is not None:
        return None
    progress = Progress(session.workspace.private)
    try:
        progress.record(verdict, source)
    except KitError as error:
        session.screen.talk(_("warning: {message}").format(message=error))
        return None
    return progress


def _debug(chosen: Sequence[Target], wish: Wish) -> int:
    """Stop in a debugger at the learner's failing line; records no verdict."""
    if len(chosen) > 1:
        raise KitError(_("--pdb goes with one exercise"), remedy=_("Name the exercise to debug."))
    from grader.client import judge_here

    with _judging():
        verdict = judge_here(job(chosen[0], wish, edition=Session().bank.edition))
    passed, total = sum(check.status == "passed" for check in verdict.checks), len(verdict.checks)
    text = _("{passed} of {total} checks passed here, without the sandbox; nothing is recorded. For a verdict run: kit grade")
    Session().screen.talk(text.format(passed=passed, total=total))
    return _status([verdict])


def _print_json(verdicts: Sequence[Verdict], *, several: bool) -> None:
    from msgspec import json

    data = json.encode(list(verdicts) if several else verdicts[0])
    sys.stdout.write(json.format(data, indent=2).decode() + "\n")


def _seed(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or int(text) >= 2**63:
        raise KitError(_("{text} is no seed").format(text=text), "--seed", _("Give a whole number, as a report prints it."))
    return int(text)


def _device(text: str | None) -> DeviceChoice:
    if text is None:
        return "default"
    if text not in {"auto", "cpu", "cuda"}:
        raise KitError(_("no device is called {name}").format(name=text), "--device", _("Choose one of: {names}.").format(names="auto, cpu, cuda"))
    return cast("DeviceChoice", text)

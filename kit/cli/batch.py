"""kit class grade: a folder of answers, without a server."""

# ruff: noqa: PLC0415  # each command imports what it needs when it runs: that keeps the start of the others quick

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from typer import Argument, Option

from grader.text import _, ngettext
from kit.cli.session import Session
from kit.errors import NOT_PASSED, OWN_FAILURE, PASSED, KitError

if TYPE_CHECKING:
    from grader.verdict import Policy
    from kit.classroom.batch import Outcome
    from kit.classroom.results import Columns


def grade_folder(  # noqa: PLR0917  # typer calls it by keyword
    folder: Annotated[str, Argument(metavar="FOLDER", help=_("The answers: STUDENT/EXERCISE.py, EXERCISE/STUDENT.py or STUDENT_EXERCISE.py."))],
    out: Annotated[str, Option("--out", metavar="FILE", help=_("Write the results into this CSV file; the verdicts are kept beside it."))],
    columns: Annotated[
        str | None, Option("--columns", metavar="plain|canvas|moodle", help=_("The columns of the file; without it plain: a row for each answer."))
    ] = None,
    grade_on: Annotated[
        str | None, Option("--grade-on", metavar="local|ray://HOST:PORT", help=_("Where answers are judged; without it, on this machine."))
    ] = None,
    jobs: Annotated[str | None, Option("--jobs", metavar="N", help=_("So many at once; without it, as many as there are cores."))] = None,
    sandbox: Annotated[
        str | None,
        Option("--sandbox", metavar="server|local", help=_("server: refuse to start where the sandbox is not complete. local: do what can be done.")),
    ] = None,
) -> int:
    """Grade a folder of answers. Run again, it goes on where it was stopped."""
    from kit.classroom import batch
    from kit.classroom.executor import open_executor
    from kit.classroom.results import COLUMNS
    from kit.screen.authoring import bar

    session = Session()
    chosen = cast("Columns", _chosen(columns, COLUMNS, "--columns"))
    policy = cast("Policy", _chosen(sandbox, ("server", "local"), "--sandbox"))
    session.consent()
    at_once = _jobs(jobs)
    executor = open_executor(grade_on or "local", bank=session.bank, sandbox=policy, jobs=at_once)
    try:
        with bar(session.screen) as on_progress:
            outcome = batch.grade_folder(Path(folder), Path(out), session.bank, executor, sandbox=policy, columns=chosen, on_progress=on_progress)
    except KeyboardInterrupt:
        session.screen.talk(_("What was judged is kept: the same command goes on from there."))
        raise
    finally:
        executor.close()
    return _told(session, outcome, out)


def _told(session: Session, outcome: "Outcome", out: str) -> int:
    """Say what came of it; the exit status."""
    screen = session.screen
    for stray in (*outcome.older, *outcome.strays):
        screen.talk(_("not graded: {file}: {why}").format(file=stray.path, why=stray.why))
    for result in outcome.results:
        if result.status == "error":
            screen.talk(_("error: {message}").format(message=f"{result.file}: {result.error}"))
    if outcome.strays:
        screen.talk(_("An answer lies in STUDENT/EXERCISE.py, EXERCISE/STUDENT.py or STUDENT_EXERCISE.py; an exercise is called as in: kit list"))
    counts = Counter(result.status for result in outcome.results)
    answers = ngettext("{n} answer", "{n} answers", len(outcome.results)).format(n=len(outcome.results))
    facts = [answers, _("{n} passed").format(n=counts["passed"]), _("{n} not passed").format(n=counts["failed"])]
    if counts["error"]:
        facts.append(ngettext("{n} without a verdict", "{n} without a verdict", counts["error"]).format(n=counts["error"]))
    if outcome.remembered:
        facts.append(_("{n} judged before").format(n=outcome.remembered))
    screen.talk(" · ".join(facts))
    screen.result(out)
    if outcome.broken:
        screen.talk(_("Run the same command again: it judges only what has no verdict."))
        return OWN_FAILURE
    return NOT_PASSED if outcome.strays or outcome.unread else PASSED


def _chosen(text: str | None, names: tuple[str, ...], option: str) -> str:
    """One of the names; without a choice the first."""
    if text is not None and text not in names:
        remedy = _("Choose one of: {names}.").format(names=", ".join(names))
        raise KitError(_("{option} cannot be {text}").format(option=option, text=text), remedy=remedy)
    return text or names[0]


def _jobs(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise KitError(_("{text} is no whole number").format(text=text), "--jobs")
    return int(text)

"""kit list, status: what there is and how far one is."""

# ruff: noqa: PLC0415  # each command imports what it needs when it runs: that keeps the start of the others quick

from typing import Annotated

from typer import Option

from grader.text import _
from kit.cli.learn import TrackOption
from kit.cli.session import Session
from kit.errors import PASSED, KitError, did_you_mean
from kit.progress import Record

STATES = ("passed", "tried", "fetched", "new", "open")


def complete_state(incomplete: str) -> list[str]:
    """States."""
    return [state for state in STATES if state.startswith(incomplete)]


def list_(
    track: TrackOption = None,
    status: Annotated[
        str | None,
        Option("--status", metavar="STATE", help=_("Only these: passed, tried, fetched, new, open."), autocompletion=complete_state),
    ] = None,
) -> int:
    """List the exercises."""
    from kit.screen.listing import show_list

    session = Session()
    if track is not None:
        session.bank.track(track)
    wanted = _states(status)
    records = session.records()
    chosen = [
        each for each in session.bank.exercises
        if track in {None, each.track} and (wanted is None or records.get(each.slug, Record()).state in wanted)
    ]  # fmt: skip
    show_list(session.screen, session.bank, chosen, records, landing=track)
    return PASSED


def questions(track: TrackOption = None) -> int:
    """List the interview questions."""
    from kit.screen.listing import show_questions

    session = Session()
    if track is not None:
        session.bank.track(track)
    answered = [(question, session.bank.answering(question)) for question in session.bank.questions]
    chosen = [(question, exercises) for question, exercises in answered if track is None or track in {each.track for each in exercises}]
    show_questions(session.screen, chosen, session.records())
    return PASSED


def status() -> int:
    """Show how far you are."""
    from kit.screen.listing import show_status

    session = Session()
    known = session.bank.by_slug
    show_status(
        session.screen,
        session.bank.tracks,
        session.bank.exercises,
        {slug: each for slug, each in session.records().items() if slug in known},
    )
    return PASSED


def _states(name: str | None) -> set[str] | None:
    """The states that a name stands for; open: everything but passed."""
    if name is None:
        return None
    if name not in STATES:
        otherwise = _("Choose one of: {names}.").format(names=", ".join(STATES))
        raise KitError(_("no status is called {name}").format(name=name), "--status", did_you_mean(name, STATES, otherwise))
    return {"tried", "fetched", "new"} if name == "open" else {name}

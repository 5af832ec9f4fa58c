"""kit join, submit, board, whoami, leave: the learner and their class."""

# ruff: noqa: PLC0415  # each command imports what it needs when it runs: that keeps the start of the others quick

import re
import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from grader.text import _
from kit.cli.complete import complete_slug
from kit.cli.session import Session
from kit.errors import NOT_PASSED, PASSED, KitError, OwnFailure

if TYPE_CHECKING:
    from grader.verdict import Verdict
    from kit.grading import Target
    from kit.remote import Remote
    from kit.replies import Me, Receipt, Submission

TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}")
WAIT_SECONDS = 3.0  # of one question for the verdict: so often position and age are told anew
PATIENCE = 10  # how often in a row the server may be away while we wait


def join(  # noqa: PLR0917  # typer calls it by keyword
    url: Annotated[str | None, Argument(metavar="URL", help=_("The class's address, as your teacher gave it."))] = None,
    code: Annotated[str | None, Argument(metavar="CODE", help=_("The join code, as your teacher gave it."))] = None,
    name: Annotated[str | None, Option("--name", metavar="TEXT", help=_("Your name: your teacher sees it, the boards do not show it."))] = None,
    email: Annotated[str | None, Option("--email", metavar="ADDRESS", help=_("Your email address, if your teacher wants it."))] = None,
    number: Annotated[str | None, Option("--number", metavar="ID", help=_("Your student number, if your teacher has a class list."))] = None,
    token: Annotated[str | None, Option("--token", metavar="TOKEN", help=_("Instead of a code: a token that your page in the browser made."))] = None,
    browser: Annotated[
        bool, Option("--browser", help=_("Print a link that signs you in in a browser, once; also when you have joined before."))
    ] = False,
) -> int:
    """Join a class."""
    from kit import membership
    from kit.remote import Remote, cleaned_address, is_exposed
    from kit.replies import Joined
    from kit.screen.submitted import show_joined

    if code is not None and token is not None:
        raise KitError(_("CODE and --token do not go together"), remedy=_("Leave one of them out."))
    session = Session()
    known = membership.load()
    if known is not None and ((url is not None and cleaned_address(url) != known.server) or token not in {None, known.token}):
        raise KitError(_("you have joined a class already"), known.server, _("Leave it first: kit leave"))
    if known is None:
        if url is None or (code is None and token is None):
            raise KitError(_("{name} is missing").format(name="URL" if url is None else "CODE"), remedy=_("Run: kit join URL CODE"))
        server = cleaned_address(url)
        if is_exposed(server):
            session.screen.talk(_("warning: {message}").format(message=_("this address is not encrypted: others in the same network can read along")))
        with _by_https(url, server):
            if token is not None:
                joined = Joined(token, _owner(server, token))
            else:
                asked = {"code": code, "name": name or _ask_name(session), "email": email, "student_id": number, "label": _machine()}
                with Remote(server) as remote:
                    joined = remote.post("join", Joined, asked, repeatable=False)
        me = joined.me
        known = membership.Membership(server, joined.token, me.classroom, me.name, me.pseudonym)
        show_joined(session.screen, me, membership.save(known))
    elif not browser:
        session.screen.talk(_("You have joined this class already: {classroom}").format(classroom=known.classroom))
    if browser:
        _show_link(session, known.server, known.token)
    return PASSED


def submit(
    name: Annotated[
        str | None,
        Argument(metavar="[SLUG|FILE]", help=_("The exercise, or your file; without it, the one you are at."), autocompletion=complete_slug),
    ] = None,
    assignment: Annotated[
        str | None, Option("--assignment", metavar="NAME", help=_("For this assignment; without it, the open one that has the exercise."))
    ] = None,
    practice: Annotated[bool, Option("--practice", help=_("As practice, for no assignment."))] = False,
    no_wait: Annotated[bool, Option("--no-wait", help=_("Do not wait for the verdict; the same command shows it later."))] = False,
    yes: Annotated[bool, Option("--yes", help=_("Do not ask before the last attempt is used up."))] = False,
) -> int:
    """Hand in an answer."""
    from kit import membership
    from kit.answer import read_answer
    from kit.grading import targets
    from kit.remote import Remote

    if practice and assignment is not None:
        raise KitError(_("--assignment and --practice do not go together"), remedy=_("Leave one of them out."))
    session = Session()
    known = membership.needed()
    (target,) = targets([name] if name else [], session.bank, session.workspace, session.cwd)
    source = read_answer(target.path)
    body = {"exercise": target.exercise.slug, "source": source, "assignment": "" if practice else assignment}
    with Remote(known.server, known.token) as remote:
        receipt = _handed_in(session, remote, body, ask=session.asks() and not yes)
        if receipt is None:
            session.screen.talk(_("Nothing was handed in."))
            return NOT_PASSED
        if no_wait:
            from kit.screen.submitted import show_receipt

            show_receipt(session.screen, receipt)
            return PASSED
        submission = _followed(session, remote, receipt)
    if submission.verdict is None:
        remedy = _("It is not your answer's fault and costs no attempt. Your teacher sees it and can have it judged again.")
        raise OwnFailure(_("the class could not judge your answer"), f"{target.exercise.slug} {submission.number}", remedy)
    _remember(session, submission.verdict, source)
    _show(session, target, submission, submission.verdict)
    return PASSED if submission.verdict.passed else NOT_PASSED


def board(  # noqa: PLR0917  # typer calls it by keyword
    assignment: Annotated[str | None, Option("--assignment", metavar="NAME", help=_("The board of this assignment."))] = None,
    exercise: Annotated[str | None, Option("--exercise", metavar="SLUG", help=_("The board of this exercise."), autocompletion=complete_slug)] = None,
    section: Annotated[str | None, Option("--section", metavar="NAME", help=_("The board of this section."))] = None,
    speed: Annotated[str | None, Option("--speed", metavar="SLUG", help=_("The speed board of this exercise."), autocompletion=complete_slug)] = None,
    device: Annotated[str | None, Option("--device", metavar="cpu|cuda", help=_("Of a speed board: measured on this; without it, cpu."))] = None,
    every: Annotated[bool, Option("--all", help=_("Everybody, not only the first twenty and you."))] = False,
    as_json: Annotated[bool, Option("--json", help=_("Print the board as JSON and nothing else."))] = False,
) -> int:
    """Show a board of the class."""
    from kit import membership
    from kit.remote import Remote
    from kit.replies import Board, SpeedBoard, Standing

    given = {"assignment": assignment, "exercise": exercise, "section": section, "speed": speed}
    chosen = [f"{kind}/{name}" for kind, name in given.items() if name is not None]
    if len(chosen) > 1:
        raise KitError(_("there is one board at a time"), remedy=_("Leave all but one of the options out."))
    name, own = chosen[0] if chosen else "overall", None
    known = membership.needed()
    with Remote(known.server, known.token) as remote:
        found = remote.get(f"boards/{name}", SpeedBoard, device=device or "cpu") if speed is not None else remote.get(f"boards/{name}", Board)
        if isinstance(found, Board) and found.freeze_at is not None:
            own = remote.get("standing", Standing, board=name).row
    if as_json:
        from msgspec import json

        sys.stdout.write(json.format(json.encode(found), indent=2).decode() + "\n")
        return PASSED
    from kit.screen import board as shown

    if isinstance(found, SpeedBoard):
        shown.show_speed(Session().screen, found, known.pseudonym)
    else:
        shown.show_board(Session().screen, found, known.pseudonym, own, every=every)
    return PASSED


def whoami() -> int:
    """Show who one is in the class, and which assignments are open."""
    from kit import membership
    from kit.remote import Remote
    from kit.replies import Assignment, Me
    from kit.screen.submitted import show_me

    known = membership.needed()
    with Remote(known.server, known.token) as remote:
        me, assigned = remote.get("me", Me), remote.get("assignments", list[Assignment])
    if me.pseudonym != known.pseudonym:  # it was changed in a browser, and the boards mark one's own row by it
        membership.save(membership.Membership(known.server, known.token, me.classroom, me.name, me.pseudonym))
    show_me(Session().screen, me, known.server, assigned)
    return PASSED


def leave(
    here: Annotated[bool, Option("--here", help=_("Only forget the class on this machine; the server is not asked."))] = False,
) -> int:
    """Leave the class on this machine."""
    from kit import membership
    from kit.remote import Refusal, Remote

    screen = Session().screen
    if not here:
        known = membership.needed()
        with Remote(known.server, known.token) as remote:
            try:
                remote.post("leave", NoneType, {}, repeatable=True)
            except Refusal as error:
                if error.http != 401:  # the token is not good any more: there is nothing left to end
                    raise
    there_was = membership.forget()
    screen.talk(_("You have left the class on this machine; what you handed in stays there.") if there_was else _("There was nothing to forget."))
    return PASSED


def _handed_in(session: Session, remote: "Remote", body: dict[str, Any], *, ask: bool) -> "Receipt | None":
    """Hand it in; None when it would use up the last attempt and whoever sits there says no."""
    from kit.remote import Refusal
    from kit.replies import Receipt
    from kit.screen.exercise import ask as agreed

    try:
        return remote.post("submissions", Receipt, body | ({"spare_last": True} if ask else {}), repeatable=True)
    except Refusal as error:
        if error.code != "last-attempt":
            raise
    if not agreed(session.screen, _("This uses up your last attempt at {exercise}. Hand it in?").format(exercise=body["exercise"])):
        return None
    return remote.post("submissions", Receipt, body, repeatable=True)


def _followed(session: Session, remote: "Remote", receipt: "Receipt") -> "Submission":
    """The submission once it is judged or given up; until then its place is shown. Raises Unreachable when the server stays away."""
    from kit.remote import Unreachable
    from kit.replies import Submission
    from kit.screen.submitted import waiting

    away = 0
    with waiting(session.screen, receipt) as tell:
        while True:
            try:
                submission = remote.get(f"submissions/{receipt.id}", Submission, wait=WAIT_SECONDS)
            except Unreachable as error:
                away += 1
                if away >= PATIENCE:
                    remedy = _("Your answer has been handed in: the same command shows its verdict when the network is back.")
                    raise Unreachable(error.what, error.where, remedy) from error
                tell.away()
                continue
            away = 0
            if submission.state in {"done", "failed"}:
                return submission
            tell.of(submission.position, submission.age)


def _show(session: Session, target: "Target", submission: "Submission", verdict: "Verdict") -> None:
    from kit.screen.submitted import show_verdict

    show_verdict(session.screen, target, submission, verdict)


def _remember(session: Session, verdict: "Verdict", source: str) -> None:
    """Record the class's verdict where the learner's progress is kept; it is shown even when that fails."""
    from kit.progress import Progress

    if session.workspace is None:
        return
    try:
        Progress(session.workspace.private).record(verdict, source)
    except KitError as error:
        session.screen.talk(_("warning: {message}").format(message=error))


def _show_link(session: Session, server: str, token: str) -> None:
    from kit.remote import Remote
    from kit.replies import Link

    with Remote(server, token) as remote:
        link = remote.post("sign-in-links", Link, {}, repeatable=True)
    session.screen.result(link.url)
    session.screen.talk(_("Open it in your browser; it works once, within 24 hours. Show it to nobody."))


def _owner(server: str, token: str) -> "Me":
    """Whose token it is. Raises KitError when it is nobody's; whatever is wrong with it, no message repeats it."""
    from kit.remote import Refusal, Remote
    from kit.replies import Me

    remedy = _("Copy the whole command from {page}, or make another token there.").format(page=f"{server}/me")
    if not TOKEN.fullmatch(token):
        raise KitError(_("this is no token"), "--token", remedy)
    try:
        with Remote(server, token) as remote:
            return remote.get("me", Me)
    except Refusal as error:
        if error.http == 401:
            raise KitError(error.what, "--token", remedy) from error
        raise


@contextmanager
def _by_https(typed: str, server: str) -> Generator[None]:
    """A first word with a server; where https was only assumed and nobody answers, say how to write the other."""
    from kit.remote import Unreachable, is_near, without_https

    try:
        yield
    except Unreachable as error:
        if "://" in typed or not is_near(server):
            raise
        raise Unreachable(error.what, error.where, without_https(server)) from error


def _ask_name(session: Session) -> str:
    """The name, from whoever sits there. Raises KitError when nobody does."""
    if not session.asks():
        raise KitError(
            _("{name} is missing").format(name="--name"),
            "kit join",
            _("Give your name as your teacher knows it, and as the class list has it if there is one; the boards do not show it."),
        )
    from kit.screen.submitted import ask_line

    return ask_line(session.screen, _("Your name, as your teacher knows it:"))


def _machine() -> str:
    import platform

    return platform.node()

"""The boards as pages: who has how many points, and how it came to that. A board is rendered once for each revision and language, for everybody."""

from collections.abc import Iterable
from threading import Lock
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from markupsafe import Markup, escape
from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.text import _, current_language
from grader.verdict import Device
from kit.classroom import assignments, chart, speed
from kit.classroom.boards import Board, BoardName, Row
from kit.classroom.errors import Refused
from kit.classroom.room import Room
from kit.classroom.schema import Assignment, Person, Section
from kit.classroom.standings import Audience, Standings
from kit.classroom.web import auth
from kit.classroom.web.auth import Visiting, Visitor, room_of
from kit.classroom.web.pages import exercise_of
from kit.classroom.web.view import environment, page

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
LINES = 8  # of the chart: those of the first on the board


OWN, IDLE = "<!--own-->", "<!--idle-->"  # in board_rows.html: what differs from one reader to another


class _Rendered(NamedTuple):
    """The part of a board's page that is the same for everybody, as HTML, and the version of the board that it shows."""

    etag: str
    html: str
    board: Board
    idle: tuple[Row, ...]


class Renderings:
    """What was rendered of each board, for an audience and in a language; only the newest is kept."""

    def __init__(self) -> None:
        self._kept: dict[tuple[BoardName, Audience, str], _Rendered] = {}
        self._lock = Lock()

    def of(self, room: Room, standings: Standings, name: BoardName, audience: Audience) -> _Rendered:
        """The rendered board, anew when it has changed. Raises Refused when there is none of that name."""
        etag = standings.served(name, audience).etag
        key = (name, audience, current_language())
        found = self._kept.get(key)
        if found is not None and found.etag == etag:
            return found
        with self._lock:  # of a hundred that ask at once one renders
            found = self._kept.get(key)
            if found is None or found.etag != etag:
                found = self._kept[key] = _rendered(room, standings, name, audience, etag)
        return found


def viewer(who: Visiting) -> Visitor:
    """A dependency: somebody who may see the boards: everybody where they are public. Raises Refused (401)."""
    return who if who.classroom.public_boards else auth.signed_in(who)


Viewing = Annotated[Visitor, Depends(viewer)]


@router.get("/boards")
def overall(request: Request, who: Viewing, part: str = "", seen: str = "") -> Response:
    """Everybody's points over all exercises."""
    return _answer(request, who, BoardName("overall"), part, seen)


@router.get("/boards/assignment/{slug}")
def of_assignment(request: Request, who: Viewing, slug: str, part: str = "", seen: str = "") -> Response:
    """The points of an assignment, exercise by exercise."""
    with room_of(request).store.reading() as session:
        if all(each.slug != slug for each in _seen(session, who)):
            raise _no_board()
    return _answer(request, who, BoardName("assignment", slug), part, seen)


@router.get("/boards/exercise/{slug}")
def of_exercise(request: Request, who: Viewing, slug: str, part: str = "", seen: str = "") -> Response:
    """Who has solved an exercise, and who was first."""
    return _answer(request, who, BoardName("exercise", slug), part, seen)


@router.get("/boards/section/{name:path}")
def of_section(request: Request, who: Viewing, name: str, part: str = "", seen: str = "") -> Response:
    """The points of the people of a section, over all exercises."""
    return _answer(request, who, BoardName("section", name), part, seen)


@router.get("/boards/speed/{slug}")
def of_speed(request: Request, who: Viewing, slug: str, *, device: Device = "cpu", part: str = "", seen: str = "") -> Response:
    """Whose passing answer is the fastest on a kind of device."""
    room, audience = room_of(request), _audience(who, seen)
    tag = f'"speed-{who.classroom.revision}-{device}-{audience}-{current_language()}"'
    if part == "rows" and request.headers.get("if-none-match") == tag:
        return _unchanged(tag)
    exercise = exercise_of(room, slug)
    with room.store.reading() as session:
        board = speed.board(session, exercise, audience, device)
        others = _others(session, room, who, exercise.slug)
    html = environment().get_template("speed_rows.html").render(board=board, csrf="", lang=current_language())
    values: dict[str, Any] = {"rows": _marked(html, who.person), "mine": None}
    if part == "rows":
        return _part(request, tag, values)
    values |= {"title": exercise.title.say(current_language()), "others": others, "device": device, "devices": exercise.devices}
    return _page(request, who, audience, values)


def _answer(request: Request, who: Visitor, name: BoardName, part: str, seen: str) -> Response:
    """The page, or only the part that changes, which browsers ask for again and again. seen: "students" for staff who want to see what those see."""
    room, standings, audience = room_of(request), standings_of(request), _audience(who, seen)
    rendered = _renderings(request).of(room, standings, name, audience)
    tag = f'"{rendered.etag.strip(chr(34))}-{audience}-{current_language()}"'
    if part == "rows" and request.headers.get("if-none-match") == tag:
        return _unchanged(tag)
    mine = standings.own(name, who.person.id) if who.person is not None and audience == "students" else None
    values: dict[str, Any] = {"rows": _for(rendered, who.person), "mine": mine}
    if part == "rows":
        return _part(request, tag, values)
    with room.store.reading() as session:
        others = _others(session, room, who, name.name if name.kind == "exercise" else None)
    values |= {"title": _title(room, standings.board(name, audience)), "others": others, "device": None, "devices": ()}
    return _page(request, who, audience, values)


def _audience(who: Visitor, seen: str) -> Audience:
    return "staff" if who.is_at_least("assistant") and seen != "students" else "students"


def _page(request: Request, who: Visitor, audience: Audience, values: dict[str, Any]) -> Response:
    here = f"{request.url.path}?{request.url.include_query_params(part='rows').query}"
    return page(request, "board.html", staff=who.is_at_least("assistant"), audience=audience, here=here, **values)


def _part(request: Request, tag: str, values: dict[str, Any]) -> Response:
    response = page(request, "board_part.html", **values)
    response.headers.update({"ETag": tag, "Cache-Control": "private, no-cache"})
    return response


def _unchanged(tag: str) -> Response:
    return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "private, no-cache"})


def standings_of(request: Request) -> Standings:
    """The boards of this server."""
    return request.app.state.standings


def _renderings(request: Request) -> Renderings:
    state = request.app.state
    if not hasattr(state, "renderings"):
        state.renderings = Renderings()
    return state.renderings


def _rendered(room: Room, standings: Standings, name: BoardName, audience: Audience, etag: str) -> _Rendered:
    """The board and its chart, the same for everybody who sees it in this language; who has handed in nothing is left out."""
    board = standings.board(name, audience)
    history = standings.history(name, audience, _leaders)
    drawn = Markup(chart.draw(history, title=_("Points over time")))  # noqa: S704  # it escapes what it is given
    titles = {exercise.slug: exercise.title.say(current_language()) for exercise in room.bank.exercises}
    template = environment().get_template("board_rows.html")
    moments = {f"{moment:%Y-%m-%d %H:%M}": moment for moment in history.moments}.values()  # no two columns of the same minute
    tried = [row for row in board.rows if row.submissions]
    shown: dict[str, Any] = {"board": board, "tried": tried, "chart": drawn, "lines": history.lines, "moments": moments, "titles": titles}
    html = template.render(csrf="", lang=current_language(), **shown)
    return _Rendered(etag, html, board, tuple(row for row in board.rows if not row.submissions))


def _leaders(board: Board) -> Iterable[Row]:
    """Whose lines the chart shows: the first of those who have points."""
    return [row for row in board.rows if row.points > 0][:LINES]


def _for(rendered: _Rendered, person: Person | None) -> Markup:
    """The rendered board as somebody sees it: their own row, and how many others have handed in nothing."""
    board, idle = rendered.board, rendered.idle
    pieces: Any = environment().get_template("board_pieces.html").module
    mine = next((row for row in idle if person is not None and row.person_id == person.id), None)
    empty = len(idle) == len(board.rows)
    own = pieces.row(board, mine) if mine is not None else pieces.nobody(board) if empty else ""
    others = pieces.idle([row for row in idle if row is not mine], mine is not None or not empty)
    return _marked(rendered.html.replace(OWN, own, 1).replace(IDLE, others, 1), person)


def _marked(html: str, person: Person | None) -> Markup:
    """The rendered board with one's own row marked."""
    if person is not None:
        own = f'<tr data-who="{escape(person.pseudonym)}">'
        html = html.replace(own, f'<tr class="me" aria-current="true" data-who="{escape(person.pseudonym)}">', 1)
    return Markup(html)  # noqa: S704  # rendered by a template


def _title(room: Room, board: Board) -> str:
    if board.name.kind == "overall":
        return _("Everything")
    if board.name.kind == "section":
        return _("Section {name}").format(name=board.name.name)
    if board.name.kind == "exercise":
        return room.bank.exercise(board.name.name).title.say(current_language())
    return board.title


class Link(NamedTuple):
    """The way to another board."""

    path: str
    text: str


def _others(session: Session, room: Room, who: Visitor, exercise: str | None) -> dict[str, list[Link]]:
    """The boards that this person may see, by what they are of; exercise: of which there are boards to name."""
    titles = {each.slug: each.title.say(current_language()) for each in room.bank.exercises}
    sections = session.scalars(select(Section.name).order_by(Section.name)).all()
    fast = [each.slug for each in room.bank.exercises if speed.allowed(each)]
    return {
        "": [Link("/boards", _("Everything"))],
        _("Assignments"): [Link(f"/boards/assignment/{each.slug}", each.title) for each in _seen(session, who)],
        _("Sections"): [Link(f"/boards/section/{quote(each, safe='')}", each) for each in sections],
        _("Exercise"): [Link(f"/boards/exercise/{exercise}", titles[exercise])] if exercise in titles else [],
        _("Speed"): [Link(f"/boards/speed/{slug}", titles[slug]) for slug in fast],
    }


def _seen(session: Session, who: Visitor) -> list[Assignment]:
    """The assignments that this person may know of; nobody knows of those of everybody."""
    if who.person is not None:
        return assignments.visible_to(session, who.person)
    return [each for each in assignments.all_of_them(session) if each.published and each.section_id is None]


def _no_board() -> Refused:
    return Refused("no-board", _("there is no such board"), remedy=_("See which ones the page of boards names."), http=404)

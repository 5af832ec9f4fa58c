"""The learner's pages: assignments, exercises, handing in, and what came of it."""

from collections import defaultdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from grader.text import _, current_language, ngettext
from kit.answer import LARGEST
from kit.classroom import assignments, speed, strict, submissions
from kit.classroom.errors import Refused
from kit.classroom.feedback import limited
from kit.classroom.room import Room
from kit.classroom.schema import Assignment, Person, Submission
from kit.classroom.web import auth, render, work
from kit.classroom.web.auth import SignedIn, Visiting, room_of
from kit.classroom.web.view import page, redirect
from kit.errors import KitError
from kit.exercise import Exercise

__all__ = ["exercise_of", "router"]

PAGE = 30  # submissions on one page

router = APIRouter(include_in_schema=False)
checked = [Depends(auth.checked_csrf)]


@router.get("/")
def home(request: Request, who: Visiting) -> Response:
    """The assignments of whoever is signed in; the door for anybody else."""
    if who.person is None:
        return page(request, "signin.html", token="", error=None)
    room = room_of(request)
    with room.store.reading() as session:
        mine = work.tries(session, who.person)
        given = [work.tasks(room.bank, assignment, mine) for assignment in assignments.visible_to(session, who.person)]
    return page(request, "assignments.html", given=given, recent=mine[:5], titles=_titles(room))


@router.get("/assignments")
def to_assignments() -> Response:
    """The same page has two names."""
    return Response(status_code=303, headers={"Location": "/"})


@router.get("/assignments/{slug}")
def show_assignment(request: Request, who: SignedIn, slug: str) -> Response:
    """An assignment's rules and exercises."""
    room = room_of(request)
    with room.store.reading() as session:
        assignment = _visible(session, who.me, slug)
        done = work.tasks(room.bank, assignment, work.tries(session, who.me))
    return page(request, "assignment.html", work=done, assignment=assignment)


@router.get("/exercises")
def show_exercises(request: Request, who: SignedIn) -> Response:
    """The whole bank, to practise."""
    room = room_of(request)
    with room.store.reading() as session:
        mine: dict[str, list[work.Try]] = defaultdict(list)
        for each in work.tries(session, who.me):
            mine[each.exercise].append(each)
    states = {slug: work.standing(own) for slug, own in mine.items() if slug in room.bank.by_slug}
    by_track = [(track, [exercise for exercise in room.bank.exercises if exercise.track == track.slug]) for track in room.bank.tracks]
    return page(request, "exercises.html", by_track=by_track, states=states, count=len(room.bank.exercises))


@router.get("/exercises/{slug}")
def show_exercise(request: Request, who: SignedIn, slug: str, assignment: str = "") -> Response:
    """An exercise: its statement, the form to hand it in, one's own submissions. ?assignment= chooses what it is handed in for."""
    return _exercise_page(request, who.me, exercise_of(room_of(request), slug), chosen=assignment)


@router.get("/exercises/{slug}/starter.py")
def starter(request: Request, who: SignedIn, slug: str) -> Response:  # noqa: ARG001  # being signed in is asked for
    """The file to begin from, to be saved under the exercise's name."""
    exercise = exercise_of(room_of(request), slug)
    headers = {"Content-Disposition": f'attachment; filename="{exercise.module}.py"', "X-Content-Type-Options": "nosniff"}
    return Response(exercise.starter.read_bytes(), media_type="text/x-python; charset=utf-8", headers=headers)


@router.post("/exercises/{slug}", dependencies=checked)
def hand_in(
    request: Request,
    who: SignedIn,
    slug: str,
    *,
    assignment: Annotated[str, Form(max_length=100)] = "",
    source: Annotated[str, Form()] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Hand in a file, or what was pasted; on to the page that shows what comes of it."""
    room = room_of(request)
    exercise = exercise_of(room, slug)
    try:
        auth.limits_of(request).submitting(who.me.id)
        text = _uploaded(file) if file is not None and file.filename else source
        done = submissions.submit(room, who.me.id, exercise.slug, text, assignment=assignment)
    except Refused as error:
        return _exercise_page(request, who.me, exercise, chosen=assignment, error=error, source=source)
    request.app.state.grader.wake()
    said = "" if done.new else _("You handed in the same source before: this is what came of it.")
    return redirect(request, f"/submissions/{done.submission_id}", said, "note")


@router.get("/submissions")
def show_submissions(request: Request, who: SignedIn, page_number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1) -> Response:
    """Everything that one has handed in, newest first."""
    room = room_of(request)
    with room.store.reading() as session:
        mine = work.tries(session, who.me)
    pages = max(-(-len(mine) // PAGE), 1)
    at = min(page_number, pages)
    return page(request, "submissions.html", mine=mine[(at - 1) * PAGE : at * PAGE], at=at, pages=pages, titles=_titles(room))


@router.get("/submissions/{submission_id}")
def show_submission(request: Request, who: SignedIn, submission_id: int) -> Response:
    """One of one's own submissions: what came of it, live, and the source."""
    room = room_of(request)
    with room.store.reading() as session:
        submission = _own(session, who.me, submission_id)
    return page(request, "submission.html", source=render.highlighted(submission.source), **_state(room, who.me, submission_id))


@router.get("/submissions/{submission_id}/state")
def show_state(request: Request, who: SignedIn, submission_id: int) -> Response:
    """The part of that page that changes."""
    room = room_of(request)
    with room.store.reading() as session:
        _own(session, who.me, submission_id)
    return page(request, "submission_state.html", **_state(room, who.me, submission_id))


def _exercise_page(request: Request, me: Person, exercise: Exercise, *, chosen: str = "", error: Refused | None = None, source: str = "") -> Response:
    room = room_of(request)
    now = room.now()
    with room.store.reading() as session:
        mine = work.tries(session, me, exercise=exercise.slug)
        given = [each for each in assignments.visible_to(session, me) if any(row.exercise == exercise.slug for row in each.exercises)]
        meant = assignments.find_open(session, me.section_id, exercise.slug, now)
        unpractised = strict.refusal(strict.those(session, me.section_id, exercise.slug, now), exercise.slug) if me.role == "student" else None
    takes = [work.tasks(room.bank, each, mine) for each in given if assignments.open_now(each, now)]
    if not chosen and error is None and meant is not None:
        chosen = meant.slug
    choices = [(each.assignment.slug, each.assignment.title + _left(each, exercise)) for each in takes]
    if unpractised is None:
        choices.append(("", _("practice")))
    values = {
        "choices": choices,
        "chosen": chosen,
        "mine": mine,
        "given": given,
        "source": source,
        "error": error,
        "closed": unpractised if not choices else None,
        "has_speed": speed.allowed(exercise),
    }
    status = error.http if error is not None else 200
    return page(request, "exercise.html", status=status, exercise=exercise, statement=_statement(exercise), state=work.standing(mine), **values)


def _left(given: work.Work, exercise: Exercise) -> str:
    """How many attempts are left, in brackets; nothing where there is no limit."""
    left = next((task.left for task in given.tasks if task.exercise.slug == exercise.slug), None)
    return "" if left is None else ngettext(" ({n} attempt left)", " ({n} attempts left)", left).format(n=left)


def _statement(exercise: Exercise) -> Markup:
    """In the reader's language, else in English."""
    path = exercise.statement(current_language())
    return render.statement(path if path.is_file() else exercise.statement("en"))


def _state(room: Room, me: Person, submission_id: int) -> dict[str, Any]:
    """What is known of a submission, as much as its owner is told."""
    with room.store.reading() as session:
        [mine] = work.tries(session, me, submission_id=submission_id)
    status = submissions.status(room, submission_id)
    verdict = limited(status.verdict, status.feedback) if status.verdict is not None else None
    return {"mine": mine, "stands": status, "verdict": verdict, "exercise": room.bank.by_slug.get(mine.exercise)}


def _own(session: Session, me: Person, submission_id: int) -> Submission:
    """One's own submission. Raises Refused for another's, in the words for one that never was."""
    submission = session.get(Submission, submission_id)
    if submission is None or submission.person_id != me.id:
        raise Refused("no-submission", _("there is no such submission"), submission_id, _("Look at your submissions."), http=404)
    return submission


def _visible(session: Session, me: Person, slug: str) -> Assignment:
    """The assignment, if this person may know of it. Raises Refused."""
    for assignment in assignments.visible_to(session, me):
        if assignment.slug == slug:
            return assignment
    raise Refused("no-assignment", _("no assignment is called {slug}").format(slug=slug[:60]), remedy=_("Look at your assignments."), http=404)


def exercise_of(room: Room, slug: str) -> Exercise:
    """The exercise. Raises Refused."""
    try:
        return room.bank.exercise(slug[:100])
    except KitError as error:
        raise Refused("no-exercise", error.what, remedy=error.remedy, http=404) from error


def _uploaded(file: UploadFile) -> str:
    """The text of an uploaded file; submissions.submit looks at the text itself. Raises Refused."""
    data = file.file.read(LARGEST + 8)  # what is longer is refused for its length, if it was cut within a character
    try:
        return data.decode("utf-8-sig", "ignore" if len(data) > LARGEST else "strict")
    except UnicodeDecodeError as error:
        what = _("the answer is not UTF-8 (byte {byte} at offset {offset})").format(byte=f"0x{data[error.start]:02x}", offset=error.start)
        raise Refused("bad-source", what, remedy=_("Save it again with the encoding UTF-8."), http=422) from error


def _titles(room: Room) -> dict[str, str]:
    """By exercise, what it is called in the reader's language."""
    return {exercise.slug: exercise.title.say(current_language()) for exercise in room.bank.exercises}

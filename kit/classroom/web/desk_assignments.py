"""Assignments as the desk makes them: a form with every rule and the whole bank to choose from."""

from typing import Annotated, Any

from fastapi import Form, Request
from fastapi.responses import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.text import _
from kit.classroom import assignments, audit
from kit.classroom.assignments import Rules
from kit.classroom.errors import Refused
from kit.classroom.room import Room, bump
from kit.classroom.schema import Section, Submission
from kit.classroom.web.auth import room_of
from kit.classroom.web.desk_parts import Sent, Teaching, checked, desk, titles
from kit.classroom.web.desk_rules import Draft
from kit.classroom.web.view import page, redirect

__all__ = ["router"]

router = desk()


@router.get("/assignments")
def show_all(request: Request, who: Teaching) -> Response:  # noqa: ARG001  # being a teacher is asked for
    """All of them, drafts too."""
    room = room_of(request)
    with room.store.reading() as session:
        found = assignments.all_of_them(session)
        sections = {section.id: section.name for section in session.scalars(select(Section))}
        counts = _submissions(session)
    return page(request, "desk/assignments.html", found=found, sections=sections, counts=counts)


@router.get("/new-assignment")
def show_new(request: Request, who: Teaching) -> Response:  # noqa: ARG001  # being a teacher is asked for
    """The form of a new one."""
    return _form(request, Draft(), slug=None)


@router.post("/new-assignment", dependencies=checked)
def create(request: Request, who: Teaching, sent: Sent) -> Response:
    """Make it."""
    room = room_of(request)
    draft = Draft.sent(sent, list(room.bank.by_slug))
    try:
        with room.store.writing() as session:
            made = assignments.create(session, room.bank.by_slug, draft.texts["slug"], draft.rules(), room.now())
            audit.note(session, room.now(), who.me, "assignment-create", made.slug, **_told(draft.rules()))
    except Refused as error:
        return _form(request, draft, slug=None, error=error)
    return redirect(request, "/desk/assignments", _("{title} is made.").format(title=made.title))


@router.get("/assignments/{slug}")
def show(request: Request, who: Teaching, slug: str) -> Response:  # noqa: ARG001  # being a teacher is asked for
    """Its rules, to be changed."""
    room = room_of(request)
    with room.store.reading() as session:
        draft = Draft.of(slug, assignments.rules_of(session, assignments.named(session, slug)))
    return _form(request, draft, slug=slug)


@router.post("/assignments/{slug}", dependencies=checked)
def change(request: Request, who: Teaching, slug: str, sent: Sent) -> Response:
    """Put other rules in their place."""
    room = room_of(request)
    with room.store.reading() as session:
        before = assignments.rules_of(session, assignments.named(session, slug))
    draft = Draft.sent(sent, _in_order(room, before))
    try:
        with room.store.writing() as session:
            changed = assignments.update(session, room.bank.by_slug, slug, draft.rules())
            after = _told(draft.rules())
            differs = {name: [old, after[name]] for name, old in _told(before).items() if old != after[name]}
            audit.note(session, room.now(), who.me, "assignment-change", slug, **differs)
    except Refused as error:
        return _form(request, draft, slug=slug, error=error)
    return redirect(request, "/desk/assignments", _("{title} is saved.").format(title=changed.title))


@router.post("/assignments/{slug}/publish", dependencies=checked)
def publish(request: Request, who: Teaching, slug: str, published: Annotated[bool, Form()]) -> Response:
    """Let students see it, or hide it again."""
    room = room_of(request)
    with room.store.writing() as session:
        assignment = assignments.named(session, slug)
        assignment.published = published
        audit.note(session, room.now(), who.me, "assignment-publish" if published else "assignment-hide", slug)
        session.flush()
        bump(session)
    said = _("Students see {title} now.") if published else _("Students do not see {title} any more.")
    return redirect(request, "/desk/assignments", said.format(title=assignment.title))


@router.get("/assignments/{slug}/delete")
def ask(request: Request, who: Teaching, slug: str) -> Response:  # noqa: ARG001  # being a teacher is asked for
    """Whether it is really meant."""
    return _ask(request, slug)


@router.post("/assignments/{slug}/delete", dependencies=checked)
def delete(request: Request, who: Teaching, slug: str) -> Response:
    """Take it away."""
    room = room_of(request)
    try:
        with room.store.writing() as session:
            title = assignments.named(session, slug).title
            assignments.delete(session, slug)
            audit.note(session, room.now(), who.me, "assignment-delete", slug, title=title)
    except Refused as error:
        if error.code != "in-use":
            raise
        return _ask(request, slug, error)
    return redirect(request, "/desk/assignments", _("{title} is deleted.").format(title=title))


def _form(request: Request, draft: Draft, *, slug: str | None, error: Refused | None = None) -> Response:
    """The form of an assignment; slug None: of a new one."""
    room = room_of(request)
    with room.store.reading() as session:
        sections = list(session.scalars(select(Section.name).order_by(Section.name)))
        count = _submissions(session).get(assignments.named(session, slug).id, 0) if slug is not None else 0
    by_track = [(track, [exercise for exercise in room.bank.exercises if exercise.track == track.slug]) for track in room.bank.tracks]
    values: dict[str, Any] = {"slug": slug, "sections": sections, "count": count, "by_track": by_track, "error": error}
    gone = [each for each in draft.weights if each not in room.bank.by_slug]
    status = error.http if error is not None else 200
    return page(request, "desk/assignment.html", status=status, draft=draft, gone=gone, titles=titles(room), **values)


def _ask(request: Request, slug: str, error: Refused | None = None) -> Response:
    with room_of(request).store.reading() as session:
        assignment = assignments.named(session, slug)
        count = _submissions(session).get(assignment.id, 0)
    status = error.http if error is not None else 200
    return page(request, "desk/assignment_delete.html", status=status, assignment=assignment, count=count, error=error)


def _in_order(room: Room, before: Rules) -> list[str]:
    """The bank's exercises, those of the assignment first and as they are there; what left the bank is left out."""
    present = [exercise for exercise, _weight in before.exercises if exercise in room.bank.by_slug]
    return [*present, *(slug for slug in room.bank.by_slug if slug not in present)]


def _submissions(session: Session) -> dict[int, int]:
    """By assignment, how many submissions there are."""
    found = select(Submission.assignment_id, func.count()).where(Submission.assignment_id.is_not(None)).group_by(Submission.assignment_id)
    return {assignment_id: count for assignment_id, count in session.execute(found) if assignment_id is not None}


def _told(rules: Rules) -> dict[str, Any]:
    """The rules as the audit keeps them."""
    moments = {name: None if when is None else when.isoformat() for name in ("opens_at", "due_at", "closes_at") for when in (getattr(rules, name),)}
    plain = {name: getattr(rules, name) for name in ("title", "late_per_day", "attempts", "feedback", "counts", "credit", "published", "section")}
    return {**plain, **moments, "exercises": dict(rules.exercises)}

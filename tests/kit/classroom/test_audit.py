"""The audit: what is noted can be read again, in order, with who did it."""

from scene import MORNING
from sqlalchemy import select

from kit.classroom import audit, people
from kit.classroom.room import found
from kit.classroom.schema import Audit


def test_notes_say_when_who_what_and_to_what(store):
    found(store, "Deep learning", MORNING)
    with store.writing() as session:
        teacher = people.add(session, role="teacher", name="Tea", now=MORNING)
        audit.note(session, MORNING, teacher, "rename", "person 7", before="amber-otter", after="calm-heron")
        audit.note(session, MORNING, teacher.id, "rotate-code")
        audit.note(session, MORNING, None, "late-verdict", "x" * 500)
    with store.reading() as session:
        notes = session.scalars(select(Audit).order_by(Audit.id)).all()
    assert [(note.at, note.person_id, note.action) for note in notes] == [
        (MORNING, teacher.id, "rename"),
        (MORNING, teacher.id, "rotate-code"),
        (MORNING, None, "late-verdict"),
    ]
    assert (notes[0].object, notes[0].detail) == ("person 7", {"before": "amber-otter", "after": "calm-heron"})
    assert notes[1].detail == {}
    assert notes[2].object == "x" * 200

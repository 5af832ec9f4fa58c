"""The audit: who with rights did what, and what the server had to refuse."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from kit.classroom.schema import Audit, Person

__all__ = ["note"]


def note(session: Session, now: datetime, person: Person | int | None, action: str, object: str = "", **detail: Any) -> None:  # noqa: A002  # the column's name
    """Write down an action, with what it was done to. person None: the server itself or the command line. detail: plain JSON values, no tokens."""
    person_id = person.id if isinstance(person, Person) else person
    session.add(Audit(at=now, person_id=person_id, action=action, object=object[:200], detail=detail))

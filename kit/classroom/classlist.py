"""A class list: read from a file, compared with who is here, and only then put in, so that somebody can look at what would change."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.text import _, ngettext
from kit.classroom import audit, people, spelling
from kit.classroom.errors import Refused
from kit.classroom.schema import Person

__all__ = ["Changed", "Changes", "Listed", "Sheet", "apply", "compare", "read"]

LARGEST, MOST_ROWS = 5_000_000, 20_000  # of a class list
HEADINGS = {
    "name": ("name", "full name", "student", "student name", "姓名", "名字", "学生", "学生姓名"),
    "first": ("first name", "given name", "firstname", "名"),
    "last": ("last name", "surname", "family name", "lastname", "姓"),
    "student_id": (
        "student number", "student id", "student_id", "number", "id number", "学号", "学生编号", "sis user id", "sis login id", "id",
    ),
    "email": ("email", "e-mail", "email address", "e-mail address", "mail", "邮箱", "电子邮箱", "电子邮件", "邮件"),
    "section": ("section", "group", "class", "班级", "班", "小组", "分组"),
}
SHOWN = 10  # problems of a class list that are told at once
CANVAS = {"student", "id", "section"}  # headings that Canvas's gradebook has
NOBODY = {"points possible", "student, test"}  # whom Canvas has in the column of names


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A row of a class list. line: where it stands in the file. What the file leaves empty is None."""

    line: int
    name: str
    student_id: str | None = None
    email: str | None = None
    section: str | None = None


class Sheet(NamedTuple):
    """What a file has of a class. unused: the headings of columns that say nothing to us."""

    rows: list[Listed]
    unused: tuple[str, ...]


class Changed(NamedTuple):
    """Somebody who is here already, and what the list says otherwise: by field before and after."""

    person_id: int
    listed: Listed
    fields: dict[str, list[str]]


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a class list would do. same: how many are here as it says. problems: sentences; with any of them nothing can be put in.

    notes: sentences about lines that were passed over.
    """

    new: tuple[Listed, ...]
    changed: tuple[Changed, ...]
    same: int
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def read(data: bytes, encoding: str | None = None) -> Sheet:
    """The rows of a CSV file with headings, as spreadsheets and course systems write it: also the gradebook of Canvas, whose other rows are left out.

    Commas, semicolons or tabs; UTF-8, UTF-16 with its mark, or what `encoding` says. Raises Refused: no text, no headings that we know, nobody in it.
    """
    lines = _text(data, encoding)
    first = lines.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(lines, newline=""), delimiter=max(",;\t", key=first.count))
    try:
        headings = next(reader, [])
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise _bad(_("this cannot be read as CSV ({reason})").format(reason=error), _("Save it as CSV again.")) from error
    seen = [_plain(heading) for heading in headings]
    if set(seen) >= CANVAS:
        at = seen.index("student")
        rows = [(line, row) for line, row in rows if len(row) > at and _plain(row[at]) not in {"", *NOBODY}]
    places = _places(headings, [row for _line, row in rows])
    if not rows:
        raise _bad(_("there is nobody in this list"), _("Write one line for each student below the headings."))
    if len(rows) > MOST_ROWS:
        raise _bad(_("there are more than {n} lines").format(n=MOST_ROWS), _("Import it in parts."))
    unused = tuple(heading.strip() for at, heading in enumerate(headings) if heading.strip() and at not in places.values())
    return Sheet([_listed(line, row, places) for line, row in rows], unused)


def compare(session: Session, rows: Iterable[Listed]) -> Changes:
    """What putting in a class list would do. Somebody is known by the student number, else by the email; names change, nobody is taken away.

    Who has come in is known by the email only under the listed name: anybody can give any email when joining.
    """
    here = list(session.scalars(select(Person)))
    came_in = set(session.scalars(select(Person.id).where(people.has_come_in(Person.id))))
    by_number = {spelling.folded(person.student_id): person for person in here if person.student_id}
    by_email = {person.email: person for person in here if person.email}
    numbers: dict[str, Listed] = {}
    emails: dict[str, Listed] = {}
    notes: list[str] = []
    new: list[Listed] = []
    changed: list[Changed] = []
    problems: list[str] = []
    same = 0
    for row in rows:
        try:
            row = _cleaned(row)  # noqa: PLW2901  # from here on only the clean one counts
        except Refused as error:
            reason = f"{error.what} ({error.where})" if error.where else error.what
            problems.append(_("line {n}: {reason}").format(n=row.line, reason=reason))
            continue
        number = spelling.folded(row.student_id or "")
        first = numbers.get(number) or emails.get(row.email or "")
        if first is not None and replace(row, line=first.line) == first:
            notes.append(_("line {n}: the same as line {first}, passed over").format(n=row.line, first=first.line))
            continue
        if first is not None:
            problems.append(_("line {n}: the same number or email as line {first}").format(n=row.line, first=first.line))
            continue
        numbers |= {number: row} if number else {}
        emails |= {row.email: row} if row.email else {}
        person = by_number.get(number) or by_email.get(row.email or "")
        if person is None:
            new.append(row)
            continue
        owner = by_email.get(row.email or "")
        if person.role != "student":
            problems.append(_("line {n}: {name} is no student here").format(n=row.line, name=person.name))
        elif owner is not None and owner is not person:
            problems.append(_("line {n}: the email is somebody else's already").format(n=row.line))
        elif number and person.student_id and number != spelling.folded(person.student_id):
            problems.append(_("line {n}: the email belongs to another student number").format(n=row.line))
        elif number not in by_number and person.id in came_in and not _is_called(person, row.name):
            what = _("line {n}: {email} is already the email of {person}, who is not {name}; correct one of them at the desk, or the list")
            problems.append(what.format(n=row.line, email=row.email, person=person.name, name=row.name))
        elif fields := _differing(person, row):
            changed.append(Changed(person.id, row, fields))
        else:
            same += 1
    return Changes(new=tuple(new), changed=tuple(changed), same=same, problems=tuple(problems), notes=tuple(notes))


def apply(session: Session, changes: Changes, now: datetime, who: Person | int | None = None) -> None:
    """Put in what was compared, and write down what it changed about whom; the import itself is the caller's to write down.

    who: by whose hand; None is the command line. Raises Refused, with nothing done, when there are problems.
    """
    if changes.problems:
        count = len(changes.problems)
        what = ngettext("{n} line of the list cannot be taken", "{n} lines of the list cannot be taken", count).format(n=count)
        shown = "; ".join(changes.problems[:SHOWN]) + ("; …" if count > SHOWN else "")
        raise Refused("bad-list", what, shown, _("Correct the file; nobody was added."), http=422)
    for row in changes.new:
        people.add(session, role="student", name=row.name, email=row.email, student_id=row.student_id, section=row.section, now=now)
    for person_id, row, fields in changes.changed:
        person = session.get_one(Person, person_id)
        person.name = row.name
        person.email, person.student_id = row.email or person.email, row.student_id or person.student_id
        if row.section:
            people.move(session, person, row.section)
        audit.note(session, now, who, "list-change", f"person {person_id}", **fields)


def _is_called(person: Person, listed: str) -> bool:
    return spelling.same(person.name, listed) or spelling.same(listed, person.name)


def _text(data: bytes, encoding: str | None) -> str:
    if len(data) > LARGEST:
        raise _bad(_("the list is larger than 5 MB"), _("Leave everything out but names, numbers, emails and sections."))
    marked = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding or marked)
    except LookupError as error:
        raise _bad(_("no encoding is called {name}").format(name=encoding), _("Choose one as Python calls it: utf-8, gb18030, cp1252.")) from error
    except UnicodeDecodeError as error:
        remedy = _("Save it as “CSV UTF-8”, or name its encoding: --encoding gb18030 for Chinese Excel, --encoding cp1252 for Western Excel.")
        raise _bad(_("the list is not written in {encoding}").format(encoding=encoding or "UTF-8"), remedy) from error
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")


def _plain(heading: str) -> str:
    return " ".join(heading.strip().strip("*").lower().split())


def _places(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Where each field stands: in the first of its columns that has anything in it."""
    seen = [_plain(heading) for heading in headings]
    places: dict[str, int] = {}
    for field, known in HEADINGS.items():
        columns = [seen.index(name) for name in known if name in seen]
        filled = (at for at in columns if any(at < len(row) and row[at].strip() for row in rows))
        if columns:
            places[field] = next(filled, columns[0])
    if not ("name" in places or {"first", "last"} <= places.keys()) or not places.keys() & {"student_id", "email"}:
        what = _("the list needs a column for the name, and one for the student number or the email")
        raise Refused("bad-list", what, ", ".join(headings)[:200], _("Head the columns: name, student number, email, section."), http=422)
    return places


def _listed(line: int, row: Sequence[str], places: dict[str, int]) -> Listed:
    def cell(field: str) -> str | None:
        place = places.get(field)
        return row[place].strip() or None if place is not None and place < len(row) else None

    parts = [cell("first") or "", cell("last") or ""]
    separate = "" if all(not part.isascii() for part in parts) else " "
    whole = separate.join(parts if separate else reversed(parts)).strip()  # a Chinese family name comes first
    return Listed(line=line, name=cell("name") or whole, student_id=cell("student_id"), email=cell("email"), section=cell("section"))


def _cleaned(row: Listed) -> Listed:
    """As the people of a classroom are kept. Raises Refused."""
    if not row.student_id and not row.email:
        what = _("neither a student number nor an email")
        raise Refused("bad-list", what, row.name[:100], _("Without one nobody can be told from others."), http=422)
    email = people.cleaned_name(row.email).lower() if row.email else None
    if email and not re.fullmatch(r"[^\s@]+@[^\s@]+", email):
        raise Refused("bad-list", _("this is no email address"), email, _("Write it as name@place."), http=422)
    number = people.cleaned_name(row.student_id) if row.student_id else None
    section = people.cleaned_name(row.section) if row.section else None
    name = people.cleaned_name(row.name)
    if not spelling.is_comparable(name):
        what = _("the name has no letters, so nobody could join by it")
        raise Refused("bad-list", what, name, _("Write the name of the student."), http=422)
    return replace(row, name=name, student_id=number, email=email, section=section)


def _differing(person: Person, row: Listed) -> dict[str, list[str]]:
    """The fields that the list fills in and that say something else here: before and after."""
    section = person.section.name if person.section else None
    pairs = {
        "name": (person.name, row.name),
        "student_id": (person.student_id, row.student_id),
        "email": (person.email, row.email),
        "section": (section, row.section),
    }
    return {field: [is_here or "", listed] for field, (is_here, listed) in pairs.items() if listed and is_here != listed}


def _bad(what: str, remedy: str) -> Refused:
    return Refused("bad-list", what, remedy=remedy, http=422)

"""Backups: a whole classroom as one file that either kind of database takes back.

The file is gzipped lines of JSON: first what it is, then ["table", {row}] table by table, at last ["end", {rows of each table}]. It names no
files, so nothing in it can lead out of a folder; and it is read line by line, as values of the types that the columns have.
"""

from __future__ import annotations

import gzip
import os
import tempfile
import zlib
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Integer, LargeBinary, String, Table, func, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from grader.text import _
from kit.classroom import audit
from kit.classroom.database import Store, known_schemas, occupied, refuse_other_schema
from kit.classroom.schema import Base, Classroom, Instant
from kit.errors import KitError

__all__ = ["Saved", "backup", "restore"]

END = "end"
LONGEST_LINE = 64_000_000  # bytes: no submission with its verdict comes near
BATCH = 500  # rows that are read or written at once
TYPES: tuple[tuple[type, Any], ...] = (
    (Instant, datetime), (Boolean, bool), (BigInteger, int), (Integer, int), (Float, float), (String, str), (LargeBinary, bytes), (JSON, Any),
)  # fmt: skip


class Saved(NamedTuple):
    """What a backup holds: the classroom's name, when it was made, and how many people and submissions."""

    classroom: str
    at: datetime
    people: int
    submissions: int


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line."""

    kind: Literal["classroom backup"]
    form: Literal[1]
    schema: str
    classroom: str
    at: datetime


def backup(store: Store, path: Path, now: datetime) -> Saved:
    """Write everything, as it is at one moment, into a new file that only its owner may read. The classroom may be open meanwhile.

    Names, answers and the classroom's secret are in it. Raises KitError: the file exists or cannot be written, the tables are another kit's.
    """
    if path.exists():
        raise KitError(_("there is a file of this name already"), path, _("Choose another name."))
    refuse_other_schema(store)
    with store.reading() as session, _new_file(path) as file:
        if session.get_bind().dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})  # as SQLite does anyway: all of it is one state
        classroom = session.scalars(select(Classroom.name)).one_or_none()
        if classroom is None:
            raise KitError(_("there is no classroom yet"), store.url, _("Begin one: kit class serve"))
        file.write(msgspec.json.encode(_Head("classroom backup", 1, known_schemas()[0], classroom, now)) + b"\n")
        rows: Counter[str] = Counter()
        for table in Base.metadata.sorted_tables:  # what is pointed at comes before what points
            query = select(table).order_by(*table.primary_key).execution_options(yield_per=BATCH)
            name, row_of = str(table.name), _row_of(table)
            for row in session.connection().execute(query):
                file.write(msgspec.json.encode((name, row_of(*row))) + b"\n")
                rows[name] += 1
        file.write(msgspec.json.encode((END, rows)) + b"\n")
    return Saved(classroom, now, rows["people"], rows["submissions"])


def restore(store: Store, path: Path, now: datetime) -> Saved:
    """Put a backup into an empty database, all of it or nothing.

    Raises KitError: there is something there already, or the file is no whole backup.
    """
    try:
        with gzip.open(path) as file:
            lines = _lines(file, path)
            head = _decoded(next(lines, b""), _Head, path)
            if head.schema not in known_schemas():
                remedy = _("Install the newest kit; nothing was changed.")
                raise KitError(_("this backup was written by a newer kit (schema {revision})").format(revision=head.schema), path, remedy)
            with store.writing() as session:
                _refuse_full(session, store)
                rows = _fill(session, lines, path)
                if not rows["classroom"]:
                    raise _damaged(path)
                _count_on(session)
                audit.note(session, now, None, "restore", path.name, at=head.at.isoformat(), rows=dict(rows))
    except (OSError, EOFError, zlib.error) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise KitError(_("the backup cannot be read ({reason})").format(reason=reason), path, _("Take another one.")) from error
    except IntegrityError as error:
        raise _damaged(path) from error
    return Saved(head.classroom, head.at, rows["people"], rows["submissions"])


def _fill(session: Session, lines: Iterator[bytes], path: Path) -> Counter[str]:
    """Insert every row; how many of each table. Raises KitError unless the last line agrees."""
    tables = {table.name: table for table in Base.metadata.sorted_tables}
    rows: Counter[str] = Counter()
    waiting: list[dict[str, Any]] = []
    of: Table | None = None

    def flush() -> None:
        if of is not None and waiting:
            session.connection().execute(insert(of), waiting)
            waiting.clear()

    for line in lines:
        name, raw = _decoded(line, tuple[str, msgspec.Raw], path)
        if name == END:
            flush()
            if _decoded(raw, dict[str, int], path) != dict(rows) or next(lines, None) is not None:
                raise _damaged(path)
            return rows
        if name not in tables:
            raise _damaged(path)
        if of is not tables[name] or len(waiting) >= BATCH:
            flush()
            of = tables[name]
        waiting.append(msgspec.structs.asdict(_decoded(raw, _row_of(of), path)))
        rows[name] += 1
    raise _damaged(path)


def _refuse_full(session: Session, store: Store) -> None:
    for table in Base.metadata.sorted_tables:
        if session.execute(select(table).limit(1)).first() is not None:
            raise occupied(store)


def _count_on(session: Session) -> None:
    """PostgreSQL counts keys apart from the rows; let it go on after the greatest."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for table in Base.metadata.sorted_tables:
        key = table.autoincrement_column
        greatest = None if key is None else session.scalar(select(func.max(key)))
        if key is not None and greatest is not None:
            session.execute(text("SELECT setval(pg_get_serial_sequence(:table, :key), :greatest)").bindparams(
                table=table.name, key=key.name, greatest=greatest
            ))  # fmt: skip


@cache
def _row_of(table: Table) -> type[msgspec.Struct]:
    """A row as it stands in a backup: every column, nothing else, each of its type. What the first tables did not have is missing in older ones."""
    columns = [(column.name, _type_of(column), None) if column.info.get("later") else (column.name, _type_of(column)) for column in table.columns]
    return msgspec.defstruct(table.name, columns, forbid_unknown_fields=True)


def _type_of(column: Column[Any]) -> Any:
    kind = next(python for sql, python in TYPES if isinstance(column.type, sql))
    return kind | None if column.nullable and kind is not Any else kind


def _decoded(data: bytes | msgspec.Raw, kind: Any, path: Path) -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged(path) from error


def _lines(file: gzip.GzipFile, path: Path) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE):
        if not line.endswith(b"\n"):
            raise _damaged(path)
        yield line


def _damaged(path: Path) -> KitError:
    return KitError(_("this is no whole backup of a classroom"), path, _("Take another one; nothing was changed."))


@contextmanager
def _new_file(path: Path) -> Generator[gzip.GzipFile]:
    """A gzipped file that is there when it is whole, for its owner only; nothing is left of it after an exception."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".new")
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(handle, "wb") as whole:
            with gzip.GzipFile(fileobj=whole, mode="wb", filename="", mtime=0) as file:
                yield file
            whole.flush()
            os.fsync(whole.fileno())
        Path(name).rename(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        Path(name).unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> KitError:
    return KitError(_("the backup cannot be written ({reason})").format(reason=error.strerror), path, _("Choose another place."))

"""The database of a classroom: opened, brought up to date, read side by side and written one at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from grader.text import _
from kit.errors import KitError

__all__ = [
    "DEFAULT_URL", "NoClassroom", "Store", "known_schemas", "occupied", "open_present", "open_store", "opened_or_gone", "refuse_other_schema",
    "schema_of",
]  # fmt: skip

DEFAULT_URL = "sqlite:///classroom.db"
MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 10.0  # how long a writer waits for another process that writes


class NoClassroom(KitError):
    """There is none yet at this place. folder: where a file of it would lie, None for another kind of database."""

    def __init__(self, url: URL) -> None:
        super().__init__(_("there is no classroom yet"), url.render_as_string(), _("Begin one: kit class serve"))
        self.folder = Path(url.database or "").parent if url.get_backend_name() == "sqlite" else None


class Store:
    """A classroom's database. Sessions are short: one for each thing that is read or written as a whole."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        sqlite = engine.dialect.name == "sqlite"
        self._one_writer = threading.Lock() if sqlite else nullcontext()
        self._writer = engine.execution_options(begin="IMMEDIATE") if sqlite else engine  # a reader that turns writer could be refused half-way

    @property
    def url(self) -> URL:
        """Where it is; str() hides the password."""
        return self.engine.url

    @contextmanager
    def reading(self) -> Generator[Session]:
        """A session that sees one state of the database and changes nothing."""
        with _told(self.url), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Generator[Session]:
        """A session whose changes are kept together at its end, or not at all after an exception. SQLite has one at a time."""
        with self._one_writer, _told(self.url), Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def open_store(url: str = DEFAULT_URL, *, migrate: bool = True) -> Store:
    """Open a database by its SQLAlchemy URL, sqlite:///file or postgresql+psycopg://…, and bring its tables up to date.

    Raises KitError when it cannot be reached, is of another kind, or was written by a newer kit.
    """
    store = Store(_engine(_place(url)))
    with _told(store.url):
        if migrate:
            _migrate(store.engine)
    return store


@contextmanager
def opened_or_gone(url: str) -> Generator[Store]:
    """As open_store, for a block that fills a database; when it fails, an SQLite file that was not there before is not there afterwards.

    Raises KitError for a classroom of another kit, whose tables stay as they are.
    """
    place = _place(url)
    path = Path(place.database or "") if place.get_backend_name() == "sqlite" else None
    made = path if path is not None and not path.exists() else None
    try:
        store = open_store(url, migrate=False)
        try:
            _refuse_older_class(store)
            with _told(store.url):
                _migrate(store.engine)
            yield store
        finally:
            store.close()
    except BaseException:
        for ending in ("", "-wal", "-shm") if made is not None else ():
            with suppress(OSError):
                Path(f"{made}{ending}").unlink(missing_ok=True)
        raise


def open_present(url: str, *, any_schema: bool = False) -> Store:
    """As open_store, for what makes sense only where a classroom is, and may be served meanwhile: nothing is made there, and no table is changed.

    Raises NoClassroom when there is none yet, and KitError for tables of an older or a newer kit, unless any_schema.
    """
    place = _place(url)
    if place.get_backend_name() == "sqlite" and not Path(place.database or "").is_file():
        raise NoClassroom(place)
    store = Store(_engine(place))
    with _told(store.url):
        if schema_of(store) is None:
            store.close()
            raise NoClassroom(store.url)
        if not any_schema:
            try:
                refuse_other_schema(store)
            except KitError:
                store.close()
                raise
    return store


def refuse_other_schema(store: Store) -> None:
    """Raise KitError for tables of an older or a newer kit."""
    present, known = schema_of(store), known_schemas()
    if present not in known:
        raise _newer(store.engine, present)
    if present != known[0]:
        remedy = _("Take a backup with the old kit first; then kit class serve brings it up to date.")
        what = _("this classroom was written by an older kit (schema {revision})").format(revision=present)
        raise KitError(what, store.url.render_as_string(), remedy)


def _refuse_older_class(store: Store) -> None:
    """Raise KitError for a classroom whose tables would be brought up to date: perhaps an older kit serves it."""
    known = known_schemas()
    if schema_of(store) in known[1:]:
        with store.reading() as session:
            there = session.connection().execute(text("SELECT 1 FROM classroom")).first()
        if there is not None:
            raise occupied(store)


def occupied(store: Store) -> KitError:
    """What is said of a database that should be empty."""
    remedy = _("Choose an empty database with --database; this one was not touched.")
    return KitError(_("a classroom is there already"), store.url.render_as_string(), remedy)


def schema_of(store: Store) -> str | None:
    """Which schema the tables have; None when there are none."""
    with _told(store.url), store.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def known_schemas() -> tuple[str, ...]:
    """Every schema that a classroom has had, the present one first."""
    return tuple(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def _place(url: str) -> URL:
    try:
        place = make_url(url)
    except ArgumentError as error:
        raise KitError(_("this is no URL of a database"), url, _("Write sqlite:///classroom.db or postgresql+psycopg://user@host/name.")) from error
    if place.get_backend_name() not in {"postgresql", "sqlite"}:
        raise KitError(
            _("a classroom is kept in SQLite or PostgreSQL"), place.render_as_string(), _("Write sqlite:///classroom.db or postgresql+psycopg://…")
        )
    if place.get_backend_name() == "sqlite" and (not place.database or place.database == ":memory:"):
        raise KitError(_("a classroom needs a file"), url, _("Write sqlite:///classroom.db."))
    return place


def _engine(place: URL) -> Engine:
    if place.get_backend_name() == "postgresql":
        # seconds, seconds, milliseconds: a host may vanish without a word
        waits = {"connect_timeout": int(BUSY_SECONDS), "keepalives_idle": 30, "tcp_user_timeout": 30_000}
        drawn = place.set(drivername="postgresql+psycopg")
        return create_engine(drawn, connect_args=waits, pool_pre_ping=True, pool_size=10, max_overflow=20, hide_parameters=True)
    with suppress(OSError):  # what is wrong with the place, SQLite says; the files that it puts beside get the same rights
        os.close(os.open(place.database or "", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    engine = create_engine(
        place, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, pool_size=10, max_overflow=30, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: the driver's own would not hold a reader to one state
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")


def _migrate(engine: Engine) -> None:
    """Bring the tables up to date. Raises KitError when they are newer than this kit."""
    config = _config()
    script = ScriptDirectory.from_config(config)
    with engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
        connection.rollback()
        if present == script.get_current_head():
            return
        try:
            known = present is None or bool(script.get_revision(present))
        except CommandError:
            known = False
        if not known:
            raise _newer(engine, present)
        config.attributes["connection"] = connection
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_lock(727274)"))  # two servers that start together migrate once
            connection.commit()
        try:
            command.upgrade(config, "head")
            connection.commit()
        finally:
            if engine.dialect.name == "postgresql":
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(727274)"))
                connection.commit()


def _newer(engine: Engine, present: str | None) -> KitError:
    remedy = _("Install the newest kit; nothing was changed.")
    return KitError(_("this classroom was written by a newer kit (schema {revision})").format(revision=present), str(engine.url), remedy)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


@contextmanager
def _told(url: URL) -> Generator[None]:
    """What goes wrong with the database itself, in the user's words; what its constraints object to stays what it is."""
    try:
        yield
    except NoConnection as error:  # everybody waits for a database that hangs
        reason, place = str(error).partition(" (")[0], url.render_as_string(hide_password=True)
        raise KitError(
            _("the database does not answer ({reason})").format(reason=reason), place, _("See that it is running and let the kit in.")
        ) from error
    except OperationalError as error:
        raise _explained(error, url) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise _explained(error, url) from error
        raise


def _explained(error: DBAPIError, url: URL) -> KitError:
    reason = str(error.orig).strip().split("\n", 1)[0]
    low = reason.lower()
    place = url.render_as_string(hide_password=True)
    if "locked" in low or "busy" in low:
        return KitError(_("the database is locked by another program"), place, _("Close the program that holds it, and try again; nothing was lost."))
    if "full" in low or "no space" in low:
        return KitError(_("the disk is full"), place, _("Make room and try again; nothing that was accepted is lost."))
    if "unable to open" in low or "readonly" in low or "read-only" in low:
        return KitError(
            _("the database cannot be opened ({reason})").format(reason=reason), place, _("Make its folder writable, or choose another place.")
        )
    return KitError(_("the database does not answer ({reason})").format(reason=reason), place, _("See that it is running and let the kit in."))

"""The database: migrations, one writer, what is refused, and in which words."""

import gzip
import json
import sqlite3
import threading
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from scene import MORNING
from sqlalchemy import select, text

from kit.classroom.backup import restore
from kit.classroom.database import NoClassroom, open_present, open_store, opened_or_gone, schema_of
from kit.classroom.schema import Base, Classroom, Person, Section, Submission
from kit.errors import KitError


def a_classroom(**values) -> Classroom:
    return Classroom(id=1, name="Deep learning", join_code="ab-cd", secret=b"s" * 32, created_at=MORNING, **values)


def test_migrations_give_the_tables_of_the_schema(store):
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Base.metadata) == []


def test_moments_come_back_in_utc_to_the_microsecond(store):
    moment = MORNING.replace(microsecond=123456)
    with store.writing() as session:
        session.add(a_classroom(freeze_at=moment))
    with store.reading() as session:
        assert session.get(Classroom, 1).freeze_at == moment


def test_a_moment_without_a_zone_is_refused(store):
    with pytest.raises(Exception, match="without a time zone"), store.writing() as session:
        session.add(a_classroom(freeze_at=MORNING.replace(tzinfo=None)))
        session.flush()


def test_nothing_is_kept_after_an_exception(store):
    with pytest.raises(ZeroDivisionError), store.writing() as session:
        session.add(Section(name="A"))
        session.flush()
        raise ZeroDivisionError
    with store.reading() as session:
        assert session.scalars(select(Section)).all() == []


def test_writers_wait_for_each_other(store):
    with store.writing() as session:
        session.add(a_classroom())

    def count() -> None:
        for _ in range(20):
            with store.writing() as session:
                room = session.get(Classroom, 1, with_for_update=True)
                room.revision += 1

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as session:
        assert session.get(Classroom, 1).revision == 80


def test_opened_again_it_is_as_it_was(tmp_path):
    url = f"sqlite:///{tmp_path / 'classroom.db'}"
    first = open_store(url)
    with first.writing() as session:
        session.add(a_classroom())
    first.close()
    second = open_store(url)
    with second.reading() as session:
        assert session.get(Classroom, 1).name == "Deep learning"
        assert session.connection().exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    second.close()


def test_a_class_of_an_older_kit_is_brought_up_to_date(store):
    with store.writing() as session:
        session.add(a_classroom())
        session.add(Person(id=1, role="student", name="Ada", pseudonym="amber-otter", created_at=MORNING))
        session.flush()
        session.add(Submission(person_id=1, exercise="double", number=1, source="x = 1", sha256="ab", submitted_at=MORNING, lang="zh"))
    with store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE submissions DROP COLUMN lang"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    newer = open_store(store.url.render_as_string(hide_password=False))
    with newer.reading() as session:
        assert [(row.source, row.lang) for row in session.scalars(select(Submission))] == [("x = 1", None)]
    newer.close()
    test_migrations_give_the_tables_of_the_schema(store)


def test_what_only_visits_a_class_of_an_older_kit_leaves_it_alone(store):
    with store.writing() as session:
        session.add(a_classroom())
    with store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE submissions DROP COLUMN lang"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    url = store.url.render_as_string(hide_password=False)
    with pytest.raises(KitError, match=r"older kit \(schema 0001\)") as caught:
        open_present(url)
    assert "backup with the old kit first" in caught.value.remedy
    assert "kit class serve" in caught.value.remedy
    with pytest.raises(KitError, match="a classroom is there already"), opened_or_gone(url):
        pass
    assert schema_of(store) == "0001"
    with closing(open_present(url, any_schema=True)) as visited:
        assert schema_of(visited) == "0001"
    open_store(url).close()
    test_migrations_give_the_tables_of_the_schema(store)


def test_what_only_visits_a_class_of_a_newer_kit_says_which_one_to_renew(sqlite_store):
    with sqlite_store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    with pytest.raises(KitError, match=r"newer kit \(schema from-the-future\)") as caught:
        open_present(sqlite_store.url.render_as_string(hide_password=False))
    assert caught.value.remedy == "Install the newest kit; nothing was changed."


def test_what_only_visits_makes_nothing(tmp_path):
    with pytest.raises(NoClassroom):
        open_present(f"sqlite:///{tmp_path / 'classroom.db'}")
    assert list(tmp_path.iterdir()) == []


def test_a_restore_that_fails_leaves_no_file(tmp_path):
    head = {"kind": "classroom backup", "form": 1, "schema": "9999", "classroom": "Deep learning", "at": MORNING.isoformat()}
    (tmp_path / "newer.gz").write_bytes(gzip.compress(json.dumps(head).encode() + b"\n"))
    with pytest.raises(KitError, match="newer kit"), opened_or_gone(f"sqlite:///{tmp_path / 'classroom.db'}") as store:
        restore(store, tmp_path / "newer.gz", MORNING)
    assert [path.name for path in tmp_path.iterdir()] == ["newer.gz"]


def test_a_newer_schema_is_refused(tmp_path):
    url = f"sqlite:///{tmp_path / 'classroom.db'}"
    store = open_store(url)
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    store.close()
    with pytest.raises(KitError, match=r"newer kit \(schema from-the-future\)"):
        open_store(url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "no URL of a database"),
        ("mysql://root@127.0.0.1/test", "SQLite or PostgreSQL"),
        ("sqlite://", "needs a file"),
        ("sqlite:////no/such/folder/classroom.db", "cannot be opened"),
        ("postgresql://nobody:secret@127.0.0.1:1/none", "does not answer"),
    ],
)
def test_urls_that_cannot_be_opened(url, said):
    with pytest.raises(KitError, match=said) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)


def test_a_locked_database_says_so_and_loses_nothing(sqlite_store, monkeypatch):
    with sqlite_store.writing() as session:
        session.add(a_classroom())
    other = sqlite3.connect(sqlite_store.url.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    sqlite_store.engine.dispose()
    monkeypatch.setattr("kit.classroom.database.BUSY_SECONDS", 0.0)
    impatient = open_store(str(sqlite_store.url), migrate=False)
    with pytest.raises(KitError, match="locked by another program"), impatient.writing() as session:
        session.add(Section(name="A"))
    with impatient.reading() as session:
        assert session.get(Classroom, 1).name == "Deep learning"
    other.execute("ROLLBACK")
    other.close()
    with impatient.writing() as session:
        session.add(Section(name="A"))
    impatient.close()


def test_a_full_disk_says_so_and_loses_nothing(sqlite_store):
    with sqlite_store.writing() as session:
        session.add(a_classroom())
        session.connection().exec_driver_sql("PRAGMA max_page_count=60")
    full = "the disk is full"
    with pytest.raises(KitError, match=full):
        for number in range(1000):
            with sqlite_store.writing() as session:
                session.connection().exec_driver_sql("PRAGMA max_page_count=60")
                session.add(Section(name=f"{number}".zfill(100)))
    with sqlite_store.reading() as session:
        assert session.get(Classroom, 1).name == "Deep learning"
        kept = session.scalars(select(Section.name)).all()
        assert kept == [f"{number}".zfill(100) for number in range(len(kept))]

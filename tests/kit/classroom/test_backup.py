"""A backup comes back whole, into either kind of database, and nothing that is not a whole backup comes in."""

import gzip
import json
import shutil
import stat
from datetime import timedelta

import msgspec
import pytest
from scene import MORNING
from sqlalchemy import func, insert, select

from kit.classroom import people
from kit.classroom.backup import backup, restore
from kit.classroom.database import Store, known_schemas, open_store
from kit.classroom.schema import (
    Assignment,
    AssignmentExercise,
    Audit,
    Base,
    Classroom,
    Grading,
    Person,
    Regrade,
    Section,
    SpeedResult,
    Submission,
    Token,
    VerdictRow,
)
from kit.errors import KitError

LATER = MORNING + timedelta(days=1, microseconds=123456)


def fill(store: Store) -> None:
    """A row of every table, with every kind of value, some of them strange."""
    with store.writing() as session:
        session.add(
            Classroom(id=1, name="深度学习 é", join_code="ab-cd", secret=bytes(range(32)), created_at=MORNING, freeze_at=LATER, revision=2**40)
        )
        session.add(Section(id=3, name="Lab A"))
        session.add(Person(id=7, role="student", name='Ada \'O"Hara" \u2028', pseudonym="amber-otter", section_id=3, created_at=MORNING))
        session.add(Person(id=9, role="teacher", name="Grace", pseudonym="blue-wren", email="g@example.org", created_at=MORNING, active=False))
        session.flush()
        session.add(Token(person_id=7, kind="client", sha256="ab" * 32, created_at=MORNING, used_at=LATER))
        session.add(Assignment(id=5, slug="week-1", title="Week 1", due_at=LATER, late_per_day=0.1, attempts=3, created_at=MORNING))
        session.flush()
        session.add(AssignmentExercise(assignment_id=5, exercise="double", weight=1 / 3, position=2))
        session.add(Regrade(id=2, exercise="double", created_by=9, state="preview", created_at=MORNING))
        source = "def double(x):\r\n\treturn '\\u0000 \U0001f9ee 二'\n"
        row = Submission(id=40, person_id=7, exercise="double", assignment_id=5, number=1, source=source, sha256="cd" * 32, submitted_at=LATER)
        row.flags, row.verdict_id, row.lang = ["3: exec"], 11, "zh"
        session.add(row)
        session.flush()
        session.add(Grading(submission_id=40, bank_version="v1", state="done", created_at=MORNING, regrade_id=2))
        figures = {"passed": True, "checks_passed": 2, "checks_total": 2, "seconds": 0.1 + 0.2}
        session.add(VerdictRow(id=11, submission_id=40, bank_version="v1", graded_at=LATER, verdict=b'{"passed": true}\x00\xff', **figures))
        session.add(SpeedResult(submission_id=40, device="cpu", machine="m", ratio=1e-17, ratios=[0.1, 1e300], measured_at=LATER))
        session.add(Audit(at=MORNING, person_id=None, action="import", detail={"n": 1, "名": ["a", None, 1.5]}))


def content(store: Store) -> dict[str, list]:
    """Everything but that something was restored."""
    with store.reading() as session:
        return {
            table.name: [
                row._asdict()
                for row in session.execute(select(table).order_by(*table.primary_key))
                if row._asdict().get("action") != "restore"
            ]
            for table in Base.metadata.sorted_tables
        }  # fmt: skip


@pytest.fixture
def saved(sqlite_store, tmp_path):
    fill(sqlite_store)
    backup(sqlite_store, tmp_path / "a.jsonl.gz", MORNING)
    return tmp_path / "a.jsonl.gz"


@pytest.fixture
def empty(fresh_sqlite, tmp_path):
    shutil.copy(fresh_sqlite, tmp_path / "other.db")
    store = open_store(f"sqlite:///{tmp_path / 'other.db'}", migrate=False)
    yield store
    store.close()


def rewritten(path, change):
    """The same backup with its lines changed."""
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.with_name("b.gz").write_bytes(gzip.compress(b"".join(change(lines))))
    return path.with_name("b.gz")


def test_sqlite_to_sqlite(saved, sqlite_store, empty):
    told = restore(empty, saved, LATER)
    assert (told.classroom, told.at, told.people, told.submissions) == ("深度学习 é", MORNING, 2, 1)
    assert content(empty) == content(sqlite_store)
    with empty.reading() as session:
        note = session.scalars(select(Audit).where(Audit.action == "restore")).one()
    assert (note.at, note.object, note.detail["rows"]["people"]) == (LATER, "a.jsonl.gz", 2)


def test_sqlite_to_postgresql_and_back(saved, sqlite_store, postgres_store, empty, tmp_path):
    restore(postgres_store, saved, LATER)
    assert content(postgres_store) == content(sqlite_store)
    with postgres_store.writing() as session:  # keys go on where they were
        person = people.add(session, role="student", name="Bob", now=LATER)
        assert person.id == 10
    backup(postgres_store, tmp_path / "p.gz", LATER)
    restore(empty, tmp_path / "p.gz", LATER)
    assert content(empty) == content(postgres_store)


def test_postgresql_to_postgresql(postgres_store, tmp_path):
    from sqlalchemy import text

    fill(postgres_store)
    before = content(postgres_store)
    backup(postgres_store, tmp_path / "p.gz", MORNING)
    with postgres_store.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(table.name for table in Base.metadata.sorted_tables)} RESTART IDENTITY CASCADE"))
    restore(postgres_store, tmp_path / "p.gz", MORNING)
    assert content(postgres_store) == before


def test_a_database_that_is_not_empty_is_not_touched(saved, sqlite_store, empty):
    before = content(sqlite_store)
    with pytest.raises(KitError, match="a classroom is there already"):
        restore(sqlite_store, saved, LATER)
    assert content(sqlite_store) == before
    with empty.writing() as session:
        session.add(Section(name="the only row"))
    with pytest.raises(KitError, match="a classroom is there already"):
        restore(empty, saved, LATER)


def test_only_the_owner_may_read_it_and_nothing_is_overwritten(saved, sqlite_store):
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    before = saved.read_bytes()
    with pytest.raises(KitError, match="there is a file of this name already"):
        backup(sqlite_store, saved, LATER)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.glob(".*")] == []


def test_it_is_one_state_though_the_class_goes_on(store, tmp_path, monkeypatch):
    fill(store)
    written = msgspec.json.encode
    interfered = []

    def encode(value):
        if not interfered and isinstance(value, tuple) and value[0] == "classroom":
            interfered.append(True)
            with store.writing() as session:
                session.add(Section(name="made meanwhile"))
        return written(value)

    monkeypatch.setattr("kit.classroom.backup.msgspec.json.encode", encode)
    backup(store, tmp_path / "c.gz", MORNING)
    assert interfered
    assert "made meanwhile" not in gzip.decompress((tmp_path / "c.gz").read_bytes()).decode()


def test_a_large_class_in_little_memory(sqlite_store, empty, tmp_path):
    fill(sqlite_store)
    with sqlite_store.writing() as session:
        common = {"person_id": 7, "exercise": "softplus", "sha256": "", "submitted_at": MORNING, "flags": []}
        session.execute(insert(Submission), [{**common, "number": n, "source": f"# {n}\n" * 50} for n in range(1, 3001)])
    backup(sqlite_store, tmp_path / "large.gz", MORNING)
    assert restore(empty, tmp_path / "large.gz", MORNING).submissions == 3001
    assert content(empty) == content(sqlite_store)


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[:-1],  # cut off
        lambda lines: [*lines[:3], *lines[4:]],  # a row is missing
        lambda lines: [*lines, lines[1]],  # more after the end
        lambda lines: lines[1:],  # no head
        lambda lines: [lines[0], b'["passwd", {"id": 1}]\n', *lines[1:]],  # no table of ours
        lambda lines: [lines[0], lines[1].replace(b'"revision":', b'"revisionn":'), *lines[2:]],
        lambda lines: [lines[0], lines[1].replace(b"1099511627776", b'"1"'), *lines[2:]],
        lambda lines: [line.replace(b'"submission_id":40', b'"submission_id":41') for line in lines],  # points at nothing
        lambda lines: [lines[0], b"[" * 5000 + b"\n", *lines[1:]],
        lambda lines: [lines[0], b'["end",{}]\n'],  # empty
        lambda lines: [b"\xff\xfe\n", *lines[1:]],
    ],
)
def test_what_is_no_whole_backup_is_refused_and_nothing_is_kept(saved, empty, change):
    with pytest.raises(KitError, match="this is no whole backup of a classroom"):
        restore(empty, rewritten(saved, change), LATER)
    assert all(rows == [] for rows in content(empty).values())


def test_files_that_cannot_be_read(saved, empty, tmp_path, monkeypatch):
    (tmp_path / "text.gz").write_text("not gzip")
    (tmp_path / "cut.gz").write_bytes(saved.read_bytes()[:-20])
    for name in ("text.gz", "cut.gz", "absent.gz"):
        with pytest.raises(KitError, match=r"cannot be read \(.+\)"):
            restore(empty, tmp_path / name, LATER)
    monkeypatch.setattr("kit.classroom.backup.LONGEST_LINE", 100)  # a bomb is one endless line
    with pytest.raises(KitError, match="no whole backup"):
        restore(empty, saved, LATER)
    assert all(rows == [] for rows in content(empty).values())


def test_an_older_kits_backup_comes_back(saved, sqlite_store, empty):
    """Its submissions had no language yet."""

    def older(lines):
        head = json.dumps(json.loads(lines[0]) | {"schema": "0001"}).encode() + b"\n"
        return [head, *(line.replace(b',"lang":"zh"', b"") for line in lines[1:])]

    restore(empty, rewritten(saved, older), LATER)
    with empty.reading() as session:
        assert session.scalars(select(Submission.lang)).all() == [None]
    with sqlite_store.reading() as session:
        assert session.scalars(select(Submission.lang)).all() == ["zh"]


def test_a_newer_kits_backup_is_refused(saved, empty):
    def newer(lines):
        return [json.dumps(json.loads(lines[0]) | {"schema": "9999"}).encode() + b"\n", *lines[1:]]

    with pytest.raises(KitError, match=r"newer kit \(schema 9999\)"):
        restore(empty, rewritten(saved, newer), LATER)
    assert json.loads(gzip.decompress(saved.read_bytes()).splitlines()[0])["schema"] == known_schemas()[0]


def test_places_that_cannot_be_written_and_databases_without_a_classroom(sqlite_store, tmp_path):
    with pytest.raises(KitError, match="there is no classroom yet"):
        backup(sqlite_store, tmp_path / "a.gz", MORNING)
    fill(sqlite_store)
    with pytest.raises(KitError, match="the backup cannot be written"):
        backup(sqlite_store, tmp_path / "no" / "such" / "a.gz", MORNING)
    assert sorted(path.name for path in tmp_path.iterdir() if "gz" in path.name) == []
    with sqlite_store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 2

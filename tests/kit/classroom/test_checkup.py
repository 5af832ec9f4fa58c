"""kit class doctor: what is missing is found, with its remedy; what is there is left alone."""

import shutil
from datetime import timedelta
from types import SimpleNamespace

import pytest
from handed import Handed, check
from scene import MINI_BANK, MORNING
from sqlalchemy import text

from grader import client
from grader.verdict import Layer
from kit.bank import Bank
from kit.classroom.checkup import examine
from kit.doctor import Finding

WHOLE = [Layer("seccomp", on=True), Layer("landlock", on=True)]


@pytest.fixture(autouse=True)
def layers(monkeypatch):
    """A machine whose sandbox is complete."""
    monkeypatch.setattr("grader.client.sandbox_layers", lambda _policy: WHOLE)


@pytest.fixture
def look(bank):
    def find(url, now=MORNING, bank=bank, **options) -> dict[str, Finding]:
        return {finding.name: finding for finding in examine(bank, url, now, **options)}

    return find


@pytest.fixture
def url(store):
    handed = Handed(store)
    handed.person("Grace", role="teacher")
    handed.assignment("week-1", double=1.0)
    handed.submission(handed.person("Ada"), "double", check("values"))
    return store.url.render_as_string(hide_password=False)


def wrong(findings: dict[str, Finding]) -> list[str]:
    return [name for name, finding in findings.items() if not finding.fine]


def test_a_classroom_that_can_be_served(look, url, store, clock):
    from datetime import UTC, datetime

    findings = look(url, now=datetime.now(UTC) if "postgresql" in url else MORNING)  # PostgreSQL has its own clock
    assert wrong(findings) == []
    assert findings["classroom"].facts == "Deep learning, 1 student, 1 of the staff"
    assert findings["answers"].facts == "0 waiting, 0 being judged, 0 given up"
    assert "2 exercises, complete" in findings["bank"].facts
    assert findings["sandbox"].facts == "seccomp, landlock"
    assert ("disk of the database" in findings) == ("sqlite" in url)


def test_no_classroom_yet_and_none_is_made(look, tmp_path):
    findings = look(f"sqlite:///{tmp_path / 'classroom.db'}")
    assert (wrong(findings), findings["database"].remedy) == (["database"], "Begin one: kit class serve")
    assert (findings["database"].required, "it is made at the first start" in findings["database"].facts) == (False, True)
    assert findings["disk of the database"].fine
    assert look("postgresql://nobody:secret@127.0.0.1:1/none")["database"].required
    assert not (tmp_path / "classroom.db").exists()
    assert wrong(look("postgresql://nobody:secret@127.0.0.1:1/none")) == ["database"]
    assert "secret" not in repr(look("postgresql://nobody:secret@127.0.0.1:1/none"))


def test_another_kits_schema_is_told_and_left_alone(look, url, store):
    with store.engine.begin() as connection:
        before = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    try:
        findings = look(url)
        assert wrong(findings) == ["database"]
        assert "of a newer kit (schema from-the-future)" in findings["database"].facts
    finally:
        with store.engine.begin() as connection:
            connection.execute(text(f"UPDATE alembic_version SET version_num = '{before}'"))


def test_a_clock_that_was_put_back(look, sqlite_store):
    handed = Handed(sqlite_store)
    handed.submission(handed.person("Grace", role="teacher"), "double", hour=2)
    found = look(str(sqlite_store.url))["clock"]
    assert (found.fine, "7200 s later" in found.facts) == (False, True)
    assert look(str(sqlite_store.url), MORNING + timedelta(hours=3))["clock"].fine


def test_a_database_with_another_time(look, postgres_store):
    Handed(postgres_store).person("Grace", role="teacher")
    found = look(postgres_store.url.render_as_string(hide_password=False), MORNING - timedelta(days=9000))["clock"]
    assert (found.fine, "the database's differs by" in found.facts) == (False, True)


def test_exercises_that_are_gone_and_nobody_to_teach(look, sqlite_store):
    Handed(sqlite_store).assignment("week-1", double=1.0, gone=1.0)
    findings = look(str(sqlite_store.url))
    assert wrong(findings) == ["classroom", "assignments"]
    assert findings["assignments"].facts == "not in the bank: gone"


def test_banks_that_cannot_judge(look, tmp_path, url):
    root = tmp_path / "bank"
    shutil.copytree(MINI_BANK, root)
    bank = Bank(root, cache=tmp_path / "cache")
    bank.exercise("double").checks.unlink()
    assert "missing (double)" in look(url, bank=bank)["bank"].facts
    (root / "exercises" / "bank.toml").write_text('format = 1\nedition = "student"\n', encoding="utf-8")
    assert "student edition" in look(url, bank=Bank(root, cache=tmp_path / "cache"))["bank"].facts


def test_a_sandbox_that_is_not_complete(look, url, monkeypatch):
    lame = [Layer("seccomp", on=True), Layer("cgroups", on=False, why="off")]
    monkeypatch.setattr("grader.client.sandbox_layers", lambda _policy: lame)
    for sandbox, required in (("server", True), ("local", False)):
        found = look(url, sandbox=sandbox)["sandbox: cgroups"]
        assert (found.fine, found.required) == (False, required)

    def broken(_policy):
        raise client.JudgeError("no judge")

    monkeypatch.setattr("grader.client.sandbox_layers", broken)
    assert "no judge" in look(url)["sandbox"].facts


def test_a_disk_that_is_nearly_full(look, url, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: SimpleNamespace(free=5_000_000))
    findings = look(url)
    assert "disk for temporary files" in wrong(findings)
    assert "0.0 GB free" in findings["disk for temporary files"].facts


def test_places_to_grade(look, url, monkeypatch):
    from referee import Referee

    referee = Referee()
    closed = []
    monkeypatch.setattr(referee, "close", lambda: closed.append(True))
    monkeypatch.setattr("kit.classroom.checkup.open_executor", lambda _where, **_options: referee)
    assert look(url, grade_on="ray://127.0.0.1:6379")["executor: cpu"].facts == "2 at once"
    assert closed == [True]
    monkeypatch.undo()
    monkeypatch.setattr("grader.client.sandbox_layers", lambda _policy: WHOLE)
    assert "no place to grade" in look(url, grade_on="elsewhere")["executor"].facts

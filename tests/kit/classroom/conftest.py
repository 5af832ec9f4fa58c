"""A classroom of two exercises in a database of each kind, at a time that stands still."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from scene import MINI_BANK, Clock
from sqlalchemy import create_engine, text

from grader.client import stop_server
from kit.bank import Bank
from kit.classroom.database import Store, open_store
from kit.classroom.schema import Base

POSTGRES = os.environ.get("KIT_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    """The exercises `double` (1 point level) and `softplus`."""
    return Bank(MINI_BANK, cache=tmp_path / "cache")


@pytest.fixture(scope="session")
def fresh_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classroom's tables in SQLite, to be copied."""
    path = tmp_path_factory.mktemp("fresh") / "classroom.db"
    store = open_store(f"sqlite:///{path}")
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Store]:
    """A database of this test run on a real PostgreSQL; skips where none answers."""
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    name = f"kit_test_{os.getpid()}"
    try:
        connection = admin.connect()
    except Exception as error:
        if os.environ.get("KIT_REQUIRE_POSTGRES") == "1":
            raise
        pytest.skip(f"no PostgreSQL answers at {admin.url.render_as_string()}: {type(error).__name__}")
    with connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    store = open_store(admin.url.set(database=name).render_as_string(hide_password=False))
    yield store
    store.close()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def sqlite_store(fresh_sqlite: Path, tmp_path: Path) -> Iterator[Store]:
    """An empty classroom's tables in SQLite."""
    shutil.copy(fresh_sqlite, tmp_path / "classroom.db")
    store = open_store(f"sqlite:///{tmp_path / 'classroom.db'}", migrate=False)
    yield store
    store.close()


@pytest.fixture
def postgres_store(postgres: Store) -> Store:
    """The same in PostgreSQL."""
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with postgres.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    return postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Store:
    """An empty classroom's tables, in each kind of database."""
    return request.getfixturevalue("sqlite_store" if request.param == "sqlite" else "postgres_store")


@pytest.fixture(scope="session")
def own_judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A judge of the tests' own: its warm server lives in a temporary folder and ends with the session."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        patch.delenv("KIT_SERVER", raising=False)
        patch.delenv("KIT_WORKERS", raising=False)
        yield folder
        stop_server()

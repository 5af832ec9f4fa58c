"""What the learner has done: attempts, hints taken, solutions shown. One SQLite file in the workspace, safe for two terminals at once."""

import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from msgspec import json

from grader.text import _
from grader.verdict import Verdict
from kit.errors import KitError

FILE = "progress.sqlite3"
SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY, slug TEXT NOT NULL, at REAL NOT NULL,
    passed INTEGER NOT NULL, complete INTEGER NOT NULL, replayed INTEGER NOT NULL,
    device TEXT NOT NULL, seed INTEGER NOT NULL, source TEXT NOT NULL, seconds REAL NOT NULL,
    failed TEXT NOT NULL, diagnosis TEXT NOT NULL);
CREATE INDEX attempts_of_an_exercise ON attempts (slug, at);
CREATE TABLE fetched (slug TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE written (slug TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (slug, digest));
CREATE TABLE hints (slug TEXT NOT NULL, step INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (slug, step));
CREATE TABLE solutions (slug TEXT PRIMARY KEY, at REAL NOT NULL, after_pass INTEGER NOT NULL);
"""


@dataclass(frozen=True)
class Record:
    """What is known of one exercise. solution: "" when never shown, else "before" or "after" the first pass."""

    attempts: int = 0
    passed: bool = False
    fetched: bool = False
    last: float = 0.0
    best_seconds: float | None = None
    hints: int = 0
    solution: str = ""

    @property
    def state(self) -> str:
        """One of "passed", "tried" (attempted, not passed), "fetched", "new"."""
        if self.passed:
            return "passed"
        return "tried" if self.attempts else "fetched" if self.fetched else "new"


def counts_as_pass(verdict: Verdict) -> bool:
    """Only a whole verdict on fresh inputs counts."""
    return verdict.passed and verdict.complete and not verdict.replayed and verdict.error is None


class Progress:
    """The progress kept in a folder. Each method is one transaction and raises KitError when the file is damaged or cannot be written."""

    def __init__(self, folder: Path) -> None:
        """Nothing is opened or made before the first use."""
        self.path = folder / FILE

    def record(self, verdict: Verdict, source: str, at: float | None = None) -> None:
        """Remember an attempt."""
        failed = [check.name for check in verdict.checks if check.status == "failed"]
        diagnoses = [check.diagnosis.mistake for check in verdict.checks if check.diagnosis]
        row = {
            "slug": verdict.slug,
            "at": time.time() if at is None else at,
            "passed": verdict.passed and verdict.error is None,
            "complete": verdict.complete,
            "replayed": verdict.replayed,
            "device": verdict.device,
            "seed": verdict.seed,
            "source": sha256(source.encode(errors="surrogatepass")).hexdigest(),
            "seconds": verdict.seconds,
            "failed": json.encode(failed).decode(),
            "diagnosis": next(iter(diagnoses), ""),
        }
        with self._writing() as base:
            names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
            base.execute(f"INSERT INTO attempts ({names}) VALUES ({places})", row)  # noqa: S608  # the names are the ones above

    def fetch(self, slug: str, digests: frozenset[str]) -> None:
        """Remember that the exercise was fetched and what the kit wrote."""
        with self._writing() as base:
            base.execute("INSERT INTO fetched VALUES (?, ?) ON CONFLICT (slug) DO UPDATE SET at = excluded.at", (slug, time.time()))
            base.executemany("INSERT OR IGNORE INTO written VALUES (?, ?)", [(slug, digest) for digest in digests])

    def written(self, slug: str) -> frozenset[str]:
        """The digests of what the kit wrote for the exercise."""
        with self._reading() as base:
            return frozenset(digest for (digest,) in base.execute("SELECT digest FROM written WHERE slug = ?", (slug,)))

    def take_hint(self, slug: str, steps: int) -> int:
        """Take one more hint of so many: its number, from 1; the last one again when all are taken."""
        with self._writing() as base:
            (taken,) = base.execute("SELECT count(*) FROM hints WHERE slug = ?", (slug,)).fetchone()
            step = min(taken + 1, steps)
            base.execute("INSERT OR IGNORE INTO hints VALUES (?, ?, ?)", (slug, step, time.time()))
            return step

    def show_solution(self, slug: str) -> None:
        """Remember that the solution was shown, and whether before a pass; the first time counts."""
        with self._writing() as base:
            after_pass = _records(base, slug).get(slug, Record()).passed
            base.execute("INSERT OR IGNORE INTO solutions VALUES (?, ?, ?)", (slug, time.time(), after_pass))

    def records(self) -> dict[str, Record]:
        """What is known of each exercise that was ever touched."""
        with self._reading() as base:
            return _records(base)

    def latest(self) -> str | None:
        """The exercise that was fetched or graded last."""
        with self._reading() as base:
            row = base.execute(
                "SELECT slug FROM (SELECT slug, at FROM attempts UNION ALL SELECT slug, at FROM fetched) ORDER BY at DESC LIMIT 1"
            ).fetchone()
            return row[0] if row else None

    @contextmanager
    def _reading(self) -> Generator[sqlite3.Connection]:
        if not self.path.exists():
            with self._explained():
                base = sqlite3.connect(":memory:")
                base.executescript(SCHEMA)
                yield base
                base.close()
            return
        with self._writing(begin="BEGIN") as base:
            yield base

    @contextmanager
    def _writing(self, begin: str = "BEGIN IMMEDIATE") -> Generator[sqlite3.Connection]:
        """A connection inside a transaction, which is committed unless the block raises."""
        with self._explained():
            base = sqlite3.connect(self.path, timeout=10, isolation_level=None)
            try:
                self._prepare(base)
                base.execute(begin)
                try:
                    yield base
                except BaseException:
                    base.execute("ROLLBACK")
                    raise
                base.execute("COMMIT")
            finally:
                base.close()

    def _prepare(self, base: sqlite3.Connection) -> None:
        """Bring the file to this schema; never touches one of a newer kit."""
        (version,) = base.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise KitError(_("the progress was kept by a newer kit"), self.path, _("Upgrade this one."))
        if version == SCHEMA_VERSION:
            return
        _prefer_wal(base)
        base.execute("BEGIN IMMEDIATE")
        (version,) = base.execute("PRAGMA user_version").fetchone()  # another terminal may have been quicker
        if version == 0:
            for statement in SCHEMA.split(";"):
                base.execute(statement)
            base.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        base.execute("COMMIT")

    @contextmanager
    def _explained(self) -> Generator[None]:
        """SQLite's errors as one line with a remedy."""
        try:
            yield
        except sqlite3.OperationalError as error:
            remedy = _("Make the folder writable, or close the other program that holds the file.")
            raise KitError(_("the progress cannot be used ({reason})").format(reason=error), self.path, remedy) from error
        except sqlite3.DatabaseError as error:
            remedy = _("Move the file away: your answers are not in it, and a new one is begun.")
            raise KitError(_("the progress file is damaged ({reason})").format(reason=error), self.path, remedy) from error


def _prefer_wal(base: sqlite3.Connection) -> None:
    """Readers and a writer at once where the file system allows it; else the default journal is as safe."""
    try:
        base.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError:
        return


def _records(base: sqlite3.Connection, slug: str | None = None) -> dict[str, Record]:
    """The records of all exercises, or of one."""
    where, values = (" WHERE slug = ?", (slug,)) if slug else ("", ())
    won = "passed AND complete AND NOT replayed"
    attempts = {
        name: (count, bool(passed), last, best)
        for name, count, passed, last, best in base.execute(
            f"SELECT slug, count(*), max({won}), max(at), min(CASE WHEN {won} THEN seconds END) FROM attempts{where} GROUP BY slug",  # noqa: S608  # constants only
            values,
        )
    }
    fetched = dict(base.execute(f"SELECT slug, at FROM fetched{where}", values))  # noqa: S608  # as above
    hints = dict(base.execute(f"SELECT slug, count(*) FROM hints{where} GROUP BY slug", values))  # noqa: S608  # as above
    solutions = dict(base.execute(f"SELECT slug, after_pass FROM solutions{where}", values))  # noqa: S608  # as above
    records: dict[str, Record] = {}
    for name in sorted({*attempts, *fetched, *hints, *solutions}):
        count, passed, last, best = attempts.get(name, (0, False, 0.0, None))
        shown = {None: "", 0: "before", 1: "after"}[solutions.get(name)]
        records[name] = Record(count, passed, name in fetched, max(last, fetched.get(name, 0.0)), best, hints.get(name, 0), shown)
    return records

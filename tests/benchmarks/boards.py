"""How long the boards of a large class take: python tests/benchmarks/boards.py [--people 200] [--exercises 104] [--submissions 20].

Every person has so many submissions of every exercise, each with its verdict, in an SQLite file with sources of the usual size. Read all: what the
first request after a start costs. Compute: what a request costs after one more verdict (what changed is read, the board is ranked and written as
JSON). Serve: the same board again. Where others use the machine too, its processor time says more than the wall time.
"""

import argparse
import random
import resource
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from multiprocessing import Process
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple

from start import make_bank

from kit.bank import Bank
from kit.classroom.boards import BoardName
from kit.classroom.database import open_store
from kit.classroom.standings import Standings

BOUND = 300.0  # ms of the processor to compute
ROUNDS = 15
BEGIN = 1_790_000_000_000_000  # microseconds since 1970
MINUTE = 60_000_000
SOURCE = "x = torch.zeros(3)  # a line of an answer\n" * 30
VERDICT = b'{"schema": 1}' * 100
BOARDS = (BoardName("overall"), BoardName("assignment", "week-1"), BoardName("exercise", "exercise-3"), BoardName("section", "Lab 1"))


def fill(path: Path, people: int, exercises: int, submissions: int) -> None:
    """A class at the end of its year."""
    drawn = random.Random(1)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("INSERT INTO classroom VALUES (1, 'Big', 'ab-cd', 1, 0, x'00', NULL, 1, ?)", (BEGIN,))
    connection.executemany("INSERT INTO sections VALUES (?, ?)", [(number, f"Lab {number}") for number in range(1, 9)])
    rows = [(number, "student", f"Name {number}", f"otter-{number}", 1 + number % 8, BEGIN) for number in range(1, people + 1)]
    connection.executemany("INSERT INTO people (id, role, name, pseudonym, section_id, active, created_at) VALUES (?, ?, ?, ?, ?, 1, ?)", rows)
    connection.execute(
        "INSERT INTO assignments (id, slug, title, due_at, late_per_day, feedback, counts, credit, published, created_at)"
        " VALUES (1, 'week-1', 'Week 1', ?, 0.1, 'full', 'best', 'share', 1, ?)",
        (BEGIN + 90 * 24 * 60 * MINUTE, BEGIN),
    )
    connection.executemany("INSERT INTO assignment_exercises VALUES (1, ?, 1.0, ?)", [(f"exercise-{number}", number) for number in range(10)])
    turns = [(number, person, exercise) for number in range(submissions) for person in range(1, people + 1) for exercise in range(exercises)]
    connection.executemany(
        "INSERT INTO submissions (id, person_id, exercise, assignment_id, number, source, sha256, submitted_at, flags, verdict_id)"
        " VALUES (?, ?, ?, ?, ?, ?, '', ?, '[]', ?)",
        (
            (key, person, f"exercise-{exercise}", 1 if exercise < 10 else None, number + 1, SOURCE, BEGIN + key * MINUTE, key)
            for key, (number, person, exercise) in enumerate(turns, 1)
        ),
    )
    checks = [8 if drawn.random() < 0.1 else drawn.randrange(8) for _ in turns]
    connection.executemany(
        "INSERT INTO verdicts (id, submission_id, bank_version, passed, checks_passed, checks_total, seconds, machine, graded_at, verdict)"
        " VALUES (?, ?, '1', ?, ?, 8, 1.0, '', ?, ?)",
        ((key, key, passed == 8, passed, BEGIN + key * MINUTE, VERDICT) for key, passed in enumerate(checks, 1)),
    )
    connection.executemany(
        "INSERT INTO gradings (id, submission_id, bank_version, device, state, attempts, worker, created_at, failure)"
        " VALUES (?, ?, '1', 'cpu', 'done', 0, '', ?, '')",
        ((key, key, BEGIN) for key in range(1, len(turns) + 1)),
    )
    connection.commit()
    connection.close()


def one_more(path: Path, number: int) -> None:
    """Somebody hands in, and it is judged."""
    connection = sqlite3.connect(path)
    key = connection.execute("SELECT max(id) + 1 FROM submissions").fetchone()[0]
    at = BEGIN + key * MINUTE
    values = (key, 1 + number, "exercise-3", 1, key, SOURCE, at, key)
    connection.execute(
        "INSERT INTO submissions (id, person_id, exercise, assignment_id, number, source, sha256, submitted_at, flags, verdict_id)"
        " VALUES (?, ?, ?, ?, ?, ?, '', ?, '[]', ?)",
        values,
    )
    connection.execute("INSERT INTO verdicts VALUES (?, ?, '1', 1, 8, 8, 1.0, '', ?, ?)", (key, key, at, VERDICT))
    connection.execute("UPDATE classroom SET revision = revision + 1")
    connection.commit()
    connection.close()


class Spent(NamedTuple):
    """Milliseconds of a call: of the processor, and by the wall clock."""

    processor: float
    wall: float


def spent(call: Callable[[], object]) -> Spent:
    """What a call costs."""
    wall, processor = perf_counter(), process_time()
    call()
    return Spent((process_time() - processor) * 1000, (perf_counter() - wall) * 1000)


def main() -> int:
    """Print the figures; 1 when computing a board takes longer than the bound."""
    parser = argparse.ArgumentParser()
    for option, default in (("--people", 200), ("--exercises", 104), ("--submissions", 20)):
        parser.add_argument(option, type=int, default=default)
    size = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_bank(folder / "bank", size.exercises)
        bank = Bank(folder / "bank", cache=folder)
        store = open_store(f"sqlite:///{folder / 'classroom.db'}")
        filling = Process(target=fill, args=(folder / "classroom.db", size.people, size.exercises, size.submissions))
        filling.start()  # apart, so that its memory is not ours
        filling.join()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        standings = Standings(store, bank)
        first = spent(lambda: standings.served(BOARDS[0], "students"))
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"{size.people} people x {size.exercises} exercises x {size.submissions} submissions; ms of the processor (by the wall clock)")
        print(f"read all and compute   {first.processor:6.0f} ({first.wall:.0f}), once after a start; {more:.0f} MB more memory at most")
        computed: dict[BoardName, list[Spent]] = {board: [] for board in BOARDS}
        for number in range(ROUNDS):
            for board, costs in computed.items():
                one_more(folder / "classroom.db", number)
                costs.append(spent(lambda board=board: standings.served(board, "students")))
        for board, costs in computed.items():
            made = standings.served(board, "students")
            serve = spent(lambda board=board, made=made: [standings.served(board, "students", made.revision) for _ in range(10_000)])
            processor, wall = median(cost.processor for cost in costs), median(cost.wall for cost in costs)
            print(
                f"{board!s:<22} {processor:6.1f} ({wall:.1f}) to compute after a verdict;"
                f" {serve.processor / 10_000:.5f} to serve; {len(made.body) / 1024:.0f} KB"
            )
        store.close()
    return int(any(median(cost.processor for cost in costs) > BOUND for costs in computed.values()))


if __name__ == "__main__":
    sys.exit(main())

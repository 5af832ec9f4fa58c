"""A whole grading process, to be killed: grades a database's submissions until its standard input ends; prints the id of each that is judged."""

import sys
from pathlib import Path

from scene import MINI_BANK

from kit.bank import Bank
from kit.classroom.database import open_store
from kit.classroom.executor import open_executor
from kit.classroom.grading_loop import Grader
from kit.classroom.room import Room, Settings


def run(url: str, cache: Path) -> None:
    """Grade."""
    room = Room(open_store(url), Bank(MINI_BANK, cache=cache), Settings(sandbox="local"))
    executor = open_executor("local", bank=room.bank, sandbox="local", jobs=2)
    grader = Grader(room, executor, on_verdict=lambda submission_id: print(submission_id, flush=True))
    grader.start()
    sys.stdin.read()
    grader.stop()
    executor.close()


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]))

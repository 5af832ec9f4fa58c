"""A grading process that is killed whenever it judges the poison; it ends when nothing is left to be judged. Two are judged at once.

Its last argument says how many have died before it: the first two die when the poison and another answer are under way together.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from referee import Referee, glance
from scene import MINI_BANK

from kit.bank import Bank
from kit.classroom.database import open_store
from kit.classroom.grading_loop import Grader
from kit.classroom.gradings import queue
from kit.classroom.room import Room, Settings


def run(url: str, cache: Path, deaths: int) -> None:
    """Grade."""
    room = Room(open_store(url), Bank(MINI_BANK, cache=cache), Settings(sandbox="local"))
    both, judged = threading.Barrier(2), threading.Event()

    def judge(job):
        if deaths < 2:
            both.wait(30)
        if job.source == "poison":
            os.kill(os.getpid(), signal.SIGKILL)
        if deaths < 2:
            threading.Event().wait()
        return glance(job)

    grader = Grader(room, Referee(judge), on_verdict=lambda _submission_id: judged.set())
    grader.start()
    while True:
        with room.store.reading() as session:
            state = queue(session, room.now())
        if not state.pending and not state.running:
            break
        judged.wait(30)
        judged.clear()
    grader.stop()


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))

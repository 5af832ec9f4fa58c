"""Killed in the middle: every submission gets exactly one verdict, the same that it gets when nothing is killed."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from referee import Bell, Hurrying, a_room, results, states
from sqlalchemy import select

from grader.client import server_path
from grader.verdict import Verdict, decode_verdict
from kit.classroom.executor import job_for
from kit.classroom.grading_loop import Grader
from kit.classroom.local import LocalExecutor
from kit.classroom.room import Room
from kit.classroom.schema import Grading, Submission, VerdictRow
from kit.classroom.submissions import submit

pytestmark = pytest.mark.slow

BUSY = "def double(x):\n    for _ in range(300_000):\n        pass\n    return {}\n"  # long enough to be met at work
ANSWERS = ["2 * x", "x * x", "2 * x.detach()", "x / 0 if x.dim() > 1 else 2 * x", "2 * x +"]
STUDENTS = 3


def fact(verdict: Verdict) -> tuple[bool, tuple[tuple[str, str, str], ...]]:
    """What must not depend on faults; the inputs, and with them the messages, are drawn anew for each verdict."""
    return verdict.passed, tuple((check.name, check.status, check.diagnosis.mistake if check.diagnosis else "") for check in verdict.checks)


@pytest.fixture(scope="module")
def truth(own_judge, tmp_path_factory):
    """What each answer gets when nothing is killed."""
    from scene import MINI_BANK

    from kit.bank import Bank

    exercise = Bank(MINI_BANK, cache=tmp_path_factory.mktemp("cache")).exercise("double")
    executor = LocalExecutor("local")
    found = {answer: fact(executor.grade(job_for(exercise, BUSY.format(answer), sandbox="local", lang="en"))) for answer in ANSWERS}
    assert Counter(passed for passed, _checks in found.values()) == {True: 1, False: 4}
    return found


@pytest.fixture
def room(sqlite_store, bank) -> Room:
    """A class whose students have handed in every kind of answer."""
    room = a_room(sqlite_store, bank, Hurrying(), students=STUDENTS, sandbox="local")
    for answer in ANSWERS:
        for person in range(1, STUDENTS + 1):
            submit(room, person, "double", BUSY.format(answer), assignment="")
    return room


def assert_one_true_verdict_each(room: Room, truth) -> None:
    with room.store.reading() as session:
        rows = session.execute(select(Submission.source, VerdictRow.verdict).join(VerdictRow, VerdictRow.submission_id == Submission.id)).all()
        assert set(session.scalars(select(Grading.state))) == {"done"}
        assert session.scalars(select(Submission.id).where(Submission.verdict_id.is_(None))).all() == []
    assert len(rows) == STUDENTS * len(ANSWERS)
    by_source = {BUSY.format(answer): facts for answer, facts in truth.items()}
    assert [fact(decode_verdict(verdict)) for _source, verdict in rows] == [by_source[source] for source, _verdict in rows]


def children(pid: int) -> list[int]:
    """Its children, as the kernel lists them."""
    try:
        return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    except OSError:
        return []


def server() -> int:
    """The warm server."""
    path = str(server_path("local")).encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if path in command and b"serve" in command:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if path not in Path(f"/proc/{parent}/cmdline").read_bytes():
                    return int(entry.name)
    return 0


def kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def judged(room: Room, at: dict[int, object]) -> None:
    """Have everything judged; when so many verdicts are there, do what stands at that number."""
    bell, executor = Bell(), LocalExecutor("local", jobs=2)
    grader = Grader(room, executor, on_verdict=bell)
    grader.start()
    for number in range(STUDENTS * len(ANSWERS)):
        bell.wait_for(1)
        if number in at:
            at[number]()
    grader.stop()
    executor.close()


def kill_server() -> None:
    while not kill(server()):
        pass


def kill_workers(chance: random.Random) -> None:
    """Some process below the server: the zygote, the judge of one answer, or a worker that runs one."""
    while True:
        first = children(server())
        below = [*first, *(grandchild for child in first for grandchild in children(child))]
        if below and kill(chance.choice(below)):
            return


def test_the_warm_server_is_killed(room, truth):
    judged(room, {5: kill_server})
    assert_one_true_verdict_each(room, truth)


def test_judges_and_workers_are_killed(room, truth):
    chance = random.Random(7)
    judged(room, dict.fromkeys(range(3, 14, 5), lambda: kill_workers(chance)))
    assert_one_true_verdict_each(room, truth)


def test_sandboxed_workers_are_killed_while_they_run_an_answer(room, truth):
    def kill_worker() -> None:
        """A grandchild of the server: the zygote's child."""
        while not any(kill(worker) for zygote in children(server()) for worker in children(zygote)[:1]):
            pass

    judged(room, dict.fromkeys((3, 8, 12), kill_worker))
    assert_one_true_verdict_each(room, truth)


@pytest.fixture
def processes(room, tmp_path) -> Iterator[object]:
    """Starts grading processes; none is left behind."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, Path(__file__).with_name("grading_process.py"), str(room.store.url), tmp_path / "child"]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_the_whole_grading_process_is_killed(room, truth, processes):
    seen: list[int] = []
    for count in (3, 6):
        process = processes()
        seen += [int(process.stdout.readline()) for _ in range(count)]
        process.kill()
        process.wait()
    process = processes()
    while len(set(seen)) < STUDENTS * len(ANSWERS):
        line = process.stdout.readline()
        assert line, "the grading process has ended"
        seen.append(int(line))
        with room.store.reading() as session:
            if len(session.scalars(select(VerdictRow.id)).all()) == STUDENTS * len(ANSWERS):
                break
    process.communicate()
    assert process.returncode == 0
    assert_one_true_verdict_each(room, truth)


def test_an_answer_that_kills_the_grading_process_does_it_three_times_and_no_more(sqlite_store, bank, tmp_path):
    room = a_room(sqlite_store, bank, Hurrying(), students=3, sandbox="local")
    for person, source in enumerate(("good good good", "poison", "good"), start=1):
        submit(room, person, "double", source, assignment="")
    command = [sys.executable, Path(__file__).with_name("mortal_process.py"), str(room.store.url), tmp_path / "child"]
    for death in range(3):
        done = subprocess.run([*command, str(death)], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr
    assert states(room.store) == {1: ("done", 2), 2: ("running", 2), 3: ("pending", 0)}
    done = subprocess.run([*command, "3"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert states(room.store) == {1: ("done", 2), 2: ("failed", 3), 3: ("done", 0)}
    assert results(room.store) == {1: True, 2: None, 3: False}

"""200 answers handed in over HTTP while servers and databases are killed, and while the disk is full: what was accepted gets one verdict, the right one."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import sqlalchemy
from scene import MINI_BANK
from served import PATIENCE, Served, assert_said_so, free_port

from grader.verdict import Verdict, decode_verdict
from kit.bank import Bank
from kit.classroom.database import open_store
from kit.classroom.executor import job_for
from kit.classroom.local import LocalExecutor
from kit.classroom.schema import EPOCH, Grading, Submission, VerdictRow

pytestmark = pytest.mark.slow

ANSWERS = ("2 * x", "x * x", "2 * x.detach()", "x / 0 if x.dim() > 1 else 2 * x", "2 * x +")
STUDENTS, EACH = 20, 10
AGAIN = 20  # times that one answer is posted before its student gives up


def source(answer: str, mark: str) -> str:
    """An answer unlike everybody else's."""
    return f"def double(x):  # {mark}\n    return {answer}\n"


def fact(verdict: Verdict) -> tuple[object, ...]:
    """What must not depend on faults; the inputs, and with them the messages, are drawn anew for each verdict."""
    return verdict.passed, tuple((check.name, check.status, check.diagnosis.mistake if check.diagnosis else "") for check in verdict.checks)


@pytest.fixture(scope="module")
def truth(own_judge, tmp_path_factory) -> dict[str, tuple[object, ...]]:
    """What each answer gets when nothing goes wrong."""
    exercise = Bank(MINI_BANK, cache=tmp_path_factory.mktemp("cache")).exercise("double")
    executor = LocalExecutor("local")
    found = {answer: fact(executor.grade(job_for(exercise, source(answer, "0"), sandbox="local", lang="en"))) for answer in ANSWERS}
    assert Counter(facts[0] for facts in found.values()) == {True: 1, False: 4}
    return found


class Course:
    """Students who each hand in one answer after the other, and hand in again what was not accepted."""

    def __init__(self, served: Served, *, each: int = EACH, filling: str = "") -> None:
        """each: how many answers a student has. filling: makes every answer as long as it is."""
        self._served, self._each, self._filling = served, each, filling
        self.accepted: dict[int, str] = {}  # by submission: its source
        self.refusals: list[httpx.Response | httpx.TransportError] = []
        self._whole = threading.Event()
        self._whole.set()
        self._news = threading.Condition()
        with httpx.Client(base_url=served.address, timeout=PATIENCE) as client:
            joined = [client.post("/api/v1/join", json={"code": served.code, "name": f"Student {number}"}) for number in range(STUDENTS)]
        self._tokens = [each.json()["token"] for each in joined]

    @contextmanager
    def handing_in(self) -> Iterator[None]:
        """Meanwhile everybody hands in; at the end everything is accepted."""
        with ThreadPoolExecutor(STUDENTS) as pool:
            done = [pool.submit(self._hand_in, number) for number in range(STUDENTS)]
            try:
                yield
            finally:
                self._whole.set()
        for each in done:
            each.result()
        assert len(self.accepted) == STUDENTS * self._each

    @contextmanager
    def broken(self) -> Iterator[None]:
        """Something breaks, and is whole again at the end; who was refused meanwhile waits for that."""
        self._whole.clear()
        yield
        self._whole.set()

    def wait_for(self, *, accepted: int = 0, refused: int = 0) -> None:
        """Until there are so many."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.accepted) >= accepted and len(self.refusals) >= refused, PATIENCE)

    def wait_until_judged(self, number: int, turn: int) -> None:
        """Until that answer of that student has its verdict."""
        [submission_id] = [submission_id for submission_id, kept in self.accepted.items() if kept == self._answer(number, turn)]
        with self._as(number) as client:
            while client.get(f"/api/v1/submissions/{submission_id}", params={"wait": 30}).json()["state"] != "done":
                pass

    def wait_until_all_are_judged(self) -> None:
        for number in range(STUDENTS):
            self.wait_until_judged(number, self._each - 1)

    def _answer(self, number: int, turn: int) -> str:
        return source(ANSWERS[(number + turn) % len(ANSWERS)], f"{number}.{turn} {self._filling}")

    def _as(self, number: int) -> httpx.Client:
        return httpx.Client(base_url=self._served.address, headers={"Authorization": f"Bearer {self._tokens[number]}"}, timeout=PATIENCE)

    def _hand_in(self, number: int) -> None:
        with self._as(number) as client:
            for turn in range(self._each):
                answer = self._answer(number, turn)
                receipt = self._post(client, answer)
                with self._news:
                    self.accepted[receipt["id"]] = answer
                    self._news.notify_all()

    def _post(self, client: httpx.Client, answer: str) -> dict[str, object]:
        for _time in range(AGAIN):
            try:
                response = client.post("/api/v1/submissions", json={"exercise": "double", "source": answer, "assignment": ""})
            except httpx.TransportError as error:
                response = error
            else:
                if response.is_success:
                    return response.json()
            with self._news:
                self.refusals.append(response)
                self._news.notify_all()
            assert self._whole.wait(PATIENCE)
        raise AssertionError(f"not accepted in {AGAIN} posts: {response!r}")


def assert_one_true_verdict_each(url: str, course: Course, truth: dict[str, tuple[object, ...]]) -> None:
    """Of everything that was accepted, and of nothing else."""
    store = open_store(url, migrate=False)
    with store.reading() as session:
        kept = dict(session.execute(sqlalchemy.select(Submission.id, Submission.source)).all())
        verdicts = session.execute(sqlalchemy.select(VerdictRow.submission_id, VerdictRow.id, VerdictRow.verdict)).all()
        counting = dict(session.execute(sqlalchemy.select(Submission.id, Submission.verdict_id)).all())
        assert session.scalars(sqlalchemy.select(Grading.state).distinct()).all() == ["done"]
    store.close()
    assert kept == course.accepted
    assert {submission_id: verdict_id for submission_id, verdict_id, _verdict in verdicts} == counting
    assert len(verdicts) == len(kept)
    expected = {submission_id: truth[answer.split("return ")[1].rstrip()] for submission_id, answer in kept.items()}
    assert {submission_id: fact(decode_verdict(verdict)) for submission_id, _verdict_id, verdict in verdicts} == expected


def assert_never_failed(served: Served) -> None:
    """No request ended in an error of the server's own."""
    assert '"status": 500' not in served.log.read_text()


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[object]:
    """Starts servers; none is left behind."""
    started: list[Served] = []

    def serve(url: str) -> Served:
        started.append(Served(tmp_path, url).start())
        return started[-1]

    yield serve
    for served in started:
        served.stop()


def kill_server(course: Course, served: Served, url: str) -> None:
    """And start it again, a minute later: by then a lease of the dead one has run out on PostgreSQL, where another server could be alive."""
    with course.broken():
        served.kill()
        store = open_store(url, migrate=False)
        with store.writing() as session:
            session.execute(sqlalchemy.update(Grading).where(Grading.state == "running").values(claimed_at=EPOCH))
        store.close()
        served.start()


@pytest.mark.parametrize(("kind", "each"), [("sqlite", EACH), ("postgresql", 3)])
def test_the_whole_server_is_killed(request, serving, truth, kind, each):
    url = request.getfixturevalue("sqlite_store" if kind == "sqlite" else "postgres_store").url.render_as_string(hide_password=False)
    served = serving(url)
    course = Course(served, each=each)
    with course.handing_in():
        course.wait_for(accepted=STUDENTS * each // 2)
        kill_server(course, served, url)
    course.wait_until_judged(STUDENTS // 2, each // 2)
    kill_server(course, served, url)
    course.wait_until_all_are_judged()
    assert course.refusals
    assert all(isinstance(refusal, httpx.TransportError) for refusal in course.refusals)
    assert_one_true_verdict_each(url, course, truth)
    assert_never_failed(served)


class Cluster:
    """A PostgreSQL of our own."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{(port := free_port())}/postgres"
        self._programs, self._data, self._log = programs, folder / "data", folder / "log"
        self._options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"  # processes die here, not machines
        self._user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
        shutil.chown(folder, self._user) if self._user else None
        self._run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")

    def start(self) -> None:
        self._run("pg_ctl", "start", "--wait", "--log", self._log, "--options", self._options)

    def kill(self) -> None:
        """The postmaster; its children notice, and end."""
        postmaster = int((self._data / "postmaster.pid").read_text().split()[0])
        children = [int(pid) for pid in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()]
        handles = [os.pidfd_open(pid) for pid in (postmaster, *children)]
        os.kill(postmaster, signal.SIGKILL)
        for handle in handles:
            select.select([handle], [], [], PATIENCE)
            os.close(handle)
        (self._data / "postmaster.pid").unlink()  # while its parent has not buried it, it would be taken for alive

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--mode=immediate")

    def _run(self, program: str, *arguments: object) -> None:
        command = [self._programs / program, "--pgdata", self._data, *arguments]
        done = subprocess.run(command, user=self._user, cwd="/", capture_output=True, text=True, check=False, timeout=PATIENCE, env={"LC_ALL": "C"})
        assert done.returncode == 0, done.stdout + done.stderr + (self._log.read_text() if self._log.exists() else "")


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("no PostgreSQL of Debian's in /usr/lib/postgresql: no cluster of our own that could be killed")
    with tempfile.TemporaryDirectory(prefix="kit-postgres-") as folder:
        cluster = Cluster(programs[-1], Path(folder))
        cluster.start()
        yield cluster
        cluster.stop()


def kill_database(course: Course, served: Served, cluster: Cluster) -> None:
    with course.broken():
        cluster.kill()
        assert httpx.get(f"{served.address}/readyz", timeout=PATIENCE).json()["database"] == "away"
        assert httpx.get(f"{served.address}/healthz", timeout=PATIENCE).status_code == 200
        cluster.start()


def test_postgresql_is_killed_and_then_the_server_too(cluster, serving, truth):
    served = serving(cluster.url)
    course = Course(served)
    with course.handing_in():
        course.wait_for(accepted=STUDENTS * EACH // 3)
        kill_database(course, served, cluster)
        course.wait_for(accepted=2 * STUDENTS * EACH // 3)
        assert course.refusals
        for refusal in course.refusals:
            assert_said_so(refusal)
        kill_server(course, served, cluster.url)
    course.wait_until_judged(STUDENTS // 2, EACH // 2)
    kill_database(course, served, cluster)
    course.wait_until_all_are_judged()
    assert_one_true_verdict_each(cluster.url, course, truth)
    assert_never_failed(served)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"no small file system can be made here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_the_disk_is_full(small_disk, serving, truth):
    url = f"sqlite:///{small_disk}/classroom.db"
    served = serving(url)
    course = Course(served, each=3, filling="." * 60_000)
    with course.handing_in(), course.broken():
        course.wait_for(refused=5)
        before = len(course.accepted)
        subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    assert 0 < before < STUDENTS * 3
    course.wait_until_all_are_judged()
    for refusal in course.refusals:
        assert_said_so(refusal)
    assert_one_true_verdict_each(url, course, truth)
    assert_never_failed(served)

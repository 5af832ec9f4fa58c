"""A real Ray cluster of one node on this machine: verdicts are the same, a killed judge costs nobody anything, nothing listens beyond loopback."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from msgspec.structs import replace
from referee import Bell, Hurrying, a_room, results
from scene import MINI_BANK
from sqlalchemy import select

from kit.bank import Bank
from kit.classroom import cluster
from kit.classroom.executor import NODE, Executor, Infrastructure, job_for, open_executor
from kit.classroom.grading_loop import Grader
from kit.classroom.schema import Grading, VerdictRow
from kit.classroom.submissions import submit
from kit.errors import KitError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install 'nn-practice-kit[cluster]'"),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to see what listens where"),
    pytest.mark.filterwarnings("ignore"),  # Ray's own
]

LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}  # 127.0.0.1 as /proc/net writes it, and the same within IPv6
LISTENING = "0A"
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}  # the second: this node's address is that of loopback


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def below(pid: int) -> list[int]:
    """A process and all that it has started, as far as it is known to the kernel as its descendants."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def listening(pids: list[int]) -> set[str]:
    """The addresses on which these processes listen, as /proc/net writes them."""
    inodes = set()
    for pid in pids:
        with suppress(FileNotFoundError):  # it has ended meanwhile
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    inodes.add(str(descriptor.readlink()))
    rows = [line.split() for name in ("tcp", "tcp6", "udp", "udp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return {row[1].rpartition(":")[0] for row in rows if row[3] in {LISTENING, "07"} and f"socket:[{row[9]}]" in inodes}


class Head:
    """A cluster of this machine alone, with two processors, whose head can be killed and started again at the same address."""

    def __init__(self) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self._folder = tempfile.mkdtemp(prefix="kit-ray-", dir="/tmp")  # a short path: Ray makes sockets in it
        port = self.address.partition(":")[2]
        command = [Path(sys.executable).with_name("ray"), "start", "--head", "--block", "--node-ip-address=127.0.0.1", f"--port={port}"]
        options = ["--include-dashboard=false", "--num-cpus=2", f"--temp-dir={self._folder}", "--disable-usage-stats"]
        self._command = [*command, *options, "--object-store-memory=100000000"]

    @property
    def pid(self) -> int:
        """The process that all of it is below."""
        return self._process.pid

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, env=os.environ | {"KIT_BANK": str(MINI_BANK)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        said = []
        while "runtime started" not in (line := self._process.stdout.readline()):
            said.append(line)
            assert line, "".join(said)

    def kill(self) -> None:
        """Everything at once, as when the machine loses power."""
        for pid in below(self.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.communicate()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=60)
        shutil.rmtree(self._folder, ignore_errors=True)


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUIET.items():
            patch.setenv(name, value)
        head = Head()
        head.start()
        yield head
        head.stop()


@pytest.fixture(scope="module")
def executor(head, tmp_path_factory) -> Iterator[Executor]:
    bank = Bank(MINI_BANK, cache=tmp_path_factory.mktemp("cache"))
    opened = open_executor(f"ray://{head.address}", bank=bank, sandbox="local")
    yield opened
    opened.close()


def judges(head) -> list[int]:
    """The processes of the actors."""
    return [pid for pid in below(head.pid) if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"ray::Judge")]


def test_an_answer_is_judged_on_the_node(executor, bank):
    exercise = bank.exercise("double")
    right = executor.grade(job_for(exercise, exercise.solution.read_text(encoding="utf-8"), sandbox="local", lang="en"))
    wrong = executor.grade(job_for(exercise, "def double(x):\n    return x * x\n", sandbox="local", lang="zh"))
    assert (right.passed, wrong.passed) == (True, False)
    assert right.versions[NODE] == socket.gethostname()
    assert [check.diagnosis.mistake for check in wrong.checks if check.diagnosis] == ["squared"]
    (node,) = executor.describe()
    assert (node.capacity, node.busy, node.fine, node.devices) == (2, 0, True, {"cpu"})
    assert (executor.capacity, executor.devices) == (2, {"cpu"})


def test_nothing_listens_beyond_loopback(head, executor):
    assert executor.describe()[0].fine
    assert judges(head)
    addresses = listening([*below(head.pid), os.getpid()])
    assert addresses
    assert addresses <= LOOPBACK


def test_a_killed_judge_costs_nobody_anything(head, executor, sqlite_store, bank):
    room, bell = a_room(sqlite_store, bank, Hurrying(), students=10, sandbox="local"), Bell()
    for person in range(1, 11):
        submit(room, person, "double", "def double(x):\n    return 2 * x\n", assignment="")
        submit(room, person, "double", "def double(x):\n    return x * x\n", assignment="")
    grader = Grader(room, executor, on_verdict=bell)
    grader.start()
    bell.wait_for(3)
    (judge,) = judges(head)
    os.kill(judge, signal.SIGKILL)
    bell.wait_for(17)
    grader.stop()
    assert results(sqlite_store) == {number: number % 2 == 1 for number in range(1, 21)}
    with sqlite_store.reading() as session:
        assert len(session.scalars(select(VerdictRow)).all()) == 20
        assert set(session.scalars(select(Grading.state))) == {"done"}
    assert judges(head) != [judge]


def test_a_node_with_another_bank_does_not_judge(executor, bank, monkeypatch):
    job = job_for(bank.exercise("double"), "def double(x):\n    return 2 * x\n", sandbox="local", lang="en")
    monkeypatch.setattr(cluster, "bank_version", lambda _exercise: "another")
    with pytest.raises(Infrastructure, match="another version of double than the classroom"):
        executor.grade(job)


def test_without_a_gpu_in_the_cluster_an_answer_waits_and_then_says_so(executor, bank, monkeypatch):
    monkeypatch.setattr(cluster, "PLACE_SECONDS", 0.1)
    job = replace(job_for(bank.exercise("double"), "", sandbox="local", lang="en"), device="cuda")
    with pytest.raises(Infrastructure, match="no node of the Ray cluster has a place for cuda"):
        executor.grade(job)


def test_a_head_that_dies_is_waited_for_and_costs_nobody_anything(head, executor, sqlite_store, bank, monkeypatch):
    """The last test that uses this head: nothing of the old cluster is left."""
    ray = import_module("ray")
    for name in ("GONE_SECONDS", "LOOK_SECONDS", "SELDOM_SECONDS"):
        monkeypatch.setattr(cluster, name, 0.2)
    heard = []
    before = signal.signal(signal.SIGTERM, lambda *_signal: heard.append(executor.devices))
    room, bell, told = a_room(sqlite_store, bank, Hurrying(), sandbox="local"), Bell(), threading.Event()
    grader = Grader(room, executor, on_verdict=bell)
    grader.start()
    submit(room, 1, "double", "import time\ntime.sleep(3)\ndef double(x):\n    return 2 * x\n", assignment="")
    grader.wake()
    while not executor.describe()[0].busy:
        told.wait(0.05)
    head.kill()
    while ray.is_initialized() or "does not answer" not in executor.describe()[-1].note:
        told.wait(0.05)
    os.kill(os.getpid(), signal.SIGTERM)
    submit(room, 1, "double", "def double(x):\n    return x * x\n", assignment="")
    head.start()
    while not bell.rung.acquire(timeout=0.2):
        grader.wake()
    bell.wait_for(1)
    grader.stop()
    assert results(sqlite_store) == {1: True, 2: False}
    assert [state.fine for state in executor.describe()] == [True]
    os.kill(os.getpid(), signal.SIGTERM)
    signal.signal(signal.SIGTERM, before)
    assert heard == [frozenset(), {"cpu"}], "a teacher can stop the server all the while"


def test_where_no_cluster_answers_it_says_so_at_once(bank):
    with pytest.raises(KitError, match=r"cannot be joined .*refused.*ray start --address 127.0.0.1:"):
        open_executor(f"ray://127.0.0.1:{free_port()}", bank=bank, sandbox="local")


def test_without_ray_it_says_what_to_install(bank, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(KitError, match=r"Ray is not installed.*nn-practice-kit\[cluster\]"):
        open_executor("ray://127.0.0.1:6379", bank=bank, sandbox="local")

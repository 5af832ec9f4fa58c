"""The server itself: garbage on its socket, clients that leave, processes that are killed, a folder that is not private."""

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from court import Court, children, hanging_is_a_failure, server_pid, summary, workers_left, zygote_pid

from grader.client import JobRefused, JudgeError, judge, server_path, stop_server, submit
from grader.verdict import encode

HOLD = "import time\n\ndef softmax(x):\n    time.sleep(1000)"


def connected() -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(server_path()))
    except OSError:
        connection.close()
        raise
    return connection


def wait_for_worker() -> int:
    """The worker of the job that is being judged."""
    with hanging_is_a_failure():
        while not (found := workers_left()):
            pass
    return found[0]


@pytest.fixture(autouse=True)
def and_then_all_is_well(court: Court) -> Iterator[None]:
    """Before and after each attack a right answer passes, and no worker stays behind."""
    assert judge(court.job()).passed
    yield
    with hanging_is_a_failure():
        verdict = judge(court.job())
        assert verdict.passed, summary(verdict)
        while workers_left():
            pass


@pytest.mark.parametrize(
    "data",
    [
        b"", b"x", b"GET / HTTP/1.1\r\n\r\n", bytes(8), b"\xff" * 8, b"\xff" * 100_000, struct.pack("<Q", 3) + b"{}}", struct.pack("<Q", 4) + b"null",
        struct.pack("<Q", 1 << 20) + b"cut short", struct.pack("<Q", 20) + b'{"slug":"../../../x"', struct.pack("<Q", 2) + b"\xff\xfe",
    ],
    ids=["nothing", "a byte", "http", "no length", "length beyond all", "a flood", "no json", "null", "cut short", "half a job", "no text"],
)  # fmt: skip
def test_garbage(data: bytes) -> None:
    with connected() as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1 << 16) == b""
        except (BrokenPipeError, ConnectionResetError):
            pass


def test_a_client_that_says_nothing_does_not_stop_the_others(court: Court) -> None:
    with connected() as silent, connected() as slow:
        slow.sendall(b"12")
        with hanging_is_a_failure():
            assert judge(court.job()).passed
        silent.close()


def test_a_client_that_hangs_up_ends_its_worker(court: Court) -> None:
    job = encode(court.job(HOLD))
    with connected() as connection:
        connection.sendall(struct.pack("<Q", len(job)) + job)
        worker = wait_for_worker()
    with hanging_is_a_failure():
        while worker in workers_left():
            pass


def test_two_at_once(court: Court) -> None:
    first, second = submit(court.job("x = 1")), submit(court.job())
    with hanging_is_a_failure():
        assert second.result().passed
        assert not first.result().passed


def test_eight_at_once(court: Court) -> None:
    jobs = [submit(court.job() if i % 2 else court.job("import os\nos._exit(0)")) for i in range(8)]
    with hanging_is_a_failure():
        assert [job.result().passed for job in jobs] == [False, True] * 4


def killed_while_grading(court: Court, victim: int) -> str:
    """Kill a process while an honest, slow answer is graded; what became of the grade."""
    slow = court.job("import time\n" + court.job().source.replace("def softmax(x: Tensor) -> Tensor:", "def softmax(x: Tensor) -> Tensor:\n    time.sleep(.3)"))
    outcome: list[str] = []

    def grade() -> None:
        try:
            outcome.append("passed" if judge(slow).passed else "not passed")
        except JudgeError:
            outcome.append("error")

    thread = threading.Thread(target=grade)
    thread.start()
    wait_for_worker()
    os.kill(victim, signal.SIGKILL)
    with hanging_is_a_failure():
        thread.join()
    return outcome[0]


def test_the_server_is_killed_while_grading(court: Court) -> None:
    assert killed_while_grading(court, server_pid()) == "passed"


def test_the_zygote_is_killed_while_grading(court: Court) -> None:
    assert killed_while_grading(court, zygote_pid()) in {"passed", "error"}  # never "not passed": it is not the learner's fault


def test_a_judge_is_killed_while_grading(court: Court) -> None:
    zygote = zygote_pid()
    pending = submit(court.job("import time\ntime.sleep(2)\n" + court.job().source))
    with hanging_is_a_failure():  # judges are forked from a process that has collected the checks
        while not (judges := {judge for prepared in set(children(server_pid())) - {zygote} for judge in children(prepared)}):
            pass
        os.kill(judges.pop(), signal.SIGKILL)
        assert pending.result().passed


def test_the_process_that_judges_are_forked_from_is_killed_while_grading(court: Court) -> None:
    zygote = zygote_pid()
    pending = submit(court.job("import time\ntime.sleep(2)\n" + court.job().source))
    with hanging_is_a_failure():
        while not (prepared := set(children(server_pid())) - {zygote}):
            pass
        for process in prepared:
            os.kill(process, signal.SIGKILL)
        assert pending.result().passed
        assert judge(court.job()).passed


def test_a_stale_socket(court: Court) -> None:
    stop_server()
    path = server_path()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        path.unlink(missing_ok=True)
        dead.bind(str(path))
    assert judge(court.job()).passed
    assert server_pid()


def test_a_file_where_the_socket_should_be(court: Court) -> None:
    stop_server()
    server_path().unlink(missing_ok=True)
    server_path().write_text("no socket")
    assert judge(court.job()).passed


@pytest.mark.parametrize("mode", [0o755, 0o777, 0o701])
def test_a_folder_that_others_can_enter(court: Court, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    folder = tmp_path / "kit"
    folder.mkdir()
    folder.chmod(mode)
    with monkeypatch.context() as context:
        context.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        with pytest.raises(JudgeError, match="only you can enter"):
            judge(court.job())
    assert list(folder.iterdir()) == []


def test_a_link_for_a_folder(court: Court, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "kit").symlink_to(tmp_path / "elsewhere")
    with monkeypatch.context() as context:
        context.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        with pytest.raises(JudgeError, match="only you can enter"):
            judge(court.job())


def test_a_path_too_long_for_a_socket(court: Court, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    with monkeypatch.context() as context:
        context.setenv("XDG_RUNTIME_DIR", str(folder))
        with hanging_is_a_failure():
            assert judge(court.job()).passed


def test_checks_that_are_not_there(court: Court) -> None:
    with pytest.raises(JobRefused, match="missing"):
        judge(court.job(checks=str(court.home / "test_nothing.py")))


HOSTILE_ENVIRONMENT = {
    "PYTEST_ADDOPTS": "--collect-only", "PYTEST_PLUGINS": "evil", "PYTHONSTARTUP": "/nowhere.py", "PYTHONBREAKPOINT": "os._exit", "PYTHONOPTIMIZE": "2",
    "PYTHONINSPECT": "1", "PYTHONWARNINGS": "error", "LD_PRELOAD": "", "OMP_NUM_THREADS": "64",
}  # fmt: skip


@pytest.mark.parametrize("server", [True, False], ids=["warm", "cold"])
def test_an_environment_that_would_steer_the_judge(court: Court, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: bool) -> None:
    evil = "import os\nos.write(1, b'evil')\nos._exit(0)\n"
    for name in ("sitecustomize", "usercustomize", "random", "torch", "numpy", "pytest", "conftest", "evil"):
        (tmp_path / f"{name}.py").write_text(evil)
    (tmp_path / "run").mkdir(mode=0o700)
    program = f"""
import sys
sys.path[:] = [p for p in sys.path if p not in ("", {str(tmp_path)!r})]
from grader.client import judge, stop_server
from grader.verdict import Job, decode_job
job = decode_job(sys.stdin.buffer.read())
print(judge(job, server={server}).passed)
stop_server()
"""
    environment = os.environ | HOSTILE_ENVIRONMENT | {"PYTHONPATH": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run")}
    started = environment | {"PYTHONPATH": "", "PYTHONWARNINGS": ""}  # our own interpreter here must survive; the judge's see the rest
    wrapper = f"import os; os.environ.update({environment!r}); exec({program!r})"
    for source, expected in ((court.job().source, "True"), (court.job().source + "\n\ndef softmax(x):\n    return x", "False")):
        done = subprocess.run([sys.executable, "-c", wrapper], env=started, input=encode(court.job(source)), cwd=tmp_path, capture_output=True, timeout=180, check=False)
        assert done.stdout.decode().split() == [expected], done.stderr.decode()

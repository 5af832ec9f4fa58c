"""Judges that are half way there: the same verdicts as from a judge of one's own, also when checks change, break or their process dies."""

import os
import select
import signal
import socket
from pathlib import Path

import pytest
from msgspec.structs import replace

from grader import client
from grader.prepared import KEPT, state_of

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at the server's children")

RIGHT, WRONG = "def f(x): return x * x", "def f(x): return x + 3"
CHECKS = "def test_it(answer): assert answer.f(2) == 4"


@pytest.fixture
def watched():
    """Process numbers and what becomes readable when they end."""
    processes = {}
    yield processes
    for process in processes.values():
        os.close(process)


def server():
    """The server's process number."""
    with client._open(client.server_path()) as connection:
        return int.from_bytes(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)[:4], "little")


def children(pid):
    """The process numbers of its children that are alive."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return {int(child) for child in listed if state(int(child)) not in {"", "Z"}}


def state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def end(processes):
    """Whether they end, by themselves and soon."""
    return all(select.select([process], [], [], 30.0)[0] for process in processes)


def without_times(verdict):
    checks = [replace(check, seconds=0) for check in verdict.checks]
    return replace(verdict, checks=checks, seconds=0, layers=[])


def test_the_second_answer_is_judged_by_a_fork_of_the_same_process(folder, make_job):
    job = make_job(RIGHT, CHECKS)
    assert client.judge(job).passed
    pid = server()
    staying = children(pid)
    assert len(staying) == 2  # where workers come from, and where judges of this exercise come from
    assert not client.judge(replace(job, source=WRONG)).passed
    assert client.judge(job).passed
    assert children(pid) == staying


def test_the_verdict_is_that_of_a_judge_of_its_own(folder, make_job):
    checks = """
        import pytest
        from grader.compare import assert_same

        @pytest.mark.parametrize("x", [2.0, 3.0])
        def test_square(answer, draw, x):
            assert_same(answer.f(x), x * x, f"f({x})")

        @pytest.mark.after("test_square")
        def test_drawn(answer, draw):
            x = draw.normal(3)
            assert_same(answer.f(x), x * x, "f(x)")
    """
    mistakes = """
        [[mistake]]
        name = "plus-two"
        replace = "x * x"
        with = "x + 2"
        caught_by = "test_square"
        en = "That is a sum."
        zh = "这是和。"
    """
    given = make_job(RIGHT, checks, solution=RIGHT, mistakes=mistakes)
    for source in (RIGHT, WRONG, "def f(x): return x + 2", "def f(x): print(x); return x", "def f(x: return", "import os\n1 / 0", ""):
        for options in ({}, {"stop_at_first_failure": True}, {"diagnose": False}, {"only": "drawn"}):
            job = replace(given, source=source, seed=7, **options)
            assert without_times(client.judge(job)) == without_times(client.judge(job, server=False))
    zh = replace(given, source="def f(x): return x + 2", lang="zh")
    assert client.judge(zh).checks[0].diagnosis.message == "这是和。"


def test_seeds_are_drawn_anew(folder, make_job):
    job = make_job(RIGHT, CHECKS)
    assert len({client.judge(job).seed for _ in range(4)}) > 1


def test_changed_checks_are_collected_again(folder, make_job):
    assert client.judge(make_job(RIGHT, CHECKS)).passed
    assert not client.judge(make_job(RIGHT, CHECKS.replace("4", "5"))).passed
    assert client.judge(make_job(RIGHT, CHECKS)).passed


def test_checks_that_cannot_be_collected_say_so_every_time(folder, make_job):
    job = make_job(RIGHT, "def test_it(answer: pass")
    for _ in range(2):
        with pytest.raises(client.JobRefused, match="SyntaxError"):
            client.judge(job)
    assert client.judge(make_job(RIGHT, CHECKS)).passed


def test_a_process_that_died_is_replaced(folder, make_job):
    job = make_job(RIGHT, CHECKS)
    assert client.judge(job).passed
    pid = server()
    os.kill(max(children(pid)), signal.SIGKILL)  # the other one is where workers come from
    pending = [client.submit(job) for _ in range(3)]
    assert all(each.result().passed for each in pending)


def test_only_a_few_are_kept_and_none_outlives_the_server(folder, make_job, tmp_path, watched):
    job = make_job(RIGHT, CHECKS)
    for number in range(KEPT + 2):
        path = tmp_path / f"test_{number}.py"
        path.write_text(CHECKS, encoding="utf-8")
        assert client.judge(replace(job, checks=str(path))).passed
        watched.update({pid: os.pidfd_open(pid) for pid in sorted(children(server()) - watched.keys())})
    assert len(watched) == KEPT + 3  # and where workers come from
    _zygote, *prepared = watched.values()
    assert end(prepared[:2])
    assert not any(select.select([process], [], [], 0)[0] for process in prepared[2:])
    client.stop_server()
    assert end(watched.values())


def test_a_killed_server_takes_them_along(folder, make_job, watched):
    assert client.judge(make_job(RIGHT, CHECKS)).passed
    watched.update({pid: os.pidfd_open(pid) for pid in children(server())})
    os.kill(server(), signal.SIGKILL)
    assert len(watched) == 2
    assert end(watched.values())


def test_one_who_leaves_ends_only_their_own_judge(folder, make_job):
    job = make_job(RIGHT, CHECKS)
    assert client.judge(job).passed
    pid = server()
    staying = children(pid)
    endless = client.submit(replace(job, source="def f(x):\n    while True: pass", seconds=60.0))
    endless.cancel()
    with pytest.raises(client.JudgeError):
        endless.result()
    assert client.judge(job).passed
    assert children(pid) == staying


def test_what_needs_a_process_of_its_own(make_job, tmp_path):
    job = make_job(RIGHT, CHECKS)
    assert state_of(job) == state_of(replace(job, source=WRONG, seed=3, diagnose=False)) is not None
    before, times = state_of(job), Path(job.checks).stat()
    Path(job.checks).write_text(CHECKS.replace("4", "5"), encoding="utf-8")
    os.utime(job.checks, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert state_of(job) != before
    for options in (
        {"only": "it"},
        {"statement": "README.md"},
        {"speed": "speed.py"},
        {"sources": ("", "")},
        {"device": "cuda"},
        {"checks": "gone.py"},
    ):
        assert state_of(replace(job, **options)) is None

"""Workers, forked and spawned: the same conversation, and how their end is told."""

import socket

import msgspec
import pytest

from grader import boot
from grader import protocol as wire
from grader.candidate import RemoteCandidate
from grader.failure import CheckFailure, WorkerLost
from grader.proxy import Answer, Line
from grader.verdict import Job
from grader.workers import ForkedWorkers, SpawnedWorkers, WorkerUnavailable, exit_name, settings_of

SOURCE = """
import os
def echo(x): return x
def leave(): os._exit(7)
def crash(): os.abort()
def hang_up(): os.closerange(3, 64)
def nap():
    import time
    time.sleep(600)
"""
JOB = Job(slug="it", source=SOURCE, filename="it.py", checks="/secret/checks", solution="/secret/solution", seed=41, seconds=30.0)


@pytest.fixture(scope="module")
def forked():
    control, _zygote = boot.fork_zygote("local", ())
    with control:
        yield ForkedWorkers(control)


@pytest.fixture(params=["forked", "spawned"])
def candidate(request, forked):
    candidate = RemoteCandidate(JOB, forked if request.param == "forked" else SpawnedWorkers())
    candidate.ready()
    yield candidate
    candidate.close()


def test_a_conversation_and_three_ends(candidate):
    assert Answer(Line(candidate)).echo([1, "a"]) == [1, "a"]
    with pytest.raises(WorkerLost, match="exit status 7"):
        Answer(Line(candidate)).leave()
    candidate.ready()
    with pytest.raises(WorkerLost, match="SIGABRT"):
        Answer(Line(candidate)).crash()
    with pytest.raises(CheckFailure, match="ended earlier"):
        Answer(Line(candidate)).echo(1)


def test_one_that_hangs_up_and_one_that_sleeps(forked):
    candidate = RemoteCandidate(JOB, forked)
    candidate.ready()
    with pytest.raises(WorkerLost):
        Answer(Line(candidate)).hang_up()
    candidate.ready()
    candidate.start_check(0.05, 0.05)
    with pytest.raises(WorkerLost, match="time limit"):
        Answer(Line(candidate)).nap()
    candidate.close()


def test_where_abort_ends_as_a_crash_both_are_named(forked):
    served = msgspec.structs.replace(JOB, policy="server", source="import ctypes\ndef crash(): ctypes.string_at(0)\n")
    candidate = RemoteCandidate(served, forked)
    candidate.ready()
    with pytest.raises(WorkerLost, match="SIGSEGV or SIGABRT"):
        Answer(Line(candidate)).crash()
    candidate.close()


def test_a_worker_knows_nothing_of_the_bank_or_the_seed():
    assert "secret" not in str(settings_of(JOB))
    assert "41" not in str(settings_of(JOB))


def test_a_zygote_that_is_gone():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.close()
    with ours, pytest.raises(WorkerUnavailable):
        ForkedWorkers(ours).start(JOB)


@pytest.mark.parametrize(("code", "name"), [(0, "exit status 0"), (3, "exit status 3"), (-9, "SIGKILL"), (-24, "SIGXCPU"), (-99, "signal 99")])
def test_names_of_ends(code, name):
    assert exit_name(code) == name


@pytest.mark.parametrize(
    "reply",
    [
        b"", b"\xff" * 20, wire.HEADER.pack(2**31, 0), wire.HEADER.pack(3, 0) + b"\xc1\xc1\xc1", wire.HEADER.pack(1, 2**50) + b"\x00",
        b"".join(bytes(piece) for piece in wire.frame(wire.Call(wire.HandleNode(0, "x", False), [], {}, False, False))),
    ],
)  # fmt: skip
def test_frames_that_are_none_end_the_worker_never_the_judge(reply):
    ours, theirs = socket.socketpair()

    class Forger:
        def start(self, job):
            from grader.workers import Process

            class Ended(Process):
                def end(self, *, gone=False):
                    self.connection.close()
                    return ""

            output, self.other = socket.socketpair()
            return Ended(ours, output)

    forger = Forger()
    theirs.sendall(reply)
    theirs.shutdown(socket.SHUT_WR)
    candidate = RemoteCandidate(JOB, forger)
    with pytest.raises(WorkerLost):
        candidate.ready()
    theirs.close()
    forger.other.close()

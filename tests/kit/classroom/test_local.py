"""Judging on this machine: how many at once, which verdicts are confirmed, what is the infrastructure's failure, what ends with it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from grader.client import JobRefused, JudgeError
from grader.verdict import CheckResult, Failure, Frame, Job, Layer, Verdict
from kit.classroom import local
from kit.classroom.executor import Infrastructure, job_for
from kit.classroom.local import LocalExecutor, open_local, refuse_incomplete
from kit.errors import KitError

JOB = Job(slug="double", source="", filename="double.py", checks="nowhere")


def verdict(*kinds: str, frames: tuple[Frame, ...] = (), error: str | None = None) -> Verdict:
    """One with a failed check for each kind."""
    checks = [CheckResult(name=kind, title=kind, status="failed", failure=Failure(kind=kind, frames=list(frames))) for kind in kinds]
    return Verdict(slug="double", passed=not kinds, complete=True, seed=1, replayed=False, device="cpu", checks=checks, error=error)


class Judge:
    """Gives these replies, one after the other; an exception is raised."""

    def __init__(self, *replies) -> None:
        self.replies = list(replies)
        self.jobs: list[Job] = []

    def __call__(self, job: Job) -> "Judge":
        self.jobs.append(job)
        return self

    def result(self) -> Verdict:
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    def cancel(self) -> None:
        pass


class Hanging:
    """A judge that answers when it is told to, or told to give up."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.goes_on = threading.Event()
        self.cancelled = threading.Event()

    def __call__(self, _job: Job) -> "Hanging":
        return self

    def result(self) -> Verdict:
        self.asked.release()
        assert self.goes_on.wait(30)
        if self.cancelled.is_set():
            raise JudgeError("told to give up")
        return verdict()

    def cancel(self) -> None:
        self.cancelled.set()
        self.goes_on.set()


def test_the_verdict_of_the_judge_is_passed_on():
    judge = Judge(verdict("values"))
    assert LocalExecutor("local", submit=judge).grade(JOB) == verdict("values")
    assert judge.jobs == [JOB]


@pytest.mark.parametrize("failure", [JobRefused("no checks"), JudgeError("broken"), OSError("no room"), verdict(error="a fault of ours")])
def test_failures_of_the_judge_are_the_infrastructures(failure):
    with pytest.raises(Infrastructure, match=r"no checks|broken|no room|fault of ours"):
        LocalExecutor("local", submit=Judge(failure)).grade(JOB)


@pytest.mark.parametrize(
    ("replies", "believed"),
    [
        ([verdict("memory"), verdict()], verdict()),
        ([verdict("memory"), verdict("memory"), verdict("values")], verdict("values")),
        ([verdict("memory"), verdict("memory"), verdict("memory")], verdict("memory")),
        ([verdict("time"), verdict(), verdict()], verdict()),
        ([verdict("time"), verdict(), verdict("time")], verdict("time")),
        ([verdict("slow"), verdict("slow")], verdict("slow")),
        ([verdict("memory", frames=(Frame(3, "f", "x"),))], verdict("memory", frames=(Frame(3, "f", "x"),))),
        ([verdict("crashed")], verdict("crashed")),
    ],
)
def test_what_the_machine_may_have_caused_is_confirmed_before_it_is_believed(replies, believed):
    judge = Judge(*replies)
    assert LocalExecutor("local", submit=judge).grade(JOB) == believed
    assert judge.replies == []


def test_a_check_that_was_late_is_tried_alone_on_the_same_inputs_first():
    judge = Judge(verdict("slow"), verdict("slow"))
    LocalExecutor("local", submit=judge).grade(JOB)
    first, second = judge.jobs
    assert first == JOB
    assert (second.only, second.seed, second.diagnose) == (verdict("slow").checks[0].name, verdict("slow").seed, False)


def test_no_more_at_once_than_it_has_places():
    judge = Hanging()
    executor = LocalExecutor("local", jobs=2, gpu=True, submit=judge)
    assert (executor.capacity, executor.devices) == (3, {"cpu", "cuda"})
    with ThreadPoolExecutor(4) as threads:
        verdicts = [threads.submit(executor.grade, JOB) for _ in range(4)]
        assert judge.asked.acquire(timeout=30)
        assert judge.asked.acquire(timeout=30)
        cores, gpu = executor.describe()
        assert (cores.busy, cores.capacity, gpu.busy, gpu.capacity) == (2, 2, 0, 1)
        assert not judge.asked.acquire(blocking=False)
        judge.goes_on.set()
        assert [each.result(30) for each in verdicts] == [verdict()] * 4
    assert [state.busy for state in executor.describe()] == [0, 0]


def test_without_a_gpu_nothing_is_judged_on_one():
    with pytest.raises(Infrastructure, match="no GPU"):
        LocalExecutor("local", submit=Judge()).grade(replace(JOB, device="cuda"))


def test_closing_gives_up_what_is_being_judged():
    judge = Hanging()
    executor = LocalExecutor("local", submit=judge)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(executor.grade, JOB)
        assert judge.asked.acquire(timeout=30)
        executor.close()
        with pytest.raises(Infrastructure, match="told to give up"):
            waiting.result(30)


def test_the_server_sandbox_fails_closed_and_names_what_is_missing_and_the_option(monkeypatch):
    layers = [Layer("seccomp", on=True), Layer("landlock", on=False, why="this kernel has no Landlock")]
    monkeypatch.setattr("grader.client.sandbox_layers", lambda _policy: layers)
    with pytest.raises(KitError, match=r"landlock: this kernel has no Landlock.*--sandbox local"):
        open_local("server")
    refuse_incomplete("local")


def test_a_judge_that_cannot_be_started_is_told_at_once(monkeypatch):
    def broken(_policy):
        raise JudgeError("no torch")

    monkeypatch.setattr("grader.client.sandbox_layers", broken)
    with pytest.raises(KitError, match="cannot be started: no torch"):
        refuse_incomplete("server")


def test_a_real_answer(own_judge, bank):
    executor = LocalExecutor("local")
    exercise = bank.exercise("double")
    right = executor.grade(job_for(exercise, exercise.solution.read_text(encoding="utf-8"), sandbox="local", lang="en"))
    assert (right.passed, right.policy, right.device) == (True, "local", "cpu")
    wrong = executor.grade(job_for(exercise, "def double(x):\n    return x * x\n", sandbox="local", lang="zh"))
    assert not wrong.passed
    assert [check.diagnosis.message for check in wrong.checks if check.diagnosis] == ["你把 x 平方了。x 的两倍是 x + x。"]
    executor.close()


def test_checks_that_never_end_do_not_hold_up_the_others(own_judge, bank, tmp_path, monkeypatch):
    monkeypatch.setattr(local, "patience", lambda _job: 1.0)
    checks = tmp_path / "test_double.py"
    checks.write_text("def test_it(answer):\n    while True:\n        pass\n", encoding="utf-8")
    job = replace(job_for(bank.exercise("double"), "def double(x):\n    return 2 * x\n", sandbox="local", lang="en"), checks=str(checks))
    with pytest.raises(Infrastructure, match="no verdict within 1 s"):
        LocalExecutor("local").grade(job)

"""The judge's part in a pytest run: fixtures for the checks, limits, the order of checks, and what becomes of each result."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Protocol

import pytest

from grader.draw import Draw
from grader.failure import CheckFailure, Unusable
from grader.proxy import Answer, Line, WorkerHandle
from grader.text import _, current_language, neutralise
from grader.verdict import CheckResult, Failure, Job
from grader.workers import WorkerUnavailable

__all__ = ["Case", "Judge", "Nobody", "Subject"]

PREFIX = "test_"
HERE = Path(__file__).parent


class Subject(Protocol):
    """The answer, as a run of pytest needs it: a RemoteCandidate, or a LocalCandidate under the debugger."""

    generation: int
    trace: list[Any]

    def ready(self) -> None:
        """Have the answer loaded. Raises CheckFailure."""
        ...

    def start_check(self, seconds: float, limit: float) -> None:
        """A check begins."""
        ...

    def printed(self) -> str:
        """What the answer printed since then."""
        ...

    def seconds_left(self) -> float:
        """Of the time for the verdict, once the answer is loaded."""
        ...


@dataclass
class Case:
    """One run of a check function with one set of parameters, so that it can be run again with a known mistake."""

    check: str
    name: str
    function: Callable[..., object]
    arguments: dict[str, Any]
    failure: CheckFailure | None = None
    trace: list[Any] = field(default_factory=list[Any])
    seconds: float = 0.0

    def run_again(self, candidate: Any, seed: int, device: str = "cpu") -> CheckFailure | None:
        """The same check, the same draws, another answer; how it fails. Raises WorkerUnavailable."""
        candidate.start_trace()
        try:
            candidate.ready()
            line = Line(candidate, device)
            fresh = {"answer": Answer(line), "worker": WorkerHandle(line), "draw": Draw(seed, self.name), "device": device}
            self.function(**{name: fresh.get(name, value) for name, value in self.arguments.items()})
        except WorkerUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a wrong answer leads to is how it fails
            try:
                return as_failure(error)
            except JudgeFault:
                return CheckFailure("type", [str(error)])
        return None


@dataclass
class _Check:
    """What is known of a check while its cases run."""

    name: str
    title: str
    cases: int = 0
    seconds: float = 0.0
    case: str | None = None
    because: str | None = None
    failure: Failure | None = None
    output: str = ""
    done: bool = False


class Nobody:
    """A subject where no answer is asked anything."""

    generation = 0
    trace: list[Any] = []  # noqa: RUF012 - never changed

    def ready(self) -> None:
        """Always."""

    def start_check(self, seconds: float, limit: float) -> None:
        """Nothing starts."""

    def printed(self) -> str:
        """Nothing."""
        return ""

    def seconds_left(self) -> float:
        """Enough."""
        return 60.0


class Judge:
    """A pytest plugin for one job. load executes the answer, once the checks are collected, and says how that failed.

    only_collect: the cases get their arguments and are not run, so that they can be run again with one answer after the other.
    """

    def __init__(self, job: Job, subject: Any, seed: int, load: Callable[[Judge], CheckFailure | None], *, only_collect: bool = False) -> None:
        self._only_collect = only_collect
        self.cases: list[Case] = []
        self.errors: list[str] = []
        self.broken: WorkerUnavailable | None = None
        self.fault: str | None = None  # a traceback through the judge's own code
        self.unknown: str | None = None  # the job asks for a check that the exercise does not have
        self._job = job
        self._subject = subject
        self._seed = seed
        self.load: CheckFailure | None = None
        self.loading_output = ""
        self._load = load
        self._checks: dict[str, _Check] = {}
        self._line: Line | None = None
        self._deadline = time.monotonic() + job.seconds
        self._started = 0.0

    def take(self, job: Job, subject: Any, seed: int) -> None:
        """Judge this answer from now on: another one to the exercise whose checks were collected."""
        self._job, self._subject, self._seed = job, subject, seed

    # ── fixtures ─────────────────────────────────────────────────────────────────────────────────
    @pytest.fixture
    def _kit_line(self) -> Line:
        self._subject.ready()
        self._line = Line(self._subject, self._job.device)
        return self._line

    @pytest.fixture
    def answer(self, _kit_line: Line) -> Answer:
        """The learner's module, by proxy."""
        return Answer(_kit_line)

    @pytest.fixture
    def worker(self, _kit_line: Line) -> WorkerHandle:
        """The learner's process."""
        return WorkerHandle(_kit_line)

    @pytest.fixture
    def draw(self, request: pytest.FixtureRequest) -> Draw:
        """Fresh inputs, from the run's seed and the case's name."""
        return Draw(self._seed, request.node.name)

    @pytest.fixture
    def device(self) -> str:
        """Where the worker puts tensors."""
        return self._job.device

    @pytest.fixture
    def statement(self) -> str:
        """The text whose examples are tried, where there are no other checks."""
        return Path(self._job.statement or os.devnull).read_text(encoding="utf-8")

    # ── hooks ────────────────────────────────────────────────────────────────────────────────────
    def pytest_configure(self, config: pytest.Config) -> None:
        config.option.tbstyle = "line"  # pytest's own account of a failure is never shown: it need not read the source for it
        config.addinivalue_line("markers", "filterwarnings(warning): accepted; the judge shows no warnings")
        config.addinivalue_line("markers", "after(*checks): skipped, with a reason, when one of these did not pass")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.errors.append(str(report.longrepr))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            name = check_of(item)
            if name not in self._checks:
                self._checks[name] = _Check(name, title_of(item, current_language()))
        if self._job.only is None:
            return
        only = self._job.only.removeprefix(PREFIX)
        if only not in self._checks:
            near = get_close_matches(only, self._checks, 1)
            hint = _(" Did you mean {name}?").format(name=near[0]) if near else ""
            self.unknown = _("no check of {slug} is called {name}.{hint}").format(slug=self._job.slug, name=neutralise(only), hint=hint)
            items.clear()
            return
        items[:] = [item for item in items if check_of(item) == only]
        self._checks = {only: self._checks[only]}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if not session.items or self.errors:
            return
        try:
            self.load = self._load(self)
        except WorkerUnavailable as error:
            self.broken = error
            session.shouldstop = "the judge itself failed"
            return
        self._deadline = time.monotonic() + self._subject.seconds_left()
        if self.load is not None:
            self.loading_output = self._subject.printed()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        check = self._checks[check_of(item)]
        if check.done:
            pytest.skip("an earlier case failed")
        left = self._deadline - time.monotonic()
        because = self._why_not(item, left)
        if because:
            check.because, check.done = because, True
            pytest.skip(because)
        limit = min(self._job.check_seconds or self._job.seconds, self._job.seconds)
        self._subject.start_check(min(left, limit), limit)
        self._started = time.perf_counter()

    def _why_not(self, item: pytest.Item, left: float) -> str | None:
        if self.load is not None:
            return _("the file could not be loaded")
        for marker in item.iter_markers("after"):
            for name in marker.args:
                earlier = self._checks.get(str(name).removeprefix(PREFIX))
                if earlier is not None and (earlier.failure is not None or earlier.because is not None):
                    return _("{check} did not pass").format(check=earlier.title)
        if left <= 0:
            return _("the {limit:g} s for all checks together are used up").format(limit=self._job.seconds)
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self) -> bool | None:
        return True if self._only_collect else None  # whoever answers first has called the function

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        check = self._checks[check_of(item)]
        if call.when == "teardown" or check.done:
            return report
        if call.excinfo is not None and isinstance(call.excinfo.value, pytest.skip.Exception):
            check.because, check.done = str(call.excinfo.value), True
            return report
        if call.when == "setup" and call.excinfo is None:
            return report
        if call.excinfo is not None and isinstance(call.excinfo.value, WorkerUnavailable):
            self.broken = call.excinfo.value
            item.session.shouldstop = "the judge itself failed"
            return report
        try:
            failure = as_failure(call.excinfo.value) if call.excinfo is not None else None
        except JudgeFault as fault:
            self.fault = str(fault)
            item.session.shouldstop = "a fault of the judge's own"
            return report
        self._record(item, check, failure)
        return report

    def _record(self, item: pytest.Item, check: _Check, failure: CheckFailure | None) -> None:
        check.cases += 1
        check.seconds += time.perf_counter() - self._started
        check.output += self._subject.printed()
        function = getattr(item, "obj", None)
        names: tuple[str, ...] = getattr(getattr(item, "_fixtureinfo", None), "argnames", ())
        arguments = {name: getattr(item, "funcargs", {}).get(name) for name in names}
        if callable(function):
            self.cases.append(Case(check.name, item.name, function, arguments, failure, self._subject.trace))
        if failure is None:
            return
        check.failure, check.done = failure.failure, True
        if "[" in item.name:
            check.case = item.name[item.name.index("[") + 1 : -1]
        if self._job.stop_at_first_failure:
            item.session.shouldstop = "stopped at the first failure"

    # ── results ──────────────────────────────────────────────────────────────────────────────────
    def results(self) -> list[CheckResult]:
        """One result for each check, in the order of the file."""
        rows: list[CheckResult] = []
        for check in self._checks.values():
            if check.failure is not None:
                status = "failed"
            elif check.because is not None or check.cases == 0:
                status = "skipped"
            else:
                status = "passed"
            because = check.because if check.because is not None or check.cases else _("an earlier check failed")
            rows.append(
                CheckResult(
                    name=check.name, title=check.title, status=status, cases=check.cases, case=check.case, failure=check.failure,
                    because=None if status == "failed" else because, output=check.output[-20_000:], seconds=round(check.seconds, 6),
                )
            )  # fmt: skip
        return rows


class JudgeFault(Exception):
    """Something of the judge's own went wrong in a check: it says nothing about the answer."""


def as_failure(error: BaseException) -> CheckFailure:
    """Any exception of a check as a failure: the check could not work with what the answer gave it. Raises JudgeFault for one of our own."""
    if isinstance(error, CheckFailure):
        return error
    if not isinstance(error, Unusable) and _is_ours(error):
        raise JudgeFault("".join(traceback.format_exception(error))) from error
    if isinstance(error, AssertionError):
        return CheckFailure("assertion", neutralise(str(error)).splitlines()[:4] or [_("the check's condition does not hold")])
    detail = f"{type(error).__name__}: {neutralise(str(error))}"[:500]
    line = _("the check cannot work with what your code returned: {detail}").format(detail=detail)
    return CheckFailure("type", line.splitlines()[:4], facts={"exception": type(error).__name__})


def _is_ours(error: BaseException) -> bool:
    """Whether the innermost code of the bank and the judge that the exception came through is the judge's."""
    ours = False
    for frame, _line in traceback.walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        if path.name.startswith(PREFIX):
            ours = False
        elif HERE in path.parents:
            ours = True
    return ours


def check_of(item: pytest.Item) -> str:
    """The check's name, without the prefix and the parameters."""
    return (getattr(item, "originalname", None) or item.name.split("[")[0]).removeprefix(PREFIX)


def title_of(item: pytest.Item, lang: str) -> str:
    """The docstring's first line in English, its second in Chinese; the name where there is none."""
    lines = [line.strip() for line in (getattr(getattr(item, "obj", None), "__doc__", None) or "").strip().splitlines()]
    if lang == "zh" and len(lines) > 1 and lines[1]:
        return lines[1]
    return lines[0] if lines and lines[0] else check_of(item).replace("_", " ")

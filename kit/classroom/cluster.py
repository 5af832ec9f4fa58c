"""Judging on a Ray cluster: on each node an actor with a warm judge of its own, and one more for each GPU. Ray is imported late."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Generator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import msgspec

from grader.server import Reply
from grader.text import _
from grader.verdict import Job, Policy, Speed, Verdict, encode
from kit.bank import Bank
from kit.classroom.executor import Infrastructure, WorkerState, patience
from kit.classroom.node import Judge
from kit.classroom.versions import bank_version
from kit.errors import KitError

__all__ = ["RayExecutor", "open_cluster"]

OPEN_SECONDS = 120.0  # for the first node to be ready: its judge imports torch
LOOK_SECONDS = 2.0  # between two looks at which nodes there are
PLACE_SECONDS = 60.0  # that an answer waits for a place when its node was lost
CLOSE_SECONDS = 5.0
GONE_SECONDS = 20.0  # that the head may be away: Ray ends this process after 60
SELDOM_SECONDS = 30.0  # at most, between two looks whether it is back
KNOCK_SECONDS = 5.0
JUDGED = 3  # times, at most: a doubtful verdict is confirmed

log = logging.getLogger(__name__)


@dataclass
class _Place:
    """An actor as we know it.

    starting: what it answers when it is ready, None: it is to be asked, once Ray has started it again, which we must have Ray do where it hangs.
    unfit: it said why it cannot judge, and is not asked again.
    """

    node: str
    name: str
    device: str
    capacity: int
    actor: Any
    starting: Any
    busy: int = 0
    fine: bool = False
    unfit: bool = False
    hangs: bool = False
    note: str = ""

    def state(self) -> WorkerState:
        return WorkerState(f"{self.name} ({self.device})", self.capacity, self.busy, frozenset({self.device}), self.fine, self.note)


def open_cluster(address: str, *, bank: Bank, sandbox: Policy) -> RayExecutor:
    """Join the cluster whose head answers at HOST:PORT ("auto": the one that this machine belongs to), and wait for the first node that can judge.

    This machine must be a node of it (`ray start --address HOST:PORT --num-cpus 0` for one that shall not judge). Raises KitError. A head that is
    gone later is waited for; see RayExecutor.
    """
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"  # read when Ray is imported; else, between two clusters, it would begin one of its own here
    try:
        ray: Any = import_module("ray")
    except ImportError as error:
        remedy = _("Run: pip install 'nn-practice-kit[cluster]'")
        raise KitError(_("Ray is not installed"), f"--grade-on ray://{address}", remedy) from error
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    executor = RayExecutor(ray, bank, sandbox, address)
    try:
        executor.wait_for_a_node(OPEN_SECONDS)
    except BaseException:
        executor.close()
        raise
    return executor


def _knock(address: str) -> None:
    """Raise OSError when nobody listens there: Ray itself would look for minutes, or for ever."""
    host, _colon, port = address.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_SECONDS).close()


@contextlib.contextmanager
def _sigterm_as_it_is() -> Generator[None]:
    """Ray takes the signal to stop for itself when it begins, and to nobody when it ends; Python could put that right in its main thread only."""
    libc, action = ctypes.CDLL(None), ctypes.create_string_buffer(512)  # no struct sigaction is as large
    libc.sigaction(signal.SIGTERM, None, action)
    try:
        yield
    finally:
        libc.sigaction(signal.SIGTERM, action, None)


def _told(error: Exception) -> str:
    """What an exception says, in one line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


class RayExecutor:
    """The judges of a cluster. Nodes may come and go, and so may its head: then nothing is judged until it is back, or another one at its address.

    Ray ends a process whose head has been gone for a minute, and hangs in whatever is asked of a head that is gone. So we knock before we ask,
    part from the cluster in time, and join it again. One thread does all that, and all else but to ask for verdicts: Ray numbers what a thread
    begins, and two of which each has joined a cluster would give the same numbers, at which Ray ends the process too.
    """

    def __init__(self, ray: Any, bank: Bank, sandbox: Policy, address: str) -> None:
        """Join the cluster. Raises KitError when it cannot be joined."""
        self._ray, self._bank, self._address, self._head = ray, bank, address, address
        self._sandbox: Policy = sandbox
        self._joined = False
        self._seen = 0.0  # when the head answered last
        self._places: list[_Place] = []
        self._asked: set[Future[bytes]] = set()
        self._news = threading.Condition()
        self._closed = threading.Event()
        self._trouble = ""
        opened: Future[None] = Future()
        self._watcher = threading.Thread(target=self._run, args=(opened,), name="kit-ray", daemon=True)
        self._watcher.start()
        try:
            opened.result()
        except (ConnectionError, ValueError, RuntimeError, OSError, AssertionError, ray.exceptions.RayError) as error:
            remedy = _("See that it runs, and that this machine belongs to it: ray start --address {address}").format(address=address)
            raise KitError(_("the Ray cluster cannot be joined ({reason})").format(reason=_told(error)), f"ray://{address}", remedy) from error

    @property
    def capacity(self) -> int:
        """How many at once, on the nodes that are ready."""
        with self._news:
            return sum(place.capacity for place in self._places if place.fine)

    @property
    def devices(self) -> frozenset[str]:
        """Which kinds of device the nodes have that are ready."""
        with self._news:
            return frozenset(place.device for place in self._places if place.fine)

    def describe(self) -> list[WorkerState]:
        """Each node, and each GPU; when Ray itself does not answer, that."""
        with self._news:
            states = [place.state() for place in self._places]
            trouble = self._trouble
        return [*states, WorkerState("ray", 0, 0, frozenset(), fine=False, note=trouble)] if trouble else states

    def grade(self, job: Job) -> Verdict:
        """Judge on some node, and wait for it. Raises Infrastructure: the node was lost, has another bank, does not answer."""
        verdict = self._reply(job).verdict
        assert verdict is not None  # a node answers what it is asked
        return verdict

    def measure(self, job: Job) -> Speed:
        """Time a passing answer on some node, and wait for it. Raises Infrastructure, as grade() does."""
        speed = self._reply(job).speed
        assert speed is not None  # the same
        return speed

    def _reply(self, job: Job) -> Reply:
        version = bank_version(self._bank.exercise(job.slug))
        with self._place("cuda" if job.device == "cuda" else "cpu") as place:
            try:
                with self._asking(place.actor.grade.remote(encode(job), version).future()) as asked:
                    data = asked.result(JUDGED * patience(job))
            except TimeoutError as error:
                self._lost(place, _("it does not answer"), hangs=True)
                raise Infrastructure(_("{name} does not answer").format(name=place.name)) from error
            except CancelledError as error:
                raise Infrastructure(_("the Ray cluster was lost")) from error
            except self._ray.exceptions.RayError as error:
                self._lost(place, _("its judge ended"))
                raise Infrastructure(_("{name} was lost ({kind})").format(name=place.name, kind=type(error).__name__)) from error
        reply = msgspec.json.decode(data, type=Reply)
        if reply.failed:
            raise Infrastructure(reply.failed)
        return reply

    def wait_for_a_node(self, seconds: float) -> None:
        """Wait until one can judge. Raises KitError with what the nodes said when none can, or none is ready in time."""
        with self._news:
            self._news.wait_for(self._answered, seconds)
            if any(place.fine for place in self._places):
                return
            reasons = "; ".join(f"{place.name}: {place.note}" for place in self._places) or self._trouble or _("it has no node with a processor")
        remedy = _("Mend that, then start again; docs/growing.md says what a node needs.")
        raise KitError(_("no node of the Ray cluster can judge ({reasons})").format(reasons=reasons), remedy=remedy)

    def close(self) -> None:
        """End the judges on all nodes, and leave the cluster."""
        self._closed.set()
        with self._news:
            self._news.notify_all()
        self._watcher.join(3 * CLOSE_SECONDS)

    @contextlib.contextmanager
    def _asking(self, asked: Future[bytes]) -> Generator[Future[bytes]]:
        """Wait for an actor's answer, outside of Ray: it is cancelled when we part from the cluster, which whoever waits in Ray would not survive."""
        with self._news:
            if self._joined:
                self._asked.add(asked)
            else:
                asked.cancel()
        try:
            yield asked
        finally:
            with self._news:
                self._asked.discard(asked)

    @contextlib.contextmanager
    def _place(self, device: str) -> Generator[_Place]:
        """A place for one answer; waits for one while a lost node comes back."""
        deadline = time.monotonic() + PLACE_SECONDS
        with self._news:
            while (place := self._emptiest(device)) is None:
                if self._closed.is_set() or not self._news.wait(deadline - time.monotonic()):
                    raise Infrastructure(_("no node of the Ray cluster has a place for {device}").format(device=device))
            place.busy += 1
        try:
            yield place
        finally:
            with self._news:
                place.busy -= 1
                self._news.notify_all()

    def _emptiest(self, device: str) -> _Place | None:
        free = [place for place in self._places if place.fine and place.device == device and place.busy < place.capacity]
        return max(free, key=lambda place: place.capacity - place.busy, default=None)

    def _lost(self, place: _Place, note: str, *, hangs: bool = False) -> None:
        """It judges nothing until it answers again; Ray starts it anew."""
        with self._news:
            if place.fine:
                place.fine, place.note, place.hangs, place.starting = False, note, hangs, None

    def _answered(self) -> bool:
        """Whether waiting for a first node makes sense no more."""
        if self._trouble or any(place.fine for place in self._places):
            return True
        return bool(self._places) and all(place.unfit for place in self._places)

    def _run(self, opened: Future[None]) -> None:
        """What the thread does: join, watch until this is closed, and leave. opened: whether it has joined."""
        try:
            if self._address != "auto":
                _knock(self._address)
            self._join()
        except BaseException as error:  # noqa: BLE001  # told to who opens this
            opened.set_exception(error)
            return
        opened.set_result(None)
        self._watch()
        with contextlib.suppress(OSError):
            _knock(self._head)
            self._end()
        self._part()

    def _join(self) -> None:
        """Raises what Ray raises: ConnectionError, and nearly anything else."""
        with _sigterm_as_it_is():
            self._ray.init(address=self._address, namespace="kit-classroom", log_to_driver=False, logging_level="ERROR")
        if self._address == "auto":
            self._head = self._ray.get_runtime_context().gcs_address
        self._seen = time.monotonic()
        with self._news:
            self._joined = True

    def _part(self) -> None:
        """Leave the cluster. What is being judged is judged again."""
        with self._news:
            self._joined, self._places = False, []
            for asked in self._asked:
                asked.cancel()
            self._news.notify_all()
        try:
            with _sigterm_as_it_is():
                self._ray.shutdown()
        except Exception:
            log.exception("Ray did not end as it should")

    def _end(self) -> None:
        """End the judges on all nodes."""
        with contextlib.suppress(self._ray.exceptions.RayError):
            if closing := [place.actor.close.remote() for place in self._places if place.fine]:
                self._ray.wait(closing, num_returns=len(closing), timeout=CLOSE_SECONDS)
        for place in self._places:
            with contextlib.suppress(self._ray.exceptions.RayError):
                self._ray.kill(place.actor)

    def _watch(self) -> None:
        """Until this is closed: whether the head is there, which nodes are, which are ready."""
        pause = LOOK_SECONDS
        while True:
            try:
                _knock(self._head)
            except OSError as error:
                trouble = _("the head of the cluster does not answer ({reason})").format(reason=_told(error))
                if self._joined and time.monotonic() - self._seen > GONE_SECONDS:
                    log.warning("%s: nothing is judged until it does", trouble)
                    self._tell(trouble)
                    self._part()
            else:
                self._seen = time.monotonic()
                trouble = self._visit()
            self._tell(trouble)
            pause = LOOK_SECONDS if self._joined else min(2 * pause, SELDOM_SECONDS)
            if self._closed.wait(pause):
                return

    def _tell(self, trouble: str) -> None:
        with self._news:
            self._trouble = trouble
            self._news.notify_all()

    def _visit(self) -> str:
        """Look at a cluster whose head answers, after joining it again if need be; what went wrong, "" for nothing."""
        try:
            if not self._joined:
                self._join()
            self._look()
        except Exception as error:  # noqa: BLE001  # whatever Ray raises: the health page says it, and the next look may find it mended
            return f"{type(error).__name__}: {_told(error)}"
        return ""

    def _look(self) -> None:
        nodes = {node["NodeID"]: node for node in self._ray.nodes() if node["Alive"]}
        known = {place.node for place in self._places}
        fresh = [place for name, node in nodes.items() if name not in known for place in self._settle(name, node)]
        with self._news:
            self._places = [place for place in self._places if place.node in nodes] + fresh
            waiting = [place for place in self._places if not place.fine and not place.unfit]
        for place in waiting:
            self._ask(place)

    def _settle(self, node: str, facts: dict[str, Any]) -> list[_Place]:
        """Actors for a node that is new: one for its processors, one for each GPU."""
        resources, name = facts["Resources"], facts["NodeManagerHostname"]
        processors, gpus = int(resources.get("CPU", 0)), int(resources.get("GPU", 0))
        wanted = [("cpu", processors, 0)] * bool(processors) + [("cuda", 1, 1)] * gpus
        return [self._start(node, name, *each) for each in wanted]

    def _start(self, node: str, name: str, device: str, capacity: int, gpus: int) -> _Place:
        strategies: Any = import_module("ray.util.scheduling_strategies")
        options = {
            "num_cpus": 0 if gpus else capacity,
            "num_gpus": gpus,
            "max_concurrency": capacity + 2,  # and ready(), and close()
            "max_restarts": -1,
            "scheduling_strategy": strategies.NodeAffinitySchedulingStrategy(node_id=node, soft=False),
        }
        actor = self._ray.remote(Judge).options(**options).remote(self._sandbox, capacity, gpu=bool(gpus), token=secrets.token_hex(8))
        return _Place(node, name, device, capacity, actor, actor.ready.remote(), note=_("starting"))

    def _ask(self, place: _Place) -> None:
        """Whether it is ready by now; an actor that died on the way is asked anew once Ray has started it again."""
        if place.starting is None:
            if place.hangs:
                self._ray.kill(place.actor, no_restart=False)
            place.hangs, place.starting = False, place.actor.ready.remote()
        done, _later = self._ray.wait([place.starting], timeout=0.2)
        if not done:
            return
        try:
            _machine, problem = self._ray.get(place.starting)
        except self._ray.exceptions.RayError as error:
            place.note, place.starting = type(error).__name__, None
            return
        with self._news:
            place.fine, place.unfit, place.note = not problem, bool(problem), problem
            self._news.notify_all()

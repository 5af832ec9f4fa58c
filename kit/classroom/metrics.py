"""Figures for Prometheus: what was asked and how long it took, what waits to be judged, who listens. They name nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from kit.classroom.gradings import QueueState
from kit.errors import KitError

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
VERDICT_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The figures of one server."""

    def __init__(self, queue: Callable[[], QueueState], listeners: Callable[[], int]) -> None:
        """Queue and listeners: how it stands when Prometheus asks."""
        self._registry = CollectorRegistry(auto_describe=False)
        self._requests = Histogram(
            "kit_request_seconds", "Requests by route and status", ("method", "route", "status"), buckets=REQUEST_SECONDS, registry=self._registry
        )
        self._verdicts = Histogram(
            "kit_verdict_seconds", "Time that judging took, by result", ("result",), buckets=VERDICT_SECONDS, registry=self._registry
        )
        self._remembered = Counter("kit_remembered_boards", "Boards that were answered from memory", registry=self._registry)
        self._registry.register(_Now(queue, listeners))
        self._child = lru_cache(maxsize=2000)(self._requests.labels)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered. route: its pattern, never its path."""
        self._child(method, route, str(status)).observe(seconds)

    def remembered(self) -> None:
        """A board was answered from memory."""
        self._remembered.inc()

    def verdict(self, result: str, seconds: float) -> None:
        """An answer was judged: "passed", "failed", or "error" when the infrastructure gave up."""
        self._verdicts.labels(result).observe(seconds)

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self._registry)


class _Now(Collector):
    """What is not counted but looked at."""

    def __init__(self, queue: Callable[[], QueueState], listeners: Callable[[], int]) -> None:
        self._queue, self._listeners = queue, listeners

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges; those of the queue are missing while the database does not answer."""
        yield GaugeMetricFamily("kit_listeners", "Browsers that listen for new boards", self._listeners())
        try:
            queue = self._queue()
        except KitError:
            return
        states = GaugeMetricFamily("kit_gradings", "Gradings by state", labels=["state"])
        for state in ("pending", "running", "failed"):
            states.add_metric([state], getattr(queue, state))
        yield states
        yield GaugeMetricFamily("kit_oldest_pending_seconds", "Age of the oldest submission that waits to be judged", queue.oldest or 0.0)

"""The figures: counted by route, not by path; the queue as it is now; nothing breaks when the database is away."""

from prometheus_client.parser import text_string_to_metric_families

from kit.classroom.gradings import QueueState
from kit.classroom.metrics import Metrics
from kit.errors import KitError


def figures(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    families = text_string_to_metric_families(metrics.text().decode())
    return {(sample.name, tuple(sample.labels.values())): sample.value for family in families for sample in family.samples}


def test_requests_verdicts_and_the_queue():
    metrics = Metrics(lambda: QueueState(pending=3, running=2, failed=1, oldest=4.5), lambda: 7)
    metrics.request("GET", "/api/v1/submissions/{number}", 200, 0.004)
    metrics.request("GET", "/api/v1/submissions/{number}", 200, 0.006)
    metrics.verdict("passed", 1.2)
    metrics.remembered()
    seen = figures(metrics)
    assert seen["kit_request_seconds_count", ("GET", "/api/v1/submissions/{number}", "200")] == 2
    assert seen["kit_verdict_seconds_sum", ("passed",)] == 1.2
    assert seen["kit_remembered_boards_total", ()] == 1
    assert [seen["kit_gradings", (state,)] for state in ("pending", "running", "failed")] == [3, 2, 1]
    assert seen["kit_oldest_pending_seconds", ()] == 4.5
    assert seen["kit_listeners", ()] == 7


def test_without_a_database_the_rest_is_still_told():
    def away() -> QueueState:
        raise KitError("the database does not answer")

    seen = figures(Metrics(away, lambda: 0))
    assert seen["kit_listeners", ()] == 0
    assert not any(name == "kit_gradings" for name, _labels in seen)


def test_two_servers_in_one_process_count_for_themselves():
    one, other = (Metrics(lambda: QueueState(pending=0, running=0, failed=0, oldest=None), lambda: 0) for _ in range(2))
    one.remembered()
    assert figures(one)["kit_remembered_boards_total", ()] == 1
    assert figures(other)["kit_remembered_boards_total", ()] == 0

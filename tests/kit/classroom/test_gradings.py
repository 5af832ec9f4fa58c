"""Gradings: claimed once, judged once, retried thrice, given back when nobody is behind them."""

import threading

import msgspec
import pytest
from referee import a_room, glance, hand_in, states
from scene import MORNING
from sqlalchemy import event, func, select

from grader.verdict import Job, decode_verdict
from kit.classroom import gradings
from kit.classroom.gradings import LEASE
from kit.classroom.schema import Audit, Classroom, Grading, Submission, VerdictRow
from kit.classroom.submissions import status

CPU = frozenset({"cpu"})


def verdict(source: str = "good good good", **changes):
    return msgspec.structs.replace(glance(Job(slug="double", source=source, filename="double.py", checks="")), **changes)


@pytest.fixture
def room(store, bank, clock):
    return a_room(store, bank, clock, students=2)


def claim(room, worker: str = "w", devices=CPU, *, busy: bool = False):
    with room.store.writing() as session:
        return gradings.claim(session, worker, room.now(), devices=devices, busy=busy)


def finish(room, grading_id: int, made=None, now=None) -> bool:
    with room.store.writing() as session:
        return gradings.finish(session, grading_id, made or verdict(), "box · cpu", now or room.now())


def fail(room, grading_id: int, worker: str = "w"):
    with room.store.writing() as session:
        return gradings.fail(session, grading_id, worker, "the node was lost", room.now())


def recover(room) -> gradings.Left:
    with room.store.writing() as session:
        return gradings.recover(session, room.now())


def revision(room) -> int:
    with room.store.reading() as session:
        return session.get_one(Classroom, 1).revision


def late(room) -> list[str]:
    with room.store.reading() as session:
        return list(session.scalars(select(Audit.object).where(Audit.action == "late-verdict")))


def test_a_claim_hands_over_all_that_a_judge_needs(room):
    assert claim(room) is None
    (submission_id,) = hand_in(room, "good", person=2)
    claimed = claim(room)
    assert (claimed.submission_id, claimed.person_id, claimed.exercise, claimed.source) == (submission_id, 2, "double", "good")
    assert (claimed.device, claimed.attempts, claimed.regrade, len(claimed.bank_version)) == ("cpu", 0, False, 16)
    assert claim(room) is None


def test_a_worker_gets_what_its_devices_can_do(room):
    (submission_id,) = hand_in(room, "good")
    with room.store.writing() as session:
        session.scalar(select(Grading).where(Grading.submission_id == submission_id)).device = "cuda"
    assert claim(room) is None
    assert claim(room, devices=frozenset({"cpu", "cuda"})).device == "cuda"


def test_the_first_verdict_counts_and_is_written_once(room, clock):
    (submission_id,) = hand_in(room, "good good")
    claimed, before = claim(room), revision(room)
    clock.forward(seconds=3)
    assert finish(room, claimed.grading_id, verdict("good good", flags=["3: eval"]))
    assert revision(room) == before + 1
    assert not finish(room, claimed.grading_id, verdict())
    assert late(room) == [f"submission {submission_id}"]
    assert revision(room) == before + 1
    with room.store.reading() as session:
        row = session.scalars(select(VerdictRow)).one()
        submission = session.get_one(Submission, submission_id)
        grading = session.scalars(select(Grading)).one()
    assert (row.passed, row.checks_passed, row.checks_total, row.machine, row.graded_at) == (False, 2, 3, "box · cpu", clock())
    assert decode_verdict(row.verdict).checks[2].status == "failed"
    assert (submission.verdict_id, submission.flags) == (row.id, ["3: eval"])
    assert (grading.state, grading.finished_at) == ("done", clock())


def test_a_verdict_whose_receipt_was_lost_is_no_late_one(room, clock):
    hand_in(room, "good")
    claimed, made = claim(room), verdict("good", seconds=0.25)
    assert finish(room, claimed.grading_id, made)
    before = revision(room)
    clock.forward(seconds=1)
    assert finish(room, claimed.grading_id, made), "it is written, by us"
    assert late(room) == []
    assert revision(room) == before
    assert not finish(room, claimed.grading_id, verdict("good", seconds=0.26)), "as good, but another judgement"
    assert len(late(room)) == 1
    with room.store.reading() as session:
        assert [(row.seconds, row.graded_at) for row in session.scalars(select(VerdictRow))] == [(0.25, MORNING)]


def test_a_verdict_of_a_judge_that_failed_is_none(room):
    hand_in(room, "good")
    claimed = claim(room)
    with pytest.raises(ValueError, match="no verdict"):
        finish(room, claimed.grading_id, verdict(error="the judge fell over"))
    assert states(room.store) == {1: ("running", 0)}


def test_a_verdict_of_another_version_waits_for_its_regrade(room):
    (submission_id,) = hand_in(room, "good")
    finish(room, claim(room).grading_id, verdict("good"))
    before = revision(room)
    with room.store.writing() as session:
        again = gradings.enqueue(session, submission_id, "another", room.now())
    assert finish(room, again, verdict())
    with room.store.reading() as session:
        assert session.get_one(Submission, submission_id).verdict.passed is False
        assert session.scalar(select(func.count()).select_from(VerdictRow)) == 2
    assert revision(room) == before


def test_whoever_was_given_up_too_early_is_believed_if_first(room, clock):
    hand_in(room, "good")
    claimed = claim(room, "slow")
    clock.forward(seconds=61)
    with room.store.writing() as session:
        assert gradings.recover(session, clock(), lease=LEASE) == (1, ())
    assert claim(room, "fast").grading_id == claimed.grading_id
    assert finish(room, claimed.grading_id)
    assert not finish(room, claimed.grading_id, verdict(seconds=0.2)), "the fast one is late"
    assert states(room.store) == {1: ("done", 1)}
    assert len(late(room)) == 1


def test_a_verdict_for_what_is_gone_is_noted(room):
    assert not finish(room, 77)
    assert late(room) == ["grading 77"]


def test_the_infrastructure_may_fail_three_times(room, clock):
    hand_in(room, "good")
    before = revision(room)
    for wait, attempts in ((2, 1), (4, 2)):
        assert fail(room, claim(room).grading_id) == "pending"
        assert states(room.store) == {1: ("pending", attempts)}
        clock.forward(seconds=wait - 0.5)
        assert claim(room) is None
        clock.forward(seconds=0.5)
    assert revision(room) == before
    claimed = claim(room)
    assert claimed.attempts == 2
    assert fail(room, claimed.grading_id) == "failed"
    assert revision(room) == before + 1
    assert claim(room) is None
    with room.store.writing() as session:
        assert gradings.queue(session, clock()).failed == 1
        assert session.get_one(Grading, claimed.grading_id).failure == "the node was lost"
        assert gradings.retry(session, claimed.grading_id)
        assert not gradings.retry(session, claimed.grading_id)
    assert states(room.store) == {1: ("pending", 0)}
    assert finish(room, claim(room).grading_id)


def test_what_was_under_way_at_three_deaths_of_a_server_is_given_up(room, clock):
    (submission_id,) = hand_in(room, "good")
    before = revision(room)
    for deaths in (1, 2):
        claim(room, f"server {deaths}")
        assert recover(room) == (1, ())
        assert states(room.store) == {1: ("pending", deaths)}
    assert revision(room) == before
    claim(room, "server 3")
    assert recover(room) == (0, (submission_id,))
    assert recover(room) == (0, ())
    assert states(room.store) == {1: ("failed", 3)}
    assert revision(room) == before + 1, "nobody waits for it any more"
    assert claim(room) is None
    with room.store.reading() as session:
        grading = session.scalars(select(Grading)).one()
        assert (grading.failure, grading.finished_at) == ("the server died while this was judged", clock())
    with room.store.writing() as session:
        assert gradings.retry(session, grading.id)
    assert finish(room, claim(room).grading_id)
    assert status(room, submission_id).verdict.passed


def test_whoever_gives_back_what_it_was_judging_has_not_died(room):
    hand_in(room, "good")
    for _stop in range(4):
        claimed = claim(room)
        with room.store.writing() as session:
            assert gradings.release(session, claimed.grading_id, "w")
        assert recover(room) == (0, ())
    assert states(room.store) == {1: ("pending", 0)}


def test_what_was_under_way_at_two_deaths_is_judged_alone(room):
    """Else it would be charged with the answer beside it, which may be what kills servers."""
    hand_in(room, "innocent")
    hand_in(room, "poison", person=2)
    for _death in range(2):
        assert not any(claim(room).alone for _answer in range(2))
        assert recover(room) == (2, ())
    assert claim(room, busy=True) is None, "whoever judges something else waits for its end"
    assert states(room.store) == {1: ("pending", 2), 2: ("pending", 2)}
    claimed = claim(room)
    assert (claimed.submission_id, claimed.alone, claimed.attempts) == (1, True, 2)
    assert finish(room, claimed.grading_id)
    assert fail(room, claim(room).grading_id) == "failed", "three times in all, whatever it was"


def test_only_the_worker_that_has_it_can_fail_it_or_give_it_back(room):
    hand_in(room, "good")
    claimed = claim(room, "mine")
    assert fail(room, claimed.grading_id, "theirs") is None
    with room.store.writing() as session:
        assert not gradings.release(session, claimed.grading_id, "theirs")
        assert gradings.release(session, claimed.grading_id, "mine")
        assert not gradings.release(session, claimed.grading_id, "mine")
    assert fail(room, claimed.grading_id, "mine") is None
    assert states(room.store) == {1: ("pending", 0)}


def test_a_heartbeat_keeps_what_is_running(room, clock):
    hand_in(room, "a", "b", "c")
    first, second = claim(room, "alive"), claim(room, "dead")
    clock.forward(seconds=40)
    with room.store.writing() as session:
        assert gradings.heartbeat(session, "alive", [first.grading_id, second.grading_id], clock()) == 1
        assert gradings.heartbeat(session, "alive", [], clock()) == 0
    clock.forward(seconds=40)
    with room.store.writing() as session:
        assert gradings.recover(session, clock(), lease=LEASE) == (1, ())
        assert session.get_one(Grading, first.grading_id).state == "running"
        assert session.get_one(Grading, second.grading_id, populate_existing=True).state == "pending"
        assert gradings.recover(session, clock()) == (1, ()), "at the start of the only server everything"
        assert gradings.queue(session, clock()).running == 0


def test_the_queue_in_figures(room, clock):
    with room.store.reading() as session:
        empty = gradings.queue(session, clock())
    assert (empty.pending, empty.running, empty.failed, empty.oldest) == (0, 0, 0, None)
    hand_in(room, "a")
    clock.forward(seconds=5)
    hand_in(room, "b", "c")
    clock.forward(seconds=5)
    with room.store.reading() as session:
        assert gradings.queue(session, clock()).oldest == 10.0
    claim(room)
    with room.store.reading() as session:
        now = gradings.queue(session, clock())
    assert (now.pending, now.running, now.failed, now.oldest) == (2, 1, 0, 5.0)


def test_an_exercise_that_changed_while_it_waited_is_judged_as_it_is(room):
    first, second = hand_in(room, "a", "b")
    one, two = claim(room), claim(room)
    with room.store.writing() as session:
        assert gradings.renew(session, one.grading_id, "newer")
        gradings.enqueue(session, second, "newer", room.now())
        assert not gradings.renew(session, two.grading_id, "newer"), "the regrade will judge it"
        assert not gradings.renew(session, 77, "newer")
    assert finish(room, one.grading_id)
    assert not finish(room, two.grading_id)
    with room.store.reading() as session:
        assert [(row.submission_id, row.bank_version) for row in session.scalars(select(VerdictRow))] == [(first, "newer")]


def test_servers_that_claim_together_never_get_the_same(postgres_store, bank, clock):
    room = a_room(postgres_store, bank, clock, students=2)
    hand_in(room, *(f"answer {number}" for number in range(6)))
    hand_in(room, *(f"answer {number}" for number in range(6)), person=2)
    got, start = [], threading.Barrier(4)

    def server(name: str) -> None:
        start.wait(30)
        while (claimed := claim(room, name)) is not None:
            got.append(claimed.grading_id)

    threads = [threading.Thread(target=server, args=(f"server {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    leftover = []
    while (claimed := claim(room)) is not None:  # a server that found its choice taken goes on after a moment
        leftover.append(claimed.grading_id)
    assert len({*got, *leftover}) == len(got) + len(leftover) == 12


def test_a_claim_does_not_wait_for_another_servers(postgres_store, bank, clock):
    room = a_room(postgres_store, bank, clock)
    hand_in(room, "a", "b")
    with postgres_store.writing() as held:
        first = gradings.claim(held, "one", clock(), devices=CPU)
        with postgres_store.writing() as session:
            second = gradings.claim(session, "two", clock(), devices=CPU)
    assert {first.submission_id, second.submission_id} == {1, 2}


def test_two_verdicts_at_once_are_one(store, bank, clock):
    room = a_room(store, bank, clock)
    hand_in(room, "good")
    claimed, start, said = claim(room), threading.Barrier(2), []

    def judge(source: str) -> None:
        start.wait(30)
        said.append(finish(room, claimed.grading_id, verdict(source)))

    threads = [threading.Thread(target=judge, args=(source,)) for source in ("good", "good good good")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == [False, True]
    assert len(late(room)) == 1
    with store.reading() as session:
        row = session.scalars(select(VerdictRow)).one()
        assert session.get_one(Submission, 1).verdict_id == row.id


def test_a_claim_after_a_long_semester_is_quick(sqlite_store, bank, clock):
    room = a_room(sqlite_store, bank, clock)
    hand_in(room, "a")
    said = []

    def note(connection, cursor, statement, parameters, context, executemany) -> None:
        said.append((statement, parameters))

    event.listen(sqlite_store.engine, "before_cursor_execute", note)
    claim(room)
    event.remove(sqlite_store.engine, "before_cursor_execute", note)
    statement, parameters = next((statement, parameters) for statement, parameters in said if "row_number" in statement)
    with sqlite_store.reading() as session:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    steps = [row[3] for row in plan]
    assert any("USING INDEX ix_verdicts_graded_at" in step for step in steps), steps
    assert not [step for step in steps if step.startswith(("SCAN gradings", "SCAN submissions", "SCAN verdicts"))], steps
    assert not [step for step in steps if "ix_gradings_regrade_id" in step], steps

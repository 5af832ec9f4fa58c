"""The health page: queue, workers, failures, and trying again."""

import pytest
from house import RIGHT
from sqlalchemy import select

from kit.classroom import gradings
from kit.classroom.schema import Audit, Grading


@pytest.fixture
def failed(house, ada) -> int:
    """A submission at which the infrastructure failed three times."""
    answer = ada.send("/exercises/double", source=RIGHT)
    for _try in range(gradings.TRIES):
        house.clock.forward(minutes=1)
        with house.room.store.writing() as session:
            claimed = gradings.claim(session, "worker", house.clock(), devices=frozenset({"cpu"}))
            gradings.fail(session, claimed.grading_id, "worker", "<killed> by signal 9", house.clock())
    return int(answer.headers["location"].rsplit("/", 1)[1])


def test_the_queue_and_the_workers(house, teacher, ada):
    ada.send("/exercises/double", source=RIGHT)
    house.clock.forward(minutes=3)
    page = teacher.get("/desk/health").text
    assert "3 minutes" in page
    assert "Next in the queue" in page
    assert "answers" in page
    house.judge.executor.fine = False
    page = teacher.get("/desk/health").text
    assert "does not answer" in page
    assert "1 submission waits, and no worker answers." in page


def test_who_waits_for_a_gpu_is_told_of(house, teacher, ada):
    ada.send("/exercises/double", source=RIGHT)
    with house.room.store.writing() as session:
        session.scalars(select(Grading)).one().device = "cuda"
    assert "1 submission waits for a GPU, and no worker has one." in teacher.get("/desk/health").text


def test_a_failure_is_shown_and_tried_again(house, teacher, failed):
    page = teacher.get("/desk/health").text
    assert "&lt;killed&gt; by signal 9" in page
    woken = house.judge.woken
    with house.room.store.reading() as session:
        grading_id = session.scalars(select(Grading.id)).one()
    again = teacher.send("/desk/health", "/desk/health/retry", grading=str(grading_id))
    assert "1 submission is judged again." in teacher.follow(again).text
    assert house.judge.woken == woken + 1
    assert house.grade() == failed
    with house.room.store.reading() as session:
        assert session.scalars(select(Audit.object).where(Audit.action == "grading-retry")).all() == [f"submission {failed}"]


def test_nothing_to_try_again(house, teacher):
    answer = teacher.ask("POST", "/desk/health/retry", data={"csrf": teacher.csrf(), "grading": "7"})
    assert (answer.status_code, "there is nothing to be tried again" in answer.text) == (409, True)

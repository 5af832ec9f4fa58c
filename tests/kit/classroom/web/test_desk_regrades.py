"""Regrading at the desk: started by the staff, looked at, applied by a teacher."""

import pytest
from browser import Browser
from house import RIGHT, WRONG
from sqlalchemy import select

from kit.classroom import regrade
from kit.classroom.schema import Audit, Submission, VerdictRow


@pytest.fixture
def helper(house) -> Browser:
    return Browser(house).sign_in(house.person("Alan Kay", "assistant"))


@pytest.fixture
def outdated(house, ada) -> list[int]:
    """Two submissions that an older bank has judged."""
    made = []
    for source in (WRONG, RIGHT):
        ada.send("/exercises/double", source=source)
        made.append(house.grade())
    with house.room.store.writing() as session:
        for verdict in session.scalars(select(VerdictRow)):
            verdict.bank_version = "older"
        for submission in session.scalars(select(Submission)):
            session.connection().exec_driver_sql(f"UPDATE gradings SET bank_version = 'older' WHERE submission_id = {submission.id}")
    return made


def test_from_the_start_to_the_new_verdicts(house, teacher, helper, outdated):
    assert "Judged by an older bank" in helper.get("/desk/regrades").text
    woken = house.judge.woken
    begun = helper.send("/desk/regrades", exercise="double")
    assert house.judge.woken == woken + 1
    place = begun.headers["location"]
    running = helper.follow(begun).text
    assert "0 of 2 judged again" in running
    assert 'hx-trigger="every 3s"' in running
    house.grade(passed=True)
    house.grade(passed=True)
    with house.room.store.writing() as session:
        regrade.settle(session)
    page = helper.get(place).text
    assert "hx-trigger" not in page
    assert "A teacher applies it." in page
    assert f'{place}/apply"' not in page
    assert "0 → <strong>10</strong>" in page
    assert page.count('<tr><th scope="row">') == 1  # the other submission passes as before
    assert "to be looked at" in teacher.get("/desk/regrades").text
    assert "Regrade of Double" in teacher.get("/desk").text
    assert "nothing to be judged again" in teacher.get("/desk/regrades").text
    assert "The new verdicts count now." in teacher.follow(teacher.send(place, f"{place}/apply")).text
    with house.room.store.reading() as session:
        assert [submission.verdict.passed for submission in session.scalars(select(Submission).order_by(Submission.id))] == [True, True]
        assert session.scalars(select(Audit.action).order_by(Audit.id)).all() == ["regrade-start", "regrade-apply"]
    assert "All verdicts of this submission" in teacher.get(f"/desk/submissions/{outdated[0]}").text
    assert teacher.ask("POST", f"{place}/apply", data={"csrf": teacher.csrf()}).status_code == 409


def test_whoever_started_it_may_discard_it_and_teachers(house, teacher, helper, outdated):
    other = Browser(house).sign_in(house.person("Barbara", "assistant"))
    place = helper.send("/desk/regrades", exercise="double").headers["location"]
    assert other.ask("POST", f"{place}/discard", data={"csrf": other.csrf()}).status_code == 403
    assert other.ask("POST", f"{place}/apply", data={"csrf": other.csrf()}).status_code == 403
    assert "the old verdicts count" in helper.follow(helper.send(place, f"{place}/discard")).text
    assert "It was discarded" in helper.get(place).text
    assert "Judged by an older bank" in helper.get("/desk/regrades").text


def test_nothing_to_judge_again(house, teacher, ada):
    assert "nothing to be judged again" in teacher.get("/desk/regrades").text
    answer = teacher.ask("POST", "/desk/regrades", data={"csrf": teacher.csrf(), "exercise": "double"})
    assert (answer.status_code, "has judged all of that already" in answer.text) == (409, True)
    assert teacher.ask("POST", "/desk/regrades", data={"csrf": teacher.csrf(), "assignment": "none"}).status_code == 404
    assert teacher.get("/desk/regrades/99").status_code == 404

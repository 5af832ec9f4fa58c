"""The learner's pages: from an assignment to a verdict."""

from datetime import timedelta

import pytest
from browser import Browser
from house import RIGHT, WRONG, judged
from msgspec.structs import replace
from sqlalchemy import select

from grader.verdict import Failure, Frame
from kit.classroom import assignments, gradings
from kit.classroom.assignments import Rules
from kit.classroom.limits import Limits
from kit.classroom.schema import Grading, Person, Submission
from kit.classroom.submissions import submit


def assign(house, slug: str = "week-1", title: str = "Week 1", **rules) -> None:
    with house.room.store.writing() as session:
        exercises = rules.pop("exercises", (("double", 2.0), ("softplus", 1.0)))
        assignments.create(session, house.room.bank.by_slug, slug, Rules(title=title, exercises=exercises, **rules), house.clock())


def hand_in(browser: Browser, source: str, page: str = "/exercises/double", **more):
    return browser.send(page, source=source, **more)


def test_from_the_assignment_to_the_verdict(house, ada):
    assign(house, due_at=house.clock() + timedelta(days=3))
    home = ada.get("/").text
    assert "0 of 2 exercises solved" in home
    assert "3 days left" in home
    assert 'href="/exercises/double?assignment=week-1"' in ada.get("/assignments/week-1").text
    answer = hand_in(ada, WRONG, "/exercises/double?assignment=week-1", assignment="week-1")
    waiting = ada.follow(answer).text
    assert "place 1 in the queue" in waiting
    assert 'aria-live="polite"' in waiting
    assert house.judge.woken == 1
    state = answer.headers["location"] + "/state"
    assert 'hx-trigger="every 2s"' in ada.get(state).text
    house.grade()
    judged = ada.get(state).text
    for told in ("Not passed", "1 of 2 checks passed", "largest error 0.41 at [2]", "You squared x.", "kit grade double --check values --seed 7041"):
        assert told in judged
    assert "hx-trigger" not in judged
    hand_in(ada, RIGHT, "/exercises/double?assignment=week-1", assignment="week-1")
    house.grade()
    page = ada.get("/assignments/week-1").text
    worth = house.room.bank.exercise("double").points * 2
    assert f"{worth} / {worth}" in page
    assert "1 of 2 exercises solved" in ada.get("/").text


@pytest.mark.parametrize(("feedback", "told", "hidden"), [("diagnosis", "You squared x.", "0.41"), ("verdict", "1 of 2 checks passed", "squared")])
def test_a_verdict_tells_what_the_assignment_lets_it(house, ada, feedback, told, hidden):
    assign(house, feedback=feedback)
    answer = hand_in(ada, WRONG, assignment="week-1")
    house.grade()
    page = ada.follow(answer).text
    assert told in page
    assert hidden not in page
    assert "7041" not in page


def test_what_belongs_to_an_exam_cannot_be_practised(house, ada):
    practice = '<option value=""'
    assert practice in ada.get("/exercises/double").text
    assign(house, "exam", "Exam", attempts=3, closes_at=house.clock() + timedelta(hours=2))
    assert practice not in ada.get("/exercises/double").text
    refused = hand_in(ada, WRONG, assignment="")
    assert refused.status_code == 409
    assert "double belongs to exam until 2026-09-01 10:00 UTC" in refused.text
    assert WRONG.strip() in refused.text
    house.clock.forward(hours=3)
    assert practice in ada.get("/exercises/double").text


def test_whom_an_exam_does_not_concern_reads_why_there_is_no_practice(house, ada):
    assign(house, "exam", "Exam", attempts=3, section="Lab B", closes_at=house.clock() + timedelta(hours=2))
    page = ada.get("/exercises/double").text
    assert "this exercise belongs to an assignment that is open now" in page
    assert 'action="/exercises/double"' not in page


def test_homework_that_an_exam_limits_says_which_exam(house, ada):
    assign(house)
    assign(house, "exam", "Exam <1>", feedback="verdict", closes_at=house.clock() + timedelta(hours=2))
    answer = hand_in(ada, WRONG, assignment="week-1")
    house.grade()
    page = ada.follow(answer).text
    assert "This assignment tells no more than that." not in page
    assert "Exam &lt;1&gt; is open until" in page
    assert "10:00" in page.partition("Exam &lt;1&gt; is open until")[2][:200]
    house.clock.forward(hours=3)
    assert "squared" in ada.follow(answer).text


def test_a_verdict_of_an_exam_itself_says_so(house, ada):
    assign(house, "exam", "Exam", feedback="verdict", closes_at=house.clock() + timedelta(hours=2))
    answer = hand_in(ada, WRONG, assignment="exam")
    house.grade()
    assert "This assignment tells no more than that." in ada.follow(answer).text


def test_the_attempt_is_told_with_the_verdict(house, ada):
    assign(house, attempts=3)
    for source in (WRONG, RIGHT):
        answer = hand_in(ada, source, assignment="week-1")
    assert "2 of 3 (1 left)" in ada.follow(answer).text


def test_a_line_in_no_function_is_told_without_one(house, ada):
    load = Failure(kind="raised", lines=["SyntaxError: '(' was never closed"], frames=[Frame(1, "", "def double(x:")])
    answer = hand_in(ada, "def double(x:")
    with house.room.store.writing() as session:
        claimed = gradings.claim(session, "w", house.clock(), devices=frozenset({"cpu"}))
        gradings.finish(session, claimed.grading_id, replace(judged(False), load=load), "here", house.clock())
    assert '<span class="quiet">line 1</span>' in ada.follow(answer).text


def test_a_file_is_handed_in(house, ada):
    answer = ada.send("/exercises/double", files={"file": ("double.py", b"\xef\xbb\xbf" + RIGHT.replace("\n", "\r\n").encode())})
    assert answer.status_code == 303
    with house.room.store.reading() as session:
        assert session.scalars(select(Submission.source)).one() == RIGHT


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"", 422, "the answer is empty"),
        (b"x = '\xff'", 422, "not UTF-8 (byte 0xff at offset 5)"),
        (b"x = 1\0", 422, "NUL byte"),
        (b"#" * 200_001, 413, "larger than 200 KB"),
        ("中".encode() * 70_000, 413, "larger than 200 KB"),
    ],
)
def test_what_is_no_answer_is_refused_beside_the_form(house, ada, content, status, said):
    answer = ada.send("/exercises/double", files={"file": ("../../etc/double.py", content)})
    assert (answer.status_code, said in answer.text) == (status, True)
    with house.room.store.reading() as session:
        assert session.scalars(select(Submission)).all() == []


def test_what_was_pasted_is_not_lost_when_it_is_refused(house, ada):
    assign(house, attempts=1)
    hand_in(ada, WRONG, assignment="week-1")
    refused = hand_in(ada, "# <more>\n" + RIGHT, assignment="week-1")
    assert refused.status_code == 409
    assert "attempt is used up" in refused.text
    assert "# &lt;more&gt;" in refused.text
    assert "(0 attempts left)" in refused.text


def test_the_same_source_again_is_the_same_submission(house, ada):
    first = hand_in(ada, RIGHT)
    again = hand_in(ada, RIGHT)
    assert again.headers["location"] == first.headers["location"]
    assert "You handed in the same source before" in ada.follow(again).text


def test_what_only_the_infrastructure_failed_at_is_said_to_be_our_fault(house, ada):
    answer = hand_in(ada, RIGHT)
    for _try in range(gradings.TRIES):
        house.clock.forward(minutes=1)
        with house.room.store.writing() as session:
            claimed = gradings.claim(session, "worker", house.clock(), devices=frozenset({"cpu", "cuda"}))
            gradings.fail(session, claimed.grading_id, "worker", "the machine at 10.0.0.7 is on fire", house.clock())
    with house.room.store.reading() as session:
        assert session.scalars(select(Grading.state)).one() == "failed"
    page = ada.follow(answer).text
    assert "uses up no attempt" in page
    assert "10.0.0.7" not in page


def test_nobody_sees_anothers_submission(house, ada, teacher):
    location = hand_in(ada, RIGHT).headers["location"]
    eve = Browser(house).sign_in(house.person("Eve"))
    for browser in (eve, teacher):
        for path in (location, location + "/state", "/submissions/999"):
            assert browser.get(path).status_code == 404
    assert "double" not in eve.get("/submissions").text


def test_an_assignment_that_is_not_for_somebody_does_not_exist_for_them(house, ada, teacher):
    assign(house, "draft", "Secret draft", published=False)
    assign(house, "lab", "Secret lab", section="Lab B")
    assert "Secret" not in ada.get("/").text
    assert "Secret" not in ada.get("/exercises/double").text
    for slug in ("draft", "lab", "none"):
        assert ada.get(f"/assignments/{slug}").status_code == 404
    assert teacher.get("/assignments/draft").status_code == 200


def test_rules_are_said_in_words(house, ada):
    day = timedelta(days=1)
    now = house.clock()
    assign(house, due_at=now - day, closes_at=now + day, late_per_day=0.1, attempts=3, feedback="verdict", counts="last", credit="share")
    page = ada.get("/assignments/week-1").text
    for said in (
        "costs 10% of the points",
        "3 attempts at each",
        "last submission",
        "its share of the points",
        "how many checks pass, and no more",
        "overdue",
    ):
        assert said in page


def test_the_exercise_is_told_in_the_readers_language(house, ada):
    english = ada.get("/exercises/softplus").text
    assert "never overflows" in english
    assert "<math" in english
    chinese = Browser(house, "zh-CN").sign_in(house.person("Mei"))
    assert 'lang="zh-Hans"' in chinese.get("/exercises/softplus").text
    assert "never overflows" not in chinese.get("/exercises/softplus").text


def test_the_file_to_begin_from_is_downloaded(house, ada):
    answer = ada.get("/exercises/double/starter.py")
    assert answer.content == house.room.bank.exercise("double").starter.read_bytes()
    assert answer.headers["content-disposition"] == 'attachment; filename="double.py"'


def test_the_bank_shows_what_is_solved(house, ada):
    hand_in(ada, RIGHT)
    house.grade()
    page = ada.get("/exercises").text
    assert "1 of 2 exercises solved" in page
    assert page.index('href="/exercises/double"') < page.index("✓ passed")


def test_many_submissions_come_in_pages(house, ada):
    with house.room.store.reading() as session:
        person_id = session.scalars(select(Person.id)).one()
    for number in range(31):
        submit(house.room, person_id, "double", f"{RIGHT}# {number}")
    assert "Page 1 of 2" in ada.get("/submissions").text
    assert 'href="/submissions/1"' in ada.get("/submissions?page=2").text
    assert "Page 2 of 2" in ada.get("/submissions?page=99").text
    assert ada.get("/submissions?page=0").status_code == 422


def test_source_is_shown_and_not_acted_on(house, ada):
    answer = hand_in(ada, "x = '</pre><script>alert(1)</script>'  # \u202e")
    page = ada.follow(answer).text
    assert "<script>alert" not in page
    assert "\\u202e" in page


def test_handing_in_too_often_has_to_wait(house, ada):
    house.app.state.limits = Limits(house.clock, submissions="2/minute")
    answers = [hand_in(ada, f"{RIGHT}# {number}") for number in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert "that was too often" in answers[-1].text

"""/api/v1: joining, handing in, waiting for the verdict, and that nobody sees what is another's."""

import threading

import pytest
from house import RIGHT, WRONG, House
from sqlalchemy import select

from kit.classroom import assignments
from kit.classroom.assignments import Rules
from kit.classroom.schema import Submission


@pytest.fixture
def house(store, bank, clock):
    served = House(store, bank, clock)
    with served.client:
        yield served


@pytest.fixture
def ada(house):
    return house.token("Ada")


def assign(house: House, slug: str = "week-1", **rules) -> None:
    with house.room.store.writing() as session:
        chosen = Rules(title="Week 1", exercises=(("double", 2.0),), **rules)
        assignments.create(session, house.room.bank.by_slug, slug, chosen, house.clock())


def code_of(response) -> str:
    return response.json()["error"]["code"]


def test_joining_gives_a_token_that_works_at_once(house):
    joined = house.client.post("/api/v1/join", json={"code": house.code.upper(), "name": "Ada Lovelace"})
    assert joined.status_code == 201
    body = joined.json()
    assert (body["me"]["name"], body["me"]["role"], body["me"]["classroom"]) == ("Ada Lovelace", "student", "Deep learning")
    me = house.client.get("/api/v1/me", headers={"Authorization": f"Bearer {body['token']}"})
    assert me.json() == body["me"]
    assert body["token"] not in house.said.getvalue()


def test_a_wrong_code_is_refused_and_guessing_is_slowed_down(house):
    ada = house.token("Ada")
    answers = [house.client.post("/api/v1/join", json={"code": f"aaaa-{number:04}", "name": "Eve"}) for number in range(301)]
    assert {answer.status_code for answer in answers[:300]} == {403}
    assert code_of(answers[0]) == "wrong-code"
    assert (answers[300].status_code, answers[300].headers["retry-after"]) == (429, "60")
    assert house.client.post("/api/v1/sign-in-links", headers=ada).status_code == 201, "who is in is not kept out by others' guesses"
    assert house.client.post("/api/v1/join", json={"code": house.code, "name": "Ada"}).status_code == 429
    house.clock.forward(minutes=1)
    assert house.client.post("/api/v1/join", json={"code": house.code, "name": "Ada"}).status_code == 201


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer wrong", "Basic QWRhOng="])
def test_without_a_good_token_there_is_nothing(house, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    for method, path in [
        ("GET", "me"),
        ("GET", "submissions"),
        ("GET", "submissions/1"),
        ("GET", "assignments"),
        ("POST", "leave"),
        ("GET", "boards/overall"),
        ("GET", "standing"),
    ]:
        refused = house.client.request(method, f"/api/v1/{path}", headers=headers)
        assert (refused.status_code, code_of(refused)) == (401, "not-signed-in"), path
        assert refused.headers["www-authenticate"] == "Bearer"


def test_an_answer_is_kept_judged_and_told(house, ada):
    receipt = house.submit(ada)
    assert receipt.status_code == 201
    none = {"attempt": None, "attempts": None, "attempts_left": None}
    assert receipt.json() == {"id": 1, "new": True, "position": 1, "age": 0.0} | none
    assert house.judge.woken == 1
    waiting = house.client.get("/api/v1/submissions/1", headers=ada).json()
    assert (waiting["state"], waiting["position"], waiting["verdict"]) == ("pending", 1, None)
    house.grade()
    told = house.client.get("/api/v1/submissions/1", headers=ada).json()
    assert (told["state"], told["position"], told["feedback"]) == ("done", None, "full")
    assert told["verdict"]["passed"] is True
    assert told["verdict"]["seed"] == 7041


def test_attempts_are_counted_in_receipts_and_the_last_one_can_be_spared(house, ada):
    assign(house, attempts=2)
    first, held, second, over = (house.submit(ada, source, spare_last=spare) for source, spare in (("a", True), ("b", True), ("b", False), ("c", True)))
    names = ("attempt", "attempts", "attempts_left")
    assert [[answer.json()[name] for name in names] for answer in (first, second)] == [[1, 2, 1], [2, 2, 0]]
    assert [(answer.status_code, code_of(answer)) for answer in (held, over)] == [(409, "last-attempt"), (409, "no-attempts-left")]
    told = house.client.get("/api/v1/submissions/1", headers=ada).json()
    assert [told[name] for name in names] == [1, 2, 0]


def test_the_same_source_twice_is_one_submission(house, ada):
    first, again, other, back = (house.submit(ada, source) for source in (RIGHT, RIGHT.replace("\n", "\r\n"), WRONG, RIGHT))
    assert (again.status_code, again.json()["id"], again.json()["new"]) == (200, first.json()["id"], False)
    assert [other.json()["id"], back.json()["id"]] == [2, 3]
    assert house.judge.woken == 3


def test_waiting_ends_with_the_verdict(house, ada):
    house.submit(ada, WRONG)
    judge = threading.Timer(0.05, house.grade)
    judge.start()
    told = house.client.get("/api/v1/submissions/1?wait=30", headers=ada).json()
    judge.join()
    assert (told["state"], told["verdict"]["passed"]) == ("done", False)


def test_waiting_ends_when_the_time_is_over_or_the_server_stops(house, ada):
    house.submit(ada)
    assert house.client.get("/api/v1/submissions/1?wait=0.01", headers=ada).json()["state"] == "pending"
    stopping = threading.Timer(0.05, house.hub.close)
    stopping.start()
    assert house.client.get("/api/v1/submissions/1?wait=30", headers=ada).json()["state"] == "pending"
    stopping.join()


def test_the_language_of_a_verdict_is_that_of_the_request(house, ada):
    house.submit(ada | {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}, "a")
    house.submit(ada | {"Accept-Language": "zh", "Cookie": "kit_lang=en"}, "b")
    house.submit(ada, "c")
    with house.room.store.reading() as session:
        assert session.execute(select(Submission.source, Submission.lang)).all() == [("a", "zh"), ("b", "en"), ("c", "en")]


def test_somebody_elses_submission_is_not_there_but_for_the_staff(house, ada):
    house.submit(ada)
    eve, teacher, assistant = house.token("Eve"), house.token("Tea", "teacher"), house.token("Assi", "assistant")
    theirs, none = (house.client.get(f"/api/v1/submissions/{number}", headers=eve) for number in (1, 99))
    assert theirs.status_code == none.status_code == 404
    assert theirs.json()["error"] | {"where": ""} == none.json()["error"] | {"where": ""}
    assert house.client.get("/api/v1/submissions", headers=eve).json() == {"submissions": [], "more": False}
    assert [house.client.get("/api/v1/submissions/1", headers=who).status_code for who in (teacher, assistant)] == [200, 200]


@pytest.mark.parametrize(("feedback", "known", "unknown"), [("diagnosis", "You squared x.", "7041"), ("verdict", "failed", "squared")])
def test_the_feedback_level_bounds_what_students_see(house, ada, feedback, known, unknown):
    assign(house, feedback=feedback)
    house.submit(ada, WRONG)
    house.grade()
    told = house.client.get("/api/v1/submissions/1", headers=ada)
    assert told.json()["feedback"] == feedback
    assert known in told.text
    assert unknown not in told.text
    assert "largest error" not in told.text
    assert "7041" in house.client.get("/api/v1/submissions/1", headers=house.token("Tea", "teacher")).text


def test_the_list_of_ones_submissions_goes_backwards_in_pages(house, ada):
    for number in range(5):
        house.submit(ada, f"# {number}\n{RIGHT}")
    house.submit(ada, "def softplus(x): ...", "softplus")
    house.grade()
    first = house.client.get("/api/v1/submissions?exercise=double&limit=3", headers=ada).json()
    assert ([each["id"] for each in first["submissions"]], first["more"]) == ([5, 4, 3], True)
    rest = house.client.get("/api/v1/submissions?exercise=double&limit=3&before=3", headers=ada).json()
    assert ([each["id"] for each in rest["submissions"]], rest["more"]) == ([2, 1], False)
    judged = rest["submissions"][1]
    assert (judged["state"], judged["passed"], judged["checks_passed"], judged["checks_total"]) == ("done", True, 2, 2)
    assert (first["submissions"][0]["state"], first["submissions"][0]["passed"]) == ("pending", None)


def test_assignments_are_those_one_may_know_of(house, ada):
    assign(house, due_at=house.clock(), attempts=3)
    assign(house, "hidden", published=False)
    assign(house, "lab", section="Lab A")
    assigned = house.client.get("/api/v1/assignments", headers=ada).json()
    assert [(each["slug"], each["open"], each["attempts"]) for each in assigned] == [("week-1", True, 3)]
    assert assigned[0]["exercises"] == [{"slug": "double", "title": "Double", "points": 20.0}]
    chinese = house.client.get("/api/v1/assignments", headers=ada | {"Accept-Language": "zh-CN,zh;q=0.9"}).json()
    assert chinese[0]["exercises"][0]["title"] == "翻倍"
    in_lab = house.token("Bob", section="Lab A")
    assert {each["slug"] for each in house.client.get("/api/v1/assignments", headers=in_lab).json()} == {"week-1", "lab"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"exercise": "doubel", "source": RIGHT}, 404, "no-exercise"),
        ({"exercise": "double", "source": RIGHT, "assignment": "none-such"}, 404, "no-assignment"),
        ({"exercise": "double", "source": "x" * 200_001}, 413, "too-large"),
        ({"exercise": "double", "source": "\0"}, 422, "bad-source"),
        ({"exercise": "double"}, 422, "invalid"),
        ({"exercise": "double", "source": RIGHT, "verdict": {"passed": True}}, 422, "invalid"),
        ({"exercise": "../double", "source": RIGHT}, 422, "invalid"),
    ],
)
def test_what_cannot_be_handed_in(house, ada, body, status, code):
    refused = house.client.post("/api/v1/submissions", headers=ada, json=body)
    assert (refused.status_code, code_of(refused)) == (status, code)
    assert house.client.get("/api/v1/submissions", headers=ada).json()["submissions"] == []


def test_who_hands_in_too_often_has_to_wait(house, ada):
    for number in range(60):
        house.submit(ada, f"# {number}")
    refused = house.submit(ada, "# once more")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert house.submit(house.token("Bob")).status_code == 201


def test_leaving_ends_this_token_and_no_other(house):
    person_tokens = [house.token("Ada")]
    joined = house.client.post("/api/v1/join", json={"code": house.code, "name": "Bob"}).json()["token"]
    bob = {"Authorization": f"Bearer {joined}"}
    assert house.client.get("/api/v1/me", headers=bob).status_code == 200
    assert house.client.post("/api/v1/leave", headers=bob).status_code == 204
    assert house.client.get("/api/v1/me", headers=bob).status_code == 401
    assert house.client.get("/api/v1/me", headers=person_tokens[0]).status_code == 200


def test_a_link_signs_a_browser_in_once(house, ada):
    link = house.client.post("/api/v1/sign-in-links", headers=ada).json()
    assert link["url"].startswith("http://testserver/signin?token=")
    assert link["expires_at"] == "2026-09-02T08:00:00Z"


def test_the_language_is_the_clients(house):
    refused = house.client.get("/api/v1/me", headers={"Accept-Language": "zh"}).json()["error"]
    assert refused["code"] == "not-signed-in"
    assert house.client.get("/api/v1/me").json()["error"]["what"] == "a client token is needed"

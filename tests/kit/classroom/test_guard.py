"""Around every request: headers, sizes, the language, where it came from, and what is written down of it."""

import json

import pytest
from browser import Browser
from house import RIGHT, House

from kit.classroom.guard import CONTENT_POLICY


@pytest.fixture
def house(sqlite_store, bank, clock):
    served = House(sqlite_store, bank, clock, max_body=300_000)
    with served.client:
        yield served


@pytest.fixture
def behind_proxy(sqlite_store, bank, clock):
    served = House(sqlite_store, bank, clock, trusted_proxy=True, base_url="https://class.example.org")
    with served.client:
        yield served


@pytest.fixture
def on_both(store, bank, clock) -> Browser:
    """A teacher's browser, with each kind of database."""
    served = House(store, bank, clock)
    return Browser(served).sign_in(served.person("Grace Hopper", "teacher"))


def lines(house: House) -> list[dict]:
    return [json.loads(line) for line in house.said.getvalue().splitlines()]


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/me", "/nowhere", "/api/v1/openapi.json", "/signin"])
def test_every_answer_carries_the_headers(house, path):
    headers = house.client.get(path).headers
    assert headers["content-security-policy"] == CONTENT_POLICY
    assert "unsafe" not in CONTENT_POLICY
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "same-origin")
    assert "no-store" in headers["cache-control"]
    assert "strict-transport-security" not in headers


def test_https_is_asked_for_where_it_is_spoken(behind_proxy):
    assert behind_proxy.client.get("/healthz").headers["strict-transport-security"] == "max-age=31536000"


def test_a_body_that_is_too_large_is_refused_whatever_its_length_is_said_to_be(house):
    ada = house.token("Ada")

    async def drip():
        for _part in range(40):
            yield b" " * 10_000

    stated = house.client.post("/api/v1/submissions", headers=ada, content=b"x" * 300_001)
    dripped = house.client.post("/api/v1/submissions", headers=ada | {"Content-Type": "application/json"}, content=drip())
    form = house.client.post("/signin", content=drip(), headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert [(each.status_code, each.json()["error"]["code"]) for each in (stated, dripped, form)] == [(413, "too-large")] * 3
    assert stated.headers["content-security-policy"] == CONTENT_POLICY
    assert house.submit(ada).status_code == 201


@pytest.mark.parametrize(
    "path",
    [
        "/desk/people?q=a%00b",
        "/desk/people?section=%00",
        "/desk/people?role=%00",
        "/desk/audit?q=%00",
        "/desk/audit?action=%00",
        "/desk/gradebook?assignment=%00",
        "/desk/gradebook.csv?assignment=%00",
        "/desk/statistics?assignment=%00",
        "/desk/assignments/%00",
        "/boards/section/%00",
        "/exercises/%00",
    ],
)
def test_no_page_gives_nul_to_the_database(on_both, path):
    answer = on_both.ask("GET", path)
    assert (answer.status_code, "NUL" in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/exercises/double", {"source": RIGHT, "assignment": "a\0b"}),
        ("/desk/regrades", {"exercise": "double", "assignment": "a\0b"}),
        ("/desk/regrades", {"exercise": "a\0b"}),
        ("/desk/new-assignment", {"slug": "week-1", "title": "Week 1", "use-double": "1", "weight-double": "1", "section": "a\0b"}),
        ("/desk/people", {"name": "Ada", "role": "student", "section": "a\0b"}),
        ("/desk/people", {"name": "Ada", "role": "student", "student_id": "\0"}),
        ("/desk/settings", {"name": "a\0b"}),
        ("/me/pseudonym", {"pseudonym": "a\0b"}),
        ("/me/tokens", {"label": "a\0b"}),
        ("/signin", {"token": "\0"}),
        ("/join", {"code": "\0", "name": "Ada"}),
    ],
)
@pytest.mark.parametrize("as_file", [False, True], ids=["urlencoded", "multipart"])
def test_no_form_gives_nul_to_the_database(on_both, path, form, as_file):
    answer = on_both.ask("POST", path, data=form | {"csrf": on_both.csrf()}, files={"none": ("", b"")} if as_file else None)
    assert (answer.status_code, "NUL" in answer.text) == (422, True), answer.text[:300]
    answer = on_both.ask("POST", path, data=form, headers={"X-CSRF-Token": on_both.csrf()})
    assert (answer.status_code, "NUL" in answer.text) == (422, True), "however the token of the form came"


@pytest.mark.parametrize("field", ["code", "name", "email", "student_id", "label"])
def test_no_document_gives_nul_to_the_database(on_both, field):
    sent = {"code": on_both.house.code, "name": "Ada", field: "a\0b"}
    with on_both.house.client as client:
        assert client.post("/api/v1/join", json=sent).status_code in {201, 403, 404, 422}
        for answer in ({"source": "a\0b"}, {"exercise": "a\0b"}, {"assignment": "a\0b"}):
            sent = {"exercise": "double", "source": RIGHT, **answer}
            assert client.post("/api/v1/submissions", json=sent, headers=on_both.house.token("Bob")).status_code in {400, 422}


NOWHERE = ["/api/v1/boards/exercise/a%00b", "/desk/assignments/%00", "/signin?token=a%00b", "/desk/people?q=%00", "/healthz?a%00=b"]


@pytest.mark.parametrize("path", NOWHERE)
def test_a_path_or_a_query_with_the_character_nul_is_refused(house, path):
    answer = house.client.get(path, headers=house.token("Ada"))
    assert (answer.status_code, answer.json()["error"]["what"]) == (422, "a text has the character NUL in it")
    assert answer.headers["content-security-policy"] == CONTENT_POLICY


@pytest.mark.parametrize("path", ["/healthz?q=%2500", "/healthz?q=a%C2%A0", "/healthz?q=00%"])
def test_what_only_looks_like_it_passes(house, path):
    assert house.client.get(path).status_code == 200


def test_the_language_is_chosen_here_before_or_preferred(house):
    def said(**headers: str) -> str:
        return house.client.get("/api/v1/me", headers=headers).json()["error"]["what"]

    english = said()
    assert said(**{"Accept-Language": "fr, en;q=0.5"}) == english
    assert said(Cookie="kit_lang=xx") == said(Cookie="kit_lang=en; a=b", **{"Accept-Language": "zh"}) == english
    assert said(Cookie='kit_lang="; ;;=;') == english


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_added(behind_proxy, house):
    def guesses(served: House, forged: str) -> list[int]:
        return [
            served.client.post(
                "/api/v1/join", json={"code": "aaaa", "name": "Eve"}, headers={"X-Forwarded-For": f"{forged}{number}, 198.51.100.7"}
            ).status_code
            for number in range(301)
        ]

    assert guesses(behind_proxy, "203.0.113.") == [403] * 300 + [429]
    other = {"X-Forwarded-For": "198.51.100.8", "X-Forwarded-Proto": "https"}
    assert behind_proxy.client.post("/api/v1/join", json={"code": behind_proxy.code, "name": "Ada"}, headers=other).status_code == 201
    assert guesses(house, "198.51.100.") == [403] * 300 + [429]


def test_a_request_is_one_line_by_its_route_and_without_what_it_carried(house):
    ada = house.token("Ada")
    house.submit(ada, f"# my secret thoughts\n{RIGHT}")
    house.client.get("/api/v1/submissions/1?wait=0", headers=ada)
    house.client.get("/signin?token=" + "s" * 43)
    house.client.get("/somewhere/private")
    house.client.get("/healthz")
    said = [(line["method"], line["route"], line["status"]) for line in lines(house) if line["event"] == "request"]
    assert said == [
        ("POST", "/api/v1/submissions", 201),
        ("GET", "/api/v1/submissions/{number}", 200),
        ("GET", "/signin", 200),
        ("GET", "none", 404),
    ]
    assert [line.get("person") for line in lines(house)][:2] == [1, 1]
    for secret in ("secret thoughts", ada["Authorization"][7:], "sss", "private"):
        assert secret not in house.said.getvalue()


def test_what_breaks_is_written_down_and_told_in_general_words(house, monkeypatch):
    def broken(*_arguments, **_more):
        raise ZeroDivisionError("def double(x): the student's own words")

    ada = house.token("Ada")
    monkeypatch.setattr("kit.classroom.submissions.submit", broken)
    failed = house.submit(ada)
    assert failed.status_code == 500
    assert failed.json()["error"]["code"] == "failed"
    assert failed.headers["content-security-policy"] == CONTENT_POLICY
    error = next(line for line in lines(house) if line["level"] == "error")
    assert (error["exception"], error["route"]) == ("ZeroDivisionError", "/api/v1/submissions")
    assert any("broken" in frame for frame in error["traceback"])
    assert "own words" not in house.said.getvalue() + failed.text

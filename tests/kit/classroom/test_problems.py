"""Errors: JSON for programs, pages for people, and nothing of the server's inside for anybody."""

import json

import pytest
from house import House

from kit.errors import KitError


@pytest.fixture
def house(sqlite_store, bank, clock):
    served = House(sqlite_store, bank, clock)
    with served.client:
        yield served


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"), [("GET", "/nowhere", 404, "not-found"), ("PUT", "/api/v1/me", 405, "method-not-allowed")]
)
def test_programs_get_json(house, method, path, status, code):
    refused = house.client.request(method, path)
    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    assert set(refused.json()["error"]) == {"code", "what", "where", "remedy"}


def test_what_may_be_asked_instead_is_said(house):
    assert "GET" in house.client.request("PUT", "/api/v1/me").headers["allow"]


def test_people_get_a_page_in_their_language(house):
    page = house.client.get("/nowhere", headers=BROWSER)
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "there is nothing here" in page.text.lower()
    assert 'lang="zh' in house.client.get("/nowhere", headers=BROWSER | {"Accept-Language": "zh"}).text


def test_a_form_that_is_wrong_says_where(house):
    error = house.client.get("/api/v1/submissions?limit=1000", headers=house.token("Ada")).json()["error"]
    assert (error["code"], error["where"]) == ("invalid", "limit")


@pytest.mark.parametrize("headers", [{}, BROWSER])
def test_a_database_that_is_away_is_told_without_its_address(house, monkeypatch, headers):
    def away(*_arguments):
        raise KitError("the database does not answer (no route to host)", "postgresql://kit@db/kit")

    monkeypatch.setattr(house.room.store, "reading", away)
    refused = house.client.get("/signin" if headers else "/api/v1/me", headers=headers | {"Authorization": "Bearer x"})
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert "Try again in a moment" in refused.text
    assert "route to host" not in refused.text
    assert "db/kit" not in refused.text
    assert any(json.loads(line)["event"] == "unavailable" for line in house.said.getvalue().splitlines())

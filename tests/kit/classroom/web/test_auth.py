"""Cookies, roles and the tokens of forms."""

from typing import Annotated

import pytest
from browser import Browser
from fastapi import Depends
from itsdangerous import URLSafeSerializer

from kit.classroom import people
from kit.classroom.schema import Classroom, Person
from kit.classroom.web import routers
from kit.classroom.web.auth import Visitor, at_least


def test_the_cookie_of_a_session_is_out_of_reach_for_scripts_and_other_sites(house):
    browser = Browser(house)
    joined = browser.send("/join", code=house.code, name="Ada")
    [cookie] = [each for each in joined.headers.get_list("set-cookie") if each.startswith("kit_session=")]
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=2592000"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_behind_https_cookies_travel_encrypted_only(sqlite_store, bank, clock):
    from house import House

    house = House(sqlite_store, bank, clock, base_url="https://class.example.org")
    answer = Browser(house).ask("GET", "/join")
    assert all("Secure" in cookie for cookie in answer.headers.get_list("set-cookie"))
    assert answer.headers.get_list("set-cookie")


def test_a_cookie_that_we_did_not_sign_is_nobodys(house):
    person = house.person("Ada")
    with house.room.store.writing() as session:
        token = people.issue(session, session.get_one(Person, person.id), "session", now=house.clock())
    for secret in (b"another", b""):
        browser = Browser(house)
        browser.cookies.set("kit_session", URLSafeSerializer(secret, salt="kit_session").dumps(token))
        assert browser.get("/me").status_code == 401
    browser.cookies.set("kit_session", token)
    assert browser.get("/me").status_code == 401


@pytest.mark.parametrize("kind", ["client", "link"])
def test_only_a_session_is_a_session(house, kind):
    person = house.person("Ada")
    with house.room.store.writing() as session:
        token = people.issue(session, session.get_one(Person, person.id), kind, now=house.clock())
        secret = session.get_one(Classroom, 1).secret
    browser = Browser(house)
    browser.cookies.set("kit_session", URLSafeSerializer(secret, salt="kit_session").dumps(token))
    assert browser.get("/me").status_code == 401


def test_a_session_ends_after_30_days_and_with_its_person(house, clock):
    ada, person = Browser(house), house.person("Ada")
    ada.sign_in(person)
    clock.forward(days=29)
    assert ada.get("/me").status_code == 200
    with house.room.store.writing() as session:
        people.activate(session, session.get_one(Person, person.id), active=False)
    assert ada.get("/me").status_code == 401
    with house.room.store.writing() as session:
        people.activate(session, session.get_one(Person, person.id), active=True)
    clock.forward(days=2)
    assert ada.get("/me").status_code == 401


def changing() -> list[str]:
    """The pages' routes that change something."""
    found = [route for router in routers for route in router.routes if "POST" in route.methods]
    return [route.path.format(**dict.fromkeys(route.param_convertors, "1") | {"slug": "double"}) for route in found]


def test_no_form_is_taken_without_its_token_or_with_anothers(house, ada, teacher):
    stolen = ada.csrf()
    paths = changing()
    assert {"/join", "/signin", "/signout", "/language", "/exercises/double"} <= set(paths)
    for path in paths:
        for data in ({}, {"csrf": ""}, {"csrf": "é"}, {"csrf": stolen}):
            answer = teacher.ask("POST", path, data=data)
            assert (answer.status_code, "came from another site" in answer.text) == (403, True), path
    assert teacher.get("/me").status_code == 200


def test_a_script_of_ours_may_send_the_token_as_a_header(ada):
    csrf = ada.csrf()
    assert ada.ask("POST", "/me/pseudonym", data={"draw": "1"}, headers={"X-CSRF-Token": csrf}).status_code == 303


@pytest.mark.parametrize(
    ("role", "statuses"), [(None, [401, 401, 401]), ("student", [200, 403, 403]), ("assistant", [200, 200, 403]), ("teacher", [200, 200, 200])]
)
def test_roles(house, role, statuses):
    for asked in ("student", "assistant", "teacher"):

        @house.app.get(f"/for/{asked}")
        def only(who: Annotated[Visitor, Depends(at_least(asked))]) -> str:
            return who.me.role

    browser = Browser(house)
    if role is not None:
        browser.sign_in(house.person("Somebody", role))
    assert [browser.ask("GET", f"/for/{asked}").status_code for asked in ("student", "assistant", "teacher")] == statuses

"""Coming in, going out, and what somebody may change about themselves."""

import httpx
import pytest
from browser import Browser
from sqlalchemy import select

from kit.classroom import people
from kit.classroom.limits import Limits
from kit.classroom.schema import Person, Token


def link_of(house, person: Person) -> str:
    with house.room.store.writing() as session:
        return people.issue(session, session.get_one(Person, person.id), "link", now=house.clock())


def test_a_student_joins_and_is_greeted_once(house):
    browser = Browser(house)
    joined = browser.send("/join?code=" + house.code, "/join", name="Ada Lovelace")
    home = browser.follow(joined)
    assert "Welcome, Ada Lovelace. On the boards you are called" in home.text
    assert "Welcome" not in browser.get("/").text
    assert "Ada Lovelace" in browser.get("/me").text


def test_a_wrong_code_keeps_what_was_filled_in(house):
    answer = Browser(house).send("/join", code="aaaa-aaaa", name="Ada <b>Lovelace</b>")
    assert answer.status_code == 403
    assert "this is not the join code" in answer.text
    assert 'value="Ada &lt;b&gt;Lovelace&lt;/b&gt;"' in answer.text


def test_guessing_codes_and_links_is_slowed_down(house):
    browser = Browser(house)
    house.app.state.limits = Limits(house.clock, mistakes="4/minute")
    for _guess in range(2):
        assert browser.send("/join", code="aaaa-aaaa", name="Eve").status_code == 403
        assert browser.send("/signin", token="x" * 43).status_code == 403
    assert browser.send("/join", code=house.code, name="Eve").status_code == 429


def test_a_link_is_not_used_up_by_a_preview_and_works_once(house):
    link = f"/signin?token={link_of(house, house.person('Grace', 'teacher'))}"
    preview = Browser(house)
    for _time in range(2):
        assert "It works once, in this browser." in preview.get(link).text
    browser = Browser(house)
    assert "Welcome, Grace." in browser.follow(browser.send(link, "/signin")).text
    late = Browser(house)
    answer = late.send(link, "/signin")
    assert (answer.status_code, "used already or is too old" in answer.text) == (403, True)
    assert late.get("/me").status_code == 401


def test_a_whole_link_may_be_pasted(house):
    link = link_of(house, house.person("Grace", "teacher"))
    browser = Browser(house)
    assert browser.send("/signin", token=f"https://class.example.org/signin?token={link}").status_code == 303
    assert browser.get("/me").status_code == 200


def test_signing_out_ends_the_session_itself(house, ada):
    stolen = httpx.Cookies(ada.cookies)
    assert "You are signed out." in ada.follow(ada.send("/", "/signout")).text
    other = Browser(house)
    other.cookies = stolen
    assert other.get("/me").status_code == 401


def test_whoever_is_not_signed_in_may_do_so_right_there(house):
    answer = Browser(house).get("/exercises")
    assert answer.status_code == 401
    assert 'action="/signin"' in answer.text


@pytest.mark.parametrize(
    ("accepts", "chosen", "heading"),
    [("en", None, "Join Deep learning"), ("zh-CN,en;q=0.5", None, "zh-Hans"), ("en", "zh", "zh-Hans"), ("zh", "en", "Join Deep learning")],
)
def test_the_language_is_the_browsers_until_another_is_chosen(house, accepts, chosen, heading):
    browser = Browser(house, accepts)
    if chosen:
        answer = browser.send("/join", "/language", lang=chosen, next="/join")
        assert answer.headers["location"] == "/join"
    assert heading in browser.get("/join").text


@pytest.mark.parametrize("where", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/x\r\nSet-Cookie: a=b"])
def test_choosing_a_language_leads_nowhere_else(ada, where):
    assert ada.send("/", "/language", lang="zh", next=where).headers["location"] == "/"


def test_a_pseudonym_is_changed_or_drawn(house, ada):
    assert "called quiet-otter now" in ada.follow(ada.send("/me", "/me/pseudonym", pseudonym="Quiet-Otter")).text
    refused = ada.send("/me", "/me/pseudonym", pseudonym="Ada Lovelace")
    assert (refused.status_code, "cannot be a pseudonym" in refused.text) == (422, True)
    ada.send("/me", "/me/pseudonym", draw="1")
    with house.room.store.reading() as session:
        assert session.scalars(select(Person.pseudonym)).one() != "quiet-otter"


def test_a_client_token_is_shown_once_works_and_is_revoked(house, ada):
    made = ada.send("/me", "/me/tokens", label="laptop").text
    token = made.split("--token ")[1].split("<")[0]
    headers = {"Authorization": f"Bearer {token}"}
    assert token not in ada.get("/me").text
    assert ada.ask("GET", "/api/v1/me", headers=headers).json()["name"] == "Ada Lovelace"
    with house.room.store.reading() as session:
        token_id = session.scalars(select(Token.id).where(Token.kind == "client")).one()
    assert "lets nobody in any more" in ada.follow(ada.send("/me", f"/me/tokens/{token_id}/revoke")).text
    assert ada.ask("GET", "/api/v1/me", headers=headers).status_code == 401


def test_nobody_revokes_anothers_token(house, ada):
    other = house.person("Eve")
    Browser(house).sign_in(other)
    with house.room.store.reading() as session:
        theirs = session.scalars(select(Token.id).where(Token.person_id == other.id)).one()
    csrf = ada.csrf()
    assert ada.ask("POST", f"/me/tokens/{theirs}/revoke", data={"csrf": csrf}).status_code == 404
    with house.room.store.reading() as session:
        assert session.get_one(Token, theirs).revoked_at is None

"""Coming in, going out, and what somebody may change about themselves."""

import re

import httpx
import pytest
from browser import Browser
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import func, select

from kit.classroom import people
from kit.classroom.limits import Limits
from kit.classroom.schema import Classroom, Person, Token


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


def joining(browser: Browser, house, **filled) -> dict[str, str]:
    """What the form of /join would send."""
    page = browser.get("/join").text
    hidden = {name: re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in ("csrf", "once")}
    return hidden | {"code": house.code, "name": "张伟"} | filled


def people_here(house) -> int:
    with house.room.store.reading() as session:
        return session.scalars(select(func.count()).select_from(Person)).one()


@pytest.mark.parametrize("number", ["", "007"])
def test_the_same_form_twice_is_one_student(house, number):
    if number:
        with house.room.store.writing() as session:
            people.add(session, role="student", name="张伟", student_id=number, now=house.clock())
    browser = Browser(house)
    sent = joining(browser, house, student_id=number)
    before = httpx.Cookies(browser.cookies)
    assert browser.ask("POST", "/join", data=sent).status_code == 303
    browser.cookies = before  # of a second click, before the first was answered
    assert browser.ask("POST", "/join", data=sent).status_code == 303
    assert "张伟" in browser.get("/me").text
    assert people_here(house) == 1


def test_the_same_form_later_lets_nobody_in_as_somebody_else(house):
    browser = Browser(house)
    sent = joining(browser, house)
    before = httpx.Cookies(browser.cookies)
    browser.ask("POST", "/join", data=sent)
    browser.send("/", "/signout")
    browser.cookies = httpx.Cookies(before)
    again = browser.ask("POST", "/join", data=sent)
    assert (again.status_code, "this form was sent before" in again.text) == (409, True)
    assert browser.get("/me").status_code == 401
    once = re.search(r'name="once" value="([^"]+)"', again.text)[1]
    assert browser.ask("POST", "/join", data=sent | {"once": once}).status_code == 303
    assert people_here(house) == 2


def test_a_form_is_known_again_only_from_its_browser_and_not_for_long(house):
    browser, other = Browser(house), Browser(house)
    sent = joining(browser, house)
    before = httpx.Cookies(browser.cookies)
    browser.ask("POST", "/join", data=sent)
    other.ask("POST", "/join", data=joining(other, house) | {"once": sent["once"]})
    assert people_here(house) == 2
    house.clock.forward(minutes=3)
    browser.cookies = before
    assert browser.ask("POST", "/join", data=sent).status_code == 409


def test_a_wrong_code_keeps_what_was_filled_in(house):
    answer = Browser(house).send("/join", code="aaaa-aaaa", name="Ada <b>Lovelace</b>")
    assert answer.status_code == 403
    assert "this is not the join code" in answer.text
    assert 'value="Ada &lt;b&gt;Lovelace&lt;/b&gt;"' in answer.text


def test_guessing_codes_and_links_is_slowed_down(house):
    browser = Browser(house)
    house.app.state.limits = Limits(house.clock, codes="2/minute", entries="4/minute")
    for _guess in range(2):
        assert browser.send("/join", code="aaaa-aaaa", name="Eve").status_code == 403
        assert browser.send("/signin", token="x" * 43).status_code == 403
    assert browser.send("/join", code=house.code, name="Eve").status_code == 429
    link = link_of(house, house.person("Grace", "teacher"))
    assert Browser(house).send(f"/signin?token={link}", "/signin").status_code == 303, "a link opens whoever guesses codes beside it"
    for _guess in range(2):
        answer = browser.send("/signin", token="x" * 43)
    assert answer.status_code == 429


def test_a_code_that_is_none_is_refused_before_it_is_shown(house):
    browser = Browser(house)
    assert browser.get("/join?code=" + "x" * 5000).status_code == 422
    assert browser.get("/join?code=" + "x" * 40).status_code == 200


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


def test_the_browser_that_one_looks_with_is_marked(house):
    grace = house.person("Grace", "teacher")
    for agent in ("Mozilla/5.0 Gecko/20100101 Firefox/140.0", "Mozilla/5.0 Chrome/140.0 Safari/537.36"):
        browser = Browser(house)
        browser.ask("GET", "/")
        form = {"csrf": browser.get("/signin").text.split('name="csrf" value="')[1].split('"')[0], "token": link_of(house, grace)}
        assert browser.ask("POST", "/signin", data=form, headers={"User-Agent": agent}).status_code == 303
    rows = re.findall(r"<td>browser</td><td>([^<]*)(<span[^>]*>this browser</span>)?</td>", browser.get("/me").text)
    assert [(name.strip(), bool(here)) for name, here in rows] == [("Chrome", True), ("Firefox", False)]


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


def test_signing_in_leads_to_the_page_that_was_wanted(house):
    grace = house.person("Grace", "teacher", section="实验 50%")
    for wanted in ("/submissions?page=2", "/boards/section/%E5%AE%9E%E9%AA%8C%2050%25", "/desk/people?q=a%26b"):
        browser = Browser(house)
        assert browser.get(wanted).status_code == 401
        entered = browser.send(f"/signin?token={link_of(house, grace)}", "/signin")
        assert entered.headers["location"] == wanted
        assert browser.follow(entered).status_code == 200
        browser.send("/", "/signout")
        assert browser.send("/signin", token=link_of(house, grace)).headers["location"] == "/desk", "once"


@pytest.mark.parametrize(("role", "first"), [("teacher", "/desk"), ("assistant", "/desk"), ("student", "/")])
def test_everybody_begins_where_they_belong(house, role, first):
    person, browser = house.person("Grace", role), Browser(house)
    browser.get("/")
    entered = browser.send(f"/signin?token={link_of(house, person)}", "/signin")
    assert entered.headers["location"] == first
    assert browser.get("/signin").headers["location"] == first
    home = browser.get("/").text
    assert ('<a class="desk" href="/desk">' in home) == (">To the desk</a>" in home) == (role != "student")


def test_joining_leads_to_the_page_that_was_wanted(house):
    browser = Browser(house)
    browser.get("/exercises/double")
    browser.send("/join", code="aaaa-aaaa", name="Eve")
    joined = browser.send("/join", code=house.code, name="Ada Lovelace")
    assert joined.headers["location"] == "/exercises/double"
    assert "Welcome, Ada Lovelace." in browser.follow(joined).text


def test_what_is_no_page_is_not_wanted(house):
    browser = Browser(house)
    browser.ask("GET", "/submissions/1/state", headers={"HX-Request": "true"})  # a part of a page that is still open
    browser.ask("POST", "/exercises/double", data={})
    browser.get("/exercises/double/starter.py")
    browser.get("/nowhere")
    browser.get(f"/submissions?page={'1' * 3000}")
    assert "kit_wanted" not in browser.cookies
    assert browser.send("/signin", token=link_of(house, house.person("Ada"))).headers["location"] == "/"


ELSEWHERE = [
    "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/x\r\nSet-Cookie: a=b", "/\t/evil.example",
    "/\u2028/evil.example", "evil.example", "", "/\x00",
]  # fmt: skip


@pytest.mark.parametrize("where", [*ELSEWHERE, ["/exercises"]])
def test_signing_in_leads_nowhere_else(house, where):
    """Even if it were signed."""
    with house.room.store.reading() as session:
        signed = URLSafeTimedSerializer(session.get_one(Classroom, 1).secret, salt="kit_wanted").dumps(where)
    browser = Browser(house)
    browser.cookies.set("kit_wanted", signed)
    assert browser.send("/signin", token=link_of(house, house.person("Ada"))).headers["location"] == "/"


@pytest.mark.parametrize(("secret", "salt"), [(b"another", "kit_wanted"), (None, "kit_flash")])
def test_only_this_server_says_what_was_wanted(house, secret, salt):
    with house.room.store.reading() as session:
        secret = secret or session.get_one(Classroom, 1).secret
    browser = Browser(house)
    for cookie in ("/exercises", URLSafeTimedSerializer(secret, salt=salt).dumps("/exercises")):
        browser.cookies.set("kit_wanted", cookie)
        assert browser.send("/signin", token=link_of(house, house.person("Ada"))).headers["location"] == "/"
        browser.send("/", "/signout")


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


def test_choosing_a_language_leads_back_to_the_page(house, ada):
    house.person("Bob", section="实验 50%")
    section = "/boards/section/%E5%AE%9E%E9%AA%8C%2050%25?seen=students"
    assert ada.send(section, "/language", lang="zh").headers["location"] == section
    made = ada.ask("POST", "/me/tokens", data={"csrf": ada.csrf()}, headers={"Referer": "http://testserver/me?a=b"})
    assert 'name="next" value="/me?a=b"' in made.text


@pytest.mark.parametrize("where", ELSEWHERE)
def test_choosing_a_language_leads_nowhere_else(ada, where):
    answer = ada.send("/", "/language", lang="zh", next=where)
    assert (answer.status_code, answer.headers.get("location")) == ((422, None) if "\0" in where else (303, "/"))


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

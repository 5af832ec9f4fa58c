"""Signing in by a university: a provider of the tests' own that says what each test wants, behind a transport instead of a network."""

import base64
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from fastapi import FastAPI
from house import House
from itsdangerous import URLSafeSerializer
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import select

from kit.classroom import people
from kit.classroom.oidc import install
from kit.classroom.room import Settings
from kit.classroom.schema import Audit, Classroom, Person
from kit.classroom.web.auth import Visitor
from kit.errors import KitError

ISSUER = "https://login.example.edu/realm"
KEY = RSAKey.generate_key(2048, {"kid": "1"}, private=True)
SETTINGS = {"oidc_issuer": ISSUER, "oidc_client_id": "kit", "oidc_client_secret": "hush:hush", "base_url": "https://class.example.edu"}


def forged(algorithm: str, claims: dict) -> str:
    """As one who knows the public key only would sign: with that key as a secret, or not at all."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    signed = ".".join(part(json.dumps(each).encode()) for each in ({"alg": algorithm, "kid": "1"}, claims))
    proof = hmac.digest(KEY.as_pem(private=False), signed.encode(), "sha256") if algorithm == "HS256" else b""
    return f"{signed}.{part(proof)}"


class University:
    """Its server. metadata, claims, header: what differs from the usual."""

    def __init__(self, now) -> None:
        self.now = now
        self.metadata: dict = {}
        self.claims: dict = {}
        self.key, self.algorithm = KEY, "RS256"
        self.nonce = self.challenge = ""
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path.endswith("/.well-known/openid-configuration"):
            places = {name: f"{ISSUER}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
            return httpx.Response(200, json={"issuer": ISSUER, **places, **self.metadata})
        if request.url.path.endswith("jwks_uri"):
            return httpx.Response(200, json={"keys": [KEY.as_dict(private=False)]})
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        if form["code"] != "good" or create_s256_code_challenge(form["code_verifier"]) != self.challenge:
            return httpx.Response(400, json={"error": "invalid_grant"})
        at = int(self.now().timestamp())
        claims = {"iss": ISSUER, "sub": "u1", "aud": "kit", "iat": at, "exp": at + 300, "nonce": self.nonce, **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        token = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.key) if self.algorithm == "RS256" else forged(self.algorithm, claims)
        return httpx.Response(200, json={"access_token": "a", "token_type": "Bearer", "id_token": token})


class Visit:
    """A browser at the classroom: where it is sent, what comes back."""

    def __init__(self, app: FastAPI, house: House, university: University) -> None:
        self.house, self.university = house, university
        self.cookies: dict[str, str] = {}

    def ask(self, path: str, **query: str) -> httpx.Response:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.house.client._client.cookies.clear()
        answer = self.house.client.get(path, params=query, headers={"Accept": "text/html", "Cookie": cookie})
        for name, value in answer.cookies.items():
            self.cookies[name] = value
        return answer

    def begin(self, **query: str) -> dict[str, str]:
        answer = self.ask("/oidc", **query)
        assert answer.status_code == 303, answer.text
        place = urlsplit(answer.headers["location"])
        assert f"{place.scheme}://{place.netloc}{place.path}" == f"{ISSUER}/authorization_endpoint"
        asked = {name: values[0] for name, values in parse_qs(place.query).items()}
        self.university.nonce, self.university.challenge = asked["nonce"], asked["code_challenge"]
        return asked

    def sign_in(self) -> httpx.Response:
        return self.ask("/oidc/callback", state=self.begin()["state"], code="good")

    def is_in(self) -> str | None:
        """The name of who is signed in."""
        answer = self.ask("/me")
        return next((name for name in ("Ada", "Grace") if name in answer.text), None) if answer.status_code == 200 else None


@pytest.fixture
def university(clock):
    return University(clock)


@pytest.fixture
def house(sqlite_store, bank, clock, university):
    served = House(sqlite_store, bank, clock, base_url=SETTINGS["base_url"])
    install(served.app, Settings(**SETTINGS), httpx.MockTransport(university))
    with served.client:
        yield served


@pytest.fixture
def visit(house, university):
    return Visit(house.app, house, university)


@pytest.fixture
def ada(house):
    """On the class list with her email, and never here before."""
    with house.room.store.writing() as session:
        return people.add(session, role="student", name="Ada", email="ada@example.edu", now=house.clock())


def verified(university, email="Ada@Example.edu", sub="u1"):
    university.claims = {"email": email, "email_verified": True, "sub": sub}


def test_who_is_on_the_class_list_comes_in_and_is_known_from_then_on(visit, university, ada, house):
    verified(university)
    asked = visit.begin()
    assert (asked["response_type"], asked["scope"], asked["code_challenge_method"], asked["client_id"]) == ("code", "openid email", "S256", "kit")
    assert asked["redirect_uri"] == "https://class.example.edu/oidc/callback"
    answer = visit.ask("/oidc/callback", state=asked["state"], code="good")
    assert (answer.status_code, answer.headers["location"], visit.is_in()) == (303, "/", "Ada")
    assert university.asked[-1].headers["authorization"] == "Basic " + base64.b64encode(b"kit:hush%3Ahush").decode()
    assert b"hush" not in university.asked[-1].content
    with house.room.store.writing() as session:
        session.get_one(Person, ada.id).email = None  # from now on the email does not matter
    university.claims = {"sub": "u1"}
    again = Visit(house.app, house, university)
    assert (again.sign_in().status_code, again.is_in()) == (303, "Ada")


def test_signing_in_leads_to_the_page_that_was_wanted(visit, university, ada):
    verified(university)
    assert visit.ask("/submissions", page="2").status_code == 401
    assert visit.sign_in().headers["location"] == "/submissions?page=2"


def test_cookies_of_the_way_are_out_of_reach(visit):
    visit.begin()
    answer = visit.ask("/oidc")
    [cookie] = [each for each in answer.headers.get_list("set-cookie") if each.startswith("kit_oidc=")]
    assert {"HttpOnly", "SameSite=lax", "Secure", "Path=/oidc", "Max-Age=600"} <= set(cookie.split("; "))


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "ada@example.edu"},
        {"email": "ada@example.edu", "email_verified": False},
        {"email": "eve@example.edu", "email_verified": True},
        {"email": ["ada@example.edu"], "email_verified": True},
        {},
    ],
)
def test_the_university_knows_them_and_the_class_does_not(visit, university, ada, claims):
    university.claims = claims
    answer = visit.sign_in()
    assert (answer.status_code, "this class does not" in answer.text, visit.is_in()) == (403, True, None)


def test_an_email_that_somebody_gave_when_joining_opens_nothing(visit, university, house):
    house.client.post("/api/v1/join", json={"code": house.code, "name": "Mallory", "email": "ada@example.edu"})
    verified(university)
    assert visit.sign_in().status_code == 403


@pytest.fixture
def joined(house, visit):
    """Ada is on the class list, came in by the join code with her number, and is signed in in this browser."""
    with house.room.store.writing() as session:
        listed = people.add(session, role="student", name="Ada", email="ada@example.edu", student_id="17", now=house.clock())
        person = people.join(session, code=session.get_one(Classroom, 1).join_code, name="Ada", student_id="17", now=house.clock())
        assert person.id == listed.id
    return sign_in(house, visit, person)


def sign_in(house, visit, person) -> Person:
    with house.room.store.writing() as session:
        token = people.issue(session, session.get_one(Person, person.id), "session", now=house.clock())
        secret = session.get_one(Classroom, 1).secret
    visit.cookies["kit_session"] = URLSafeSerializer(secret, salt="kit_session").dumps(token)
    return person


def connect(visit, house, person) -> httpx.Response:
    """As the button on one's own page does, until one is back."""
    with house.room.store.reading() as session:
        basis = URLSafeSerializer(session.get_one(Classroom, 1).secret, salt="kit_session").loads(visit.cookies["kit_session"])
        ticket = Visitor(person, session.get_one(Classroom, 1), basis).connect
    return visit.ask("/oidc/callback", state=visit.begin(connect=ticket)["state"], code="good")


def test_who_came_in_by_the_code_is_told_to_connect_and_then_signs_in(visit, university, joined, house):
    verified(university)
    stranger = Visit(house.app, house, university)
    answer = stranger.sign_in()
    assert (answer.status_code, "by the join code" in answer.text, "connect your university account" in answer.text) == (403, True, True)
    answer = connect(visit, house, joined)
    assert (answer.status_code, answer.headers["location"]) == (303, "/me"), answer.text
    assert (stranger.sign_in().status_code, stranger.is_in()) == (303, "Ada")
    assert connect(visit, house, joined).status_code == 303, "once more is the same"
    with house.room.store.reading() as session:
        assert [(note.action, note.person_id) for note in session.scalars(select(Audit))][1] == ("account-connect", joined.id)


def test_an_account_or_an_email_of_somebody_else_is_not_connected(visit, university, joined, house, clock):
    with house.room.store.writing() as session:
        people.add(session, role="student", name="Grace", email="grace@example.edu", subject=f"{ISSUER} u2", now=clock())
    for claims in ({"sub": "u2"}, {"sub": "u3", "email": "Grace@example.edu", "email_verified": True}):
        university.claims = claims
        assert connect(visit, house, joined).status_code == 409
    university.claims = {"sub": "u1"}
    assert connect(visit, house, joined).status_code == 303
    university.claims = {"sub": "u4"}
    assert connect(visit, house, joined).status_code == 409, "one has one"


def test_nobody_is_connected_who_did_not_ask_for_it(visit, university, joined, house, clock):
    university.claims = {"sub": "eve"}
    for ticket in ("x", "é", visit.cookies["kit_session"]):
        assert visit.ask("/oidc", connect=ticket).status_code == 403, "another site sent the browser here"
    assert Visit(house.app, house, university).ask("/oidc", connect="x").status_code == 401
    with house.room.store.writing() as session:
        grace = people.add(session, role="student", name="Grace", now=clock())
    begin = visit.begin
    visit.begin = lambda **query: (begin(**query), sign_in(house, visit, grace))[0]  # on the way somebody else signs in in this browser
    assert connect(visit, house, joined).status_code == 403
    with house.room.store.reading() as session:
        assert set(session.scalars(select(Person.subject))) == {None}


def test_ones_own_page_leads_there(sqlite_store, bank, clock):
    for settings, shown in (({**SETTINGS, "oidc_label": "Example University"}, True), ({}, False)):
        house = House(sqlite_store, bank, clock, **settings)
        visit = Visit(house.app, house, None)
        with house.client:
            person = sign_in(house, visit, house.person("Ada"))
            page = visit.ask("/me").text
            assert ("/oidc?connect=" in page, "Connect your account of Example University" in page) == (shown, shown)
            with house.room.store.writing() as session:
                session.get_one(Person, person.id).subject = f"{ISSUER} {person.id}"
            assert "/oidc?connect=" not in visit.ask("/me").text


def test_another_subject_with_the_same_email_and_who_is_not_active(visit, university, ada, house):
    verified(university)
    assert visit.sign_in().status_code == 303
    verified(university, sub="u2")
    assert Visit(house.app, house, university).sign_in().status_code == 403
    with house.room.store.writing() as session:
        people.activate(session, session.get_one(Person, ada.id), active=False)
    verified(university)
    assert Visit(house.app, house, university).sign_in().status_code == 403


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": ["kit", "another"], "azp": "another"},
        {"iss": "https://elsewhere.example.edu"},
        {"exp": 1},
        {"exp": None},
        {"sub": None},
        {"sub": 7},
    ],
)
def test_tokens_that_are_not_for_this_sign_in(visit, university, ada, change):
    verified(university)
    university.claims |= change
    answer = visit.sign_in()
    assert (answer.status_code, visit.is_in()) == (502, None)
    assert "nonce" not in answer.text


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(RSAKey.generate_key(2048, {"kid": "1"}, private=True), "RS256"), (KEY, "HS256"), (KEY, "none")],
)
def test_signatures_of_others(visit, university, ada, key, algorithm):
    verified(university)
    university.metadata = {"id_token_signing_alg_values_supported": ["RS256", "HS256", "none"]}
    university.key, university.algorithm = key, algorithm
    assert (visit.sign_in().status_code, visit.is_in()) == (502, None)


def test_a_sign_in_that_this_browser_did_not_begin(visit, university, ada, house, clock):
    verified(university)
    state = visit.begin()["state"]
    stranger = Visit(house.app, house, university)
    assert stranger.ask("/oidc/callback", state=state, code="good").status_code == 403
    assert visit.ask("/oidc/callback", state="another", code="good").status_code == 403
    assert visit.ask("/oidc/callback", code="good").status_code == 403
    clock.forward(minutes=11)
    assert visit.ask("/oidc/callback", state=state, code="good").status_code == 403


def test_refused_there_or_a_code_that_is_not_good(visit, university, ada):
    state = visit.begin()["state"]
    assert "did not sign you in" in visit.ask("/oidc/callback", state=state, error="access_denied").text
    assert visit.ask("/oidc/callback", state=state, code="bad").status_code == 502


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://elsewhere.example.edu"},
        {"authorization_endpoint": "http://login.example.edu/a"},
        {"token_endpoint": "javascript:alert(1)"},
        {"jwks_uri": 7},
        {"token_endpoint": None},
    ],
)
def test_a_provider_that_is_not_what_it_should_be(visit, university, metadata):
    university.metadata = metadata
    assert visit.ask("/oidc").status_code == 502


def test_the_secret_goes_into_the_body_where_there_is_no_other_way(visit, university, ada):
    university.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    verified(university)
    assert visit.sign_in().status_code == 303
    assert b"client_secret=hush%3Ahush" in university.asked[-1].content
    assert "authorization" not in university.asked[-1].headers


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"oidc_client_id": ""}, "in part only"),
        ({"oidc_client_secret": ""}, "in part only"),
        ({"base_url": ""}, "in part only"),
        ({"oidc_issuer": "http://login.example.edu"}, "begins with https"),
        ({"oidc_issuer": "login"}, "begins with https"),
    ],
)
def test_settings_that_are_not_complete_are_told_at_the_start(change, said):
    with pytest.raises(KitError, match=said):
        install(FastAPI(), Settings(**SETTINGS | change))


def test_where_none_is_configured_there_is_no_route():
    app = FastAPI()
    before = len(app.routes)
    install(app, Settings())
    assert len(app.routes) == before


def test_the_sign_in_page_leads_there_where_it_is_configured(sqlite_store, bank, clock):
    html = {"Accept": "text/html"}
    with House(sqlite_store, bank, clock, **SETTINGS, oidc_label="Example University").client as client:
        shown = client.get("/signin", headers=html).text
        assert 'href="/oidc"' in shown
        assert "Example University" in shown
    with House(sqlite_store, bank, clock).client as client:
        assert "/oidc" not in client.get("/signin", headers=html).text
        assert client.get("/oidc", headers=html).status_code == 404

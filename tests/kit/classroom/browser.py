"""A browser as the pages' tests need one: it keeps cookies, reads a page's form and sends it with what is filled in; it runs no script."""

from __future__ import annotations

import asyncio
from html.parser import HTMLParser
from typing import Any

import httpx
from house import House
from httpx import Response
from itsdangerous import URLSafeSerializer

from kit.classroom import people
from kit.classroom.schema import Classroom, Person

VOID = frozenset({"meta", "link", "input", "br", "wbr", "hr", "img", "path", "circle", "rect"})


class _Forms(HTMLParser):
    """The forms of a page: their action and what their fields hold. Also whether every tag is closed, and what CSP would refuse."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self.open: list[str] = []
        self.refused: list[str] = []
        self.unlabelled: list[str] = []
        self._labels: set[str | None] = set()
        self._ids: list[str] = []
        self._form: dict[str, str] | None = None
        self.feed(html)
        self.unlabelled = [each for each in self._ids if each not in self._labels]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.refused += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.refused.append(tag)
        if tag == "form":
            self._form = self.forms.setdefault(given.get("action") or "", {})
        if tag == "label":
            self._labels.add(given.get("for"))
        if tag in {"input", "select", "textarea"} and given.get("type") != "hidden":
            self._ids.append(given.get("id") or "?")
        if tag in {"input", "textarea"} and self._form is not None and given.get("name"):
            self._form[given["name"] or ""] = given.get("value") or ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag not in VOID:
            assert self.open, f"</{tag}> closes nothing"
            assert self.open.pop() == tag


class Browser:
    """One person's browser. Every page that it gets is looked at: well-formed, nothing that the content policy refuses, every field labelled."""

    def __init__(self, house: House, lang: str = "en") -> None:
        self.house = house
        self.cookies = httpx.Cookies()
        self._headers = {"Accept": "text/html", "Accept-Language": lang}

    def sign_in(self, person: Person) -> Browser:
        """As somebody, with a session of their own."""
        room = self.house.room
        with room.store.writing() as session:
            token = people.issue(session, session.get_one(Person, person.id), "session", now=room.now())
            secret = session.get_one(Classroom, 1).secret
        self.cookies.set("kit_session", URLSafeSerializer(secret, salt="kit_session").dumps(token))
        return self

    def get(self, path: str, **more: Any) -> Response:
        """A page."""
        return self._looked_at(self.ask("GET", path, **more))

    def send(self, page: str, action: str = "", files: Any = None, **filled: str) -> Response:
        """The form of a page whose action this is (that of the page itself), with some fields filled in."""
        form = _Forms(self.get(page).text).forms[action or page.partition("?")[0]]
        return self._looked_at(self.ask("POST", action or page.partition("?")[0], data=form | filled, files=files))

    def ask(self, method: str, path: str, headers: Any = None, **more: Any) -> Response:
        """Any request, with this browser's cookies."""

        async def asked() -> Response:
            transport = httpx.ASGITransport(self.house.app, raise_app_exceptions=False, client=("192.0.2.1", 5000))
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver", cookies=self.cookies, headers=self._headers) as client:
                answer = await client.request(method, path, headers=headers, **more)
                self.cookies = client.cookies
                return answer

        return asyncio.run(asked())

    def csrf(self) -> str:
        """What this browser's forms carry."""
        return self.get("/me").text.split('name="csrf" value="')[1].split('"')[0]

    def follow(self, answer: Response) -> Response:
        """Where an answer sends the browser."""
        assert answer.status_code == 303, answer.text
        return self.get(answer.headers["location"])

    def _looked_at(self, answer: Response) -> Response:
        if answer.headers.get("content-type", "").startswith("text/html"):
            looked = _Forms(answer.text)
            assert (looked.open, looked.refused, looked.unlabelled) == ([], [], [])
        return answer

"""docs/security.md, line by line: every line names the test that shows it, and what no other module's test shows is shown here."""

import ast
import os
import re
import stat
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from house import RIGHT, House
from itsdangerous import URLSafeSerializer
from sqlalchemy import select
from starlette.routing import Mount

from kit.classroom import assignments, people
from kit.classroom.assignments import Rules
from kit.classroom.database import open_store
from kit.classroom.schema import Base, Classroom, Person, Regrade, Section, SpeedResult, Submission, Token

ROOT = Path(__file__).parents[3]
RANKS = {"nobody": 0, "student": 1, "assistant": 2, "teacher": 3}
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"

# The least role that may use a route. Every route of the application is here, or under a prefix of PREFIXES.
ROUTES = {
    "GET /healthz": "nobody",
    "GET /readyz": "nobody",
    "GET /metrics": "nobody",  # on this machine only: test_health.py
    "GET /events": "student",  # as for the boards: who may see them is told when to read them again
    "GET /static": "nobody",
    "GET /api/v1/openapi.json": "nobody",
    "POST /api/v1/join": "nobody",
    "POST /api/v1/leave": "student",
    "GET /api/v1/me": "student",
    "POST /api/v1/sign-in-links": "student",
    "POST /api/v1/submissions": "student",
    "GET /api/v1/submissions": "student",
    "GET /api/v1/submissions/{number}": "student",
    "GET /api/v1/assignments": "student",
    "GET /api/v1/standing": "student",
    "GET /api/v1/boards/overall": "student",
    "GET /api/v1/boards/{kind}/{name:path}": "student",
    "GET /api/v1/boards/speed/{exercise}": "student",
    "GET /": "nobody",
    "GET /join": "nobody",
    "POST /join": "nobody",
    "GET /signin": "nobody",
    "POST /signin": "nobody",
    "POST /signout": "nobody",
    "POST /language": "nobody",
    "GET /assignments": "nobody",  # leads to /
    "GET /assignments/{slug}": "student",
    "GET /exercises": "student",
    "GET /exercises/{slug}": "student",
    "POST /exercises/{slug}": "student",
    "GET /exercises/{slug}/starter.py": "student",
    "GET /submissions": "student",
    "GET /submissions/{submission_id}": "student",
    "GET /submissions/{submission_id}/state": "student",
    "GET /me": "student",
    "POST /me/pseudonym": "student",
    "POST /me/tokens": "student",
    "POST /me/tokens/{token_id}/revoke": "student",
    "GET /boards": "student",
    "GET /boards/assignment/{slug}": "student",
    "GET /boards/exercise/{slug}": "student",
    "GET /boards/section/{name:path}": "student",
    "GET /boards/speed/{slug}": "student",
    "GET /oidc": "nobody",
    "GET /oidc/callback": "nobody",
    "POST /desk/regrades": "assistant",
    "POST /desk/regrades/{regrade_id}/discard": "assistant",
}
# What is not in ROUTES: the longest prefix decides. The desk is read by assistants and changed by teachers.
PREFIXES = {
    "GET /desk": "assistant",
    "POST /desk": "teacher",
    **dict.fromkeys(
        [f"GET /desk/{part}" for part in ("people", "sections", "assignments", "new-assignment", "files", "settings", "audit")], "teacher"
    ),
}
NUMBERED = {"submission_id", "number", "token_id", "person_id", "regrade_id", "section_id", "result_id", "first", "second"}


class Way(NamedTuple):
    """A method and the pattern of a path."""

    method: str
    path: str

    @property
    def is_page(self) -> bool:
        return not self.path.startswith("/api/")

    @property
    def least(self) -> str | None:
        name = f"{self.method} {self.path}"
        prefix = max((each for each in PREFIXES if name == each or name.startswith((f"{each}/", f"{each}."))), key=len, default=None)
        return ROUTES.get(name) or (PREFIXES[prefix] if prefix else None)


def ways(routes) -> Iterator[Way]:
    """Every method of every route, those of included routers too."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from ways(inner.routes)
        elif isinstance(route, Mount):
            yield Way("GET", route.path)
        else:
            for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
                yield Way(method, route.path)


class Scene:
    """A class in which everything exists that a path can name, all of it Bob's or a teacher's; and callers of every role."""

    def __init__(self, house: House) -> None:
        self.house, room = house, house.room
        bob = house.person("Bob", section="Lab A")
        callers = {role: house.person(role.title(), role, "Lab A") for role in RANKS if role != "nobody"}
        with room.store.writing() as session:
            rules = Rules(title="Week 1", exercises=(("double", 1.0),))
            assignments.create(session, room.bank.by_slug, "week-1", rules, room.now())
            token = people.issue(session, session.get_one(Person, bob.id), "client", now=room.now())
        self.bob = {"Authorization": f"Bearer {token}"}
        self.theirs = house.submit(self.bob, RIGHT + "# bobs-own-words\n").json()["id"]
        house.grade()
        with room.store.writing() as session:
            session.add(SpeedResult(submission_id=self.theirs, device="cpu", machine="m", ratio=1.0, held=True, measured_at=room.now()))
            session.add(Regrade(exercise="double", created_by=callers["assistant"].id, state="preview", created_at=room.now()))
            session.flush()
            secret = session.get_one(Classroom, 1).secret
            numbers = {
                "token_id": session.scalars(select(Token.id).where(Token.person_id == bob.id)).first(),
                "regrade_id": session.scalars(select(Regrade.id)).first(),
                "section_id": session.scalars(select(Section.id)).first(),
                "result_id": session.scalars(select(SpeedResult.id)).first(),
            }
            self.headers: dict[str, dict[str, str]] = {"nobody": {}}
            for role, person in callers.items():
                tokens = {kind: people.issue(session, session.get_one(Person, person.id), kind, now=room.now()) for kind in ("client", "session")}
                cookie = URLSafeSerializer(secret, salt="kit_session").dumps(tokens["session"])
                self.headers[role] = {"Authorization": f"Bearer {tokens['client']}", "Cookie": f"kit_session={cookie}"}
        self.numbers = {
            **numbers, "submission_id": self.theirs, "number": self.theirs, "first": self.theirs, "second": self.theirs, "person_id": bob.id,
            "kind": "exercise", "name": "double", "exercise": "double", "thing": "people", "form": "csv",
        }  # fmt: skip
        self.csrf: dict[str, str] = {}
        for role in RANKS:
            page = self.ask("GET", "/me" if role != "nobody" else "/signin", role, headers={"Accept": "text/html"})
            self.csrf[role] = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
            if role == "nobody":
                self.headers["nobody"] = {"Cookie": f"kit_form={page.cookies['kit_form']}"}

    def ask(self, method: str, path: str, role: str, headers=None, **more) -> httpx.Response:
        self.house.client._client.cookies.clear()
        return self.house.client.request(method, path, headers=self.headers[role] | (headers or {}), **more)

    def use(self, way: Way, role: str, *, csrf: bool = True) -> httpx.Response:
        """Ask for a route with everything that it needs but what is in a form."""
        more = {"data": {"csrf": self.csrf[role]} if csrf else {}} if way.method != "GET" and way.is_page else {}
        return self.ask(way.method, self.filled(way), role, **more)

    def filled(self, way: Way) -> str:
        slug = "week-1" if "assignment" in way.path else "double"
        name = "Lab A" if "section" in way.path else "double"
        return re.sub(r"{(\w+)(?::\w+)?}", lambda match: str({**self.numbers, "slug": slug, "name": name}[match[1]]), way.path)

    def undecided(self) -> None:
        """The regrade is neither applied nor discarded."""
        with self.house.room.store.writing() as session:
            session.get_one(Regrade, self.numbers["regrade_id"]).state = "preview"

    def content(self) -> dict[str, list]:
        """Everything that is kept."""
        with self.house.room.store.reading() as session:
            tables = Base.metadata.sorted_tables
            return {table.name: session.execute(select(table).order_by(*table.primary_key)).all() for table in tables}


@pytest.fixture
def scene(sqlite_store, bank, clock) -> Iterator[Scene]:
    house = House(sqlite_store, bank, clock)
    with house.client:
        yield Scene(house)


def refusal(answer: httpx.Response) -> str:
    """The word with which a request was refused for who asks; nothing when it was not."""
    if answer.headers.get("content-type") != "application/json" or answer.status_code not in {401, 403}:
        return ""
    return answer.json()["error"]["code"]


ENDLESS = Way("GET", "/events")


def test_every_route_says_who_may_use_it(scene):
    found = set(ways(scene.house.app.routes))
    assert [way for way in found if way.least is None] == [], "say in ROUTES which role may use it"
    names = {f"{way.method} {way.path}" for way in found}
    optional = {"GET /oidc", "GET /oidc/callback"}  # where a university's sign-in is configured
    assert sorted(set(ROUTES) - names - optional) == [], "these are gone: take them off the list"
    assert len([way for way in found if way.path.startswith("/desk")]) > 20


def test_no_route_serves_a_lower_role_and_nothing_is_changed_by_trying(scene):
    before = scene.content()
    for way in sorted(set(ways(scene.house.app.routes))):
        for role in (role for role, rank in RANKS.items() if rank < RANKS[way.least]):
            answer = scene.use(way, role)
            expected = (401, "not-signed-in") if role == "nobody" else (403, "forbidden")
            assert (answer.status_code, refusal(answer)) == expected, (way, role, answer.text[:200])
            assert "bobs-own-words" not in answer.text
    assert scene.content() == before


def test_every_route_serves_the_roles_that_it_is_for(scene):
    last = ("/signout", "/leave")  # after which nothing else can be done
    order = sorted(set(ways(scene.house.app.routes)) - {ENDLESS}, key=lambda way: (way.path.endswith(last), way.method, way.path))
    for way in order:
        for role in (role for role, rank in RANKS.items() if rank >= RANKS[way.least] and way.path != "/static"):
            scene.undecided()
            answer = scene.use(way, role)
            assert (refusal(answer), answer.status_code < 500) == ("", True), (way, role, answer.status_code, answer.text[:300])


def test_nothing_is_changed_without_the_token_of_a_form(scene):
    before = scene.content()
    changing = [way for way in ways(scene.house.app.routes) if way.method != "GET" and way.is_page]
    assert len(changing) > 20
    for way in changing:
        for given in (None, scene.csrf["student"]):
            answer = scene.ask(way.method, scene.filled(way), "teacher", data={} if given is None else {"csrf": given})
            assert (answer.status_code, refusal(answer)) == (403, "csrf"), way
    assert scene.content() == before


def test_nobody_sees_what_is_anothers(scene):
    """A student asks for Bob's things by their numbers: they are not there, as if they had never been."""
    asked = [way for way in ways(scene.house.app.routes) if way.least in {"nobody", "student"} and set(re.findall(r"{(\w+)", way.path)) & NUMBERED]
    assert {way.path for way in asked} >= {"/submissions/{submission_id}", "/api/v1/submissions/{number}", "/me/tokens/{token_id}/revoke"}
    for way in asked:
        answer = scene.use(way, "student")
        missing = scene.ask(way.method, re.sub(r"\d+", "999", scene.filled(way).replace("/v1/", "/vX/")).replace("/vX/", "/v1/"), "student",
                            data={"csrf": scene.csrf["student"]} if way.method != "GET" else None)  # fmt: skip
        assert answer.status_code == missing.status_code == 404, way
        assert answer.json()["error"]["what"] == missing.json()["error"]["what"], way
    with scene.house.room.store.reading() as session:
        assert session.scalars(select(Token.revoked_at).where(Token.id == scene.numbers["token_id"])).one() is None
    assert "bobs-own-words" not in scene.ask("GET", "/submissions", "student").text
    assert scene.ask("GET", "/api/v1/submissions", "student").json()["submissions"] == []


def test_links_and_sessions_are_no_client_tokens(scene):
    with scene.house.room.store.writing() as session:
        teacher = session.scalars(select(Person).where(Person.role == "teacher")).first()
        tokens = [people.issue(session, teacher, kind, now=scene.house.clock()) for kind in ("link", "session")]
    for token in (*tokens, "", "x" * 43, tokens[0][:-1]):
        assert scene.house.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


class _Looked(HTMLParser):
    """What a content policy without inline script would refuse, or EVIL would be if it were not escaped."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs) -> None:
        given = dict(attrs)
        self.found += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        self.found += [tag] if tag == "style" or (tag == "script" and not (given.get("src") or "").startswith("/static/")) else []
        self.found += [f"{tag} {given['src']}"] if tag == "img" and given.get("src") == "x" else []


def test_what_people_write_is_shown_and_never_markup(scene):
    house = scene.house
    with house.room.store.writing() as session:
        for person in session.scalars(select(Person)):
            person.name = f"{person.id} {EVIL}"
        session.scalars(select(Section)).one().name = EVIL
        session.get_one(Classroom, 1).name = EVIL
        rules = Rules(title=EVIL, exercises=(("double", 1.0),))
        assignments.create(session, house.room.bank.by_slug, "evil", rules, house.clock())
        session.get_one(Submission, scene.theirs).flags = [EVIL]
    house.submit(scene.bob, f"# {EVIL}\n{RIGHT}", assignment="evil")
    seen = shown = 0
    for way in sorted(set(ways(house.app.routes)) - {ENDLESS}):
        if way.method != "GET" or not way.is_page or way.path == "/static":
            continue
        for role in ("student", "teacher"):
            answer = scene.ask("GET", scene.filled(way), role, headers={"Accept": "text/html"})
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert _Looked(answer.text).found == [], way
                seen += 1
                shown += "&lt;script&gt;alert(1)" in answer.text
    assert (seen > 40, shown > 30) == (True, True)


@pytest.mark.parametrize("name", ["../../evil.py", "/etc/passwd", "a\0.py", "\u202eyp.live", "con.py", "a" * 5000 + ".py", "<b>.py"])
def test_the_name_of_an_uploaded_file_means_nothing(scene, name):
    answer = scene.ask("POST", "/exercises/double", "student", data={"csrf": scene.csrf["student"]}, files={"file": (name, RIGHT.encode())})
    assert answer.status_code in {303, 400, 422}, answer.text
    with scene.house.room.store.reading() as session:
        assert set(session.scalars(select(Submission.source))) <= {RIGHT, RIGHT + "# bobs-own-words\n"}


def test_a_verdict_that_a_client_sends_is_not_believed(scene):
    mine = {"exercise": "double", "source": "def double(x): return 0\n", "verdict": {"passed": True}, "passed": True, "state": "done"}
    answer = scene.ask("POST", "/api/v1/submissions", "student", json=mine)
    assert answer.status_code == 422
    assert scene.ask("GET", "/api/v1/submissions", "student").json()["submissions"] == []
    taken = scene.ask("POST", "/api/v1/submissions", "student", json={name: mine[name] for name in ("exercise", "source")}).json()
    scene.house.grade()
    assert scene.ask("GET", f"/api/v1/submissions/{taken['id']}", "student").json()["verdict"]["passed"] is False


def test_a_stolen_database_lets_nobody_in(scene):
    """Only hashes of tokens are kept, and the secret that signs cookies signs nothing without a token."""
    with scene.house.room.store.reading() as session:
        kept = [token.sha256 for token in session.scalars(select(Token))]
        secret = session.get_one(Classroom, 1).secret
    for sha256 in kept:
        cookie = URLSafeSerializer(secret, salt="kit_session").dumps(sha256)
        scene.house.client._client.cookies.clear()
        assert scene.house.client.get("/me", headers={"Cookie": f"kit_session={cookie}"}).status_code == 401
        assert scene.house.client.get("/api/v1/me", headers={"Authorization": f"Bearer {sha256}"}).status_code == 401


def test_only_its_owner_may_read_the_database(tmp_path):
    """Names, answers, and the secret of the cookies."""
    before = os.umask(0)
    try:
        store = open_store(f"sqlite:///{tmp_path / 'new.db'}")
        with store.writing() as session:
            session.add(Section(name="A"))
        assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in tmp_path.iterdir()} == dict.fromkeys(
            ("new.db", "new.db-wal", "new.db-shm"), "0o600"
        )
        store.close()
    finally:
        os.umask(before)


def code(folder: str = "kit/classroom") -> Iterator[tuple[str, ast.AST]]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield path.relative_to(ROOT).as_posix(), node


def test_the_server_runs_and_unpickles_nothing():
    names, modules, shells = [], [], []
    for path, node in code():
        if isinstance(node, ast.Name) and node.id in {"eval", "exec", "compile", "__import__"}:
            names.append(f"{path}: {node.id}")
        imported = (
            [each.name for each in node.names] if isinstance(node, ast.Import) else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        )
        modules += [
            f"{path}: {name}"
            for name in imported
            if name.split(".")[0] in {"pickle", "cloudpickle", "marshal", "shelve", "dill", "zipfile", "tarfile"}
        ]
        shells += [path for keyword in getattr(node, "keywords", []) if keyword.arg == "shell"]
    assert (names, modules, shells) == ([], [], [])


def test_templates_escape_and_no_statement_is_put_together_from_text():
    templates = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "kit/classroom/web/templates").rglob("*.html")}
    assert len(templates) > 20
    unescaped = re.compile(r"""(?<!["'])\s*\|\s*safe\b|autoescape\s+false""")  # a literal may be markup, and nothing else
    assert [name for name, text in templates.items() if unescaped.search(text)] == []
    built = [
        path
        for path, node in code()
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in {"text", "exec_driver_sql"}
        and any(isinstance(argument, (ast.JoinedStr, ast.BinOp)) for argument in node.args)
    ]
    assert set(built) <= {"kit/classroom/database.py"}, "there only words of ours: PRAGMA, BEGIN"


MODEL = ROOT / "docs" / "security.md"


def lines() -> list[list[str]]:
    """The rows of the threat model."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in MODEL.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [row for row in rows if row[0] not in {"threat", "---"}]


def test_each_line_of_the_threat_model_names_tests_that_exist():
    assert len(lines()) > 25
    wrong = []
    for threat, defence, shown in lines():
        named = re.findall(r"`([^`]+)`", shown)
        if not (named and defence):
            wrong.append(f"{threat}: names no test")
        for test in named:
            path, _colons, name = test.partition("::")
            known = {node.name for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)}
            if not (path.startswith("tests/") and name.startswith("test_") and name in known):
                wrong.append(f"{threat}: {test}")
    assert wrong == []

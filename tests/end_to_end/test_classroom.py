"""A class from its first minute: the real server is started, two students join, hand in, look at the board, and the server is stopped."""

import re
import signal
import stat
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import httpx
import pytest
from person import KIT, MINI_BANK, Learner

from kit.classroom import assignments
from kit.classroom.assignments import Rules
from kit.classroom.database import open_store

RIGHT = "def double(x):\n    return 2 * x\n"
SQUARED = "def double(x):\n    return x * x\n"


@dataclass
class Server:
    """`kit class serve`, and what it printed."""

    folder: Path
    env: dict[str, str]
    port: int = 0

    def __enter__(self) -> Self:
        command = [KIT, "class", "serve", "--port", str(self.port), "--sandbox", "local", "--name", "Deep learning"]
        self.process = subprocess.Popen(command, cwd=self.folder, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        alarm = threading.Timer(60, self.process.kill)
        alarm.start()
        said = ""
        assert self.process.stdout is not None
        while "in a browser" not in said:
            line = self.process.stdout.readline()
            assert line, self.process.communicate()
            said += line
        alarm.cancel()
        self.said = said
        self.url, self.code = re.findall(r"kit join (\S+) (\S+)", said)[0]
        self.port = int(self.url.rpartition(":")[2])
        return self

    def __exit__(self, *_raised: object) -> None:
        if self.process.poll() is None:
            self.stop()

    def stop(self, sig: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Its exit status and what it wrote to stderr."""
        self.process.send_signal(sig)
        _out, err = self.process.communicate(timeout=60)
        return self.process.returncode, err


@pytest.fixture
def server(home: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "class"
    folder.mkdir()
    with Server(folder, home) as running:
        yield running


@pytest.fixture
def students(home: dict[str, str], tmp_path: Path) -> list[Learner]:
    people: list[Learner] = []
    for name in ("ada", "bob"):
        folder = tmp_path / name
        (folder / ".kit").mkdir(parents=True)
        people.append(Learner(folder, home | {"XDG_CONFIG_HOME": str(folder / "config")}))
    return people


def test_a_class_from_joining_to_the_board(server: Server, students: list[Learner]):
    ada, bob = students
    assert "Deep learning is open at" in server.said
    assert re.search(r"/signin\?token=[\w-]{43}\n", server.said)

    joined = ada.kit("join", server.url, server.code, "--name", "Ada Lovelace")
    assert joined.status == 0, joined.err
    assert "Welcome to Deep learning, Ada Lovelace." in joined.out
    kept = ada.folder / "config" / "nn-practice-kit" / "classroom.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    wrong = bob.kit("join", server.url, "aaaa-aaaa", "--name", "Bob")
    assert (wrong.status, wrong.err) == (2, "error: this is not the join code. Ask your teacher for the present one.\n")
    assert bob.kit("join", server.url, server.code, "--name", "Bob").status == 0

    ada.write("double", SQUARED)
    bob.write("double", RIGHT)
    failed = ada.kit("submit", "double")
    assert failed.status == 1
    assert "diagnosis: You squared x." in failed.out
    assert "1 of 3 checks passed" in failed.out
    assert "submission 1, as practice. Stuck? Run: kit hint double" in failed.err
    handed = bob.kit("submit", "double", "--no-wait")
    assert (handed.status, handed.out) == (0, "Handed in.\n")
    passed = bob.kit("submit", "double")
    assert passed.status == 0
    assert "3 of 3 checks passed" in passed.out
    assert "You handed in this same answer before" in passed.err
    assert bob.kit("list", "--status", "passed").out.count("double") == 1

    me = re.search(r"pseudonym +(\S+)", bob.kit("whoami").out)
    assert me is not None
    board = ada.kit("board")
    rows = [line.split() for line in board.out.splitlines() if line[:1].isdigit()]
    assert [row[:3] for row in rows] == [["1", me[1], "10"], ["2", rows[1][1], "(you)"]]
    assert "Ada" not in board.out + board.err
    assert "★" in ada.kit("board", "--exercise", "double").out

    status, log = server.stop()
    assert status == 0
    assert '"event": "stopped"' in log
    for secret in (server.code, "x * x", "Lovelace"):
        assert secret not in log

    away = ada.kit("submit", "double")
    assert away.status == 3
    assert "the class cannot be reached" in away.err
    assert "give the same command again" in away.err
    with Server(server.folder, server.env, server.port):
        again = ada.kit("submit", "double")
        assert (again.status, "submission 1, as practice" in again.err) == (1, True)
        left = ada.kit("leave")
        assert (left.status, kept.exists()) == (0, False)
        assert ada.kit("submit", "double").err == "error: you have not joined a class. Run: kit join URL CODE, as your teacher gave them.\n"


def browser_token(server: Server) -> str:
    """A token for the command line, as the page of whoever opens the teacher's link makes it; the whole command is shown there."""
    with httpx.Client(base_url=server.url, follow_redirects=True, timeout=60) as browser:

        def send(page: str, path: str, **fields: str) -> str:
            csrf = re.search(r'name="csrf" value="([^"]+)"', browser.get(page).text)
            assert csrf is not None
            return browser.post(path, data={"csrf": csrf[1], **fields}).text

        link = re.search(r"/signin\?token=([\w-]+)", server.said)
        assert link is not None
        send("/signin", "/signin", token=link[1])
        shown = re.search(r"kit join (\S+) --token ([\w-]+)", send("/me", "/me/tokens", label="laptop"))
    assert shown is not None
    assert shown[1] == server.url
    return shown[2]


def test_the_command_that_one_s_page_shows_lets_the_command_line_in(server: Server, students: list[Learner]):
    ada, bob = students
    token = browser_token(server)
    joined = ada.kit("join", server.url, "--token", token)
    assert (joined.status, "Welcome to Deep learning, Teacher." in joined.out) == (0, True), joined.err
    assert ada.kit("whoami").status == 0
    again = ada.kit("join", server.url, "--token", token)
    assert (again.status, "You have joined this class already" in again.err) == (0, True)
    other = ada.kit("join", server.url, "--token", "x" * 43)
    assert (other.status, "kit leave" in other.err) == (2, True)

    mistaken, dashed = token[:-1] + ("a" if token[-1] != "a" else "b"), ("-" if token[0] != "-" else "-x") + token[1:]
    wrong = [
        (bob.kit("join", server.url, "--token", mistaken), f"{server.url}/me"),
        (bob.kit("join", server.url, "--token", dashed), f"{server.url}/me"),  # a token may begin so
        (bob.kit("join", server.url, "--token", f"{token}\n{token}"), f"{server.url}/me"),
        (bob.kit("join", server.url, "--token", f"é{token}"), f"{server.url}/me"),
        (bob.kit("join", server.url, server.code, "--token", token), "Leave one of them out"),
        (bob.kit("join", "--token", token), "URL is missing"),
        (bob.kit("join", "http://127.0.0.1:9", "--token", token), "cannot be reached"),
        (bob.kit("join", "ftp://127.0.0.1", "--token", token), "no address of a server"),
    ]
    for run, says in wrong:
        assert (run.status, run.out) == (3 if "reached" in says else 2, "")
        assert says in run.err
        assert token[1:-1] not in run.err
    assert not (bob.folder / "config").exists()


def test_the_verdict_speaks_the_language_of_whoever_handed_in(server: Server, students: list[Learner]):
    ada, bob = students
    for each, name, lang in ((ada, "Ada", "zh"), (bob, "Bob", "en")):
        assert each.kit("join", server.url, server.code, "--name", name).status == 0
        each.write("double", SQUARED)
        assert each.kit("submit", "double", "--no-wait", KIT_LANG=lang).status == 0
    assert "你把 x 平方了" in ada.kit("submit", "double", KIT_LANG="en").out
    assert "You squared x." in bob.kit("submit", "double", KIT_LANG="zh").out


def test_an_exam_counts_attempts_and_cannot_be_practised(server: Server, students: list[Learner]):
    ada, _bob = students
    store = open_store(f"sqlite:///{server.folder / 'classroom.db'}", migrate=False)
    with store.writing() as session:
        exam = Rules(title="The exam", exercises=(("double", 1.0),), attempts=2, feedback="verdict")
        assignments.create(session, {"double"}, "exam", exam, datetime.now(UTC))
    store.close()
    assert ada.kit("join", server.url, server.code, "--name", "Ada").status == 0
    assert re.search(r"open +exam · The exam", ada.kit("whoami").out)
    starter = MINI_BANK / "exercises" / "warm-up" / "double" / "starter.py"
    ada.write("double", starter.read_text(encoding="utf-8"))
    untouched = ada.kit("submit", "double")
    assert (untouched.status, "this is still the file to begin from" in untouched.err) == (2, True)

    ada.write("double", SQUARED)
    practice = ada.kit("submit", "double", "--practice")
    assert (practice.status, "double belongs to exam" in practice.err) == (2, True)
    elsewhere = ada.kit("submit", "double", "--assignment", "quiz")
    assert (elsewhere.status, "Open to you: exam (The exam)." in elsewhere.err) == (2, True)
    first = ada.terminal("submit", "double")
    assert "Handed in: attempt 1 of 2 (1 left)." in first.out
    assert "You squared x." not in first.out

    ada.write("double", RIGHT)
    no = ada.terminal("submit", "double", typed="n\n")
    assert "This uses up your last attempt at double. Hand it in?" in no.out
    assert (no.status, "Nothing was handed in." in no.out) == (1, True)
    yes = ada.kit("submit", "double")
    assert (yes.status, "attempt 2 of 2 (0 left), for exam" in yes.err) == (0, True), yes
    ada.write("double", SQUARED + "\n# again")
    assert "all 2 attempts are used up: double. Ask your teacher." in ada.kit("submit", "double").err


def test_https_is_assumed_and_never_left_silently(server: Server, students: list[Learner]):
    ada, _bob = students
    run = ada.kit("join", server.url.removeprefix("http://"), server.code, "--name", "Ada")
    assert (run.status, run.out) == (2, "")
    assert f"Write http:// before the address: {server.url}" in run.err
    closed = ada.kit("join", "127.0.0.1:9", server.code, "--name", "Ada")
    assert (closed.status, "Write http:// before the address: http://127.0.0.1:9" in closed.err) == (3, True)
    assert not (ada.folder / "config").exists()


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("board", "you have not joined a class"),
        ("join", "URL is missing"),
        ("join http://127.0.0.1:9", "CODE is missing"),
        ("join ftp://class.example.org k7wd-m3xp --name Ada", "this is no address of a server"),
        ("join http://127.0.0.1:9 k7wd-m3xp", "--name is missing"),
        ("submit --practice --assignment week-1", "do not go together"),
        ("class serve --port x", "x is no port"),
        ("class serve --sandbox none", "no sandbox is called none"),
        ("class serve --database mysql://root@127.0.0.1/x --sandbox local", "SQLite or PostgreSQL"),
    ],
)
def test_one_line_when_something_is_missing(learner: Learner, command: str, says: str):
    run = learner.kit(*command.split())
    assert (run.status, run.out) == (2, "")
    assert says in run.err.splitlines()[-1]

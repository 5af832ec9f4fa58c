"""A class from its first minute: the real server is started, two students join, hand in, look at the board, and the server is stopped."""

import re
import signal
import stat
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest
from person import KIT, Learner

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

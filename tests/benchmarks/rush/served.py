"""The server that is measured: `kit class serve` as a teacher starts it, in a process of its own, with a judge or with none."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from rush.school import SLUG, School, answers

KIT = Path(sys.executable).with_name("kit")
WITHOUT_JUDGE = Path(__file__).with_name("without_judge.py")
STOP_SECONDS = 60


@dataclass(frozen=True)
class Served:
    """A class that is served. pid: the server's process; its judge's are others."""

    school: School
    database: Path
    port: int
    pid: int

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, student: int = 0) -> Any:
        """What it answers to a student. Raises RuntimeError for a refusal."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=90)) as connection:
            headers = {"Authorization": f"Bearer {self.school.tokens[student]}", "Content-Type": "application/json"}
            connection.request(method, f"/api/v1/{path}", None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read()
        if response.status >= 400:
            raise RuntimeError(f"{method} {path}: {response.status} {text[:500]!r}")
        return json.loads(text)

    def submit(self, source: str, student: int = 0) -> int:
        """Hand in an answer to conv2d; the submission's id."""
        return self.ask("POST", "submissions", {"exercise": SLUG, "source": source}, student)["id"]

    def warm(self) -> None:
        """Have the judge started: a wrong answer is judged, since a right one would be timed afterwards."""
        wrong = next(answer for answer in answers() if not answer.right)
        number = self.submit(f"{wrong.source}\n# {time.time_ns()}\n")
        while self.ask("GET", f"submissions/{number}?wait=30")["state"] in {"pending", "running"}:
            pass

    def rows(self, question: str, *values: Any) -> list[Any]:
        """What the database says."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(question, values).fetchall()

    def megabytes(self) -> float:
        """What the server's process holds of the memory now."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) / 1024


@contextmanager
def serving(school: School, folder: Path, sandbox: str, *, judge: bool = True) -> Generator[Served]:
    """Serve a copy of the school from this folder."""
    folder.mkdir()
    database = school.copy(folder)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("KIT_", "PYTEST", "PYTHON", "XDG_"))}
    environment |= {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "XDG_CACHE_HOME": str(folder.parent), "KIT_LANG": "en"}
    command = [str(KIT)] if judge else [sys.executable, str(WITHOUT_JUDGE)]
    command += ["class", "serve", "--database", f"sqlite:///{database}", "--port", "0", "--sandbox", sandbox]
    with (
        (folder / "log").open("w", encoding="utf-8") as log,
        subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            yield Served(school, database, _port(process, folder / "log"), process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _port(process: subprocess.Popen[str], log: Path) -> int:
    """Where it listens, once it does. Raises RuntimeError when it ends instead."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
            return int(found[1])
    raise RuntimeError(f"kit class serve ended\n{log.read_text(encoding='utf-8')}")

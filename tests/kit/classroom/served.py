"""The real `kit class serve`, started in a process of its own, killed and started again."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
from scene import MINI_BANK

from kit.classroom.local import refuse_incomplete
from kit.errors import KitError

KIT = Path(sys.executable).with_name("kit")
PATIENCE = 60  # seconds that anything gets before a test fails


def strongest_sandbox() -> str:
    """As this machine allows."""
    try:
        refuse_incomplete("server")
    except KitError:
        return "local"
    return "server"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def assert_said_so(response: httpx.Response | httpx.TransportError) -> None:
    """Not accepted, and why, and what to do."""
    assert isinstance(response, httpx.Response), response
    assert response.status_code == 503, response.text
    assert response.json()["error"]["code"] == "unavailable"
    assert "nothing that was accepted is lost" in response.json()["error"]["remedy"]
    assert int(response.headers["retry-after"]) > 0


class Served:
    """A classroom that is served at an address which stays the same however often it is started."""

    def __init__(self, folder: Path, database: str, *, sandbox: str = "local", bank: Path = MINI_BANK) -> None:
        """folder: what the program may think that it is its home; the log is in it."""
        self.address = f"http://127.0.0.1:{(port := free_port())}"
        self.link = self.code = ""
        self.log = folder / "serve.log"
        self._command = [KIT, "class", "serve", "--database", database, "--port", str(port), "--sandbox", sandbox, "--name", "Deep learning"]
        home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config"), "XDG_CACHE_HOME": str(folder / "cache")}
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(("KIT_", "PYTEST_"))}
        self._environment |= home | {"KIT_BANK": str(bank), "KIT_TRUST": "1", "LANG": "C.UTF-8"}
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Served:
        """Until it has said where it listens."""
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
            )
        said = ""
        while "/join\n" not in said:
            line = self._process.stdout.readline()
            assert line, f"it ended: {said}{self.log.read_text()}"
            said += line
        self.link = re.search(r"\S+/signin\?token=\S+", said)[0]
        self.code = re.search(r"kit join \S+ (\S+)", said)[1]
        return self

    def kill(self) -> None:
        """All of it at once, as the kernel does when it has no memory left."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def stop(self) -> int:
        """As a teacher does; its exit status."""
        if self._process is None or self._process.returncode is not None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
        return self._process.returncode

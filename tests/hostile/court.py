"""Where cheats are tried: a judge of their own, things that they must not touch, and what is looked at afterwards."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from cheat import BANK, HONEST, Cheat

from grader.client import judge, server_path, stop_server
from grader.verdict import Failure, Job, Verdict, encode

PATIENCE = 180  # seconds until a judge that hangs is given up; far more than any verdict takes on a busy machine
SECRET = "canary-5up3r-secret"
MARK = f"kit-hostile-{os.getpid()}"
SHARED_FOLDERS = [Path(folder) for folder in ("/tmp", "/dev/shm", "/var/tmp") if Path(folder).is_dir()]
# What a terminal acts on, or what reorders a line.
LIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Court:
    """A fake home, a copy of the bank with secrets in it, and folders that anybody may write in."""

    root: Path
    shared: tuple[Path, ...]

    @property
    def home(self) -> Path:
        """The learner's home folder."""
        return self.root / "home"

    @property
    def bank(self) -> Path:
        """Exercises, solutions and checks, each with a secret."""
        return self.root / "bank"

    @property
    def checks(self) -> Path:
        """The hidden checks."""
        return self.bank / "grader/checks/hostile/test_small_parts.py"

    @property
    def solution(self) -> Path:
        """The model answer."""
        return self.bank / "solutions/hostile/small-parts/solution.py"

    @property
    def places(self) -> dict[str, str]:
        """What stands in a cheat's code for the paths of this court."""
        temp, shm = self.shared[0], self.shared[-1]
        return {
            "HOME": str(self.home), "CHECKS": str(self.checks), "SOLUTION": str(self.solution), "BANK": str(self.bank), "MARK": MARK,
            "TEMP": str(temp), "SHM": str(shm), "SERVER": str(server_path()),
        }  # fmt: skip

    def job(self, source: str = HONEST, **settings: Any) -> Job:
        """A job for the miniature exercise."""
        known = {"solution": str(self.solution), "mistakes": str(self.solution.with_name("mistakes.toml"))}
        usual = {"filename": "small_parts.py", "checks": str(self.checks), "seconds": 60.0, "memory_mb": 600}
        return Job(slug="small-parts", source=source, **(known | usual | settings))

    def condition(self) -> dict[str, Any]:
        """Everything that a cheat could have changed: names, contents, modes, owners and times of files; and new files elsewhere."""
        seen: dict[str, Any] = {}
        for top in (self.home, self.bank, *self.shared):
            for path in [top, *sorted(top.rglob("*"))]:
                status = path.lstat()
                content = path.read_bytes() if path.is_file() and not path.is_symlink() else None
                seen[str(path)] = (status.st_mode, status.st_uid, status.st_nlink, status.st_mtime_ns, content)
        for folder in SHARED_FOLDERS:
            seen |= {str(path): "a cheat made it" for path in folder.glob(f"*{MARK}*") if path not in self.shared}
        return seen

    def try_(self, cheat: Cheat) -> Verdict:
        """Judge the cheat, and assert all that must be true of it and of the world afterwards."""
        before = self.condition()
        server = not cheat.cold
        quick = {"stop_at_first_failure": tuple(cheat.fails) == ("values",)}  # most fail the first check, and nothing is learnt from the others
        with hanging_is_a_failure():
            verdict = judge(self.job(cheat.source(self.places), **(quick | cheat.settings)), server=server)
        assert_as_expected(cheat, verdict)
        assert self.condition() == before, "the cheat changed something outside"
        if server:
            assert not workers_left(), "a worker is left behind"
        assert_harmless(verdict)
        with hanging_is_a_failure():
            after = judge(self.job(only="values", check_seconds=PATIENCE))
        assert after.passed, f"a right answer does not pass afterwards: {summary(after)}"
        return verdict


def assert_as_expected(cheat: Cheat, verdict: Verdict) -> None:
    """The verdict is what the cheat deserves, for the right reason."""
    told = summary(verdict)
    if cheat.flagged:
        assert any(cheat.flagged in flag for flag in verdict.flags), (cheat.flagged, verdict.flags)
    if cheat.honest:
        assert verdict.passed, told
        return
    assert not verdict.passed, "the cheat passed"
    failures = {check.name: check.failure for check in verdict.checks}
    if cheat.load is not None:
        assert verdict.load is not None, told
        assert all(check.status == "skipped" for check in verdict.checks), told
        assert_fits(cheat, verdict.load, cheat.load)
        return
    assert verdict.load is None, told
    assert cheat.fails, "a cheat that is no control must name a check that fails"
    for check, kinds in cheat.fails.items():
        failure = failures[check]
        assert failure is not None, f"{check} did not fail: {told}"
        assert_fits(cheat, failure, kinds)


def assert_fits(cheat: Cheat, failure: Failure, kinds: str | tuple[str, ...]) -> None:
    """The failure is of one of these kinds, with the exception and the text that were expected."""
    assert failure.kind in ((kinds,) if isinstance(kinds, str) else kinds), failure
    if cheat.exception:
        allowed = (cheat.exception,) if isinstance(cheat.exception, str) else cheat.exception
        assert failure.facts.get("exception") in allowed, failure
    if cheat.says:
        assert cheat.says in "\n".join(failure.lines), failure


def assert_harmless(verdict: Verdict) -> None:
    """No secret came out, nothing in the verdict commands a terminal, and it is of a size to be read."""
    data = encode(verdict)
    assert SECRET not in data.decode(), "a secret came out"
    assert len(data) < 4 << 20, f"a verdict of {len(data)} bytes"
    for text in strings(msgspec.to_builtins(verdict)):
        live = LIVE.search(text)
        assert live is None, f"{text[max(0, live.start() - 40) : live.start() + 20]!r} commands a terminal"


def strings(value: Any) -> Iterator[str]:
    """Every text in a structure of plain values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (*strings(key), *strings(item))
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def summary(verdict: Verdict) -> str:
    """What a failed assertion shows of a verdict."""
    rows = [f"load: {verdict.load}"] if verdict.load else []
    for check in verdict.checks:
        kind = check.failure and (check.failure.kind, check.failure.lines, check.failure.facts.get("exception"))
        rows.append(f"{check.name}: {check.status} {kind or check.because or ''}")
    return "\n".join(rows)


def server_pid() -> int:
    """The process that listens for jobs."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(server_path()))
        pid, _uid, _gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(pid)


def children(parent: int) -> list[int]:
    """The processes that a process has started and that still live."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                state, above = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                if int(above) == parent and state != "Z":
                    found.append(int(folder.name))
    return found


def zygote_pid() -> int:
    """The server's oldest child: the process that workers are forked from."""
    return min(children(server_pid()))


def workers_left() -> list[int]:
    """Workers that live although no verdict is being made."""
    return children(zygote_pid())


@contextlib.contextmanager
def hanging_is_a_failure() -> Iterator[None]:
    """A judge that does not come back fails the test instead of stopping the run."""

    def give_up(*_signal: object) -> None:
        raise AssertionError(f"the judge hangs: no verdict after {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def open_court() -> Generator[tuple[Court, dict[str, str]]]:
    """Build everything in temporary folders, with a judge that only this run uses, and the environment that leads to it; take it down."""
    with contextlib.ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="court-")))
        shared = [Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=MARK, dir=folder))) for folder in SHARED_FOLDERS[:2]]
        for folder in shared:
            folder.chmod(0o777)
            (folder / "canary").write_text(SECRET)
            (folder / "canary").chmod(0o666)
        court = Court(root, tuple(shared))
        shutil.copytree(BANK, court.bank)
        for path in court.bank.rglob("*.py"):
            path.write_text(f"{path.read_text(encoding='utf-8')}\n# {SECRET}\n", encoding="utf-8")
        for folder in (court.home / ".ssh", court.home / "empty", root / "run", root / "temp"):
            folder.mkdir(parents=True, mode=0o700)
        (court.home / ".ssh/id_rsa").write_text(SECRET)
        (court.home / ".bashrc").write_text(f"# {SECRET}\n")
        (court.home / ".bashrc").chmod(0o666)
        changed = {
            "HOME": str(court.home), "XDG_RUNTIME_DIR": str(root / "run"), "TMPDIR": str(root / "temp"), "KIT_BANK": str(court.bank),
            "XDG_CONFIG_HOME": str(root / "config"), "XDG_CACHE_HOME": str(root / "cache"), "KIT_TEST_SECRET": SECRET, "KIT_TRUST": "1",
        }  # fmt: skip
        try:
            yield court, changed
        finally:
            with in_session(changed):
                stop_server()


@contextlib.contextmanager
def in_session(changed: dict[str, str]) -> Generator[None]:
    """This process's environment is the court's, within the block alone: the tests of other folders run in the same process."""
    before = dict(os.environ)
    for name in ("KIT_SERVER", "KIT_WORKERS", "KIT_LANG"):
        os.environ.pop(name, None)
    os.environ.update(changed)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def kit(*arguments: str, cwd: Path, module: bool = False, **env: str) -> subprocess.CompletedProcess[str]:
    """The real command line, in a folder; module: as `python -m kit`."""
    command = [sys.executable, "-m", "kit"] if module else [str(Path(sys.executable).with_name("kit"))]
    return subprocess.run(
        [*command, *arguments], cwd=cwd, env=os.environ | {"LANG": "C.UTF-8"} | env, capture_output=True, text=True, timeout=PATIENCE, check=False
    )

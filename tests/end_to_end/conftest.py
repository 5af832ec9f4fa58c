"""The real `kit`, run as a learner runs it: in a folder of its own, with a home of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

collect_ignore = ["mini_bank"]

HERE = Path(__file__).parent
MINI_BANK = HERE / "mini_bank"
KIT = Path(sys.executable).with_name("kit")


@dataclass(frozen=True)
class Run:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Learner:
    """A person in a folder."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def kit(self, *arguments: str, stdin: str = "", cwd: Path | None = None, **env: str) -> Run:
        """Run kit in a pipe."""
        done = subprocess.run(
            [KIT, *arguments], cwd=cwd or self.folder, env=self.env | env, input=stdin.encode(), capture_output=True, timeout=120, check=False
        )
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    def terminal(self, *arguments: str, typed: str = "", **env: str) -> Run:
        """Run kit in a pseudo-terminal of 80 columns; out holds both streams."""
        import pty

        reader, writer = pty.openpty()
        process = subprocess.Popen(
            [KIT, *arguments], cwd=self.folder, env=self.env | {"TERM": "xterm-256color", "COLUMNS": "80"} | env,
            stdin=writer, stdout=writer, stderr=writer, start_new_session=True,
        )  # fmt: skip
        os.close(writer)
        if typed:
            os.write(reader, typed.encode())
        pieces: list[bytes] = []
        while True:
            try:
                piece = os.read(reader, 65536)
            except OSError:  # Linux reports the end of a pseudo-terminal so
                break
            if not piece:
                break
            pieces.append(piece)
        os.close(reader)
        return Run(process.wait(timeout=60), b"".join(pieces).decode(errors="replace"), "")

    def write(self, slug: str, source: str | bytes) -> Path:
        """Put an answer in its place."""
        path = self.folder / slug / f"{slug.replace('-', '_')}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        return path


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment that knows nothing of the developer's; one warm server for the whole session, which ends with it."""
    folder = tmp_path_factory.mktemp("home")
    run = folder / "run"
    run.mkdir(mode=0o700)
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    env = kept | {
        "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config"), "XDG_CACHE_HOME": str(folder / "cache"), "XDG_RUNTIME_DIR": str(run),
        "TMPDIR": str(folder), "LANG": "C.UTF-8", "KIT_BANK": str(MINI_BANK),
    }  # fmt: skip
    yield env
    stop = "from grader.client import stop_server; stop_server()"
    subprocess.run([sys.executable, "-c", stop], env=env, check=False, capture_output=True, timeout=60)


@pytest.fixture
def learner(home: dict[str, str], tmp_path: Path) -> Learner:
    """Somebody in an empty folder, with the bank of two exercises."""
    env = home | {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    folder = tmp_path / "work"
    folder.mkdir()
    return Learner(folder, env)


@pytest.fixture
def in_bank(learner: Learner) -> Callable[[Path], Learner]:
    """The same somebody with another bank."""
    return lambda bank: Learner(learner.folder, learner.env | {"KIT_BANK": str(bank)})

"""The real `kit`, run as a learner runs it: in a folder of its own, with a home of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from person import MINI_BANK, Learner

collect_ignore = ["mini_bank"]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment that knows nothing of the developer's; one warm server for the whole session, which ends with it."""
    folder = tmp_path_factory.mktemp("home")
    run = folder / "run"
    run.mkdir(mode=0o700)
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    env = kept | {
        "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config"), "XDG_CACHE_HOME": str(folder / "cache"), "XDG_RUNTIME_DIR": str(run),
        "TMPDIR": str(folder), "LANG": "C.UTF-8", "KIT_BANK": str(MINI_BANK), "KIT_TRUST": "1",
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

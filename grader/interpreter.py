"""How the judge's processes are started: interpreters that nothing lying around can steer. No torch here: the command line imports this."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def isolated_python(mode: str, *arguments: str) -> list[str]:
    """A command that runs grader.boot in an interpreter that looks neither at the current folder nor at PYTHON… variables."""
    home = str(Path(__file__).resolve().parent.parent)
    code = f"import sys; sys.path.append({home!r}); from grader.boot import main; main()"
    return [sys.executable, "-I", "-B", "-c", code, mode, *arguments]


# Nothing else of the environment reaches the judge: PYTEST_ADDOPTS, PYTHONPATH and the like would let an answer steer it.
KEPT_VARIABLES = (
    "PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "XDG_RUNTIME_DIR", "LANG", "LC_ALL",
    "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_HOME", "NVIDIA_VISIBLE_DEVICES", "KIT_WORKERS",
)  # fmt: skip


def clean_environment() -> dict[str, str]:
    """The environment of the judge's processes: one thread, no surprises."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    single = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return kept | single | {"PYTORCH_NVML_BASED_CUDA_CHECK": "1", "PYTHONHASHSEED": "0"}


def can_fork() -> bool:
    """Forked workers are for Linux: macOS frameworks do not survive a fork, Windows has none. KIT_WORKERS=spawn forces the other path."""
    return sys.platform == "linux" and os.environ.get("KIT_WORKERS") != "spawn"

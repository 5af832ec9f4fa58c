"""A control group for each worker: memory counted as it is used, not as it is mapped. Where the kernel's version 2 lets us, never required."""

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from grader.text import _

MOUNT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
CONTROLLERS = ("memory", "pids")


@dataclass(frozen=True)
class Groups:
    """The folder in which each worker's group is made."""

    folder: Path

    def enter(self, *, memory_bytes: int | None, threads: int) -> None:
        """Move this process into a fresh group with these limits. Raises OSError."""
        group = self.folder / f"kit-worker-{secrets.token_hex(8)}"
        group.mkdir()
        (group / "pids.max").write_text(str(threads))
        if memory_bytes is not None:
            (group / "memory.max").write_text(str(memory_bytes))
            with suppress(OSError):  # a kernel without swap accounting
                (group / "memory.swap.max").write_text("0")
        (group / "cgroup.procs").write_text("0")

    def sweep(self) -> None:
        """Remove the groups of workers that have ended; those of the living refuse to go."""
        for group in self.folder.glob("kit-worker-*"):
            with suppress(OSError):
                group.rmdir()


def groups() -> Groups | str:
    """Where workers' groups can be made, or why they cannot. Moves this process into a group beside them: a parent must be empty."""
    own = next(_own_group(), None)
    if own is None or not _lists(own / "cgroup.controllers"):
        return _("no cgroup of version 2 with the memory and pids controllers; nothing is lost but exactness")
    beside = own / f"kit-server-{os.getpid()}"
    try:
        beside.mkdir(exist_ok=True)
        (beside / "cgroup.procs").write_text("0")
        try:
            (own / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in CONTROLLERS))
        except OSError:
            (own / "cgroup.procs").write_text("0")
            beside.rmdir()
            raise
    except OSError as error:
        return _("the cgroup is not ours to divide ({reason}); start the server with systemd-run --scope -p Delegate=yes").format(
            reason=error.strerror
        )
    return Groups(own)


def _own_group() -> Iterator[Path]:
    with suppress(OSError):
        for line in OWN.read_text().splitlines():
            if line.startswith("0::/"):
                yield MOUNT / line.removeprefix("0::/")


def _lists(file: Path) -> bool:
    try:
        return set(CONTROLLERS) <= set(file.read_text().split())
    except OSError:
        return False

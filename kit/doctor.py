"""Is everything in place on this machine? Each finding comes with its remedy."""

# ruff: noqa: PLC0415  # imported where it is needed: it is heavy and seldom

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryFile

from platformdirs import user_cache_path

from grader.text import _
from kit.config import config_path

DEVICE_QUESTION = "import torch; print(*('cuda:' + torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())), sep='\\n')"
PATIENCE = 60.0


@dataclass(frozen=True)
class Finding:
    """One thing looked at. A thing that is not required is only worth knowing."""

    name: str
    fine: bool
    facts: str
    remedy: str = ""
    required: bool = True


def examine(workspace: Path) -> Iterator[Finding]:
    """Everything, one finding after the other; asking torch takes seconds."""
    yield _python()
    yield from _torch()
    yield from _sandbox()
    yield _server()
    yield _writable(_("workspace"), workspace)
    yield _writable(_("cache"), user_cache_path("nn-practice-kit", appauthor=False), required=False)
    yield _writable(_("settings"), config_path().parent, required=False)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(_("Python"), sys.version_info >= (3, 11), f"{version} ({sys.executable})", _("Install Python 3.11 or later."))


def _torch() -> Iterator[Finding]:
    """The version without importing torch here; the devices by asking another process."""
    try:
        version = metadata.version("torch")
    except metadata.PackageNotFoundError:
        yield Finding("PyTorch", fine=False, facts=_("not installed"), remedy=_("Run: pip install torch"))
        return
    recent = tuple(int(part) for part in version.split("+")[0].split(".")[:2] if part.isdigit()) >= (2, 6)
    yield Finding("PyTorch", recent, version, _("Run: pip install --upgrade torch"))
    try:
        command = [sys.executable, "-I", "-c", DEVICE_QUESTION]
        asked = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)  # our own question
    except subprocess.TimeoutExpired:
        yield Finding(
            _("devices"),
            fine=False,
            facts=_("PyTorch did not answer within {n} s").format(n=int(PATIENCE)),
            remedy=_("Install PyTorch again."),
        )
        return
    if asked.returncode:
        last = (asked.stderr.strip().splitlines() or [""])[-1]
        yield Finding(
            _("devices"),
            fine=False,
            facts=_("PyTorch cannot be imported: {reason}").format(reason=last),
            remedy=_("Install PyTorch again."),
        )
        return
    gpus = asked.stdout.split("\n")
    yield Finding(_("devices"), fine=True, facts=", ".join(["cpu", *(gpu for gpu in gpus if gpu)]))


def _sandbox() -> Iterator[Finding]:
    """Each layer; one that is off says why, and what would bring it."""
    from grader.client import JudgeError, sandbox_layers

    try:
        layers = sandbox_layers()
    except (JudgeError, OSError, subprocess.SubprocessError) as error:
        yield Finding(
            _("sandbox"), fine=False, facts=_("the judge cannot be started: {reason}").format(reason=error), remedy=_("Install the kit again.")
        )
        return
    for layer in layers:
        yield Finding(_("sandbox: {layer}").format(layer=layer.name), layer.on, _("on") if layer.on else _(layer.why or "off"), required=False)


def _server() -> Finding:
    """Whether the warm server runs; without one every grade takes seconds."""
    from grader.client import JudgeError, server_path
    from grader.interpreter import can_fork

    name = _("warm server")
    if os.environ.get("KIT_SERVER") == "0":
        return Finding(name, fine=False, facts=_("off (KIT_SERVER=0)"), remedy=_("Unset KIT_SERVER."), required=False)
    if not can_fork():
        return Finding(name, fine=False, facts=_("this system has none; grading works and takes longer"), required=False)
    try:
        running = server_path().exists()
    except (JudgeError, OSError) as error:
        return Finding(name, fine=False, facts=str(error), required=False)
    return Finding(name, fine=True, facts=_("running") if running else _("started by the first grade"))


def _writable(name: str, folder: Path, *, required: bool = True) -> Finding:
    """Whether a file can be made there, or in the nearest folder above that exists."""
    nearest = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    try:
        with TemporaryFile(dir=nearest):
            return Finding(name, fine=True, facts=str(folder))
    except OSError as error:
        facts = _("{folder} cannot be written ({reason})").format(folder=folder, reason=error.strerror)
        return Finding(name, fine=False, facts=facts, remedy=_("Make it writable."), required=required)

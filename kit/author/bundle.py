"""`kit author bundle`: the kit and a bank as one wheel; the student edition has neither solutions nor hidden checks."""

import shutil
import subprocess
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from msgspec import json

import grader
import kit
from grader.text import _
from kit import shape
from kit.errors import KitError, OwnFailure

__all__ = ["bundle"]

NAME = "nn-practice-kit"
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "_bank", "checks", ".*")


def bundle(bank: Path, out: Path, *, edition: Literal["full", "student"]) -> Path:
    """Write the wheel into out and return its path.

    Raises KitError when the bank lacks something, when hatchling is not installed or when out cannot be written.
    """
    facts = shape.read(bank)
    if facts.edition == "student" and edition == "full":
        raise KitError(_("this is a student edition: what it lacks cannot be put back"), bank, _("Add --student, or use the full bank."))
    shape.checked(bank)
    if find_spec("hatchling") is None:
        raise KitError(_("hatchling, which builds wheels, is not installed"), remedy=_("Run: pip install hatchling"))
    with TemporaryDirectory() as name:
        stage = Path(name)
        _collect(bank, stage, edition)
        (stage / "pyproject.toml").write_text(_project(edition), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "--target", "wheel"], cwd=stage, capture_output=True, text=True, check=False
        )
        built = list((stage / "dist").glob("*.whl"))
        if done.returncode or len(built) != 1:
            raise OwnFailure(_("the wheel could not be built ({reason})").format(reason=done.stderr.strip().rpartition("\n")[2]))
        try:
            out.mkdir(parents=True, exist_ok=True)
            return Path(shutil.copy2(built[0], out / built[0].name))
        except OSError as error:
            raise KitError(_("the wheel cannot be written ({reason})").format(reason=error.strerror), out, _("Choose another place.")) from error


def _collect(bank: Path, stage: Path, edition: Literal["full", "student"]) -> None:
    """What goes into the wheel, where it goes."""
    for package in (kit, grader):
        source = Path(str(package.__file__)).parent
        shutil.copytree(source, stage / source.name, ignore=_LEFT_OUT)
    target = stage / "kit" / "_bank"
    drawers = ("exercises",) if edition == "student" else ("exercises", "solutions", "grader/checks")
    for drawer in drawers:
        shutil.copytree(bank / drawer, target / drawer, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    (target / shape.FILE).write_text(f'format = {shape.FORMAT}\nedition = "{edition}"\n', encoding="utf-8")


def _project(edition: Literal["full", "student"]) -> str:
    """A pyproject.toml with the version, dependencies and command of the kit that is running."""
    own = metadata.distribution(NAME)
    needed = [line for line in own.requires or () if "extra ==" not in line]
    version = own.version.partition("+")[0] + ("+student" if edition == "student" else "")
    facts = {"name": NAME, "version": version, "requires-python": own.metadata["Requires-Python"], "dependencies": needed}
    lines = ["[build-system]", 'requires = ["hatchling"]', 'build-backend = "hatchling.build"', "", "[project]"]
    lines += [f"{name} = {json.encode(value).decode()}" for name, value in facts.items()]
    lines += ["", "[project.scripts]", 'kit = "kit.__main__:entry"', "", "[tool.hatch.build.targets.wheel]", 'packages = ["kit", "grader"]']
    return "\n".join(lines) + "\n"

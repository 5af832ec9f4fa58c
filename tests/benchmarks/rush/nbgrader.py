"""The rival that grades: nbgrader, in an environment of its own that borrows PyTorch from this one, with the same checks in a notebook."""

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from rush.school import Answer

CELLS = Path(__file__).with_name("conv2d_cells.py")
NAME = "conv2d"
CONFIG = 'c = get_config()\nc.CourseDirectory.course_id = "benchmark"\n'


@dataclass(frozen=True)
class Graded:
    """What `nbgrader autograde` did. seconds: for all, its own start included; agreed: notebooks that pass just when the answer is right."""

    version: str
    notebooks: int
    seconds: float
    agreed: int


def autograde(rivals: Path, folder: Path, answers: Sequence[Answer]) -> Graded:
    """Grade the answers as notebooks. The environment under `rivals` is made when it is not there. Raises CalledProcessError: it cannot be had."""
    tool = _installed(rivals / "nbgrader")
    version = _run([tool, "--version"], folder).stdout.split()[-1]
    (folder / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    _write(folder / "source" / NAME, "raise NotImplementedError\n")
    _run([tool, "generate_assignment", NAME], folder)
    release = folder / "release" / NAME / f"{NAME}.ipynb"
    for number, answer in enumerate(answers):
        notebook = json.loads(release.read_text(encoding="utf-8"))
        handed_in = folder / "submitted" / f"student{number:03}" / NAME
        handed_in.mkdir(parents=True)
        next(cell for cell in notebook["cells"] if _is_answer(cell))["source"] = answer.source
        (handed_in / release.name).write_text(json.dumps(notebook), encoding="utf-8")
    begun = perf_counter()
    _run([tool, "autograde", NAME], folder)
    seconds = perf_counter() - begun
    results = {int(path.parts[-3][-3:]): _passed(path) for path in folder.glob(f"autograded/*/{NAME}/{NAME}.ipynb")}
    return Graded(version, len(results), seconds, sum(passed == answers[number].right for number, passed in results.items()))


def _installed(environment: Path) -> str:
    """The program `nbgrader`; PyTorch is ours, so that both compare with the same."""
    tool = environment / "bin" / "nbgrader"
    if not tool.exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        subprocess.run([environment / "bin" / "pip", "install", "-q", "nbgrader", "ipykernel"], check=True)
    packages = environment / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (packages / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return str(tool)


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """One of its commands. Raises CalledProcessError after its last words on stderr."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "JUPYTER", "XDG_"))} | {"HOME": str(folder)}
    environment["PATH"] = f"{Path(command[0]).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
    done.check_returncode()
    return done


def _write(folder: Path, answer: str) -> None:
    """The assignment as the teacher writes it: a cell for the answer, then one for each check."""
    folder.mkdir(parents=True)
    cells = [_cell("answer", f"### BEGIN SOLUTION\n{answer}### END SOLUTION\n", solution=True)]
    for title, source in re.findall(r"^# %% (\w+)\n(.*?)(?=^# %%|\Z)", CELLS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        cells.append(_cell(title, source, solution=False))
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (folder / f"{NAME}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def _cell(title: str, source: str, *, solution: bool) -> dict[str, Any]:
    rules = {"grade": not solution, "grade_id": title, "locked": not solution, "schema_version": 3, "solution": solution, "task": False}
    if not solution:
        rules["points"] = 1
    return {
        "id": title.replace("_", "-"),
        "cell_type": "code",
        "metadata": {"nbgrader": rules},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def _is_answer(cell: dict[str, Any]) -> bool:
    return cell["metadata"].get("nbgrader", {}).get("solution", False)


def _passed(path: Path) -> bool:
    """Whether no cell of a graded notebook ended in an error."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return not any(output["output_type"] == "error" for cell in cells for output in cell.get("outputs", ()))

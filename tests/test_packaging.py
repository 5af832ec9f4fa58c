"""The wheel is complete: it is built, installed alone, and a learner works with it in an empty folder."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DRAWERS = ("exercises", "solutions", "grader/checks")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="the paths of a virtual environment are those of POSIX here")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel of this tree; built by what is installed here, so that no network is needed."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel and without the checkout, and somebody who works in an empty folder."""

    scripts: Path
    folder: Path
    env: dict[str, str]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.scripts / command[0], *command[1:]], cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=120, check=False
        )


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    home = tmp_path_factory.mktemp("installed")
    venv.create(home / "venv", with_pip=False)
    scripts = home / "venv" / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(scripts / "python"), "--disable-pip-version-check"]
    done = subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    # The dependencies are lent by this environment. Its own .pth files, which name the checkout, do not count on the second hop.
    site = Path(sysconfig.get_path("purelib", vars={"base": str(home / "venv"), "platbase": str(home / "venv")}))
    lenders = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    (site / "lent.pth").write_text("\n".join(lenders) + "\n", encoding="utf-8")
    folder, run = home / "empty", home / "run"
    folder.mkdir()
    run.mkdir(mode=0o700)
    env = {"PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "HOME": str(home), "XDG_RUNTIME_DIR": str(run), "LANG": "C.UTF-8"}
    person = Installed(scripts, folder, env)
    yield person
    person.run("python", "-c", "from grader.client import stop_server; stop_server()")


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}


def test_wheel_holds_code_catalogue_and_bank(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"kit/_bank/{drawer}/{name}" for drawer in DRAWERS for name in files_below(ROOT / drawer)}
    expected |= {f"kit/{name}" for name in files_below(ROOT / "kit")}
    expected |= {f"grader/{name}" for name in files_below(ROOT / "grader") if not name.startswith("checks/")}
    assert {"grader/verdict.schema.json", "grader/locale/zh/LC_MESSAGES/kit.mo"} <= expected
    assert sorted(expected - names) == []
    assert sorted(name for name in names - expected if ".dist-info/" not in name) == []


def test_kit_comes_from_the_wheel(installed):
    shown = installed.run("python", "-c", "import grader, kit; from kit.bank import find_root; print(grader.__file__, kit.__file__, find_root({}))")
    places = shown.stdout.split()
    assert (shown.stderr, len(places)) == ("", 3)
    assert [place for place in places if not Path(place).is_relative_to(installed.scripts.parent)] == []


def test_first_day_in_an_empty_folder(installed, wheel):
    assert installed.run("kit", "--version").stdout == f"kit {wheel.name.split('-')[1]}\n"
    fetched = installed.run("kit", "next")
    assert fetched.returncode == 0, fetched.stderr
    (answer,) = installed.folder.glob("*/*.py")
    starter = installed.run("kit", "grade")
    assert (starter.returncode, "your turn" in starter.stdout) == (1, True)
    (solution,) = ROOT.glob(f"solutions/*/{answer.parent.name}/solution.py")
    answer.write_bytes(solution.read_bytes())
    passed = installed.run("kit", "grade")
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert installed.run("kit", "solution").returncode == 0
    assert "通过" in installed.run("kit", "--lang", "zh", "grade", "--no-server").stdout


def test_a_student_edition_is_installed_and_used(installed, tmp_path_factory):
    """Last: it replaces what the tests above use."""
    folder = tmp_path_factory.mktemp("student")
    command = [Path(sys.executable).with_name("kit"), "--bank", ROOT, "author", "bundle", "--student", folder]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    pip = [sys.executable, "-m", "pip", "--python", str(installed.scripts / "python"), "--disable-pip-version-check"]
    command = [*pip, "install", "--quiet", "--no-deps", "--no-index", "--force-reinstall", built.stdout.strip()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert installed.run("kit", "--version").stdout.endswith("+student\n")
    site = Path(installed.run("python", "-c", "import kit; print(kit.__file__)").stdout.strip()).parent
    assert not (site / "_bank" / "solutions").exists()
    assert not list(site.parent.glob("**/checks/*"))
    assert installed.run("kit", "fetch", "conv2d").returncode == 0
    answer = installed.folder / "conv2d" / "conv2d.py"
    assert installed.run("kit", "grade", "conv2d").returncode == 1
    answer.write_bytes((ROOT / "solutions/convolution/conv2d/solution.py").read_bytes())
    graded = installed.run("kit", "grade", "conv2d")
    assert graded.returncode == 0, graded.stdout + graded.stderr
    assert "hidden checks run when you hand your answer in" in graded.stderr

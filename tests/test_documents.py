"""What the documents say is so: sessions, the list of exercises, commands, dependencies, links, the changelog's form, both languages."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from demo import MISTAKE, SLUG, TRACK
from documents import CONSOLE, DOCUMENTS, ROOT, TABLE, played, table

from grader import mistakes
from kit.bank import Bank

PAGES = [*DOCUMENTS, "CONTRIBUTING.md", "CHANGELOG.md"]


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def gist(text: str) -> str:
    """Without what changes from run to run: the numbers, and the line breaks that their widths move."""
    return " ".join(re.sub(r"-?\d[\d.]*(e[+-]?\d+)?", "#", text).split())


@pytest.mark.slow
@pytest.mark.parametrize(("name", "lang"), DOCUMENTS.items())
def test_sessions_are_what_the_kit_says(name, lang, tmp_path):
    text = page(name)
    shown = [gist(match["shown"]) for match in CONSOLE.finditer(text)]
    said = [gist(match["shown"]) for match in CONSOLE.finditer(played(text, lang, tmp_path))]
    assert shown == said, "run: python tests/documents.py"
    assert len(shown) > 3


@pytest.mark.parametrize(("name", "lang"), DOCUMENTS.items())
def test_exercises_are_those_of_the_bank(name, lang, tmp_path):
    assert TABLE.search(page(name))[0] == table(Bank(ROOT, cache=tmp_path), lang), "run: python tests/documents.py"


def test_both_languages_show_the_same_commands():
    def commands(name: str) -> list[str]:
        blocks = re.findall(r"```(sh|console)\n(.*?)```", page(name), re.DOTALL)
        return [line for kind, block in blocks for line in block.splitlines() if kind == "sh" or line.startswith("$ ")]

    english, chinese = map(commands, DOCUMENTS)
    assert english == chinese
    assert len(english) > 10


def test_first_screen_holds_the_two_commands():
    for name in DOCUMENTS:
        first = page(name).split("```")[1]
        assert first.splitlines() == ["sh", "make demo", "make test"]
        assert page(name).index(first) < 1500


def test_every_command_that_a_page_names_exists():
    from typer.main import get_command

    from kit.cli.app import build

    root = get_command(build())
    unknown = []
    for name in PAGES:
        for first, second in re.findall(r"(?:`|^\$ |^)kit ([a-z]+)(?: ([a-z]+))?\b", page(name), re.MULTILINE):
            command = root.commands.get(first)
            if command is None or (hasattr(command, "commands") and second not in command.commands):
                unknown.append(f"{name}: kit {first} {second}")
    assert unknown == []


def test_every_option_that_a_page_names_exists():
    from typer.main import get_command

    from kit.cli.app import build

    def options(command) -> set[str]:
        own = {option for parameter in command.params for option in parameter.opts}
        return own.union(*(options(each) for each in getattr(command, "commands", {}).values()))

    known = options(get_command(build())) | {"--lang"}
    for name in DOCUMENTS:
        named = set(re.findall(r"`(?:kit [a-z ]+)?(--[a-z-]+)", page(name)))
        assert named - known == set()
        assert named


def test_contributing_says_why_each_dependency_is_there():
    project = tomllib.loads(page("pyproject.toml"))["project"]
    wanted = {"": project["dependencies"], **project["optional-dependencies"]}
    needed = {re.match(r"[\w-]+", requirement)[0] for requirements in wanted.values() for requirement in requirements} - {project["name"]}
    told = dict(re.findall(r"^\| `([\w-]+)` \| (.+) \|$", page("CONTRIBUTING.md"), re.MULTILINE))
    assert set(told) == needed | {"hatchling"}
    assert [name for name, reason in told.items() if len(reason) < 15] == []


def test_constraints_pin_every_dependency():
    project = tomllib.loads(page("pyproject.toml"))["project"]
    pins = {line.split("==")[0].lower().replace("_", "-") for line in page("constraints.txt").splitlines() if "==" in line and "#" not in line}
    direct = [*project["dependencies"], *(line for lines in project["optional-dependencies"].values() for line in lines)]
    assert {re.match(r"[\w-]+", requirement)[0].lower() for requirement in direct} - pins == {project["name"]}
    assert [line for line in page("constraints.txt").splitlines() if not re.fullmatch(r"#.*|[\w.-]+==[\w.]+", line)] == []
    assert [name for name in pins if name.startswith(("nvidia", "cuda", "triton"))] == []


def test_links_lead_somewhere():
    broken = []
    for name in PAGES:
        targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page(name))
        broken += [f"{name}: {target}" for target in targets if not (ROOT / target).exists()]
    assert broken == []


def test_paths_in_contributing_exist():
    text = re.sub(r"<[^>]+>", "*", page("CONTRIBUTING.md"))
    paths = set(re.findall(r"`((?:exercises|solutions|grader|kit|tests)/[\w*./-]*)`", text)) - {"kit/_bank"}  # which is only in the wheel
    assert [path for path in paths if not list(ROOT.glob(path.rstrip("/")))] == []
    assert len(paths) > 5


def test_changelog_is_written_for_its_readers():
    entries = [line for line in page("CHANGELOG.md").splitlines() if line.startswith("- ")]
    assert [line for line in entries if not re.match(r"- (kit|grader|exercise|classroom): \S", line)] == []
    version = tomllib.loads(page("pyproject.toml"))["project"]["version"]
    assert re.search(rf"^## {re.escape(version)}\b", page("CHANGELOG.md"), re.MULTILINE)
    assert entries


@pytest.mark.slow
def test_demo_shows_three_reports(tmp_path):
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "LANG": "C.UTF-8", "COLUMNS": "200"}
    done = subprocess.run([sys.executable, ROOT / "tests/demo.py"], env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"exit status (\d)", done.stdout) == ["0", "1", "1", "0"]
    known = {mistake.name: mistake for mistake in mistakes.load(ROOT / f"solutions/{TRACK}/{SLUG}/mistakes.toml")}
    _fetched, starter, mistaken, solution = done.stdout.split("\n$ kit ")[1:]
    assert "your turn" in starter
    assert f"diagnosis: {known[MISTAKE].en}" in " ".join(mistaken.split())
    assert re.search(r"^(\d+) of \1 checks passed", solution, re.MULTILINE)
    assert not list(Path(tmp_path).glob("kit-demo-*"))

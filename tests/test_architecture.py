"""What the reader of the code may count on: who imports whom, where the test of a module is, that everything can be read in one sitting."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from kit import language
from kit.cli.app import build

ROOT = Path(__file__).parents[1]
LONGEST = 400

# Everything else has a test file of its own name. A folder stands for its modules that have none.
TESTED_BY = {
    "kit/cli/": ("tests/end_to_end", "they only read arguments: the real kit is run"),
    "kit/screen/": ("tests/end_to_end", "what is printed is looked at where it is printed"),
    "kit/author/": ("tests/kit/author", "the steps of check, mutate and sync, tested through these"),
    "kit/__main__.py": ("tests/end_to_end/test_errors.py", "every error through the real kit"),
    "kit/errors.py": ("tests/end_to_end/test_errors.py", "the same"),
    "kit/exercise.py": ("tests/kit/test_bank.py", "what a bank is made of"),
    "grader/locale/refresh.py": ("tests/kit/test_catalogue.py", "catalogues against the code"),
    "grader/source.py": ("tests/grader/test_scan.py", "reads what the scan looks for"),
    "grader/boot.py": ("tests/grader/test_client.py", "the processes of the judge, from where they are started"),
    "grader/server.py": ("tests/grader/test_client.py", "the same"),
    "grader/zygote.py": ("tests/grader/test_workers.py", "the same"),
    "grader/candidate.py": ("tests/grader/test_runner.py", "a job in, a verdict out"),
    "grader/failure.py": ("tests/grader/test_runner.py", "the same"),
    "grader/plugin.py": ("tests/grader/test_runner.py", "the same"),
    "kit/classroom/errors.py": ("tests/kit/classroom/test_problems.py", "what is refused, as clients see it"),
    "kit/classroom/migrations/": ("tests/kit/classroom/test_database.py", "the steps, against the schema"),
    "kit/classroom/schema.py": ("tests/kit/classroom/test_database.py", "the tables, in both kinds of database"),
    "grader/worker/": ("tests/grader", "lives behind the wire: runner and sandbox tests drive it"),
}


def modules(*folders: str) -> list[Path]:
    """Our Python files, the hidden checks aside."""
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "checks" not in path.relative_to(ROOT).parts]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_import_rules_hold():
    done = subprocess.run([Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_every_module_has_its_test():
    untested, used = [], set()
    for path in modules("kit", "grader"):
        if path.name == "__init__.py" or (ROOT / "tests" / path.relative_to(ROOT).with_name(f"test_{path.stem.strip('_')}.py")).exists():
            continue
        place = next((place for place in TESTED_BY if name(path) == place or (place.endswith("/") and name(path).startswith(place))), None)
        if place is None:
            untested.append(name(path))
        used.add(place)
    assert untested == []
    assert sorted(set(TESTED_BY) - used) == [], "these have a test of their own name now: take them off the list"
    assert [where for where, _reason in TESTED_BY.values() if not (ROOT / where).exists()] == []


def test_modules_can_be_read_in_one_sitting():
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules("kit", "grader")}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}


def test_every_module_says_what_it_is():
    assert [name(path) for path in modules("kit", "grader") if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))] == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_command_and_option_has_help(lang):
    def without(command, path) -> list[str]:
        options = [f"{path} {parameter.name}" for parameter in command.params if not getattr(parameter, "help", None)]
        inner = [line for each, below in getattr(command, "commands", {}).items() for line in without(below, f"{path} {each}")]
        return [*([] if (command.help or "").strip() else [path]), *options, *inner]

    language.speak(lang)
    try:
        root = get_command(build())
        assert without(root, "kit") == []
        assert ("取" in root.commands["fetch"].help) == (lang == "zh")
    finally:
        language.speak("en")


def test_no_list_names_all_exercises():
    slugs = sorted(path.parent.name for path in ROOT.glob("exercises/*/*/exercise.toml"))
    quoted = {
        path: [slug for slug in slugs if re.search(rf"[\"'/]{re.escape(slug)}[\"'/]", path.read_text(encoding="utf-8"))]
        for path in modules("kit", "grader", "tests")
    }
    quoted[ROOT / "pyproject.toml"] = [slug for slug in slugs if slug in (ROOT / "pyproject.toml").read_text(encoding="utf-8")]
    assert len(slugs) > 1
    assert {name(path): found for path, found in quoted.items() if len(found) > max(2, len(slugs) // 2)} == {}


def test_every_drawer_of_an_exercise_is_there_and_no_other():
    slugs = {path.parent.relative_to(ROOT / "exercises").as_posix() for path in ROOT.glob("exercises/*/*/exercise.toml")}
    assert {path.parent.relative_to(ROOT / "solutions").as_posix() for path in ROOT.glob("solutions/*/*/solution.py")} == slugs
    checks = {f"{path.parent.name}/{path.stem.removeprefix('test_').replace('_', '-')}" for path in ROOT.glob("grader/checks/*/test_*.py")}
    assert checks == slugs


FAILS_BY_ITSELF = {
    "raises": "pytest",
    "fail": "pytest",
    "warns": "pytest",
    "validate": "jsonschema raises when the document is not of the schema's form",
    "hanging_is_a_failure": "a wait that ends in a failure",
    "suppress": "a fuzz test: any exception but that one fails it",
}


def calls(node: ast.AST) -> set[str]:
    """The names of the functions that are called inside, without what they are attributes of."""
    functions = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)]
    return {
        function.attr if isinstance(function, ast.Attribute) else function.id
        for function in functions
        if isinstance(function, (ast.Attribute, ast.Name))
    }


def asserts(function: ast.AST, asserting: set[str]) -> bool:
    """Whether it asserts anything, itself or by a function that does."""
    if any(isinstance(each, ast.Assert) for each in ast.walk(function)):
        return True
    return any(call in asserting or call in FAILS_BY_ITSELF or call.startswith("assert_") for call in calls(function))


def test_every_test_asserts_something():
    functions = [
        (name(path), node)
        for path in modules("tests")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    asserting: set[str] = set()
    while more := {node.name for _path, node in functions if asserts(node, asserting)} - asserting:
        asserting |= more
    tests = [(path, node) for path, node in functions if node.name.startswith("test_") and Path(path).name.startswith("test_")]
    assert [f"{path}: {node.name}" for path, node in tests if not asserts(node, asserting - {node.name})] == []
    assert len(tests) > 100


def test_no_test_sleeps():
    ours = [path for path in modules("tests") if path.name.startswith(("test_", "conftest"))]
    assert [name(path) for path in ours if "sleep" in calls(ast.parse(path.read_text(encoding="utf-8")))] == []

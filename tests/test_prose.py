"""Numbers in the exercises' texts are computed, not typed: tests/prose/<slug with underscores>.py has them in NUMBERS, as written and as computed."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

from kit.author.drawers import find

BANK = Path(__file__).parent.parent
SLUGS = [drawers.slug for drawers in find(BANK)]
SIGNIFICANT = 3  # digits from which on a number in an explanation has to be computed
_NUMBER = re.compile(r"(?<![\w.^_{])\d[\d,]*(?:\.\d+)?(?![\w^])")
_POWER = re.compile(r"10\^\{?-?\d+\}?")


def exercise(slug):
    (drawers,) = find(BANK, [slug])
    return drawers


def numbers(drawers):
    """What the module of the exercise computes; nothing where there is none."""
    path = BANK / "tests" / "prose" / f"{drawers.module}.py"
    if not path.exists():
        return {}
    spec = importlib.util.spec_from_file_location(f"prose_{drawers.module}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.NUMBERS


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.values() for text in strings(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in strings(item))


def explanations(drawers):
    """What explains: the answers, hints and quizzes. References have years and pages in them, which nobody can compute."""
    facts = tomllib.loads((drawers.exercise / "exercise.toml").read_text(encoding="utf-8"))
    texts = [(drawers.model / name).read_text(encoding="utf-8") for name in ("ANSWER.md", "ANSWER.zh.md")]
    return "\n".join([*texts, *strings([facts.get("hint", []), facts.get("quiz", [])])])


def everything(drawers):
    statements = [(drawers.exercise / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md")]
    return "\n".join([explanations(drawers), *statements])


def given(drawers):
    """Where a number may come from without being computed: the contract and the code that keeps it."""
    paths = [drawers.solution, drawers.checks, drawers.exercise / "README.md"]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def digits(number):
    """The significant digits of a number as written; zeros at the end of an integer do not count."""
    plain = number.replace(",", "").replace("_", "")
    return len((plain if "." in plain else plain.rstrip("0")).replace(".", "").lstrip("0"))


@pytest.mark.parametrize("slug", SLUGS)
def test_numbers_are_as_computed(slug):
    drawers = exercise(slug)
    texts = everything(drawers)
    for written, computed in numbers(drawers).items():
        assert written in texts, f"{written} stands in no text of {slug}"
        plain = written.replace(",", "").replace("\u2009", "")
        decimals = len(plain.partition("e")[0].partition(".")[2])
        unit = 10.0 ** (int(plain.partition("e")[2] or 0) - decimals)
        assert abs(float(plain) - computed) <= 0.5 * unit * (1 + 1e-9), f"{slug} says {written}; it is {computed}"


@pytest.mark.parametrize("slug", SLUGS)
def test_numbers_in_explanations_are_computed(slug):
    drawers = exercise(slug)
    known, code = set(numbers(drawers)), given(drawers)
    said = {number.rstrip(",") for number in _NUMBER.findall(_POWER.sub(" ", explanations(drawers)))}
    typed = sorted(
        number
        for number in said - known
        if digits(number) >= SIGNIFICANT and not re.fullmatch(r"(19|20)\d\d", number) and number.replace(",", "") not in code.replace("_", "")
    )
    assert typed == [], f"compute these in tests/prose/{drawers.module}.py"


@pytest.mark.parametrize("slug", SLUGS)
def test_mathematics_begins_and_ends(slug):
    """A lost dollar sign spoils the rest of the page. Code may have as many as it likes."""
    drawers = exercise(slug)
    paths = [
        folder / name
        for folder, names in ((drawers.exercise, ("README.md", "README.zh.md")), (drawers.model, ("ANSWER.md", "ANSWER.zh.md")))
        for name in names
    ]
    prose = {path: re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL) for path in paths}
    assert [str(path) for path, text in prose.items() if text.count("$") % 2] == []


def test_every_module_of_numbers_belongs_to_an_exercise():
    modules = {path.stem for path in (BANK / "tests" / "prose").glob("*.py")}
    assert modules <= {slug.replace("-", "_") for slug in SLUGS}

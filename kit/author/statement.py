"""What a learner reads: the statement and the model answer's text, in both languages, and the examples in them."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Sequence

from msgspec import json

from grader.examples import Example, Shown, Task, read
from grader.text import _
from kit.author.drawers import Drawers
from kit.author.finding import Finding, has_chinese, placeholders, text_of
from kit.exercise import ExerciseFile
from kit.starter import given_lines

__all__ = ["findings", "run_examples"]

SECONDS_FOR_EXAMPLES = 30.0
STATEMENTS = {"en": "README.md", "zh": "README.zh.md"}
ANSWERS = {"en": "ANSWER.md", "zh": "ANSWER.zh.md"}


def findings(drawers: Drawers, facts: ExerciseFile | None) -> Iterator[Finding]:
    """What is wrong with the texts, without running their examples. facts None: exercise.toml could not be read."""
    for folder, names in ((drawers.exercise, STATEMENTS), (drawers.model, ANSWERS)):
        for lang, name in names.items():
            text, where = text_of(folder / name), drawers.show(folder / name)
            yield from placeholders(text, where)
            if lang == "zh" and text and not has_chinese(text):
                yield Finding(where, _("there is no Chinese in it"), _("Write it as a Chinese speaker would."))
    for lang, name in STATEMENTS.items():
        if text := text_of(drawers.exercise / name):
            yield from _statement(text, drawers.show(drawers.exercise / name), lang, _public_names(text_of(drawers.solution)), facts)
    yield from _same_examples(drawers)


def _statement(text: str, where: str, lang: str, names: Sequence[str], facts: ExerciseFile | None) -> Iterator[Finding]:
    heading = text.splitlines()[0].removeprefix("# ").strip()
    if facts is not None and heading != facts.title.say(lang):
        problem = _("its heading is not the title in exercise.toml ({title})").format(title=facts.title.say(lang))
        yield Finding(f"{where}:1", problem, _("Make the two alike."))
    for name in names:
        if name not in text:
            yield Finding(where, _("it does not mention {name}").format(name=name), _("Say what it takes, returns and raises."))
    for rule in facts.forbid if facts is not None else ():
        if rule.rpartition(".")[2].lower() not in text.lower():
            yield Finding(where, _("it does not say that {rule} is forbidden").format(rule=rule), _("Say so, and why."))


def _public_names(solution: str) -> list[str]:
    """What the learner has to write, by name."""
    try:
        tree, given = ast.parse(solution), given_lines(solution)
    except SyntaxError:
        return []
    definitions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef))
    return [node.name for node in definitions if not node.name.startswith("_") and node.lineno not in given]


def _same_examples(drawers: Drawers) -> Iterator[Finding]:
    found: dict[str, list[Example]] = {}
    for lang, name in STATEMENTS.items():
        path = drawers.exercise / name
        if not path.exists():
            return
        try:
            found[lang] = read(text_of(path))
        except ValueError as error:
            yield Finding(drawers.show(path), _("an example is malformed: {reason}").format(reason=error), _("Mend that line."))
            return
        if not found[lang]:
            yield Finding(drawers.show(path), _("there is no example in it"), _("Show one call and its result after >>>."))
    for en, zh in zip(found["en"], found["zh"], strict=False):
        if (_meaning(en.source), en.want) != (_meaning(zh.source), zh.want):
            where = f"{drawers.show(drawers.exercise / STATEMENTS['zh'])}:{zh.line}"
            yield Finding(where, _("this example differs from the one in English"), _("Show the same examples in both languages."))
            return
    if len(found["en"]) != len(found["zh"]):
        where = drawers.show(drawers.exercise / STATEMENTS["zh"])
        yield Finding(where, _("it has more or fewer examples than the one in English"), _("Show the same examples in both languages."))


def _meaning(source: str) -> str:
    """The code without its comments, which may be in either language."""
    try:
        return ast.dump(ast.parse(source))
    except SyntaxError:
        return source


def run_examples(exercises: Sequence[Drawers], seconds: float = SECONDS_FOR_EXAMPLES) -> dict[str, list[Finding]]:
    """Run the examples of all statements against their solutions, in one process that imports torch once; the findings by slug."""
    left = {drawers.slug: drawers for drawers in exercises if drawers.solution.exists()}
    results: dict[str, list[Finding]] = {}
    while left:
        for shown in _shown(list(left.values()), seconds):
            drawers = left.pop(shown.slug)
            results[drawers.slug] = list(_wrong(drawers, shown))
        if left:  # the first that is left stopped the process or took too long; the others get a new one
            drawers = left.pop(next(iter(left)))
            problem = _("its examples crashed or took longer than {seconds:g} s").format(seconds=seconds)
            results[drawers.slug] = [Finding(drawers.show(drawers.exercise / STATEMENTS["en"]), problem, _("Show a smaller example."))]
    return results


def _shown(exercises: Sequence[Drawers], seconds: float) -> list[Shown]:
    """The results up to the first exercise that did not come to an end."""
    tasks = [
        Task(drawers.slug, text_of(drawers.solution), {name: text_of(drawers.exercise / name) for name in STATEMENTS.values()})
        for drawers in exercises
    ]
    command = [sys.executable, "-I", "-m", "grader.examples"]
    limit = seconds + len(tasks)
    try:
        output = subprocess.run(command, input=json.encode(tasks), capture_output=True, timeout=limit, check=False).stdout
    except subprocess.TimeoutExpired as error:
        output = error.stdout or b""
    return [json.decode(line, type=Shown) for line in output.splitlines(keepends=True) if line.endswith(b"\n")]


def _wrong(drawers: Drawers, shown: Shown) -> Iterator[Finding]:
    if shown.error:
        yield Finding(drawers.show(drawers.solution), _("it cannot be loaded: {reason}").format(reason=shown.error), _("Mend it."))
    for wrong in shown.wrong:
        where = f"{drawers.show(drawers.exercise / wrong.document)}:{wrong.example.line}"
        problem = _("{source} gives {got}, not {want}")
        source = wrong.example.source.strip()
        yield Finding(
            where,
            problem.format(source=source, got=wrong.got or _("nothing"), want=wrong.example.want.strip() or _("nothing")),
            _("Show what the solution gives."),
        )

"""The hidden checks of an exercise, read without running them: names, titles and order."""

import ast
from collections.abc import Iterator

from msgspec import Struct

from grader.text import _
from kit.author.drawers import Drawers
from kit.author.finding import Finding, has_chinese, text_of

__all__ = ["HiddenCheck", "findings", "read"]

LONGEST_TITLE = 72


class HiddenCheck(Struct, frozen=True):
    """A check function: its name, its line, the lines of its docstring, and the checks that it waits for."""

    name: str
    line: int
    titles: tuple[str, ...]
    after: tuple[str, ...]
    parameters: tuple[str, ...]


def read(source: str) -> list[HiddenCheck]:
    """The check functions of a file, in its order. Raises SyntaxError."""
    return [
        HiddenCheck(
            node.name,
            node.lineno,
            tuple(line.strip() for line in (ast.get_docstring(node) or "").splitlines() if line.strip()),
            tuple(_after(node)),
            tuple(argument.arg for argument in node.args.args),
        )
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")
    ]


def findings(drawers: Drawers) -> Iterator[Finding]:
    """What is wrong with the check file."""
    where = drawers.show(drawers.checks)
    source = text_of(drawers.checks)
    try:
        tree, checks = ast.parse(source), read(source)
    except SyntaxError as error:
        yield Finding(f"{where}:{error.lineno}", _("this is not Python: {reason}").format(reason=error.msg), _("Mend that line."))
        return
    if not checks:
        yield Finding(where, _("there is no check in it"), _("Write functions named test_… that take `answer`."))
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            problem = _("{name} is a class: a check is a function").format(name=node.name)
            yield Finding(f"{where}:{node.lineno}", problem, _("Move its methods to the module."))
    seen: set[str] = set()
    for check in checks:
        yield from _of(check, seen, f"{where}:{check.line}")
        seen.add(check.name)


def _of(check: HiddenCheck, earlier: set[str], where: str) -> Iterator[Finding]:
    if check.name in earlier:
        yield Finding(where, _("two checks are called {name}").format(name=check.name), _("The second hides the first: rename one."))
    if not check.name.startswith("test_"):
        yield Finding(where, _("{name} does not begin with test_").format(name=check.name), _("Rename it, so that `--check` finds it."))
    if not {"answer", "worker"} & set(check.parameters):
        yield Finding(where, _("{name} does not look at the answer").format(name=check.name), _("Let it take `answer` or `worker`."))
    if len(check.titles) < 2 or has_chinese(check.titles[0]) or not has_chinese(check.titles[1]):
        remedy = _("Begin its docstring with a line in English and one in Chinese.")
        yield Finding(where, _("{name} lacks its two titles").format(name=check.name), remedy)
    elif max(map(len, check.titles[:2])) > LONGEST_TITLE:
        problem = _("a title of {name} is longer than {limit} characters").format(name=check.name, limit=LONGEST_TITLE)
        yield Finding(where, problem, _("Shorten it to what a report's line can hold."))
    for name in check.after:
        if name not in earlier:
            problem = _("{name} waits for {other}, which does not come before it").format(name=check.name, other=name)
            yield Finding(where, problem, _("Name an earlier check."))


def _after(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.after":
            yield from (argument.value for argument in decorator.args if isinstance(argument, ast.Constant) and isinstance(argument.value, str))

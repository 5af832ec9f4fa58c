"""The mutants of a solution: every small change of its syntax tree that changes what it does, in the order of the file.

What only guards is left alone: assertions, zip's `strict`, and the texts of errors.
"""

import ast
import types
import warnings
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import cast

from msgspec import Struct

from kit.author import scope
from kit.author.mutations import but, of_expression
from kit.author.scope import Scope
from kit.author.steps import of_statement
from kit.starter import given_lines

__all__ = ["Mutant", "mutants"]

_SKIPPED_FIELDS = {"annotation", "returns", "type_comment", "type_params", "decorator_list", "ctx", "op", "ops"}


class Mutant(Struct, frozen=True):
    """A solution with one change. before, after: the changed statement (of a block its first line) in normal form; inside: the function."""

    slug: str
    line: int
    operator: str
    inside: str
    before: str
    after: str
    source: str

    @property
    def id(self) -> str:
        """The same as long as the statement and the change are."""
        seen = sha256(f"{self.inside}\n{self.before}\n{self.after}".encode()).hexdigest()
        return f"{self.slug}:{self.line}:{self.operator}:{seen[:6]}"

    @property
    def device_alone(self) -> bool:
        """Whether nothing but a `device` of a call differs: on a machine without a GPU all tensors are on the CPU, and no check can tell."""
        return _without_device(self.before) == _without_device(self.after)

    @property
    def description(self) -> str:
        """The change in one line."""
        return " ".join(f"{self.before}  →  {self.after or '(nothing)'}".split("\n"))

    @property
    def diff(self) -> str:
        """The change as a diff."""
        old = "".join(f"- {line}\n" for line in self.before.splitlines())
        return f"@@ line {self.line}, {self.inside or 'module'} @@\n{old}" + "".join(f"+ {line}\n" for line in self.after.splitlines())


def _without_device(statement: str) -> str:
    """The statement in normal form, without the keyword `device`; as it is when it is only a block's first line."""
    try:
        tree = ast.parse(statement)
    except SyntaxError:
        return statement
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.keywords = [keyword for keyword in node.keywords if keyword.arg != "device"]
    return ast.unparse(tree)


class _Site(Struct, frozen=True):
    """A place where a node stands, the statement around it, and how to put something else there."""

    node: ast.AST
    statement: ast.stmt
    scope: Scope
    put: Callable[[object], None]


def mutants(slug: str, solution: str) -> list[Mutant]:
    """All mutants of a solution, without those that compile to the same code as it or as an earlier one. Raises SyntaxError."""
    tree = ast.parse(solution)
    given, around = given_lines(solution), scope.of_module(tree)
    texts = [ast.unparse(statement) for statement in tree.body]
    found: list[Mutant] = []
    for place, statement in enumerate(tree.body):
        part = ast.Module([statement], [])  # compiling one definition at a time is much faster
        seen = {_meaning(texts[place])}
        for site in _block(part, "body", around, None):
            if site.statement.lineno in given:
                continue
            for operator, before, after in _changes(site):
                text = ast.unparse(ast.fix_missing_locations(part))
                meaning = _meaning(text)
                if meaning is not None and meaning not in seen:
                    seen.add(meaning)
                    line: int = getattr(site.node, "lineno", site.statement.lineno)
                    source = "\n\n\n".join([*texts[:place], text, *texts[place + 1 :]]) + "\n"
                    found.append(Mutant(slug, line, operator, site.scope.name, before, after, source))
    return found


def _changes(site: _Site) -> Iterator[tuple[str, str, str]]:
    """Make each change in the tree in turn, and undo it afterwards; yields (operator, statement before, statement after)."""
    node, before = site.node, _head(site.statement)
    if isinstance(node, ast.stmt):
        for operator, steps in of_statement(node, site.scope):
            site.put(list(steps))
            after = "\n".join(map(_head, steps))
            yield operator, before, after if after != before else "\n".join(map(ast.unparse, steps))
            site.put([node])
    else:
        for operator, other in of_expression(node, site.scope):
            site.put(other)
            yield operator, before, _head(site.statement)
            site.put(node)


def _block(parent: ast.AST, name: str, around: Scope, owner: ast.ClassDef | None) -> Iterator[_Site]:
    """The sites of a list of statements."""
    body: list[ast.stmt] = getattr(parent, name)
    for statement in list(body):
        if isinstance(statement, ast.Import | ast.ImportFrom | ast.Assert) or _is_docstring(statement):
            continue
        yield _Site(statement, statement, around, _statement_putter(body, statement))
        inner, next_owner = around, owner
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            inner, next_owner = scope.of_function(statement, around, owner), None
        elif isinstance(statement, ast.ClassDef):
            next_owner = statement
        yield from _inside(statement, statement, inner, next_owner)


def _inside(node: ast.AST, statement: ast.stmt, around: Scope, owner: ast.ClassDef | None) -> Iterator[_Site]:
    """The sites in the fields of a node."""
    fields: list[tuple[str, object]] = list(ast.iter_fields(node))
    for name, value in fields:
        if name in _SKIPPED_FIELDS or (isinstance(node, ast.Raise) and name == "exc"):
            continue
        if isinstance(value, ast.AST):
            yield from _site(value, statement, around, owner, _field_putter(node, name))
        elif isinstance(value, list):
            items = cast("list[object]", value)
            if items and isinstance(items[0], ast.stmt):
                yield from _block(node, name, around, owner)
                continue
            for place, item in enumerate(list(items)):
                if isinstance(item, ast.AST):
                    yield from _site(item, statement, around, owner, _item_putter(items, place))


def _site(node: ast.AST, statement: ast.stmt, around: Scope, owner: ast.ClassDef | None, put: Callable[[object], None]) -> Iterator[_Site]:
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.keyword) and node.arg == "strict"):
        return
    yield _Site(node, statement, around, put)
    yield from _inside(node, statement, around, owner)


def _statement_putter(body: list[ast.stmt], statement: ast.stmt) -> Callable[[object], None]:
    """What replaces the statement in its block by any number of statements, again and again."""
    start = next(place for place, other in enumerate(body) if other is statement)
    length = 1

    def put(new: object) -> None:
        nonlocal length
        assert isinstance(new, list)
        statements = cast("list[ast.stmt]", new)
        body[start : start + length] = statements
        length = len(statements)

    return put


def _field_putter(node: ast.AST, name: str) -> Callable[[object], None]:
    return lambda new: setattr(node, name, new)


def _item_putter(items: list[object], place: int) -> Callable[[object], None]:
    return lambda new: items.__setitem__(place, new)


def _head(statement: ast.stmt) -> str:
    """The statement in normal form, of a block its first line."""
    blocks: dict[str, list[ast.stmt]] = {name: [] for name in ("orelse", "handlers", "finalbody") if hasattr(statement, name)}
    short: ast.stmt = but(statement, body=[ast.Pass()], **blocks) if hasattr(statement, "body") else statement
    return ast.unparse(ast.fix_missing_locations(short)).removesuffix("\n    pass")


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _meaning(source: str) -> object:
    """What the source compiles to, without line numbers; None when it does not compile."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        try:
            return _code_key(compile(source, "mutant", "exec"))
        except (SyntaxError, ValueError):
            return None


def _code_key(code: types.CodeType) -> object:
    constants = tuple(_code_key(value) if isinstance(value, types.CodeType) else (type(value).__name__, repr(value)) for value in code.co_consts)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    arguments = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    return code.co_name, code.co_code, constants, names, arguments, code.co_exceptiontable

"""Mutations of statements: each takes a statement and yields (operator, statements to put in its place)."""

import ast
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from kit.author.families import ARITHMETIC
from kit.author.mutations import but
from kit.author.scope import Scope

__all__ = ["Steps", "of_statement"]

Steps: TypeAlias = tuple[str, Sequence[ast.stmt]]


def of_statement(node: ast.stmt, scope: Scope) -> Iterator[Steps]:
    """All mutations of a statement as a whole, not of the expressions and statements inside it."""
    match node:
        case ast.Expr() | ast.Delete() | ast.Raise():
            yield "dropped-statement", [ast.Pass()]
        case ast.Break() | ast.Continue():
            yield "dropped-statement", [ast.Pass()]
            yield "break-continue", [ast.Continue() if isinstance(node, ast.Break) else ast.Break()]
        case ast.AugAssign():
            yield from _augmented(node)
        case ast.Assign() | ast.AnnAssign(value=ast.expr()):
            yield from _assignment(node, scope)
        case ast.Return(value=ast.expr() as value):
            yield from (("return", [but(node, value=other)]) for other in _neighbours(value, scope))
            yield from (("detached", [but(node, value=other)]) for other in _detached(value, scope))
        case ast.FunctionDef() | ast.ClassDef():
            for place in range(len(node.decorator_list)):
                rest = [*node.decorator_list[:place], *node.decorator_list[place + 1 :]]
                yield "dropped-decorator", [but(node, decorator_list=rest)]
        case ast.If() | ast.While() | ast.For() | ast.With() | ast.Try():
            yield from _compound(node)
        case _:
            pass


def _compound(node: ast.If | ast.While | ast.For | ast.With | ast.Try) -> Iterator[Steps]:
    match node:
        case ast.If():
            if not isinstance(node.test, ast.Compare | ast.UnaryOp):  # those have mutations that negate them
                yield "negated-condition", [but(node, test=ast.UnaryOp(ast.Not(), node.test))]
            yield "condition-never", node.orelse or [ast.Pass()]
            yield "condition-always", node.body
        case ast.For():
            yield "dropped-statement", [ast.Pass()]
            rest = ast.Subscript(ast.Call(ast.Name("list", ast.Load()), [node.iter], []), ast.Slice(ast.Constant(1)), ast.Load())
            yield "first-round-dropped", [but(node, iter=rest)]
            yield "only-first-round", [but(node, body=[*node.body, ast.Break()])]
        case ast.While():
            yield "dropped-statement", [ast.Pass()]
            yield "only-first-round", [but(node, body=[*node.body, ast.Break()])]
        case ast.With():
            yield "dropped-context", node.body
        case ast.Try():
            yield "dropped-handlers", [*node.body, *node.orelse, *node.finalbody]


def _augmented(node: ast.AugAssign) -> Iterator[Steps]:
    yield "dropped-statement", [ast.Pass()]
    target = ast.parse(ast.unparse(node.target), mode="eval").body
    assign = ast.Assign([node.target], node.value, lineno=node.lineno)
    yield "overwritten", [assign]
    yield "copied", [but(assign, value=ast.BinOp(target, node.op, node.value))]
    if other := ARITHMETIC.get(type(node.op)):
        yield "arithmetic", [but(node, op=other())]


def _assignment(node: ast.Assign | ast.AnnAssign, scope: Scope) -> Iterator[Steps]:
    assert node.value is not None
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    if not isinstance(target, ast.Name) or scope.assigned.get(target.id) != node.lineno:  # without a first assignment there is only a NameError
        yield "dropped-statement", [ast.Pass()]
    match target, node.value:
        case ast.Name(id=name), ast.BinOp(left=ast.Name(id=same), op=op, right=right) if name == same and name in scope.shared:
            yield "in-place", [ast.AugAssign(target, op, right)]
        case ast.Name(), value if scope.is_tensor(value):
            yield "detached", [but(node, value=_detach(value))]
        case _:
            pass


def _neighbours(value: ast.expr, scope: Scope) -> Iterator[ast.expr]:
    """What stands nearby and might be returned instead."""
    match value:
        case ast.Name(id=name) if name in scope.assigned:
            names = list(scope.assigned)
            before = names[: names.index(name)]
            if before and before[-1] not in {"self", "cls"}:
                yield ast.Name(before[-1], ast.Load())
        case ast.Tuple(elts=elements):
            for place in range(len(elements) - 1):
                first, second = elements[place : place + 2]
                if ast.dump(first) != ast.dump(second):
                    yield but(value, elts=[*elements[:place], second, first, *elements[place + 2 :]])
        case _:
            pass


def _detached(value: ast.expr, scope: Scope) -> Iterator[ast.expr]:
    if isinstance(value, ast.Tuple):
        for place, element in enumerate(value.elts):
            if scope.is_tensor(element):
                yield but(value, elts=[*value.elts[:place], _detach(element), *value.elts[place + 1 :]])
    elif scope.returns_tensor or scope.is_tensor(value):
        yield _detach(value)


def _detach(value: ast.expr) -> ast.expr:
    return ast.Call(ast.Attribute(value, "detach", ast.Load()), [], [])

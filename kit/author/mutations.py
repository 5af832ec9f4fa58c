"""Mutations of expressions: each takes a node and yields (operator, node to put in its place)."""

import ast
import copy
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, TypeVar

from kit.author.families import (
    ARITHMETIC,
    AXES,
    COMPARISONS,
    IN_PLACE,
    OPTION,
    OTHER_BUILTIN,
    OTHER_FUNCTION,
    REMOVABLE,
    REMOVABLE_BUILTINS,
    SYMMETRIC,
)
from kit.author.scope import Scope

__all__ = ["Change", "but", "of_expression"]

Node = TypeVar("Node", bound=ast.AST)
Change: TypeAlias = tuple[str, ast.AST]
Mutation: TypeAlias = Callable[[Any, Scope], Iterator[Change]]


def but(node: Node, **fields: object) -> Node:
    """A copy of the node with some fields changed."""
    other = copy.copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


def of_expression(node: ast.AST, scope: Scope) -> Iterator[Change]:
    """All mutations of the node itself, not of what is inside it."""
    for kind, mutations in _MUTATIONS.items():
        if isinstance(node, kind):
            for mutation in mutations:
                yield from mutation(node, scope)


def _arithmetic(node: ast.BinOp, _scope: Scope) -> Iterator[Change]:
    if isinstance(node.op, ast.MatMult):
        yield "matmul-order", but(node, left=node.right, right=node.left)
    elif other := ARITHMETIC.get(type(node.op)):
        yield "arithmetic", but(node, op=other())


def _dropped_operand(node: ast.BinOp, _scope: Scope) -> Iterator[Change]:
    match node.op:
        case ast.Add():
            yield "dropped-term", node.left
            yield "dropped-term", node.right
        case ast.Sub():
            yield "dropped-term", node.left
            yield "dropped-term", ast.UnaryOp(ast.USub(), node.right)
        case ast.Mult():
            yield "dropped-factor", node.left
            yield "dropped-factor", node.right
        case ast.Div() | ast.FloorDiv() | ast.Pow() | ast.Mod():
            yield "dropped-factor", node.left
        case ast.BitAnd() | ast.BitOr():
            yield "dropped-operand", node.left
            yield "dropped-operand", node.right
        case _:
            pass


def _comparison(node: ast.Compare, _scope: Scope) -> Iterator[Change]:
    for place, op in enumerate(node.ops):
        for other in COMPARISONS[type(op)]:
            yield "comparison", but(node, ops=[*node.ops[:place], other(), *node.ops[place + 1 :]])


def _boolean(node: ast.BoolOp, _scope: Scope) -> Iterator[Change]:
    yield "boolean", but(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    for place in range(len(node.values)):
        rest = [*node.values[:place], *node.values[place + 1 :]]
        yield "dropped-condition", rest[0] if len(rest) == 1 else but(node, values=rest)


def _unary(node: ast.UnaryOp, _scope: Scope) -> Iterator[Change]:
    if not isinstance(node.op, ast.UAdd):
        yield "dropped-minus" if isinstance(node.op, ast.USub) else "dropped-not", node.operand


def _choice(node: ast.IfExp, _scope: Scope) -> Iterator[Change]:
    yield "choice", node.body
    yield "choice", node.orelse


def _filter(node: ast.comprehension, _scope: Scope) -> Iterator[Change]:
    for place in range(len(node.ifs)):
        yield "dropped-filter", but(node, ifs=[*node.ifs[:place], *node.ifs[place + 1 :]])


def _constant(node: ast.Constant, scope: Scope) -> Iterator[Change]:
    match node.value:
        case bool(value):
            yield "constant", ast.Constant(not value)
        case int(value):
            for other in {0: (1,), 1: (0, 2)}.get(value, (value - 1, value + 1)):
                yield "constant", ast.Constant(other)
        case float(value):
            yield "constant", ast.Constant(2 * value or 1.0)
            if value:
                yield "sign", ast.UnaryOp(ast.USub(), ast.Constant(value))
        case str(value):
            if value in scope.options and len(scope.options) > 1:
                yield "option", ast.Constant(scope.options[(scope.options.index(value) + 1) % len(scope.options)])
            elif value in OPTION:
                yield "option", ast.Constant(OPTION[value])
        case _:
            pass


def _name(node: ast.Name, scope: Scope) -> Iterator[Change]:
    if isinstance(node.ctx, ast.Load) and (other := scope.neighbours.get(node.id)):
        yield "swapped-name", ast.Name(other, ast.Load())


def _attribute(node: ast.Attribute, scope: Scope) -> Iterator[Change]:
    if not isinstance(node.ctx, ast.Load):
        return
    if node.attr in {"T", "mT"}:
        yield "dropped-transpose", node.value
    own = isinstance(node.value, ast.Name) and node.value.id == "self"
    if own and (other := scope.attributes.get(node.attr)):
        yield "swapped-name", but(node, attr=other)


def _function(node: ast.Call, scope: Scope) -> Iterator[Change]:
    """Another function of the family, or none."""
    match node.func:
        case ast.Attribute(value=owner, attr=name):
            if other := OTHER_FUNCTION.get(name):
                yield "function", but(node, func=but(node.func, attr=other))
            of_module = isinstance(owner, ast.Name) and owner.id in scope.modules
            if name in REMOVABLE and (node.args or not of_module):
                yield "dropped-call", node.args[0] if of_module else owner
            if name in IN_PLACE and not of_module and isinstance(owner, ast.Name) and scope.is_tensor(owner) and owner.id in scope.shared:
                yield "in-place", but(node, func=but(node.func, attr=f"{name}_"))
            if name == "where" and len(node.args) == 3:
                yield "choice", node.args[1]
                yield "choice", node.args[2]
        case ast.Name(id=name):
            if other := OTHER_BUILTIN.get(name):
                yield "function", but(node, func=ast.Name(other, ast.Load()))
            if name in REMOVABLE_BUILTINS and node.args:
                yield "dropped-call", node.args[0]
            if name in {"max", "min"} and len(node.args) == 2:
                yield "dropped-call", node.args[0]
                yield "dropped-call", node.args[1]
            if name == "range":
                yield from _range(node)
        case _:
            pass


def _range(node: ast.Call) -> Iterator[Change]:
    *before, stop = node.args[:2]
    rest = node.args[2:]
    for op in (ast.Sub(), ast.Add()):
        yield "off-by-one", but(node, args=[*before, ast.BinOp(stop, op, ast.Constant(1)), *rest])
    if not before:
        yield "off-by-one", but(node, args=[ast.Constant(1), stop])


def _arguments(node: ast.Call, scope: Scope) -> Iterator[Change]:
    is_method = isinstance(node.func, ast.Attribute) and not (isinstance(node.func.value, ast.Name) and node.func.value.id in scope.modules)
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    if len(node.args) <= 4 and name not in SYMMETRIC and not any(isinstance(argument, ast.Starred) for argument in node.args):
        for place in range(len(node.args) - 1):
            first, second = node.args[place : place + 2]
            if ast.dump(first) != ast.dump(second):
                yield "swapped-arguments", but(node, args=[*node.args[:place], second, first, *node.args[place + 2 :]])
    if len(node.args) > 1 or (node.args and is_method):
        yield "dropped-argument", but(node, args=node.args[:-1])
    for place, keyword in enumerate(node.keywords):
        rest = [*node.keywords[:place], *node.keywords[place + 1 :]]
        if keyword.arg not in {None, "strict"}:
            yield "dropped-keyword", but(node, keywords=rest)
        if keyword.arg in AXES:
            for axis in _other_axes(keyword.value):
                yield "axis", but(node, keywords=[*node.keywords[:place], but(keyword, value=axis), *node.keywords[place + 1 :]])


def _other_axes(value: ast.expr) -> Iterator[ast.expr]:
    """Other axes to reduce; not the last for 1, which is the same axis in the two dimensions that most functions take."""
    try:
        own: object = ast.literal_eval(value)
    except ValueError:
        return
    if isinstance(own, int):
        yield from (
            ast.Constant(axis) if axis >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-axis))
            for axis in (0, 1, -1)
            if axis != own and (own, axis) != (1, -1)
        )
    elif isinstance(value, ast.Tuple) and len(value.elts) > 1:
        yield but(value, elts=value.elts[:-1])
        yield but(value, elts=value.elts[1:])


def _einsum(node: ast.Call, _scope: Scope) -> Iterator[Change]:
    """The last two axes of an einsum's result, swapped."""
    match node:
        case ast.Call(func=ast.Attribute(attr="einsum"), args=[ast.Constant(value=str(formula)), *rest]) if "->" in formula:
            inputs, _arrow, output = formula.partition("->")
            if len(output.strip()) > 1:
                swapped = f"{inputs}->{output[:-2]}{output[-1]}{output[-2]}"
                yield "einsum", but(node, args=[ast.Constant(swapped), *rest])
        case _:
            pass


def _slice(node: ast.Slice, _scope: Scope) -> Iterator[Change]:
    if node.step is not None:
        yield "dropped-step", but(node, step=None)
        return
    if node.lower is None and node.upper is None:
        return
    one = ast.Constant(1)
    lower = one if node.lower is None else ast.BinOp(node.lower, ast.Add(), one)
    upper = ast.UnaryOp(ast.USub(), one) if node.upper is None else ast.BinOp(node.upper, ast.Sub(), one)
    yield "off-by-one", but(node, lower=lower)
    yield "off-by-one", but(node, upper=upper)
    if node.lower is not None:
        yield "dropped-bound", but(node, lower=None)
    if node.upper is not None:
        yield "dropped-bound", but(node, upper=None)


def _index_order(node: ast.Subscript, _scope: Scope) -> Iterator[Change]:
    if isinstance(node.slice, ast.Tuple):
        for place in range(len(node.slice.elts) - 1):
            first, second = node.slice.elts[place : place + 2]
            if ast.dump(first) != ast.dump(second):
                elements = [*node.slice.elts[:place], second, first, *node.slice.elts[place + 2 :]]
                yield "swapped-index", but(node, slice=but(node.slice, elts=elements))


_MUTATIONS: dict[type[ast.AST], tuple[Mutation, ...]] = {
    ast.BinOp: (_arithmetic, _dropped_operand),
    ast.Compare: (_comparison,),
    ast.BoolOp: (_boolean,),
    ast.UnaryOp: (_unary,),
    ast.IfExp: (_choice,),
    ast.comprehension: (_filter,),
    ast.Constant: (_constant,),
    ast.Name: (_name,),
    ast.Attribute: (_attribute,),
    ast.Call: (_function, _arguments, _einsum),
    ast.Slice: (_slice,),
    ast.Subscript: (_index_order,),
}

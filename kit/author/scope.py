"""What a mutation must know of the function around it: names of one kind, option strings, which names hold tensors."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from msgspec import Struct, field, structs

__all__ = ["Scope", "of_function", "of_module"]

_NO_GRADIENT = frozenset(
    {"size", "dim", "numel", "item", "tolist", "stride", "is_contiguous", "data_ptr", "nelement", "backward", "detach"}
    | {"ones_like", "zeros_like", "empty_like", "full_like", "rand_like", "randn_like", "new_zeros", "new_ones", "new_tensor", "new_full"}
    | {"argmax", "argmin", "argsort", "eq", "ne", "lt", "le", "gt", "ge", "isnan", "isinf", "isfinite", "any", "all", "bool", "long", "sign"}
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Scope(Struct, frozen=True):
    """One function, or the module outside functions.

    neighbours: for a name, another of the same kind in the same function (parameters of one annotation, targets of one assignment, results
    of one function). attributes: the same for attributes of self. options: strings that select something. assigned: names in the order of
    their first assignment, parameters first, each with the line of it (0 for parameters). shared: names whose value may
    have another name too, so that changing it in place shows elsewhere.
    """

    name: str = ""
    neighbours: dict[str, str] = field(default_factory=dict[str, str])
    attributes: dict[str, str] = field(default_factory=dict[str, str])
    options: tuple[str, ...] = ()
    assigned: dict[str, int] = field(default_factory=dict[str, int])
    shared: frozenset[str] = frozenset()
    tensors: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    returns_tensor: bool = False

    def is_tensor(self, node: ast.expr) -> bool:
        """Whether the expression surely is a tensor that may carry a gradient, as far as names and annotations tell."""
        match node:
            case ast.Name(id=name):
                return name in self.tensors
            case ast.BinOp(left=left, right=right):
                return self.is_tensor(left) or self.is_tensor(right)
            case ast.UnaryOp(op=ast.USub(), operand=inner) | ast.Subscript(value=inner) | ast.Attribute(value=inner, attr="T" | "mT"):
                return self.is_tensor(inner)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name), args=[first, *_]) if module in self.modules:
                return name not in _NO_GRADIENT and self.is_tensor(first)
            case ast.Call(func=ast.Attribute(value=receiver, attr=name)):
                return name not in _NO_GRADIENT and self.is_tensor(receiver)
            case _:
                return False


def of_module(tree: ast.Module) -> Scope:
    """The scope outside all functions."""
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    modules = frozenset(alias.asname or alias.name.partition(".")[0] for node in imports for alias in node.names)
    return Scope(options=tuple(_options(tree.body)), modules=modules)


def of_function(node: Function, outer: Scope, owner: ast.ClassDef | None) -> Scope:
    """The scope of a function inside `outer`; owner is the class that it is a method of."""
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    kinds: dict[str, list[str]] = {}
    for argument in arguments:
        if argument.arg not in {"self", "cls"}:
            kinds.setdefault(f"parameter {ast.unparse(argument.annotation) if argument.annotation else ''}", []).append(argument.arg)
    _kinds_of_targets(node.body, kinds, attributes=False)
    assigned = {argument.arg: 0 for argument in arguments}
    for name, line in _assigned(node.body):
        assigned.setdefault(name, line)
    own = Scope(
        name=f"{outer.name}.{node.name}" if outer.name else node.name,
        neighbours={**outer.neighbours, **_next(kinds)},
        attributes=_attributes(owner),
        options=tuple(dict.fromkeys(_options([node.args, *node.body]))),
        assigned=assigned,
        shared=outer.shared | {argument.arg for argument in arguments} | set(_aliases(node.body)),
        tensors=outer.tensors | {argument.arg for argument in arguments if _says_tensor(argument.annotation)},
        modules=outer.modules,
        returns_tensor=_says_tensor(node.returns),
    )
    return _with_tensors(own, node.body)


def _with_tensors(scope: Scope, body: Sequence[ast.stmt]) -> Scope:
    """The scope with the names that are assigned from tensors."""
    tensors = set(scope.tensors)
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                current = Scope(tensors=frozenset(tensors), modules=scope.modules)
                if current.is_tensor(node.value):
                    tensors.add(node.targets[0].id)
    return structs.replace(scope, tensors=frozenset(tensors))


def _attributes(owner: ast.ClassDef | None) -> dict[str, str]:
    if owner is None:
        return {}
    kinds: dict[str, list[str]] = {}
    for method in owner.body:
        if isinstance(method, Function):
            _kinds_of_targets(method.body, kinds, attributes=True)
    return _next(kinds)


def _kinds_of_targets(body: Sequence[ast.stmt], kinds: dict[str, list[str]], *, attributes: bool) -> None:
    """Group the targets of assignments (names, or attributes of self) that are of one kind."""
    for statement in body:
        for node in ast.walk(statement):
            if not isinstance(node, ast.Assign) or len(node.targets) != 1:
                continue
            target, value = node.targets[0], node.value
            targets = target.elts if isinstance(target, ast.Tuple) else [target]
            if len(targets) > 1:
                kind = f"targets {ast.unparse(target)}"
            elif isinstance(value, ast.Call):
                kind = f"call {ast.unparse(value.func)}"
            else:
                kind = f"value {type(value).__name__}" if isinstance(value, ast.BinOp) else ""
            names = [_own_name(each, attributes=attributes) for each in targets]
            if kind:
                group = kinds.setdefault(kind, [])
                group += [name for name in names if name and name not in group]


def _own_name(node: ast.expr, *, attributes: bool) -> str:
    if attributes:
        return node.attr if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self" else ""
    return node.id if isinstance(node, ast.Name) and node.id != "_" else ""


def _next(kinds: dict[str, list[str]]) -> dict[str, str]:
    """For each name the one after it in its group, the last one's being the first."""
    return {name: group[(place + 1) % len(group)] for group in kinds.values() if len(group) > 1 for place, name in enumerate(group)}


def _assigned(body: Iterable[ast.stmt]) -> list[tuple[str, int]]:
    """Names that are assigned, with their lines, in the order of the lines."""
    nodes = (node for statement in body for node in ast.walk(statement))
    return sorted(((node.id, node.lineno) for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)), key=itemgetter(1))


def _aliases(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Names that are assigned from another place, not from the result of an operation."""
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Attribute | ast.Subscript):
                yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _options(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Strings that select something: in comparisons and as defaults; not messages and docstrings."""
    for root in nodes:
        for node in ast.walk(root):
            match node:
                case ast.Compare(left=left, comparators=others):
                    operands = [left, *others]
                case ast.arguments(defaults=defaults, kw_defaults=kw_defaults):
                    operands = [*defaults, *(default for default in kw_defaults if default is not None)]
                case _:
                    continue
            for operand in operands:
                for inner in [operand, *(operand.elts if isinstance(operand, ast.Tuple | ast.List | ast.Set) else [])]:
                    if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                        yield inner.value


def _says_tensor(annotation: ast.expr | None) -> bool:
    return annotation is not None and "Tensor" in ast.unparse(annotation)

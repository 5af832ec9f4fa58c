"""An answer's source, read with an understanding of what each name in it stands for."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

__all__ = ["Finding", "Reader", "chain", "is_self", "written"]


@dataclass(frozen=True)
class Finding:
    """A place in the source: the rule is the entry of `forbid`, or the kind of suspicion; name is what the source says there."""

    line: int
    code: str
    rule: str
    name: str


@dataclass
class Scope:
    """The names bound in a module, class, function or comprehension; those that stand for something imported, with its full path."""

    bound: set[str] = field(default_factory=set[str])
    paths: dict[str, str] = field(default_factory=dict[str, str])
    is_class: bool = False


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Reader(ast.NodeVisitor):
    """Walks a source and knows what each name stands for."""

    def __init__(self, source: str) -> None:
        self.lines = source.splitlines()
        self.found: list[Finding] = []
        self.scopes: list[Scope] = []
        self.members: set[str] = set()
        self.stars: list[str] = []
        try:
            self.tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self.tree = ast.Module(body=[], type_ignores=[])

    def findings(self) -> list[Finding]:
        try:
            self.members = set(_members(self.tree))
            self.visit(self.tree)
        except RecursionError:
            pass
        return list(dict.fromkeys(sorted(self.found, key=lambda finding: finding.line)))

    def report(self, node: ast.expr | ast.stmt, rule: str, name: str) -> None:
        code = self.lines[node.lineno - 1].strip() if node.lineno <= len(self.lines) else ""
        self.found.append(Finding(node.lineno, code, rule, name))

    def resolve(self, node: ast.expr) -> str | None:
        """The full path of an imported thing, or None."""
        if isinstance(node, ast.Attribute):
            attributes = chain(node)
            base = self.resolve(attributes[-1].value)
            return ".".join([base, *(attribute.attr for attribute in reversed(attributes))]) if base else None
        if not isinstance(node, ast.Name):
            return None
        for depth, scope in enumerate(reversed(self.scopes)):
            if scope.is_class and depth:
                continue
            if node.id in scope.paths:
                return scope.paths[node.id]
            if node.id in scope.bound:
                return None
        return None

    def is_own(self, name: str) -> bool:
        """Whether the source itself binds the name (otherwise than by an import), where we are."""
        return any(name in scope.bound for scope in self.scopes)

    def enter(self, scope: Scope, nodes: Sequence[ast.AST]) -> None:
        """Bind what the nodes bind, without going into the scopes inside them; aliases of imported things by assignment too."""
        self.scopes.append(scope)
        assignments: list[tuple[str, ast.expr]] = []
        for node in _walk_scope(nodes):
            match node:
                case ast.Import():
                    for alias in node.names:
                        scope.paths[alias.asname or alias.name.split(".")[0]] = alias.name if alias.asname else alias.name.split(".")[0]
                case ast.ImportFrom(module=str(module), level=0):
                    self.stars += [module for alias in node.names if alias.name == "*"]
                    scope.paths.update({alias.asname or alias.name: f"{module}.{alias.name}" for alias in node.names if alias.name != "*"})
                case ast.Assign(targets=[ast.Name(id=name)], value=value) | ast.NamedExpr(target=ast.Name(id=name), value=value):
                    assignments.append((name, value))
                    scope.bound.add(name)
                case ast.Name(id=name, ctx=ast.Store()) | ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.arg(arg=name):
                    scope.bound.add(name)
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    scope.bound.add(name)
                case _:
                    pass
        for name, value in assignments:
            path = self.resolve(value) if isinstance(value, ast.Name | ast.Attribute) else None
            if path and name not in scope.paths:
                scope.paths[name] = path

    def inside(self, scope: Scope, binders: Sequence[ast.AST], body: Sequence[ast.AST]) -> None:
        self.enter(scope, [*binders, *body])
        for node in body:
            self.visit(node)
        self.scopes.pop()

    def visit_Module(self, node: ast.Module) -> None:
        self.inside(Scope(), [], node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for outer in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(outer)
        self.inside(Scope(is_class=True), [], node.body)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for outer in (*node.decorator_list, *node.args.defaults, *(default for default in node.args.kw_defaults if default)):
            self.visit(outer)
        self.inside(Scope(), _parameters(node.args), node.body)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for outer in (*node.args.defaults, *(default for default in node.args.kw_defaults if default)):
            self.visit(outer)
        self.inside(Scope(), _parameters(node.args), [node.body])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)  # an annotation uses nothing
        if node.value:
            self.visit(node.value)

    def visit_comprehension_scope(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        values = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.inside(Scope(), [], [*node.generators, *values])

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_comprehension_scope  # noqa: N815 - the visitor's names


def _parameters(arguments: ast.arguments) -> list[ast.AST]:
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [*named, *(argument for argument in (arguments.vararg, arguments.kwarg) if argument)]


def _walk_scope(nodes: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """The nodes and what is in them, but not what is inside functions and classes (which bind their own names)."""
    waiting = list(reversed(nodes))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            continue
        waiting.extend(reversed(list(ast.iter_child_nodes(node))))


def _members(tree: ast.Module) -> Iterator[str]:
    """What the source's own classes define: methods, fields, attributes given to self."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for statement in _walk_scope(node.body):
                match statement:
                    case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
                        yield name
                    case _:
                        pass
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def chain(node: ast.Attribute) -> list[ast.Attribute]:
    """a.b.c as its attributes c, b; the value of the last one is no attribute."""
    attributes = [node]
    while isinstance(attributes[-1].value, ast.Attribute):
        attributes.append(attributes[-1].value)
    return attributes


def is_self(node: ast.expr) -> bool:
    """Whether the expression is the object whose method we are in: self, cls, super()."""
    match node:
        case ast.Name(id="self" | "cls") | ast.Call(func=ast.Name(id="super")):
            return True
        case _:
            return False


def written(attribute: ast.Attribute) -> str:
    """How the source says it; only the last part when what stands before is long."""
    whole = ast.unparse(attribute)
    return whole if len(whole) <= 40 and "\n" not in whole else f"….{attribute.attr}"

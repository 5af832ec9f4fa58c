"""Reads an answer's source for the forbidden names that it uses, and for what a teacher would like to look at.

A friendly first look, not a wall: what is hidden from it is met by the guard in the worker.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from grader.names import forbidden_path, forbidden_word

__all__ = ["Finding", "scan", "suspicious"]


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


def scan(source: str, forbid: Sequence[str]) -> list[Finding]:
    """The uses of forbidden names, in the order of the source. A source that cannot be parsed has none: loading it will say so better."""
    return _Scan(source, forbid).findings() if forbid else []


def suspicious(source: str) -> list[Finding]:
    """What a teacher may want to see: code that could reach around the judge. Never a failure: all of it has honest uses."""
    return _Suspicion(source).findings()


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class _Reader(ast.NodeVisitor):
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
            base = self.resolve(node.value)
            return f"{base}.{node.attr}" if base else None
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
                case (
                    ast.Name(id=name, ctx=ast.Store()) | ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.arg(arg=name)
                ):
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


class _Scan(_Reader):
    def __init__(self, source: str, forbid: Sequence[str]) -> None:
        super().__init__(source)
        self.forbid = forbid

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.check_path(node, alias.name, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module and not node.level:
            for alias in node.names:
                path = node.module if alias.name == "*" else f"{node.module}.{alias.name}"
                self.check_path(node, path, path)

    def visit_Name(self, node: ast.Name) -> None:
        path = self.resolve(node)
        if path:
            self.check_path(node, path, node.id)
        elif isinstance(node.ctx, ast.Load) and not self.is_own(node.id):
            for module in self.stars:
                self.check_path(node, f"{module}.{node.id}", node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        path = self.resolve(node)
        if path:
            self.check_path(node, path, ast.unparse(node))
        else:
            self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        method, arguments = node.func, node.args
        if (
            isinstance(method, ast.Attribute)
            and not self.resolve(method)
            and not _is_self(method.value)
            and method.attr not in self.members
        ):
            rule = forbidden_word(method.attr, self.forbid)
            if rule:
                self.report(method, rule, _written(method))
        self.visit(method)
        if isinstance(method, ast.Name) and method.id in {"isinstance", "issubclass"}:
            arguments = arguments[:1]  # to ask whether something is an nn.Linear is not to use one
        for argument in (*arguments, *node.keywords):
            self.visit(argument)

    def check_path(self, node: ast.expr | ast.stmt, path: str, name: str) -> None:
        rule = forbidden_path(path, self.forbid)
        if rule:
            self.report(node, rule, name)


MODULES = {
    "_thread", "asyncio", "atexit", "builtins", "code", "concurrent", "ctypes", "dis", "faulthandler", "gc", "importlib", "inspect",
    "marshal", "mmap", "multiprocessing", "os", "pathlib", "pickle", "pkgutil", "pty", "requests", "resource", "runpy", "shutil", "signal",
    "socket", "subprocess", "tempfile", "threading", "traceback", "types", "urllib",
}  # fmt: skip
BUILTINS = {"__import__", "breakpoint", "compile", "eval", "exec", "globals", "locals", "open", "vars"}
PATHS = (
    "sys._current_frames", "sys._getframe", "sys.addaudithook", "sys.meta_path", "sys.modules", "sys.path", "sys.setprofile",
    "sys.settrace", "torch._dispatch", "torch._ops", "torch.hub", "torch.library", "torch.load", "torch.multiprocessing", "torch.ops",
    "torch.overrides", "torch.utils._python_dispatch", "torch.utils.cpp_extension",
)  # fmt: skip
INSIDES = {
    "__bases__", "__builtins__", "__class__", "__closure__", "__code__", "__dict__", "__getattribute__", "__globals__", "__mro__",
    "__subclasses__", "_C", "f_back", "f_globals", "f_locals", "gi_frame", "tb_frame",
}  # fmt: skip


class _Suspicion(_Reader):
    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.check_path(node, alias.name, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module and not node.level:
            for alias in node.names:
                self.check_path(node, f"{node.module}.{alias.name}", f"{node.module}.{alias.name}")

    def visit_Name(self, node: ast.Name) -> None:
        path = self.resolve(node)
        if path:
            self.check_path(node, path, node.id)
        elif node.id in BUILTINS and isinstance(node.ctx, ast.Load) and not self.is_own(node.id):
            self.report(node, node.id, node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        path = self.resolve(node)
        if path:
            self.check_path(node, path, ast.unparse(node))
            return
        if node.attr in INSIDES and not (_is_self(node.value) and node.attr in {"__class__", "__dict__"}):
            self.report(node, node.attr, _written(node))
        self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        if (
            isinstance(node.func, ast.Name)
            and node.func.id in {"getattr", "setattr", "delattr"}
            and not self.is_own(node.func.id)
            and node.args
        ):
            path = self.resolve(node.args[0])
            if path and path.split(".")[0] not in {"math", "random"}:
                self.report(node, node.func.id, f"{node.func.id}({path}, ...)")
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            path = self.resolve(target) if isinstance(target, ast.Attribute) else None
            if path and not path.startswith(("torch.backends.", "torch.manual_seed")):
                self.report(node, "patch", path)
        self.generic_visit(node)

    def check_path(self, node: ast.expr | ast.stmt, path: str, name: str) -> None:
        root, *rest = path.split(".")
        whole = next((rule for rule in PATHS if path == rule or path.startswith(rule + ".")), None)
        inside = next((part for part in rest if part in INSIDES), None)
        rule = root if root in MODULES else whole or inside
        if rule:
            self.report(node, rule, name)


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


def _is_self(node: ast.expr) -> bool:
    match node:
        case ast.Name(id="self" | "cls") | ast.Call(func=ast.Name(id="super")):
            return True
        case _:
            return False


def _written(attribute: ast.Attribute) -> str:
    """How the source says it; only the last part when what stands before is long."""
    whole = ast.unparse(attribute)
    return whole if len(whole) <= 40 and "\n" not in whole else f"….{attribute.attr}"

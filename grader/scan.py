"""Reads an answer's source for the forbidden names that it uses, and for what a teacher would like to look at.

A friendly first look, not a wall: what is hidden from it is met by the guard in the worker.
"""

import ast
from collections.abc import Sequence

from grader.names import forbidden_path, forbidden_word
from grader.source import Finding, Reader, chain, is_self, written

__all__ = ["Finding", "scan", "suspicious"]


def scan(source: str, forbid: Sequence[str]) -> list[Finding]:
    """The uses of forbidden names, in the order of the source. A source that cannot be parsed has none: loading it will say so better."""
    return _Scan(source, forbid).findings() if forbid else []


def suspicious(source: str) -> list[Finding]:
    """What a teacher may want to see: code that could reach around the judge. Never a failure: all of it has honest uses."""
    return _Suspicion(source).findings()


class _Scan(Reader):
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
            self.visit(chain(node)[-1].value)  # not one by one: each would be resolved again

    def visit_Call(self, node: ast.Call) -> None:
        method, arguments = node.func, node.args
        if isinstance(method, ast.Attribute) and not self.resolve(method) and not is_self(method.value) and method.attr not in self.members:
            rule = forbidden_word(method.attr, self.forbid)
            if rule:
                self.report(method, rule, written(method))
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


class _Suspicion(Reader):
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
        attributes = chain(node)
        for attribute in attributes:
            if attribute.attr in INSIDES and not (is_self(attribute.value) and attribute.attr in {"__class__", "__dict__"}):
                self.report(attribute, attribute.attr, written(attribute))
        self.visit(attributes[-1].value)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in {"getattr", "setattr", "delattr"} and not self.is_own(node.func.id) and node.args:
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

"""A starter is cut from a solution: what the learner is told stays, what they must find becomes "your turn".

Imports, signatures, decorators and docstrings stay, and so does a statement, definition or constant whose first line ends with the comment
``# given``, and a definition that has this comment on a line of its own before its first statement. Other bodies raise; private helpers and
all other statements vanish, with the comments above and in them.
"""

import ast
import io
import re
import tokenize
from collections.abc import Sequence

__all__ = ["YOUR_TURN", "cut", "given_lines"]

YOUR_TURN = 'raise NotImplementedError("your turn")'
_MARKER = re.compile(r"\s*#\s*given$")

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def cut(solution: str) -> str:
    """The starter of a solution, both as source text. Raises SyntaxError when the solution is not Python."""
    return _Knife(solution).module()


def given_lines(solution: str) -> set[int]:
    """The numbers (from 1) of the lines that a learner is given with their bodies. Raises SyntaxError."""
    knife = _Knife(solution)
    return {line for node in ast.walk(knife.tree) if isinstance(node, ast.stmt) and knife.is_given(node) for line in _span(node)}


class _Knife:
    def __init__(self, solution: str) -> None:
        self.tree = ast.parse(solution)
        self.lines = solution.splitlines()
        self.header_ends: list[int] = []
        self.marked: set[int] = set()
        self.alone: set[int] = set()  # lines that held nothing but the marker
        for token in tokenize.generate_tokens(io.StringIO(solution).readline):
            if token.type == tokenize.NEWLINE:
                self.header_ends.append(token.start[0])
            elif token.type == tokenize.COMMENT and (marker := _MARKER.search(token.string)):
                row, column = token.start
                self.marked.add(row)
                self.lines[row - 1] = self.lines[row - 1][: column + marker.start()].rstrip()
                if not self.lines[row - 1]:
                    self.alone.add(row)

    def module(self) -> str:
        body = self.tree.body
        if _docstring(self.tree) is not None:
            start, body = _span(body[0]).stop, body[1:]
        else:
            start = 1
        kept = self._block(body, start)
        while kept and not kept[0].strip():
            del kept[0]
        return "\n".join(kept).rstrip() + "\n" if kept else ""

    def is_given(self, node: ast.stmt) -> bool:
        first = _span(node).start
        if isinstance(node, _Definition):
            start, body = self._header_end(node) + 1, node.body
            if _docstring(node) is not None:
                start, body = _span(body[0]).stop, body[1:]
            before = range(start, _span(body[0]).start) if body else range(0)
            return bool(self.marked & {first, node.lineno, self._header_end(node)} or self.alone.intersection(before))
        return first in self.marked

    def _block(self, body: Sequence[ast.stmt], start: int) -> list[str]:
        """The kept lines of statements of a module or class; `start` is the first line after what came before them."""
        kept: list[str] = []
        gap = 0  # blank lines above what vanished
        for node in body:
            span = _span(node)
            above = self._text(start, span.start)
            blank = next((place for place, line in enumerate(above) if line.strip()), len(above))
            if self.is_given(node):
                own = self._text(span.start, span.stop)
            else:
                own = self._definition(node) if isinstance(node, _Definition) else self._declaration(node)
            if own is None:
                gap = max(gap, blank)
            else:
                kept += [*[""] * (gap - blank), *above, *own]
                gap = 0
            start = span.stop
        return kept

    def _declaration(self, node: ast.stmt) -> list[str] | None:
        """A statement that says what there is, not how it is done: an import, a field of a class, an empty body."""
        is_import = isinstance(node, ast.Import | ast.ImportFrom)
        is_field = isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.col_offset > 0 and not _private(node.target.id)
        is_typing = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        return self._text(*_ends(node)) if is_import or is_field or is_typing or _empty(node) else None

    def _definition(self, node: _Definition) -> list[str] | None:
        """Signature and docstring, and what stays of the body; None for a private helper."""
        if _private(node.name):
            return None
        body, indent = node.body, " " * (node.col_offset + 4)
        if body[0].lineno <= self._header_end(node):  # all on one line
            if all(_empty(statement) for statement in body):
                return self._text(*_ends(node))
            before = self.lines[body[0].lineno - 1].encode()[: body[0].col_offset].decode().rstrip()
            return [*self._text(_span(node).start, body[0].lineno), before, indent + YOUR_TURN]
        header = self._text(_span(node).start, self._header_end(node) + 1)
        start = self._header_end(node) + 1
        if _docstring(node) is not None:
            header += self._text(start, _span(body[0]).stop)
            start, body = _span(body[0]).stop, body[1:]
        kept = self._block(body, start) if isinstance(node, ast.ClassDef) else self._steps(body, start, indent)
        while kept and not kept[0].strip() and _docstring(node) is None:
            del kept[0]
        return header + (kept or ([f"{indent}pass"] if body is node.body else []))

    def _steps(self, body: Sequence[ast.stmt], start: int, indent: str) -> list[str]:
        """The kept lines of a function's statements: what is given, and one "your turn" in place of the first that is not."""
        kept: list[str] = []
        asked = False
        for node in body:
            span = _span(node)
            if self.is_given(node) or _empty(node):
                kept += self._text(start, span.stop)
            elif not asked:
                kept.append(indent + YOUR_TURN)
                asked = True
            start = span.stop
        return kept

    def _text(self, start: int, stop: int) -> list[str]:
        return [self.lines[row - 1] for row in range(start, min(stop, len(self.lines) + 1)) if row not in self.alone]

    def _header_end(self, node: _Definition) -> int:
        return next(row for row in self.header_ends if row >= node.lineno)


def _span(node: ast.stmt) -> range:
    """Line numbers from the first decorator to the last line."""
    decorators = node.decorator_list if isinstance(node, _Definition) else []
    return range(min([node.lineno, *(decorator.lineno for decorator in decorators)]), (node.end_lineno or node.lineno) + 1)


def _ends(node: ast.stmt) -> tuple[int, int]:
    span = _span(node)
    return span.start, span.stop


def _docstring(node: ast.Module | _Definition) -> str | None:
    return ast.get_docstring(node, clean=False)


def _private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def _empty(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...)

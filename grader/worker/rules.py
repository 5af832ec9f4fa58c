"""The guard in the worker: refuses a forbidden operation when the answer really reaches it, whatever it is called in the source.

It names the rule that was broken; it is no wall. Someone determined gets past it, and gains nothing but that rule: values cannot be faked.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import sys
import types
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from grader.names import forbidden_path, forbidden_word, full_path, matches, snake_case
from grader.text import _
from grader.worker.stub import INSTALLED, Stub

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

__all__ = ["ForbiddenModule", "ForbiddenOperation", "Guard", "warm"]

NAMESPACES = (
    "torch", "torch.nn", "torch.nn.functional", "torch.nn.utils", "torch.nn.utils.parametrizations", "torch.nn.attention",
    "torch.nn.parallel", "torch.optim", "torch.autograd", "torch.func", "torch.fft", "torch.linalg", "torch.special", "torch.utils",
    "torch.utils.data", "torch.signal", "torch.ao", "numpy", "numpy.linalg", "numpy.fft", "numpy.random", "numpy.lib",
    "numpy.lib.stride_tricks",
)  # fmt: skip

# Arithmetic, comparisons and indexing, of which loops in Python are made: what these functions carry out is known, and looking costs ten times more.
ELEMENTARY = frozenset({
    "__getitem__", "__setitem__", "add", "add_", "sub", "sub_", "__rsub__", "mul", "mul_", "div", "div_", "__rdiv__", "neg",
    "gt", "ge", "lt", "le", "ne", "__eq__", "item", "__float__", "__int__", "__bool__",
})  # fmt: skip
CARRIED_OUT = (
    "select", "slice", "unsqueeze", "expand", "view", "alias", "index", "index_put_", "empty", "fill_", "copy_", "_to_copy", "detach", "lift_fresh",
    "add", "add_", "sub", "sub_", "rsub", "mul", "mul_", "div", "div_", "reciprocal", "neg",
    "gt", "ge", "lt", "le", "ne", "eq", "_local_scalar_dense",
)  # fmt: skip
TENSORS = frozenset({torch.Tensor, torch.nn.Parameter})
PLAIN = frozenset({int, float, bool, slice, type(None), type(...)})


class ForbiddenOperation(BaseException):
    """The answer reached what the exercise forbids. An `except Exception` in the answer does not swallow it."""

    def __init__(self, name: str, entry: str) -> None:
        super().__init__(_("{name} is not allowed in this exercise (rule: {entry})").format(name=name, entry=entry))
        self.forbidden = name
        self.entry = entry


class ForbiddenModule(ForbiddenOperation, ImportError):
    """The answer imports what the exercise forbids."""


class Guard:
    """Active while entered: `with guard:` around the answer's code, `with guard.off():` around the worker's own work within it.

    violation holds the message of the first forbidden operation that was reached, even when the answer caught the exception.
    """

    def __init__(self, forbid: Sequence[str]) -> None:
        self.forbid = tuple(forbid)
        self.active = False
        self.violation: str | None = None
        self._functions = {function: entry for entry in forbid if "." in entry for function in _function_at(full_path(entry))}
        self._entries: dict[str, str | None] = {}
        watches = bool(self._functions) or any(f"_{entry}" in _operations_as_text() for entry in forbid if "." not in entry)
        known = not any(forbidden_word(operation, forbid) for operation in CARRIED_OUT)
        self._modes = (_Functions(self, ELEMENTARY if known else frozenset()), _Operations(self)) if watches else ()
        self._states: list[bool] = []
        self._pushed = False

    def __enter__(self) -> Self:
        """Watch from here on; may be nested."""
        self._states.append(self.active)
        if self._modes and not self._pushed:
            for mode in self._modes:
                mode.__enter__()
            self._pushed = True
        self.active = True
        return self

    def __exit__(self, *exception: object) -> None:
        """Back to how it was before."""
        self.active = self._states.pop()
        if self._pushed and not self._states:
            for mode in reversed(self._modes):
                mode.__exit__(None, None, None)  # pyright: ignore[reportUnknownMemberType]
            self._pushed = False

    @contextmanager
    def off(self) -> Generator[None]:
        """Look away: for gradients and whatever else the worker itself computes."""
        before, self.active = self.active, False
        try:
            yield
        finally:
            self.active = before

    def refuse(self, name: str, entry: str, kind: type[ForbiddenOperation] = ForbiddenOperation) -> ForbiddenOperation:
        """Remember the violation; the exception is the caller's to raise."""
        error = kind(name, entry)
        self.violation = self.violation or str(error)
        return error

    def entry_of(self, name: str) -> str | None:
        """The entry that an operation's name falls under; looked up once for each name."""
        try:
            return self._entries[name]
        except KeyError:
            return self._entries.setdefault(name, forbidden_word(name, self.forbid))

    def check_function(self, function: Any) -> None:
        """Raise ForbiddenOperation for a torch function that is forbidden by its name or, dotted, itself."""
        name = getattr(function, "__name__", "")
        entry = self.entry_of(name) or (self._functions.get(function) if self._functions else None)
        if entry:
            raise self.refuse(name, entry)

    def block_dotted(self) -> None:
        """Put stubs in the places of what is forbidden in torch and NumPy, and watch imports. Once, before the answer is loaded.

        Bare names are treated alike where no mode would see them: classes, plain functions, modules. Stubs only mind the answer's own code,
        and only while the guard is active: torch itself and the checks use them as if they were the real thing.
        """
        if not self.forbid:
            return
        for path, entry in self._stubbed_paths():
            space, name = sys.modules.get(path.rpartition(".")[0]), path.rpartition(".")[2]
            value = vars(space).get(name) if space else None
            if space and (callable(value) or isinstance(value, types.ModuleType)) and not isinstance(value, Stub):
                setattr(space, name, Stub(self, value, path, entry))
        self._block_gradients()
        self._block_imports()

    def _stubbed_paths(self) -> Iterator[tuple[str, str]]:
        text, paths = _hidden_names()
        for entry in self.forbid:
            if "." in entry:
                yield full_path(entry), entry
                continue
            for line in _lines_with(f"_{entry}", text):
                yield from ((path, entry) for path in paths[line])

    def _block_gradients(self) -> None:
        entry = next((entry for entry in self.forbid if matches("backward", entry) or matches("autograd", entry)), None)
        run: Callable[..., Any] | None = getattr(torch.autograd, "_engine_run_backward", None)
        if entry is None or run is None:
            return

        @functools.wraps(run)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if self.active:
                raise self.refuse("backward", entry)
            return run(*args, **kwargs)

        for user in ("torch.autograd", "torch.autograd.graph"):
            vars(sys.modules[user])["_engine_run_backward"] = guarded

    def _block_imports(self) -> None:
        real_import, real_import_module = builtins.__import__, importlib.import_module

        def check(paths: Sequence[str]) -> None:
            if not self.active or sys._getframe(2).f_code.co_filename.startswith(INSTALLED):  # pyright: ignore[reportPrivateUsage]
                return
            for path in paths:
                entry = forbidden_path(path, self.forbid)
                if entry:
                    raise self.refuse(path, entry, ForbiddenModule)

        def guarded_import(
            name: str, globals: Any = None, locals: Any = None, fromlist: Sequence[str] | None = (), level: int = 0,  # noqa: A002 - Python's names
        ) -> types.ModuleType:  # fmt: skip
            if not level:
                check([name, *(f"{name}.{part}" for part in fromlist or ())])
            return real_import(name, globals, locals, fromlist or (), level)

        def guarded_import_module(name: str, package: str | None = None) -> types.ModuleType:
            check([name])
            return real_import_module(name, package)

        builtins.__import__ = guarded_import
        importlib.import_module = guarded_import_module


class _Functions(TorchFunctionMode):
    """Sees torch's functions and methods by the names that people know."""

    def __init__(self, guard: Guard, elementary: frozenset[str]) -> None:
        """elementary: the names of functions below which nothing forbidden can be."""
        super().__init__()
        self.guard = guard
        self.elementary = elementary

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if self.guard.active:
            self.guard.check_function(func)
            if not kwargs and getattr(func, "__name__", "") in self.elementary and _is_plain(args) and _only_we_look():
                return _unwatched(func, args)
        return func(*args, **(kwargs or {}))


class _Operations(TorchDispatchMode):
    """Sees the operations that are really carried out, also those inside a function with an innocent name."""

    def __init__(self, guard: Guard) -> None:
        super().__init__()  # pyright: ignore[reportUnknownMemberType]
        self.guard = guard

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Whether torch should tell its compiler to skip the mode. It would import the compiler for that, which takes two seconds."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if self.guard.active:
            self.guard.check_function(func.overloadpacket if hasattr(func, "overloadpacket") else func)
        return func(*args, **(kwargs or {}))


def _is_plain(args: Sequence[Any]) -> bool:
    """Whether no argument has a type of the answer's own, with ideas of its own about operations. On "meta", torch itself has such ideas."""
    for arg in args:
        kind = type(arg)
        if kind in TENSORS:
            if arg.is_meta:
                return False
        elif kind not in PLAIN and not (kind in {tuple, list} and _is_plain(arg)):
            return False
    return True


def _only_we_look() -> bool:
    """Whether the answer has put up no mode of its own that wants to see every operation."""
    return torch._C._len_torch_dispatch_stack() == 1  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]


def _unwatched(function: Callable[..., Any], args: Sequence[Any]) -> Any:
    """The function's result; _Operations does not see what it carries out."""
    unwatched = torch._C._DisableTorchDispatch()  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]
    try:
        return function(*args)
    finally:
        del unwatched  # ends it


@functools.cache
def _operations_as_text() -> str:
    """The names of all of torch's operations, functions and methods, each after an underscore.

    One text, because a forked worker that touched thousands of strings would have to copy their memory.
    """
    registered: list[str] = torch._C._dispatch_get_all_op_names()  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]
    spaces = (torch, torch.Tensor, torch.nn.functional, torch.linalg, torch.special, torch.fft)
    names = {name.split("::")[-1].split(".")[0] for name in registered} | {name for space in spaces for name in dir(space)}
    return "".join(f"\n_{name}" for name in sorted(names) if not name.startswith("__"))


@functools.cache
def _hidden_names() -> tuple[str, dict[str, list[str]]]:
    """What no mode sees: torch's classes, plain functions and modules, and all that NumPy shows.

    The names as one text, a line each, with an underscore before it (a class also by its function's name); the paths behind each line.
    """
    paths: dict[str, list[str]] = {}
    for space in [sys.modules[name] for name in NAMESPACES if name in sys.modules]:
        for name, value in vars(space).items():
            if name.startswith("_") or not (space.__name__.startswith("numpy") or isinstance(value, (type, types.FunctionType, types.ModuleType))):
                continue
            for line in {f"_{name}", f"_{snake_case(name)}" if isinstance(value, type) else f"_{name}"}:
                paths.setdefault(line, []).append(f"{space.__name__}.{name}")
    return "\n".join(paths), paths


def _lines_with(part: str, text: str) -> Iterator[str]:
    """The lines that hold it."""
    place = text.find(part)
    while place >= 0:
        end = text.find("\n", place)
        end = len(text) if end < 0 else end
        yield text[text.rfind("\n", 0, place) + 1 : end]
        place = text.find(part, end)


def _function_at(path: str) -> list[Any]:
    """The function that torch has there: none for a class, a module or a path that leads nowhere."""
    value: Any = torch
    for part in path.split(".")[1:]:
        value = getattr(value, part, None)
    return [] if value is None or isinstance(value, (type, types.ModuleType, Stub)) or not callable(value) else [value]


def warm() -> None:
    """Do once, in the fork server, what the first guard and the first operations of a process do: much of torch is made ready late.

    Nothing is differentiated: where there is a GPU, autograd starts threads, and a fork has none of them.
    """
    _hidden_names()
    with Guard(("softmax",)):
        x = torch.arange(24.0).reshape(1, 2, 3, 4)
        for dtype in (torch.float32, torch.float64):
            y = torch.nn.functional.pad(x.to(dtype), (1, 1, 1, 1)).clone()
            rows = torch.arange(3)[:, None] + torch.arange(2)
            windows = y[:, :, rows][..., rows].unflatten(1, (1, 2)).flatten(1, 2).transpose(-1, -2)
            largest = y.amax(dim=1, keepdim=True).exp().max()
            y[0] = (torch.einsum("ncij,oc->noij", y, y[0, :, 1, :2]) + (windows.sum() - windows.mean()) * largest).sum()
            torch.stack([y @ y.mT, torch.cat([y @ y.mT])]).clamp(min=0).square().sqrt().log().tanh().sigmoid().abs()
            torch.where(y > 0, y, -y).masked_fill(y == 0, 1.0).logsumexp(-1).norm()

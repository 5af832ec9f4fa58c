"""The learner's side of a conversation: executes the answer, holds its objects, answers requests. Knows no expected value and no verdict."""

from __future__ import annotations

import builtins
import functools
import linecache
import math
import operator
import random
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import numpy as np
import torch

from grader import protocol as wire
from grader.packing import Packer, Unpacker
from grader.text import _

MAX_HANDLES = 200_000
MAX_MESSAGE = 4000
ANSWER_HANDLE = 0

OPERATIONS: dict[str, Callable[..., Any]] = {
    name: getattr(operator, name)
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "neg", "pos", "abs", "getitem", "setitem", "contains")
} | {"len": len, "iter": iter, "float": float, "int": int, "str": str, "delitem": operator.delitem}


class Guard(Protocol):
    """Refuses forbidden operations while the answer's code runs."""

    def __enter__(self) -> Any: ...
    def __exit__(self, *exception: object) -> Any: ...
    def off(self) -> AbstractContextManager[Any]:
        """Suspends the guard, for the worker's own work."""
        ...


class Free:
    """The guard of an exercise that forbids nothing."""

    violation: str | None = None

    def __enter__(self) -> None: ...
    def __exit__(self, *exception: object) -> None: ...
    def off(self) -> AbstractContextManager[Any]:
        """Nothing to suspend."""
        return nullcontext()


class Session:
    """One answer at work.

    call_back sends a CallbackWanted message and returns the judge's reply (a CallbackReturned or CallbackRaised) with its block of bytes.
    """

    def __init__(
        self,
        call_back: Callable[[wire.CallbackWanted, Packer], tuple[wire.Request, bytearray]],
        *,
        device: str = "cpu",
        guard: Any = None,
        on_error: Callable[[BaseException], None] | None = None,
    ) -> None:
        self.filename = ""
        self.device = device
        self._call_back: Callable[[wire.CallbackWanted, Packer], tuple[wire.Request, bytearray]] = call_back
        self._guard = guard or Free()
        self._on_error = on_error
        self._objects: dict[int, Any] = {}
        self._next = ANSWER_HANDLE + 1
        self._call: Callable[..., Any] = _plain_call

    def call_back_through(self, call_back: Callable[[wire.CallbackWanted, Packer], tuple[wire.Request, bytearray]]) -> None:
        """Let call_back reach the judge's functions: in one process there is no line to send over."""
        self._call_back = call_back

    def call_through(self, call: Callable[[Callable[..., Any], list[Any], dict[str, Any]], Any]) -> None:
        """Let call(function, args, kwargs) make the calls that the judge asks for: the learner's debugger does."""
        self._call = call

    # ── one request ──────────────────────────────────────────────────────────────────────────────
    def handle(self, request: wire.Request, block: bytearray) -> tuple[wire.Reply, Packer]:
        """Do what is asked. Never raises for what the answer does: an exception of it is a reply."""
        packer = Packer(self._refer, keep_strides=False)
        original = bytes(block) if getattr(request, "watch", False) and block else b""
        unpacker = Unpacker(block, self._resolve, self.device)
        try:
            value, keep = self._do(request, unpacker)
            forbidden, self._guard.violation = self._guard.violation, None
            if forbidden:
                return wire.Raised(["ForbiddenOperation"], str(forbidden), [], str(forbidden)), packer
            node = self._handle_node(value) if keep else packer.pack(value)
            return wire.Value(node, self._changed(request, unpacker, original)), packer
        except BaseException as error:  # noqa: BLE001 - whatever the answer raises is told to the judge, SystemExit included
            if self._on_error:
                self._on_error(error)
            return self._raised(error), Packer(self._refer, keep_strides=False)

    def _do(self, request: wire.Request, unpacker: Unpacker) -> tuple[Any, bool]:
        unpack = unpacker.unpack
        keep = bool(getattr(request, "keep", False))
        value: Any = None
        match request:
            case wire.Load():
                self._load(request.source, request.filename)
            case wire.Get():
                with self._guard:
                    value = getattr(unpack(request.target), request.name)
            case wire.Set():
                target, new = unpack(request.target), unpack(request.value)
                with self._guard:
                    setattr(target, request.name, new)
            case wire.Call():
                function = unpack(request.target)
                args = [unpack(arg) for arg in request.args]
                kwargs = {name: unpack(arg) for name, arg in request.kwargs.items()}
                with self._guard_of(function):
                    value = self._call(function, args, kwargs)
                if self.device != "cpu" and isinstance(value, torch.nn.Module):
                    value.to(self.device)  # a module that a check makes lives where its inputs lie; the answer's class need not know
            case wire.Operate():
                operands = [unpack(operand) for operand in request.operands]
                with self._guard:
                    value = self._operate(request.name, operands)
            case wire.Hold():
                value, keep = unpack(request.value), True
                if request.requires_grad:
                    value.requires_grad_()
            case wire.Fetch():
                value = unpack(request.target)
            case wire.Differentiate():
                value = self._differentiate(request, unpack)
            case wire.Define():
                value, keep = self._define(request.source, request.name), True
            case wire.Library():
                value, keep = {"torch": torch, "numpy": np}[request.name], True
            case wire.Seed():
                torch.manual_seed(request.seed)
                np.random.seed(request.seed % 2**32)
                random.seed(request.seed)
            case wire.Released():
                for handle in request.ids:
                    self._objects.pop(handle, None)
            case _:
                raise wire.ProtocolError("a reply that nobody asked for")
        return value, keep

    # ── the answer ───────────────────────────────────────────────────────────────────────────────
    def _load(self, source: str, filename: str) -> None:
        name = filename.removesuffix(".py")
        if not name.isidentifier() or name in sys.modules:
            name = f"answer_{abs(hash(filename))}"
        module = types.ModuleType(name)
        module.__file__ = filename
        self.filename = filename
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        sys.modules[name] = module
        self._objects[ANSWER_HANDLE] = module
        code = compile(source, filename, "exec", dont_inherit=True)
        with self._guard:
            exec(code, module.__dict__)  # noqa: S102 - running the answer is what a worker is for

    def _define(self, source: str, name: str) -> Any:
        namespace: dict[str, Any] = {"torch": torch, "np": np, "math": math, "nn": torch.nn, "F": torch.nn.functional}
        exec(compile(source, "<check>", "exec", dont_inherit=True), namespace)  # noqa: S102 - source comes from the judge
        function = namespace[name]

        @functools.wraps(function)
        def unguarded(*args: Any, **kwargs: Any) -> Any:
            with self._guard.off():
                return function(*args, **kwargs)

        return unguarded

    def _guard_of(self, function: Any) -> AbstractContextManager[Any]:
        """The guard, or none when the check itself calls torch or NumPy in the worker."""
        owner = getattr(function, "__self__", None)
        owner = owner if owner is not None and not isinstance(owner, types.ModuleType) else function
        home = getattr(owner, "__module__", None) or type(owner).__module__
        return nullcontext() if str(home).split(".")[0] in {"torch", "numpy"} else self._guard

    def _operate(self, name: str, operands: list[Any]) -> Any:
        if name == "next":
            return tuple(_take(operands[0]))
        return OPERATIONS[name](*operands)

    def _differentiate(self, request: wire.Differentiate, unpack: Callable[[wire.Node], Any]) -> Any:
        function = unpack(request.target)
        inputs = [unpack(value) for value in request.inputs]
        kwargs = {name: unpack(value) for name, value in request.kwargs.items()}
        cotangents = [unpack(value) for value in request.cotangents]
        leaves: list[torch.Tensor] = []
        for index in request.wrt:
            leaf = inputs[index] if inputs[index].is_leaf else inputs[index].detach()
            inputs[index] = leaf.requires_grad_()
            leaves.append(inputs[index])
        with self._guard_of(function):
            output = self._call(function, inputs, kwargs)
        outputs = list(output) if isinstance(output, (tuple, list)) else [output]
        if len(outputs) != len(cotangents) or any(
            not isinstance(o, torch.Tensor) or o.shape != c.shape for o, c in zip(outputs, cotangents, strict=False)
        ):
            return output, None  # the judge says what is wrong with the output
        reached = [(o * c.to(o.dtype)).real.sum() for o, c in zip(outputs, cotangents, strict=True) if o.requires_grad]
        if not reached:
            return output, [None] * len(leaves)
        with self._guard.off():  # a sum, since autograd.grad imports sympy, for a second, to look at cotangents
            gradients = torch.autograd.grad(torch.stack([part.double() for part in reached]).sum(), leaves, allow_unused=True)
        return output, list(gradients)

    # ── handles and callbacks ────────────────────────────────────────────────────────────────────
    def _handle_node(self, value: Any) -> wire.HandleNode:
        if len(self._objects) >= MAX_HANDLES:
            raise wire.ProtocolError(_("more than {limit} objects were handed out").format(limit=MAX_HANDLES))
        handle, self._next = self._next, self._next + 1
        self._objects[handle] = value
        return wire.HandleNode(handle, _sendable(type(value).__name__), callable(value))

    def _refer(self, value: Any) -> wire.Node:
        return self._handle_node(value)

    def _resolve(self, node: wire.HandleNode | wire.CallbackNode) -> Any:
        if isinstance(node, wire.HandleNode):
            return self._objects[node.id]
        return functools.partial(self._ask, node.id)

    def _ask(self, callback: int, /, *args: Any, **kwargs: Any) -> Any:
        with self._guard.off():
            packer = Packer(self._refer, keep_strides=False)
            message = wire.CallbackWanted(callback, [packer.pack(a) for a in args], {n: packer.pack(a) for n, a in kwargs.items()})
            reply, block = self._call_back(message, packer)
            if isinstance(reply, wire.CallbackReturned):
                return Unpacker(block, self._resolve, self.device).unpack(reply.value)
            raise RuntimeError(reply.message if isinstance(reply, wire.CallbackRaised) else "the function could not be called")

    # ── what is reported ─────────────────────────────────────────────────────────────────────────
    def _changed(self, request: wire.Request, unpacker: Unpacker, original: bytes) -> list[str]:
        if not getattr(request, "watch", False):
            return []
        changed: list[str] = []
        for leaf, node in unpacker.leaves:
            before = Unpacker(bytearray(original), self._resolve).unpack(node) if node.nbytes else leaf
            if _bits(leaf) != _bits(before):
                changed.append(_argument_of(request, node))
        return changed

    def _raised(self, error: BaseException) -> wire.Raised:
        try:
            message = _sendable(str(error), MAX_MESSAGE)
        except Exception:  # noqa: BLE001 - an exception whose __str__ raises
            message = "an exception that cannot be shown"
        if isinstance(error, SyntaxError) and error.filename == self.filename:
            return wire.Raised(_mro(error), _sendable(error.msg, MAX_MESSAGE), [(error.lineno or 0, "")])
        forbidden, self._guard.violation = str(self._guard.violation or "")[:MAX_MESSAGE], None
        return wire.Raised(_mro(error), message, self._frames(error)[-20:], forbidden)

    def _frames(self, error: BaseException) -> list[tuple[int, str]]:
        frames: list[tuple[int, str]] = []
        trace = error.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            if code.co_filename == self.filename:
                frames.append((trace.tb_lineno or 0, _sendable(code.co_name)))
            trace = trace.tb_next
        return frames


def _plain_call(function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
    return function(*args, **kwargs)


def _take(iterator: Iterator[Any]) -> Iterator[Any]:
    """The next item, or nothing at the end."""
    for item in iterator:
        yield item
        return


def _mro(error: BaseException) -> list[str]:
    names = [cls.__name__ for cls in type(error).__mro__ if getattr(builtins, cls.__name__, None) is cls]
    return [_sendable(type(error).__name__), *names][:20]


def _sendable(text: object, limit: int = 80) -> str:
    """A text as a message can hold it: short, and without halves of characters."""
    return str(text)[:limit].encode("utf-8", "replace").decode()


def _bits(leaf: Any) -> tuple[str, tuple[int, ...], bytes]:
    """Everything that a change in place could change, so that NaN equals itself."""
    tensor = leaf.detach().cpu() if isinstance(leaf, torch.Tensor) else torch.from_numpy(leaf)
    flat = tensor.reshape(-1).clone(memory_format=torch.contiguous_format)
    return str(tensor.dtype), tuple(tensor.shape), flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""


def _argument_of(request: wire.Request, node: wire.Node) -> str:
    """Which argument a leaf belongs to: its position or its name."""
    args = request.args if isinstance(request, wire.Call) else request.inputs if isinstance(request, wire.Differentiate) else []
    kwargs = request.kwargs if isinstance(request, (wire.Call, wire.Differentiate)) else {}
    for place, value in [*((str(index), arg) for index, arg in enumerate(args)), *kwargs.items()]:
        if _holds(value, node):
            return place
    return "?"


def _holds(value: wire.Node, node: wire.Node) -> bool:
    if value is node:
        return True
    if isinstance(value, (wire.ListNode, wire.TupleNode)):
        return any(_holds(item, node) for item in value.items)
    if isinstance(value, wire.DictNode):
        return any(_holds(item, node) for _, item in value.items)
    return False

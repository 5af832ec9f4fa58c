"""What a check holds instead of the learner's objects: proxies that forward calls, attributes and arithmetic, and decide nothing."""

from __future__ import annotations

import contextlib
import inspect
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, cast

import torch

from grader import protocol as wire
from grader.candidate import Candidate
from grader.failure import AnswerRaised, CheckFailure, Unusable, WorkerLost
from grader.packing import Packer, Unpacker
from grader.text import _, neutralise
from grader.worker.session import ANSWER_HANDLE

MAX_ITEMS = 1_000_000
_PLAIN_FUNCTIONS = (type(lambda: 0), type(len), type([].append))


class Line:
    """The connection that all proxies of one check share."""

    def __init__(self, candidate: Candidate, device: str = "cpu") -> None:
        self.candidate = candidate
        self.generation = candidate.generation
        self.device = device
        self.changes_allowed = False
        self.dropped: list[int] = []
        self._callbacks: list[Callable[..., Any]] = []

    def packer(self) -> Packer:
        """Packs values, proxies and the check's own functions."""
        return Packer(self._refer, keep_strides=True)

    def ask(self, message: wire.Request, packer: Packer | None = None, *, keep: bool = False) -> Any:
        """Send a message; the value or a proxy of what comes back. Raises CheckFailure."""
        if self.generation != self.candidate.generation:
            raise WorkerLost("crashed", [_("the process of your code ended earlier")])
        if self.dropped:
            ids, self.dropped = self.dropped, []
            self.candidate.release(ids)
        reply, block = self.candidate.request(message, packer, self._serve)
        try:
            value = self._unpack(reply.value, block, keep=keep)
        except (wire.ProtocolError, RuntimeError, ValueError, OverflowError, MemoryError) as error:  # a forged reply can be no value in many ways
            raise self.candidate.refuse(str(error)) from None
        if reply.changed and not self.changes_allowed:
            self._complain(message, reply.changed)
        self.candidate.record(value)
        return value

    def _unpack(self, node: wire.Node, block: bytearray, *, keep: bool = False) -> Any:
        unpacker = Unpacker(block, lambda ref: self._resolve(ref, keep=keep))
        value = unpacker.unpack(node)
        for _leaf, leaf_node in unpacker.leaves:
            if isinstance(leaf_node, wire.TensorNode) and leaf_node.device != self.device:
                line = _("a result is on {actual}: the inputs were on {expected}, and so must be the results").format(
                    actual=neutralise(leaf_node.device[:20]), expected=self.device
                )
                raise CheckFailure("device", [line], facts={"device": neutralise(leaf_node.device[:20]), "expected_device": self.device})
        return value

    def _resolve(self, node: wire.HandleNode | wire.CallbackNode, *, keep: bool) -> Any:
        if isinstance(node, wire.CallbackNode):
            raise wire.ProtocolError("a function that is none of the answer's")
        return Remote(self, wire.HandleNode(node.id, neutralise(node.type_name[:80]), node.callable), keep=keep)

    def _refer(self, value: Any) -> wire.Node:
        if type(value) is Remote:
            return handle_of(value)
        if type(value) is Answer:
            return wire.HandleNode(ANSWER_HANDLE, "module", callable=False)
        if isinstance(value, _PLAIN_FUNCTIONS) or callable(value):
            self._callbacks.append(cast("Callable[..., Any]", value))
            return wire.CallbackNode(len(self._callbacks) - 1)
        raise TypeError(f"a check cannot send a {type(value).__name__} to the answer")

    def _serve(self, wanted: wire.CallbackWanted, block: bytearray) -> tuple[wire.Node, Packer]:
        if not 0 <= wanted.id < len(self._callbacks):
            raise wire.ProtocolError("a call that nobody offered")
        unpacker = Unpacker(block, lambda ref: self._resolve(ref, keep=False))
        args = [unpacker.unpack(arg) for arg in wanted.args]
        kwargs = {name: unpacker.unpack(arg) for name, arg in wanted.kwargs.items()}
        packer = self.packer()
        return packer.pack(self._callbacks[wanted.id](*args, **kwargs)), packer

    @staticmethod
    def _complain(message: wire.Request, changed: list[str]) -> NoReturn:
        places = [neutralise(place[:80]) for place in changed[:8]]
        names = ", ".join(f"#{int(place) + 1}" if place.isdecimal() else place for place in places)
        line = _("the call changed its input in place: argument {names}").format(names=names)
        hint = _("The caller's data must stay as they were: work on a copy.")
        raise CheckFailure("changed_input", [line, hint], facts={"arguments": places, "call": type(message).__name__})


class Remote:
    """An object of the learner's. It has no ==, no order and no truth value: those would let the answer decide."""

    __slots__ = ("_kit_handle", "_kit_keep", "_kit_line")

    def __init__(self, line: Line, handle: wire.HandleNode, *, keep: bool = False) -> None:
        object.__setattr__(self, "_kit_line", line)
        object.__setattr__(self, "_kit_handle", handle)
        object.__setattr__(self, "_kit_keep", keep)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return line_of(self).ask(wire.Get(handle_of(self), name, _keeps(self)), keep=_keeps(self))

    def __setattr__(self, name: str, value: Any) -> None:
        line = line_of(self)
        packer = line.packer()
        line.ask(wire.Set(handle_of(self), name, packer.pack(value)), packer)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return call(self, args, kwargs, keep=_keeps(self))

    def __len__(self) -> int:
        try:
            length = operate(self, "len", self)
        except AnswerRaised as error:
            if error.types[:1] == ["TypeError"] and not error.failure.frames:  # it has none: list(…) wants to hear it this way
                raise Unusable(error.failure.lines[0]) from None
            raise
        if type(length) is not int or length < 0:
            raise CheckFailure("type", [_("a length must be an integer")])
        return length

    def __iter__(self) -> Iterator[Any]:
        line = line_of(self)
        packer = line.packer()
        iterator = line.ask(wire.Operate("iter", [packer.pack(self)], keep=True), packer, keep=_keeps(self))
        for _count in range(MAX_ITEMS):
            packer = line.packer()
            step = line.ask(wire.Operate("next", [packer.pack(iterator)], keep=False), packer, keep=_keeps(self))
            if type(step) is not tuple or not step:
                return
            yield step[0]
        raise CheckFailure("protocol", [_("the iteration does not end: more than {limit} items").format(limit=MAX_ITEMS)])

    def __getitem__(self, key: Any) -> Any:
        return operate(self, "getitem", self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        operate(self, "setitem", self, key, value)

    def __neg__(self) -> Any:
        return operate(self, "neg", self)

    def __pos__(self) -> Any:
        return operate(self, "pos", self)

    def __abs__(self) -> Any:
        return operate(self, "abs", self)

    def __repr__(self) -> str:
        return f"<{handle_of(self).type_name} of the answer>"

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError):  # never fully made
            line_of(self).dropped.append(handle_of(self).id)

    def _kit_undecidable(self, *_other: object) -> NoReturn:
        raise Unusable("an object of the answer cannot be compared or tested: fetch a value and use grader.compare")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = _kit_undecidable  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    __hash__ = None  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]


def _binary(name: str, *, reflected: bool) -> Callable[[Remote, Any], Any]:
    def forward(self: Remote, other: Any) -> Any:
        return operate(self, name, other, self) if reflected else operate(self, name, self, other)

    return forward


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    setattr(Remote, f"__{_name}__", _binary(_name, reflected=False))
    setattr(Remote, f"__r{_name}__", _binary(_name, reflected=True))


def handle_of(remote: Remote) -> wire.HandleNode:
    """The handle behind a proxy. Raises Unusable for a value: the answer has a number where a function should be, say."""
    if type(remote) is not Remote:
        raise Unusable(f"{remote!r} is a value of the answer, not an object of it")
    return cast("wire.HandleNode", object.__getattribute__(remote, "_kit_handle"))


def line_of(remote: Remote) -> Line:
    """The line behind a proxy."""
    return cast("Line", object.__getattribute__(remote, "_kit_line"))


def _keeps(remote: Remote) -> bool:
    return bool(object.__getattribute__(remote, "_kit_keep"))


def call(function: Any, args: Sequence[Any], kwargs: dict[str, Any], *, keep: bool) -> Any:
    """Call a function of the answer; with keep the result stays there whatever it is."""
    if type(function) is not Remote:
        raise Unusable(f"{function!r} is a value of the answer, not something to call")
    line = line_of(function)
    packer = line.packer()
    message = wire.Call(
        handle_of(function),
        [packer.pack(arg) for arg in args],
        {name: packer.pack(arg) for name, arg in kwargs.items()},
        keep,
        watch=not line.changes_allowed,
    )
    return line.ask(message, packer, keep=keep)


def operate(remote: Remote, name: str, *operands: Any) -> Any:
    """Apply an operator in the worker."""
    line = line_of(remote)
    packer = line.packer()
    message = wire.Operate(name, [packer.pack(operand) for operand in operands], _keeps(remote))
    return line.ask(message, packer, keep=_keeps(remote))


class Answer:
    """The learner's module: answer.conv2d(x, w)."""

    def __init__(self, line: Line) -> None:
        self._kit_line = line

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        try:
            return self._kit_line.ask(wire.Get(wire.HandleNode(ANSWER_HANDLE, "module", callable=False), name, keep=False))
        except AnswerRaised as error:
            if error.types[:1] == ["AttributeError"]:
                raise self._kit_line.candidate.missing(name) from None
            raise


class Clock:
    """seconds: what the timed block took, by the judge's clock."""

    seconds: float = 0.0


class WorkerHandle:
    """The learner's process itself, for what is no function of the answer."""

    def __init__(self, line: Line) -> None:
        self._line = line

    @property
    def torch(self) -> Any:
        """The worker's own torch."""
        return self._line.ask(wire.Library("torch"))

    @property
    def numpy(self) -> Any:
        """The worker's own NumPy."""
        return self._line.ask(wire.Library("numpy"))

    def hold(self, value: Any, *, requires_grad: bool = False) -> Remote:
        """A value that lives in the worker, to be changed in place there."""
        packer = self._line.packer()
        return cast("Remote", self._line.ask(wire.Hold(packer.pack(value), requires_grad), packer))

    def fetch(self, handle: Any) -> Any:
        """The value behind a handle. Raises CheckFailure when it is none."""
        if type(handle) is not Remote:
            return handle
        value = self._line.ask(wire.Fetch(handle_of(handle)))
        if type(value) is Remote:
            line = _("a {kind} where a plain value was expected").format(kind=handle_of(value).type_name)
            raise CheckFailure("type", [line])
        return value

    def keep(self, function: Any, *args: Any, **kwargs: Any) -> Remote:
        """Call, and leave the result in the worker: a tensor keeps its graph."""
        return cast("Remote", call(function, args, kwargs, keep=True))

    def ref(self, handle: Remote) -> Remote:
        """The same object as a proxy whose attributes, items and results stay in the worker too."""
        held = self._line.ask(wire.Hold(handle_of(handle), requires_grad=False))
        return Remote(self._line, handle_of(held), keep=True)

    def vjp(self, function: Any, inputs: Sequence[Any], cotangent: Any, wrt: Sequence[int] = (0,), **kwargs: Any) -> tuple[Any, Any]:
        """Output of function(*inputs) and its vector-Jacobian products for the inputs numbered in wrt (None: no gradient arrives there).

        Raises CheckFailure when the output has not the cotangent's shape.
        """
        output, gradients = self.differentiate(function, inputs, cotangent, wrt, **kwargs)
        if gradients is None:
            line = _("the output is {yours}: it should have the shape {expected}")
            shape = getattr(output, "shape", None)
            yours = type(output).__name__ if shape is None else _("a tensor of shape {shape}").format(shape=tuple(shape))
            expected = [tuple(c.shape) for c in cotangent] if isinstance(cotangent, (tuple, list)) else tuple(cotangent.shape)
            raise CheckFailure("shape", [line.format(yours=yours, expected=expected)], actual=output)
        return output, gradients

    def differentiate(self, function: Any, inputs: Sequence[Any], cotangent: Any, wrt: Sequence[int], **kwargs: Any) -> tuple[Any, Any]:
        """Like vjp, but None instead of the products when the output has not the cotangent's shape: the caller says more of it."""
        packer = self._line.packer()
        cotangents: list[torch.Tensor] = list(cotangent) if isinstance(cotangent, (tuple, list)) else [cotangent]
        message = wire.Differentiate(
            handle_of(function),
            [packer.pack(value) for value in inputs],
            {name: packer.pack(value) for name, value in kwargs.items()},
            list(wrt),
            [packer.pack(value) for value in cotangents],
            watch=not self._line.changes_allowed,
        )
        reply = self._line.ask(message, packer)
        if type(reply) is not tuple or len(reply) != 2 or not (reply[1] is None or (type(reply[1]) is list and len(reply[1]) == len(wrt))):
            raise self._line.candidate.refuse("no output and gradients")
        return reply

    def define(self, function: Callable[..., Any]) -> Remote:
        """A plain function of the check, shipped as source: it then runs, and can be differentiated, in the worker."""
        source = textwrap.dedent(inspect.getsource(function))
        return cast("Remote", self._line.ask(wire.Define(source, function.__name__)))

    def seed(self, seed: int) -> None:
        """Seed torch, NumPy and random in the worker."""
        self._line.ask(wire.Seed(int(seed)))

    @contextmanager
    def allow_changes(self) -> Iterator[None]:
        """Calls inside may change their inputs in place."""
        before, self._line.changes_allowed = self._line.changes_allowed, True
        try:
            yield
        finally:
            self._line.changes_allowed = before

    @contextmanager
    def timed(self) -> Iterator[Clock]:
        """Measures the block by the judge's clock."""
        clock = Clock()
        start = time.perf_counter()
        try:
            yield clock
        finally:
            clock.seconds = time.perf_counter() - start

"""The wire between judge and worker: typed messages and raw tensor bytes. Nothing on it can carry code.

A frame is a header (two little-endian lengths), a MessagePack body that must have the shape of one of the messages below, and one block of
raw bytes that tensors and arrays of the body point into. Every length, depth and count is bounded before it is used.
"""

from __future__ import annotations

import socket
import struct
import time
from typing import Protocol, TypeAlias

import msgspec

from grader.text import _

HEADER = struct.Struct("<IQ")
MAX_BODY = 8 << 20
MAX_BLOCK = 256 << 20


class ProtocolError(Exception):
    """The other side sent something that is no message: too large, too deep, out of range or malformed."""


class Packed(Protocol):
    """What a message's nodes point into: the bytes, and how many they are."""

    buffers: list[memoryview | bytes]
    size: int


class ConnectionEnded(Exception):
    """The other side is gone."""


class DeadlineReached(Exception):
    """The deadline passed before the frame was complete."""


# ── nodes: the forms of a value ──────────────────────────────────────────────────────────────────
class TensorNode(msgspec.Struct, array_like=True, tag="t", frozen=True):
    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...] | None
    start: int
    nbytes: int
    requires_grad: bool
    device: str


class ArrayNode(msgspec.Struct, array_like=True, tag="a", frozen=True):
    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...] | None  # in elements, as torch counts them
    start: int
    nbytes: int


class BytesNode(msgspec.Struct, array_like=True, tag="y", frozen=True):
    data: bytes


class NumberNode(msgspec.Struct, array_like=True, tag="n", frozen=True):
    """A NumPy scalar."""

    dtype: str
    data: bytes


class ListNode(msgspec.Struct, array_like=True, tag="l", frozen=True):
    items: list[Node]


class TupleNode(msgspec.Struct, array_like=True, tag="u", frozen=True):
    items: list[Node]


class DictNode(msgspec.Struct, array_like=True, tag="d", frozen=True):
    items: list[tuple[Node, Node]]


class SliceNode(msgspec.Struct, array_like=True, tag="s", frozen=True):
    start: Node
    stop: Node
    step: Node


class ComplexNode(msgspec.Struct, array_like=True, tag="c", frozen=True):
    real: float
    imag: float


class IntNode(msgspec.Struct, array_like=True, tag="i", frozen=True):
    """An integer beyond 64 bits."""

    digits: str


class NamedNode(msgspec.Struct, array_like=True, tag="k", frozen=True):
    """One of a few constants: a torch dtype or device, a NumPy dtype, Ellipsis."""

    kind: str
    name: str


class HandleNode(msgspec.Struct, array_like=True, tag="h", frozen=True):
    """An object that stays in the worker."""

    id: int
    type_name: str
    callable: bool


class CallbackNode(msgspec.Struct, array_like=True, tag="b", frozen=True):
    """A function that stays with the judge."""

    id: int


Node: TypeAlias = (
    bool | int | float | str | BytesNode
    | TensorNode | ArrayNode | NumberNode | ListNode | TupleNode | DictNode | SliceNode
    | ComplexNode | IntNode | NamedNode | HandleNode | CallbackNode | None
)  # fmt: skip


# ── messages to the worker ───────────────────────────────────────────────────────────────────────
class Load(msgspec.Struct, array_like=True, tag="load"):
    """Execute the answer. Its module is handle 0."""

    source: str
    filename: str


class Get(msgspec.Struct, array_like=True, tag="get"):
    target: HandleNode
    name: str
    keep: bool


class Set(msgspec.Struct, array_like=True, tag="set"):
    target: HandleNode
    name: str
    value: Node


class Call(msgspec.Struct, array_like=True, tag="call"):
    target: HandleNode
    args: list[Node]
    kwargs: dict[str, Node]
    keep: bool
    watch: bool  # report inputs that were changed in place


class Operate(msgspec.Struct, array_like=True, tag="op"):
    """An operator or a protocol of Python (len, iter, next, getitem …)."""

    name: str
    operands: list[Node]
    keep: bool


class Hold(msgspec.Struct, array_like=True, tag="hold"):
    value: Node
    requires_grad: bool


class Fetch(msgspec.Struct, array_like=True, tag="fetch"):
    target: HandleNode


class Differentiate(msgspec.Struct, array_like=True, tag="vjp"):
    target: HandleNode
    inputs: list[Node]
    kwargs: dict[str, Node]
    wrt: list[int]
    cotangents: list[Node]
    watch: bool


class Define(msgspec.Struct, array_like=True, tag="def"):
    source: str
    name: str


class Library(msgspec.Struct, array_like=True, tag="lib"):
    name: str


class Seed(msgspec.Struct, array_like=True, tag="seed"):
    seed: int


class CallbackReturned(msgspec.Struct, array_like=True, tag="cbok"):
    value: Node


class CallbackRaised(msgspec.Struct, array_like=True, tag="cberr"):
    message: str


class Released(msgspec.Struct, array_like=True, tag="free"):
    ids: list[int]


Request: TypeAlias = (
    Load | Get | Set | Call | Operate | Hold | Fetch | Differentiate | Define | Library | Seed | CallbackReturned | CallbackRaised | Released
)


# ── messages from the worker ─────────────────────────────────────────────────────────────────────
class Value(msgspec.Struct, array_like=True, tag="ok"):
    value: Node
    changed: list[str] = []


class Raised(msgspec.Struct, array_like=True, tag="err"):
    """An exception. types: class names along the MRO; frames: (line, function) of the answer's file, outermost first."""

    types: list[str]
    message: str
    frames: list[tuple[int, str]]
    forbidden: str = ""


class CallbackWanted(msgspec.Struct, array_like=True, tag="cb"):
    id: int
    args: list[Node]
    kwargs: dict[str, Node]


Reply: TypeAlias = Value | Raised | CallbackWanted
Message: TypeAlias = Request | Reply

_encoder = msgspec.msgpack.Encoder()
_request_decoder: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_reply_decoder: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


# ── frames ───────────────────────────────────────────────────────────────────────────────────────
def frame(message: Message, packed: Packed | None = None) -> list[memoryview | bytes]:
    """The pieces of a message's frame, in order."""
    body = _encoder.encode(message)
    if len(body) > MAX_BODY:
        raise ProtocolError(_("a result may have at most {limit} MB of text, numbers and structure").format(limit=MAX_BODY >> 20))
    buffers: list[memoryview | bytes] = packed.buffers if packed else []
    return [HEADER.pack(len(body), packed.size if packed else 0) + body, *buffers]


def decode_request(body: bytes | bytearray) -> Request:
    """A message to the worker. Raises ProtocolError."""
    try:
        return _request_decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise ProtocolError(str(error)) from None


def decode_reply(body: bytes | bytearray) -> Reply:
    """A message from the worker. Raises ProtocolError."""
    try:
        return _reply_decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise ProtocolError(str(error)) from None


class Channel:
    """Frames over a connected stream socket. A deadline (time.monotonic) bounds the whole frame, not each piece of it."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection

    def send(self, pieces: list[memoryview | bytes], deadline: float | None = None) -> None:
        """Raises ConnectionEnded, DeadlineReached."""
        try:
            for piece in pieces:
                self._limit(deadline)
                self.socket.sendall(piece)
        except TimeoutError:
            raise DeadlineReached from None
        except OSError as error:
            raise ConnectionEnded(str(error)) from None

    def receive(self, deadline: float | None = None) -> tuple[bytearray, bytearray]:
        """Body and block of the next frame. Raises ConnectionEnded, DeadlineReached, ProtocolError."""
        body_size, block_size = HEADER.unpack(self._exactly(HEADER.size, deadline))
        if body_size > MAX_BODY or block_size > MAX_BLOCK:
            raise ProtocolError("a frame too large")
        return self._exactly(body_size, deadline), self._exactly(block_size, deadline)

    def _exactly(self, size: int, deadline: float | None) -> bytearray:
        data = bytearray(size)
        view = memoryview(data)
        try:
            while view:
                self._limit(deadline)
                count = self.socket.recv_into(view)
                if count == 0:
                    raise ConnectionEnded("end of stream")
                view = view[count:]
        except TimeoutError:
            raise DeadlineReached from None
        except OSError as error:
            raise ConnectionEnded(str(error)) from None
        return data

    def _limit(self, deadline: float | None) -> None:
        if deadline is None:
            return
        left = deadline - time.monotonic()
        if left <= 0:
            raise DeadlineReached
        self.socket.settimeout(left)

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()

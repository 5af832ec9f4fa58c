"""Values in the form in which they travel: exact plain types, tensors and arrays; whatever else stays where it is and is referred to."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from grader import protocol as wire
from grader.text import _

MAX_DEPTH = 64
MAX_NODES = 200_000
MAX_DIMENSIONS = 32
MAX_SAME_HASH = 64  # honest keys hardly ever share one
MAX_INT_DIGITS = 3500  # hexadecimal digits of an integer beyond 64 bits; Python refuses to print one of more than 4300 decimal digits
ALIGNMENT = 64

TORCH_DTYPES: dict[str, torch.dtype] = {
    str(d).removeprefix("torch."): d
    for d in (
        torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128,
        torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool,
    )
}  # fmt: skip
NUMPY_DTYPES = {
    name: np.dtype(name)
    for name in (
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
        "float16", "float32", "float64", "complex64", "complex128",
    )
}  # fmt: skip


def _too_nested() -> str:
    return _("a result may be nested at most {depth} deep and hold at most {parts} parts").format(depth=MAX_DEPTH, parts=MAX_NODES)


# ── values to nodes ──────────────────────────────────────────────────────────────────────────────
class Packer:
    """Turns values into nodes, and collects the bytes that they point into.

    refer is asked for whatever is no value; it returns a node or raises TypeError. keep_strides sends a non-contiguous tensor as it lies.
    """

    def __init__(self, refer: Callable[[Any], wire.Node], *, keep_strides: bool) -> None:
        self.buffers: list[memoryview | bytes] = []
        self.size = 0
        self._refer = refer
        self._keep_strides = keep_strides
        self._nodes = 0

    def pack(self, value: Any, depth: int = 0) -> wire.Node:
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise wire.ProtocolError(_too_nested())
        kind = type(value)
        node: wire.Node
        if value is None or kind is bool or kind is float:
            node = value
        elif kind is str:
            node = value.encode("utf-8", "replace").decode()
        elif kind is int:
            node = value if -(2**63) <= value < 2**63 else _big(value)
        elif kind is torch.Tensor or kind is torch.nn.Parameter:
            node = self._tensor(value)
        elif kind is np.ndarray and value.dtype.name in NUMPY_DTYPES:
            node = self._array(value)
        elif kind is list:
            node = wire.ListNode([self.pack(item, depth + 1) for item in value])
        elif kind is tuple or kind is torch.Size:
            node = wire.TupleNode([self.pack(item, depth + 1) for item in value])
        elif kind is dict or kind is OrderedDict:
            node = wire.DictNode([(self.pack(key, depth + 1), self.pack(item, depth + 1)) for key, item in value.items()])
        elif kind is bytes:
            node = wire.BytesNode(value)
        elif kind is complex:
            node = wire.ComplexNode(value.real, value.imag)
        elif kind is slice:
            node = wire.SliceNode(*(self.pack(part, depth + 1) for part in (value.start, value.stop, value.step)))
        elif isinstance(value, np.generic) and value.dtype.name in NUMPY_DTYPES:
            node = wire.NumberNode(value.dtype.name, value.tobytes())
        elif kind is torch.dtype:
            node = wire.NamedNode("torch.dtype", str(value).removeprefix("torch."))
        elif kind is torch.device:
            node = wire.NamedNode("torch.device", str(value))
        elif isinstance(value, np.dtype) and value.name in NUMPY_DTYPES:
            node = wire.NamedNode("numpy.dtype", value.name)
        elif value is Ellipsis:
            node = wire.NamedNode("ellipsis", "")
        else:
            node = self._refer(value)
        return node

    def _add(self, data: memoryview | bytes, nbytes: int) -> int:
        start = -(-self.size // ALIGNMENT) * ALIGNMENT
        if start + nbytes > wire.MAX_BLOCK:
            raise wire.ProtocolError(_("a result may have at most {limit} MB").format(limit=wire.MAX_BLOCK >> 20))
        if start > self.size:
            self.buffers.append(bytes(start - self.size))
        self.buffers.append(data)
        self.size = start + nbytes
        return start

    def _tensor(self, value: torch.Tensor) -> wire.Node:
        name = str(value.dtype).removeprefix("torch.")
        if value.layout is not torch.strided or name not in TORCH_DTYPES:
            return self._refer(value)
        plain = value.detach().resolve_conj().resolve_neg()
        device = plain.device.type
        if device != "cpu":
            plain = plain.cpu()
        strides = None
        if not plain.is_contiguous():
            strides = _worthwhile_strides(tuple(plain.shape), plain.stride()) if self._keep_strides else None
            plain = plain.contiguous() if strides is None else _span(plain)
        flat = plain.reshape(-1)
        if flat.numel() and flat.stride(0) != 1:  # one element of a strided tensor counts as contiguous
            flat = flat.clone(memory_format=torch.contiguous_format)
        flat = flat.view(torch.uint8) if plain.numel() else torch.empty(0, dtype=torch.uint8)
        start = self._add(flat.numpy().data, flat.numel())
        return wire.TensorNode(name, tuple(value.shape), strides, start, flat.numel(), value.requires_grad and value.is_leaf, device)

    def _array(self, value: np.ndarray[Any, Any]) -> wire.ArrayNode:
        plain, strides = value, None
        if not plain.flags.c_contiguous or not plain.dtype.isnative:
            steps = tuple(s // value.itemsize for s in value.strides)
            exact = plain.dtype.isnative and all(s % value.itemsize == 0 for s in value.strides)
            strides = _worthwhile_strides(value.shape, steps) if self._keep_strides and exact else None
            if strides is None:
                plain = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("="))
            else:
                plain = np.zeros(_extent(value.shape, strides), value.dtype)
                np.lib.stride_tricks.as_strided(plain, value.shape, value.strides)[...] = value
        raw = np.ascontiguousarray(plain).reshape(-1).view(np.uint8).data if plain.size else b""
        nbytes = plain.nbytes if plain.size else 0
        return wire.ArrayNode(value.dtype.name, value.shape, strides, self._add(raw, nbytes), nbytes)


def _big(value: int) -> wire.IntNode:
    digits = hex(value)
    if len(digits) > MAX_INT_DIGITS:
        raise wire.ProtocolError(_("an integer may have at most {limit} hexadecimal digits").format(limit=MAX_INT_DIGITS))
    return wire.IntNode(digits)


def _extent(shape: tuple[int, ...], strides: tuple[int, ...]) -> int:
    """How many elements of storage a strided tensor spans."""
    return 1 + sum((size - 1) * step for size, step in zip(shape, strides, strict=True))


def _span(tensor: torch.Tensor) -> torch.Tensor:
    """The storage that a strided tensor spans, with zeros where it skips: what lies between may be none of the worker's business."""
    for dim, step in enumerate(tensor.stride()):
        if step == 0:
            tensor = tensor.narrow(dim, 0, 1)
    span = torch.zeros(_extent(tuple(tensor.shape), tensor.stride()), dtype=tensor.dtype)
    span.as_strided(tensor.shape, tensor.stride()).copy_(tensor)
    return span


def _worthwhile_strides(shape: tuple[int, ...], strides: tuple[int, ...]) -> tuple[int, ...] | None:
    """The strides, when they can be sent without sending much more storage than elements (negative and overlapping ones cannot)."""
    elements = math.prod(shape)
    if elements == 0 or any(step < 0 for step in strides) or _extent(shape, strides) > 4 * elements + 1024:
        return None
    reach = 0  # an element further along a dimension must lie beyond everything that the smaller strides reach, else elements overlap
    for step, size in sorted((step, size) for step, size in zip(strides, shape, strict=True) if step and size > 1):
        if step <= reach:
            return None
        reach += (size - 1) * step
    return strides


# ── nodes to values ──────────────────────────────────────────────────────────────────────────────
class Unpacker:
    """Turns nodes into values over a writable block of bytes. refer turns a handle or a callback into what stands for it here.

    leaves lists every tensor and array made, with its node, in order: the worker looks there for inputs that were changed.
    """

    def __init__(self, block: bytearray, refer: Callable[[wire.HandleNode | wire.CallbackNode], Any], device: str = "cpu") -> None:
        self.leaves: list[tuple[Any, wire.TensorNode | wire.ArrayNode]] = []
        self._block = block
        self._refer = refer
        self._device = device
        self._nodes = 0
        self._nbytes = 0

    def unpack(self, node: wire.Node, depth: int = 0) -> Any:
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise wire.ProtocolError(_too_nested())
        value: Any
        match node:
            case wire.TensorNode():
                value = self._tensor(node)
            case wire.ArrayNode():
                value = self._array(node)
            case wire.ListNode():
                value = [self.unpack(item, depth + 1) for item in node.items]
            case wire.TupleNode():
                value = tuple([self.unpack(item, depth + 1) for item in node.items])
            case wire.DictNode():
                keys = _distinct([_hashable(self.unpack(key, depth + 1)) for key, _item in node.items])
                value = {key: self.unpack(item, depth + 1) for key, (_key, item) in zip(keys, node.items, strict=True)}
            case wire.HandleNode() | wire.CallbackNode():
                value = self._refer(node)
            case wire.NumberNode():
                value = self._number(node)
            case wire.BytesNode():
                value = node.data
            case wire.SliceNode():
                value = slice(*(self.unpack(part, depth + 1) for part in (node.start, node.stop, node.step)))
            case wire.ComplexNode():
                value = complex(node.real, node.imag)
            case wire.IntNode():
                value = _integer(node)
            case wire.NamedNode():
                value = _named(node)
            case _:
                value = node
        return value

    def _region(self, node: wire.TensorNode | wire.ArrayNode, itemsize: int) -> int:
        """Number of elements of storage that the node points to; every bound is checked here."""
        if len(node.shape) > MAX_DIMENSIONS or any(size < 0 for size in node.shape):
            raise wire.ProtocolError("a shape that is none")
        if any(size > wire.MAX_BLOCK for size in node.shape):
            raise wire.ProtocolError("a dimension too large")
        elements = math.prod(node.shape)
        if node.strides is not None:
            if len(node.strides) != len(node.shape) or any(not 0 <= step <= wire.MAX_BLOCK for step in node.strides) or elements == 0:
                raise wire.ProtocolError("strides that are none")
            span = _extent(node.shape, node.strides)
            if elements > 1024 * span + MAX_NODES:  # an expanded tensor of gigabytes from a few bytes
                raise wire.ProtocolError("strides that repeat the storage too often")
        else:
            span = elements
        if node.nbytes != span * itemsize or node.start < 0 or node.start + node.nbytes > len(self._block):
            raise wire.ProtocolError("bytes out of range")
        if node.start % ALIGNMENT:
            raise wire.ProtocolError("bytes out of line")
        self._nbytes += elements * itemsize
        if self._nbytes > wire.MAX_BLOCK:  # the same bytes many times over
            raise wire.ProtocolError("more bytes than a message may hold")
        return span

    def _tensor(self, node: wire.TensorNode) -> torch.Tensor:
        dtype = TORCH_DTYPES.get(node.dtype)
        if dtype is None:
            raise wire.ProtocolError("an unknown dtype")
        span = self._region(node, dtype.itemsize)
        if span == 0:
            tensor = torch.empty(node.shape, dtype=dtype)
        else:
            storage = torch.frombuffer(self._block, dtype=dtype, count=span, offset=node.start)
            if dtype is torch.bool:
                _check_booleans(storage.view(torch.uint8))
            tensor = storage.as_strided(node.shape, node.strides) if node.strides is not None else storage.view(node.shape)
        if self._device != "cpu":
            tensor = tensor.to(self._device)
        if node.requires_grad and (dtype.is_floating_point or dtype.is_complex):
            tensor.requires_grad_()
        self.leaves.append((tensor, node))
        return tensor

    def _array(self, node: wire.ArrayNode) -> np.ndarray[Any, Any]:
        dtype = NUMPY_DTYPES.get(node.dtype)
        if dtype is None:
            raise wire.ProtocolError("an unknown dtype")
        span = self._region(node, dtype.itemsize)
        if span == 0:
            array: np.ndarray[Any, Any] = np.empty(node.shape, dtype)
        else:
            storage = np.frombuffer(self._block, dtype, span, node.start)
            if dtype.kind == "b":
                _check_booleans(storage.view(np.uint8))
            if node.strides is None:
                array = storage.reshape(node.shape)
            else:
                array = np.lib.stride_tricks.as_strided(storage, node.shape, [step * dtype.itemsize for step in node.strides])
        self.leaves.append((array, node))
        return array

    @staticmethod
    def _number(node: wire.NumberNode) -> Any:
        dtype = NUMPY_DTYPES.get(node.dtype)
        if dtype is None or len(node.data) != dtype.itemsize:
            raise wire.ProtocolError("a number that is none")
        return np.frombuffer(node.data, dtype)[0]


def _hashable(key: Any) -> Any:
    if isinstance(key, (str, int, float, bool, bytes, complex, type(None), np.generic, torch.dtype)):
        return key
    if type(key) is tuple:
        return tuple(_hashable(part) for part in key)
    raise wire.ProtocolError("a dict key that is no plain value")


def _distinct(keys: list[Any]) -> list[Any]:
    """The keys, unless so many have the same hash that a dict of them would take minutes."""
    if len(keys) > MAX_SAME_HASH and max(Counter(map(hash, keys)).values()) > MAX_SAME_HASH:
        raise wire.ProtocolError("dict keys that are too much alike")
    return keys


def _check_booleans(raw: Any) -> None:
    """Raise ProtocolError when bytes that stand for booleans are neither 0 nor 1: each operation would count them in its own way."""
    if int(raw.max()) > 1:
        raise wire.ProtocolError("a boolean that is neither true nor false")


def _integer(node: wire.IntNode) -> int:
    if len(node.digits) > MAX_INT_DIGITS:
        raise wire.ProtocolError("an integer too long")
    return int(node.digits, 16)


def _named(node: wire.NamedNode) -> Any:
    if node.kind == "torch.dtype" and node.name in TORCH_DTYPES:
        return TORCH_DTYPES[node.name]
    if node.kind == "numpy.dtype" and node.name in NUMPY_DTYPES:
        return NUMPY_DTYPES[node.name]
    if node.kind == "torch.device" and node.name.split(":")[0] in {"cpu", "cuda", "meta"}:
        return torch.device(node.name)
    if node.kind == "ellipsis":
        return Ellipsis
    raise wire.ProtocolError("an unknown constant")

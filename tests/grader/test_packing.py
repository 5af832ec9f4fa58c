"""Whatever goes over the wire comes back the same, and bytes that lie about themselves are refused."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from grader import packing
from grader import protocol as wire

FLOATING = [np.float16, np.float32, np.float64]
WHOLE = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64, np.bool_]
COMPLEX = [np.complex64, np.complex128]


def refuse(value):
    raise TypeError(type(value).__name__)


def through(value, *, keep_strides=True):
    packer = packing.Packer(refuse, keep_strides=keep_strides)
    node = packer.pack(value)
    data = b"".join(bytes(piece) for piece in wire.frame(wire.Value(node), packer))
    body_size, block_size = wire.HEADER.unpack(data[: wire.HEADER.size])
    body = data[wire.HEADER.size : wire.HEADER.size + body_size]
    block = bytearray(data[wire.HEADER.size + body_size :])
    assert len(block) == block_size
    reply = wire.decode_reply(body)
    assert isinstance(reply, wire.Value)
    return packing.Unpacker(block, refuse).unpack(reply.value)


def same(a, b):
    if isinstance(a, torch.Tensor):
        return type(b) is torch.Tensor and a.dtype == b.dtype and a.shape == b.shape and same(_raw(a), _raw(b))
    if isinstance(a, (np.ndarray, np.generic)):
        return type(a) is type(b) and a.dtype == b.dtype and np.shape(a) == np.shape(b) and np.asarray(a).tobytes() == np.asarray(b).tobytes()
    if isinstance(a, float) and math.isnan(a):
        return isinstance(b, float) and math.isnan(b)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return type(b) is dict and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    return type(a) is type(b) and a == b


def _raw(tensor):
    return bytes(tensor.detach().contiguous().reshape(-1).clone().view(torch.uint8).tolist()) if tensor.numel() else b""


shapes = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
any_array = st.sampled_from(FLOATING + WHOLE + COMPLEX).flatmap(lambda dtype: arrays.arrays(dtype, shapes))
scalars = (
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers(-(2**200), 2**200)
    | st.text(max_size=20)
    | st.binary(max_size=20)
    | st.complex_numbers(allow_nan=False)
)
values = st.recursive(
    scalars | any_array,
    lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(values)
@settings(deadline=None)
def test_values_come_back_the_same(value):
    sent = value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
    got = through(sent)
    assert same(sent, got) or (isinstance(sent, complex) and repr(sent) == repr(got))


@given(any_array, st.randoms())
@settings(deadline=None)
def test_views_come_back_with_their_values(array, random):
    view = array
    for axis in range(array.ndim):
        if random.random() < 0.5:
            view = view[(slice(None),) * axis + (slice(None, None, random.choice([1, 2, -1])),)]
    if view.ndim > 1 and random.random() < 0.5:
        view = view.T
    assert same(np.ascontiguousarray(view).reshape(view.shape), np.ascontiguousarray(through(view)).reshape(view.shape))


@pytest.mark.parametrize("dtype", sorted(packing.TORCH_DTYPES))
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4)])
def test_tensors_of_every_dtype(dtype, shape):
    tensor = (torch.arange(math.prod(shape)) % 2).reshape(shape).to(packing.TORCH_DTYPES[dtype])
    assert same(tensor, through(tensor))


@pytest.mark.parametrize(
    "make",
    [
        lambda t: t.T, lambda t: t[:, ::2], lambda t: t[1:, 2:], lambda t: t[:, :1].expand(6, 5), lambda t: t.diagonal(), lambda t: t[2],
        lambda t: t[::5, ::3], lambda t: t[:, None].transpose(0, 2),
    ],
)  # fmt: skip
def test_strides_travel_to_the_worker(make):
    tensor = make(torch.arange(48.0).reshape(6, 8))
    got = through(tensor)
    assert same(tensor, got)
    assert got.stride() == tensor.stride()
    assert through(tensor, keep_strides=False).is_contiguous()


def test_what_lies_between_the_elements_of_a_view_does_not_travel():
    table = torch.tensor([[1.0, 42.5], [2.0, 42.5], [3.0, 42.5]])
    packer = packing.Packer(refuse, keep_strides=True)
    packer.pack(table[:, 0])
    sent = b"".join(bytes(piece) for piece in packer.buffers)
    assert torch.tensor(1.0).numpy().tobytes() in sent
    assert torch.tensor(42.5).numpy().tobytes() not in sent


def test_overlapping_windows_are_sent_as_values():
    windows = torch.arange(6.0).as_strided((4, 3), (1, 1))
    assert same(windows, through(windows))


@pytest.mark.parametrize("value", [torch.float16, torch.device("cpu"), np.dtype("int8"), slice(1, None, 2), ..., torch.Size([2, 3])])
def test_constants(value):
    got = through(value)
    assert got == (tuple(value) if isinstance(value, torch.Size) else value)


def test_a_leaf_keeps_that_it_requires_a_gradient():
    assert through(torch.ones(2, requires_grad=True)).requires_grad
    assert not through(torch.ones(2, requires_grad=True) * 2).requires_grad


class Liar(torch.Tensor):
    pass


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, Liar(), torch.zeros(2, 2).to_sparse(), np.array(["a"]), np.array([None]), type("L", (list,), {})()]
)
def test_whatever_is_no_exact_plain_type_stays(value):
    with pytest.raises(TypeError):
        through(value)


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [nested(100), [0] * (packing.MAX_NODES + 1), 1 << 100_000], ids=["deep", "many", "long"])
def test_too_deep_too_many_too_long(value):
    with pytest.raises(wire.ProtocolError):
        through(value)


def block_of(node, block=b""):
    return packing.Unpacker(bytearray(block), refuse).unpack(node)


@pytest.mark.parametrize(
    "node",
    [
        wire.TensorNode("float32", (32,), None, 0, 128, False, "cpu"),  # more bytes than there are
        wire.TensorNode("float32", (-1,), None, 0, 0, False, "cpu"),
        wire.TensorNode("float32", (2**62, 2**62), None, 0, 16, False, "cpu"),
        wire.TensorNode("float33", (1,), None, 0, 4, False, "cpu"),
        wire.TensorNode("float32", (2,), (-1,), 0, 8, False, "cpu"),
        wire.TensorNode("float32", (2, 2), (1,), 0, 8, False, "cpu"),
        wire.TensorNode("float32", (10**7, 1), (0, 0), 0, 4, False, "cpu"),
        wire.TensorNode("float32", (1,), None, 4, 4, False, "cpu"),
        wire.TensorNode("float32", (1,) * 40, None, 0, 4, False, "cpu"),
        wire.ArrayNode("object", (1,), None, 0, 8),
        wire.ArrayNode("float64", (1,), None, -64, 8),
        wire.NumberNode("float64", b"1234"),
        wire.NamedNode("torch.dtype", "__class__"),
        wire.NamedNode("torch.device", "xla:9"),
        wire.IntNode("f" * 10_000),
        wire.DictNode([(wire.ListNode([1]), 2)]),
    ],
)
def test_nodes_that_lie_are_refused(node):
    with pytest.raises(wire.ProtocolError):
        block_of(node, bytes(64))

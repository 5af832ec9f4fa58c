"""The references are nn.TransformerEncoderLayer and nn.TransformerDecoderLayer with the same weights."""

import pytest
import torch
from torch import nn

from grader.compare import assert_same, assert_same_gradient

FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}  # two or three normalisations in a row divide by standard deviations below 1
both_norms = pytest.mark.parametrize("norm_first", [False, True], ids=["post-norm", "pre-norm"])
both_layers = pytest.mark.parametrize("kind", ["encoder", "decoder"])


def pair(answer, draw, kind, norm_first, dtype=torch.float32, sizes=(6, 2, 10)):
    """The learner's layer and the reference's, with the same fresh weights; every parameter is away from its usual initial value."""
    reference = {"encoder": nn.TransformerEncoderLayer, "decoder": nn.TransformerDecoderLayer}[kind]
    theirs = reference(*sizes, dropout=0.0, batch_first=True, norm_first=norm_first, dtype=dtype)
    weights = {name: draw.uniform(*value.shape, low=-0.8, high=0.8, dtype=dtype) for name, value in theirs.state_dict().items()}
    weights |= {name: value + 1.2 for name, value in weights.items() if name.startswith("norm") and name.endswith("weight")}
    theirs.load_state_dict(weights)
    ours = {"encoder": answer.EncoderLayer, "decoder": answer.DecoderLayer}[kind](*sizes, norm_first=norm_first)
    if dtype == torch.float64:
        ours.double()
    ours.load_state_dict(weights)
    return ours, theirs


def causal(length):
    """True where query i may not attend to key j: j > i."""
    return torch.tensor([[j > i for j in range(length)] for i in range(length)])


def decoded(layer, x, memory):
    return layer(x, memory, tgt_mask=causal(x.shape[1]))


def shapes(layer):
    return {name: tuple(value.shape) for name, value in sorted(layer.state_dict().items())}


def trainable(layer):
    return sorted(name for name, _ in layer.named_parameters())


@both_norms
def test_residual(answer, draw, norm_first):
    """residual: where x is added and where the norm stands
    residual：x 在何处相加，归一化在何处"""
    x, calls = draw.normal(2, 3, 4), []

    def sublayer(y):
        calls.append("sublayer")
        return 3 * y + 1

    def norm(y):
        calls.append("norm")
        return 5 * y - 2

    expected = x + 3 * (5 * x - 2) + 1 if norm_first else 5 * (x + 3 * x + 1) - 2
    assert_same(answer.residual(x, sublayer, norm, norm_first), expected, f"residual(x, sublayer, norm, {norm_first})")
    assert_same(sorted(calls), ["norm", "sublayer"], "what residual calls")


@both_layers
def test_parameters(answer, worker, kind):
    """Names and shapes of the parameters
    参数的名称与形状"""
    ours = {"encoder": answer.EncoderLayer, "decoder": answer.DecoderLayer}[kind](6, 3, 10)
    theirs = {"encoder": nn.TransformerEncoderLayer, "decoder": nn.TransformerDecoderLayer}[kind](6, 3, 10)
    assert_same(worker.define(shapes)(ours), shapes(theirs), "shapes of layer.state_dict()")
    assert_same(worker.define(trainable)(ours), trainable(theirs), "names of layer.named_parameters()")


@pytest.mark.after("test_parameters", "test_residual")
@both_norms
@pytest.mark.parametrize(("batch", "length"), [(3, 5), (2, 2), (1, 1)])
def test_encoder(answer, draw, batch, length, norm_first):
    """Encoder layer
    编码器层"""
    ours, theirs = pair(answer, draw, "encoder", norm_first)
    x = draw.normal(batch, length, 6)
    assert_same(ours(x), theirs(x), "layer(x)", **FLOAT32)


@pytest.mark.after("test_parameters", "test_residual")
@both_norms
@pytest.mark.parametrize(("batch", "length", "memory_length"), [(2, 4, 4), (3, 3, 5), (1, 5, 2), (2, 1, 1)])
def test_decoder(answer, draw, batch, length, memory_length, norm_first):
    """Decoder layer
    解码器层"""
    ours, theirs = pair(answer, draw, "decoder", norm_first)
    x, memory = draw.normal(batch, length, 6), draw.normal(batch, memory_length, 6)
    assert_same(ours(x, memory), decoded(theirs, x, memory), "layer(x, memory)", **FLOAT32)


@pytest.mark.after("test_encoder", "test_decoder")
@both_layers
def test_defaults(answer, draw, kind):
    """Post-norm by default; training and evaluation alike
    默认后归一化；训练与评估模式一致"""
    _, theirs = pair(answer, draw, kind, False)
    ours = {"encoder": answer.EncoderLayer, "decoder": answer.DecoderLayer}[kind](6, 2, 10)
    ours.load_state_dict(theirs.state_dict())
    x, memory = draw.normal(2, 5, 6), draw.normal(2, 3, 6)
    expected = theirs(x) if kind == "encoder" else decoded(theirs, x, memory)
    for mode in (ours.train, ours.eval):
        mode()
        assert_same(ours(x) if kind == "encoder" else ours(x, memory), expected, "the layer made without norm_first", **FLOAT32)


@pytest.mark.after("test_encoder", "test_decoder")
@both_layers
@both_norms
def test_float64(answer, draw, kind, norm_first):
    """float64, small inputs, any layout in memory, an empty batch
    float64、很小的输入、任意内存布局、空批次"""
    ours, theirs = pair(answer, draw, kind, norm_first, torch.float64, (8, 4, 6))
    for scale in (1.0, 1e-3):  # at 1e-3 the eps of the norms matters
        x, memory = scale * draw.normal(4, 2, 8, dtype=torch.float64).transpose(0, 1), draw.normal(2, 3, 8, dtype=torch.float64)
        if kind == "encoder":
            assert_same(ours(x), theirs(x), f"layer({scale:g} * x)")
        else:
            assert_same(ours(x, memory), decoded(theirs, x, memory), f"layer({scale:g} * x, memory)")
    empty = ours(x[:0]) if kind == "encoder" else ours(x[:0], memory[:0])
    assert_same(empty, torch.zeros(0, 4, 8, dtype=torch.float64), "the output of an empty batch")


@pytest.mark.after("test_float64")
@both_norms
def test_encoder_gradient(answer, draw, worker, norm_first):
    """Encoder: gradient of x
    编码器：x 的梯度"""
    ours, theirs = pair(answer, draw, "encoder", norm_first, torch.float64)
    assert_same_gradient(ours, theirs, (draw.normal(2, 4, 6, dtype=torch.float64),), 0, "layer(x)", worker=worker)


@pytest.mark.after("test_float64")
@both_norms
def test_decoder_gradient(answer, draw, worker, norm_first):
    """Decoder: gradients of x and the memory
    解码器：x 与 memory 的梯度"""
    ours, theirs = pair(answer, draw, "decoder", norm_first, torch.float64)
    inputs = draw.normal(2, 4, 6, dtype=torch.float64), draw.normal(2, 3, 6, dtype=torch.float64)
    assert_same_gradient(ours, lambda x, memory: decoded(theirs, x, memory), inputs, (0, 1), "layer(x, memory)", worker=worker)


def gradients(layer, x, memory, weights):
    y = layer(x) if memory is None else layer(x, memory)
    (y * weights).sum().backward()
    return {name: parameter.grad for name, parameter in layer.named_parameters()}


@pytest.mark.after("test_encoder_gradient", "test_decoder_gradient")
@both_layers
def test_gradients_of_the_parameters(answer, draw, worker, kind):
    """Gradients of the parameters
    各参数的梯度"""
    ours, theirs = pair(answer, draw, kind, True, torch.float64)
    x, weights = draw.normal(2, 4, 6, dtype=torch.float64), draw.normal(2, 4, 6, dtype=torch.float64)
    memory = None if kind == "encoder" else draw.normal(2, 3, 6, dtype=torch.float64)
    y = theirs(x) if memory is None else decoded(theirs, x, memory)
    (y * weights).sum().backward()
    expected = {name: parameter.grad for name, parameter in theirs.named_parameters()}
    assert_same(worker.define(gradients)(ours, x, memory, weights), expected, "gradients of layer.named_parameters()")

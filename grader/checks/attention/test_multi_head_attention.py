"""The reference is nn.MultiheadAttention with the same weights; for the cutting into heads, a loop."""

import pytest
import torch
from torch import nn

from grader.compare import assert_raises, assert_same, assert_same_gradient

FLOAT32 = {"rtol": 1e-5, "atol": 1e-5}  # the exponential magnifies the rounding of scores of size 5 tenfold


def pair(answer, draw, embed_dim, num_heads, dtype=torch.float32):
    """The learner's module and the reference's, with the same fresh weights."""
    theirs = nn.MultiheadAttention(embed_dim, num_heads, batch_first=True, dtype=dtype)
    weights = {name: draw.uniform(*value.shape, low=-1.0, high=1.0, dtype=dtype) for name, value in theirs.state_dict().items()}
    theirs.load_state_dict(weights)
    ours = answer.MultiHeadAttention(embed_dim, num_heads)
    if dtype == torch.float64:
        ours.double()
    ours.load_state_dict(weights)
    return ours, theirs


def attend(module, x, context=None, mask=None):
    """The output of nn.MultiheadAttention; padding as a mask for each head, since looking at key_padding_mask makes PyTorch import sympy."""
    source = x if context is None else context
    if mask is not None:
        mask = mask[:, None, None, :].expand(-1, module.num_heads, x.shape[1], -1).flatten(0, 1)
    return module(x, source, source, attn_mask=mask, need_weights=False)[0]


def padding(draw, batch, keys):
    """True at padded keys: two or more in each sequence, at places of its own; at least two keys are real."""
    mask = torch.zeros(batch, keys, dtype=torch.bool)
    for b in range(batch):
        order = draw.permutation(keys)
        mask[b, order[: 2 + b % (keys - 3)]] = True
    return mask


def shapes(module):
    return {name: tuple(value.shape) for name, value in sorted(module.state_dict().items())}


def trainable(module):
    return sorted(name for name, _ in module.named_parameters())


def test_parameters(answer, worker):
    """Names and shapes of the parameters
    参数的名称与形状"""
    module = answer.MultiHeadAttention(6, 3)
    expected = {"in_proj_bias": (18,), "in_proj_weight": (18, 6), "out_proj.bias": (6,), "out_proj.weight": (6, 6)}
    assert_same(worker.define(shapes)(module), expected, "shapes of module.state_dict()")
    assert_same(worker.define(trainable)(module), list(expected), "names of module.named_parameters()")


@pytest.mark.parametrize(("batch", "length", "heads", "dim"), [(2, 3, 4, 5), (3, 4, 2, 2), (1, 5, 3, 1), (2, 1, 1, 4), (0, 3, 2, 4)])
def test_split_heads(answer, draw, batch, length, heads, dim):
    """split_heads: which features a head gets
    split_heads：每个头得到哪些特征"""
    x = draw.normal(batch, length, heads * dim)
    expected = torch.zeros(batch, heads, length, dim)
    for head in range(heads):
        for feature in range(dim):
            expected[:, head, :, feature] = x[:, :, head * dim + feature]
    assert_same(answer.split_heads(x, heads), expected, f"split_heads(x, {heads})")


@pytest.mark.parametrize(("batch", "length", "heads", "dim"), [(2, 3, 4, 5), (3, 4, 4, 2), (1, 5, 3, 1), (2, 1, 1, 4), (0, 3, 2, 4)])
def test_merge_heads(answer, draw, batch, length, heads, dim):
    """merge_heads: heads side by side again
    merge_heads：把各头重新拼在一起"""
    x = draw.normal(batch, heads, length, dim)
    expected = torch.cat([x[:, head] for head in range(heads)], dim=-1)
    assert_same(answer.merge_heads(x), expected, "merge_heads(x)")


@pytest.mark.after("test_parameters", "test_split_heads", "test_merge_heads")
@pytest.mark.parametrize(("batch", "length", "embed_dim", "heads"), [(2, 5, 6, 3), (3, 3, 6, 3), (2, 4, 5, 1), (1, 1, 4, 4)])
def test_self_attention(answer, draw, batch, length, embed_dim, heads):
    """Self-attention
    自注意力"""
    ours, theirs = pair(answer, draw, embed_dim, heads)
    x = draw.normal(batch, length, embed_dim)
    assert_same(ours(x), attend(theirs, x), f"module(x), {heads} heads", **FLOAT32)


@pytest.mark.after("test_self_attention")
@pytest.mark.parametrize(("batch", "queries", "keys"), [(2, 4, 4), (3, 2, 5), (1, 5, 1)])
def test_cross_attention(answer, draw, batch, queries, keys):
    """Cross-attention: keys and values from the context
    交叉注意力：键和值来自另一个序列"""
    ours, theirs = pair(answer, draw, 6, 2)
    x, context = draw.normal(batch, queries, 6), draw.normal(batch, keys, 6)
    assert_same(ours(x, context), attend(theirs, x, context), "module(x, context)", **FLOAT32)


@pytest.mark.after("test_self_attention")
@pytest.mark.parametrize(("batch", "length", "heads"), [(3, 5, 3), (2, 6, 3), (6, 6, 2)])
def test_padding(answer, draw, batch, length, heads):
    """Padded keys get no attention
    填充的键得不到注意力"""
    ours, theirs = pair(answer, draw, 6, heads)
    x, mask = draw.normal(batch, length, 6), padding(draw, batch, length)
    assert_same(ours(x, None, mask), attend(theirs, x, None, mask), "module(x, None, key_padding_mask)", **FLOAT32)


@pytest.mark.after("test_cross_attention", "test_padding")
def test_padding_of_the_context(answer, draw):
    """Padding in the context
    另一个序列中的填充"""
    ours, theirs = pair(answer, draw, 6, 3)
    x, context, mask = draw.normal(4, 3, 6), draw.normal(4, 5, 6), padding(draw, 4, 5)
    expected = attend(theirs, x, context, mask)
    assert_same(ours(x, context, mask), expected, "module(x, context, key_padding_mask)", **FLOAT32)
    context[mask] = 1e6 * draw.normal(int(mask.sum()), 6)
    assert_same(ours(x, context, mask), expected, "module(x, context, key_padding_mask), other content at the padded places", **FLOAT32)


@pytest.mark.after("test_self_attention")
def test_indivisible_width(answer):
    """A width that the heads cannot share
    各头无法平分的宽度"""
    assert_raises(ValueError, answer.MultiHeadAttention, 6, 4)
    assert_raises(ValueError, answer.MultiHeadAttention, 3, 6)


@pytest.mark.after("test_padding_of_the_context")
def test_float64_and_layout(answer, draw):
    """float64, inputs that are not contiguous, an empty batch
    float64、内存不连续的输入、空批次"""
    ours, theirs = pair(answer, draw, 6, 3, torch.float64)
    x, context = draw.normal(4, 2, 6, dtype=torch.float64).transpose(0, 1), draw.normal(2, 6, 5, dtype=torch.float64).mT
    mask = padding(draw, 5, 2 * 2 + 1)[:2]
    assert_same(ours(x, context, mask), attend(theirs, x, context, mask), "module(x, context, key_padding_mask)")
    assert_same(ours(x[:0]), torch.zeros(0, 4, 6, dtype=torch.float64), "module(x), an empty batch")


@pytest.mark.after("test_float64_and_layout")
def test_gradients(answer, draw, worker):
    """Gradients of x and the context
    x 与另一个序列的梯度"""
    ours, theirs = pair(answer, draw, 6, 2, torch.float64)
    x, context, mask = draw.normal(2, 4, 6, dtype=torch.float64), draw.normal(2, 5, 6, dtype=torch.float64), padding(draw, 2, 5)

    def reference(x, context=None, mask=None):
        return attend(theirs, x, context, mask)

    assert_same_gradient(ours, reference, (x,), 0, "module(x)", worker=worker)
    assert_same_gradient(ours, reference, (x, context, mask), (0, 1), "module(x, context, key_padding_mask)", worker=worker)


def loss(module, x, weights):
    return (module(x) * weights).sum()


@pytest.mark.after("test_gradients")
def test_gradients_of_the_parameters(answer, draw, worker):
    """Gradients of the parameters
    各参数的梯度"""
    ours, theirs = pair(answer, draw, 6, 2, torch.float64)
    x, weights = draw.normal(3, 4, 6, dtype=torch.float64), draw.normal(3, 4, 6, dtype=torch.float64)
    (attend(theirs, x) * weights).sum().backward()
    worker.keep(worker.define(loss), ours, x, weights).backward()
    held = worker.ref(ours)
    for name in ("in_proj_weight", "in_proj_bias"):
        assert_same(worker.fetch(getattr(held, name).grad), getattr(theirs, name).grad, f"module.{name}.grad")
    for name in ("weight", "bias"):
        assert_same(worker.fetch(getattr(held.out_proj, name).grad), getattr(theirs.out_proj, name).grad, f"module.out_proj.{name}.grad")

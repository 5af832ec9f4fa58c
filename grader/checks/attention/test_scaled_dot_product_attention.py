"""The reference is F.scaled_dot_product_attention; where rows may attend to nothing, a loop over the queries."""

import math

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_same, assert_same_gradient

FLOAT32 = {"rtol": 1e-5, "atol": 1e-5}  # the exponential magnifies the rounding of scores of size 5 tenfold


def drawn(draw, leading, queries, keys, dim, value_dim, dtype=torch.float32):
    """q, k and v."""
    shapes = (queries, dim), (keys, dim), (keys, value_dim)
    return tuple(draw.normal(*leading, *shape, dtype=dtype) for shape in shapes)


def causal(queries, keys):
    """True where query i may attend to key j: j <= i."""
    return torch.tensor([[j <= i for j in range(keys)] for i in range(queries)])


def attention_by_loop(q, k, v, mask):
    """One batch, one query at a time, over the keys it may attend to; mask (queries, keys), boolean or floating."""
    allowed = mask if mask.dtype == torch.bool else mask > -math.inf
    rows = []
    for i in range(q.shape[1]):
        keys = allowed[i].nonzero().flatten()
        scores = (q[:, i, None] * k[:, keys]).sum(dim=-1) / math.sqrt(q.shape[-1])
        if mask.dtype != torch.bool:
            scores = scores + mask[i, keys]
        weights = torch.softmax(scores, dim=-1)
        rows.append((weights[..., None] * v[:, keys]).sum(dim=1))  # an empty sum is zero
    return torch.stack(rows, dim=1)


@pytest.mark.parametrize(("queries", "keys", "dim", "value_dim"), [(3, 5, 4, 2), (4, 4, 4, 4), (1, 6, 8, 3), (5, 1, 1, 2)])
def test_one_sequence(answer, draw, queries, keys, dim, value_dim):
    """One sequence, no mask
    单个序列，无掩码"""
    q, k, v = drawn(draw, (), queries, keys, dim, value_dim)
    assert_same(answer.attention(q, k, v), F.scaled_dot_product_attention(q, k, v), "attention(q, k, v)", **FLOAT32)


@pytest.mark.after("test_one_sequence")
@pytest.mark.parametrize("leading", [(1,), (3,), (2, 3), (2, 1, 3)])
def test_leading_dimensions(answer, draw, leading):
    """Batches and heads
    批次与多头"""
    q, k, v = drawn(draw, leading, 3, 5, 4, 2)
    assert_same(answer.attention(q, k, v), F.scaled_dot_product_attention(q, k, v), f"attention of leading dimensions {leading}", **FLOAT32)


@pytest.mark.after("test_one_sequence")
def test_large_scores(answer, draw):
    """Scores far beyond exp's range
    远超 exp 范围的分数"""
    q, k, v = drawn(draw, (2,), 3, 5, 4, 2, torch.float64)
    for scale in (1e4, -1e4, 1e29, -1e29):
        # rounding scores of 1e4 in float64 moves the weights by about 1e-11; scores of 1e29 choose one key
        assert_same(
            answer.attention(scale * q, k, v),
            F.scaled_dot_product_attention(scale * q, k, v),
            f"attention({scale:g} * q, k, v)",
            rtol=1e-8,
            atol=1e-8,
        )


@pytest.mark.after("test_one_sequence")
def test_boolean_mask(answer, draw):
    """Boolean mask
    布尔掩码"""
    q, k, v = drawn(draw, (2,), 4, 6, 3, 5)
    mask = draw.boolean(4, 6)
    mask[torch.arange(4), draw.permutation(6)[:4]] = True  # each query has something to attend to
    assert_same(answer.attention(q, k, v, mask), F.scaled_dot_product_attention(q, k, v, attn_mask=mask), "attention(q, k, v, mask)", **FLOAT32)


@pytest.mark.after("test_one_sequence")
def test_additive_mask(answer, draw):
    """Floating mask
    浮点掩码"""
    q, k, v = drawn(draw, (2,), 4, 6, 3, 5)
    mask = 2 * draw.normal(4, 6)
    expected = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    assert_same(answer.attention(q, k, v, mask), expected, "attention(q, k, v, mask)", **FLOAT32)
    mask[draw.boolean(4, 6)] = -math.inf
    mask[torch.arange(4), draw.permutation(6)[:4]] = -1.0  # each query has something to attend to
    expected = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    assert_same(answer.attention(q, k, v, mask), expected, "attention(q, k, v, mask with -inf)", **FLOAT32)


@pytest.mark.after("test_leading_dimensions", "test_boolean_mask", "test_additive_mask")
@pytest.mark.parametrize("shape", [(6,), (1, 6), (4, 1), (2, 1, 1, 6), (3, 4, 6), (2, 1, 4, 6), (2, 3, 4, 6)])
@pytest.mark.parametrize("kind", ["boolean", "floating"])
def test_mask_broadcasts(answer, draw, shape, kind):
    """Masks that broadcast
    掩码的广播"""
    q, k, v = drawn(draw, (2, 3), 4, 6, 3, 5)
    mask = draw.boolean(*shape, p=0.6)
    mask[..., 0] = True
    if kind == "floating":
        mask = torch.where(mask, draw.normal(*shape), -math.inf)
    expected = F.scaled_dot_product_attention(q, k, v, attn_mask=mask.expand(2, 3, 4, 6))
    assert_same(answer.attention(q, k, v, mask), expected, f"attention with a {kind} mask of shape {shape}", **FLOAT32)


@pytest.mark.after("test_leading_dimensions")
@pytest.mark.parametrize(("queries", "keys"), [(4, 4), (3, 6), (6, 3), (1, 5)])
def test_causal(answer, draw, queries, keys):
    """Causal attention, also when queries and keys differ in number
    因果注意力，含查询数与键数不等"""
    q, k, v = drawn(draw, (2,), queries, keys, 3, 5)
    expected = F.scaled_dot_product_attention(q, k, v, attn_mask=causal(queries, keys))
    assert_same(answer.attention(q, k, v, is_causal=True), expected, f"causal attention, {queries} queries, {keys} keys", **FLOAT32)


@pytest.mark.after("test_causal", "test_boolean_mask", "test_additive_mask")
@pytest.mark.parametrize("kind", ["boolean", "floating"])
def test_causal_with_mask(answer, draw, kind):
    """Causal attention together with a mask
    因果注意力与掩码同时使用"""
    q, k, v = drawn(draw, (2,), 4, 5, 3, 2)
    mask = draw.boolean(4, 5)
    mask[:, 0], mask[0, 1], mask[3, 1] = True, True, False  # each query keeps a key, and both rules forbid something
    expected = F.scaled_dot_product_attention(q, k, v, attn_mask=mask & causal(4, 5))
    if kind == "floating":
        bias = draw.normal(4, 5)
        mask = bias.masked_fill(~mask, -math.inf)
        expected = F.scaled_dot_product_attention(q, k, v, attn_mask=mask.masked_fill(~causal(4, 5), -math.inf))
    assert_same(answer.attention(q, k, v, mask, is_causal=True), expected, f"causal attention with a {kind} mask", **FLOAT32)


@pytest.mark.after("test_causal_with_mask")
def test_float64(answer, draw):
    """Accuracy in float64
    float64 精度"""
    q, k, v = drawn(draw, (2,), 3, 5, 4, 2, torch.float64)
    assert_same(answer.attention(q, k, v), F.scaled_dot_product_attention(q, k, v), "attention(q, k, v)")
    bias = draw.normal(3, 5, dtype=torch.float64)
    expected = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.masked_fill(~causal(3, 5), -math.inf))
    assert_same(answer.attention(q, k, v, bias, is_causal=True), expected, "attention(q, k, v, mask, is_causal=True)")


def masks_with_empty_rows(draw, dtype):
    """A boolean and a floating mask (4, 5) whose rows 1 and 3 allow nothing."""
    boolean = draw.boolean(4, 5, p=0.7)
    boolean[[0, 2], [4, 0]] = True
    boolean[[1, 3]] = False
    return boolean, draw.normal(4, 5, dtype=dtype).masked_fill(~boolean, -math.inf)


@pytest.mark.after("test_boolean_mask", "test_additive_mask")
def test_nothing_to_attend(answer, draw):
    """Queries that may attend to nothing
    没有可关注的键的查询"""
    q, k, v = drawn(draw, (2,), 4, 5, 3, 2)
    boolean, floating = masks_with_empty_rows(draw, torch.float32)
    assert_same(answer.attention(q, k, v, boolean), attention_by_loop(q, k, v, boolean), "attention(q, k, v, mask)", **FLOAT32)
    assert_same(answer.attention(q, k, v, floating), attention_by_loop(q, k, v, floating), "attention(q, k, v, mask with -inf)", **FLOAT32)
    assert_same(answer.attention(q, k, v, torch.zeros(5, dtype=torch.bool)), torch.zeros(2, 4, 2), "attention(q, k, v, all False)")
    second = torch.tensor([False, True])[:, None, None].expand(2, 1, 5)
    expected = torch.stack([torch.zeros(4, 2), F.scaled_dot_product_attention(q[1], k[1], v[1])])
    assert_same(answer.attention(q, k, v, second), expected, "attention(q, k, v, all False for the first sequence)", **FLOAT32)
    later = torch.arange(5) > torch.arange(4)[:, None]  # and causal: nothing is left
    assert_same(answer.attention(q, k, v, later, is_causal=True), torch.zeros(2, 4, 2), "attention(q, k, v, later keys only, is_causal=True)")


@pytest.mark.after("test_leading_dimensions")
def test_layout(answer, draw):
    """Inputs that are not contiguous
    内存不连续的输入"""
    q, k, v = (draw.normal(2, length, 2, dim).transpose(1, 2) for length, dim in [(3, 4), (5, 4), (5, 3)])  # heads cut from one projection
    assert_same(answer.attention(q, k, v), F.scaled_dot_product_attention(q, k, v), "attention(q.transpose(1, 2), …)", **FLOAT32)


@pytest.mark.after("test_leading_dimensions")
def test_empty_batch(answer, draw):
    """A batch of nothing
    空批次"""
    q, k, v = torch.zeros(0, 2, 3, 4), torch.zeros(0, 2, 5, 4), torch.zeros(0, 2, 5, 6)
    assert_same(answer.attention(q, k, v), torch.zeros(0, 2, 3, 6), "attention of (0, 2, 3, 4)")
    assert_same(answer.attention(q, k, v, torch.ones(3, 5, dtype=torch.bool), True), torch.zeros(0, 2, 3, 6), "causal attention of (0, 2, 3, 4)")


@pytest.mark.after("test_float64")
def test_gradients(answer, draw, worker):
    """Gradients of q, k, v and a floating mask
    q、k、v 与浮点掩码的梯度"""
    q, k, v = drawn(draw, (2, 3), 4, 5, 3, 2, torch.float64)
    mask = draw.normal(3, 4, 5, dtype=torch.float64)
    assert_same_gradient(answer.attention, F.scaled_dot_product_attention, (q, k, v), (0, 1, 2), "attention(q, k, v)", worker=worker)

    assert_same_gradient(answer.attention, F.scaled_dot_product_attention, (q, k, v), (0, 1, 2), "causal attention", worker=worker, is_causal=True)

    def reference(q, k, v, mask):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask.expand(2, 3, 4, 5))

    assert_same_gradient(answer.attention, reference, (q, k, v, mask), (0, 1, 2, 3), "attention(q, k, v, mask)", worker=worker)


@pytest.mark.after("test_gradients", "test_nothing_to_attend")
@pytest.mark.parametrize("kind", ["boolean", "floating"])
def test_gradients_with_nothing_to_attend(answer, draw, worker, kind):
    """Gradients when queries may attend to nothing
    有查询无键可关注时的梯度"""
    q, k, v = drawn(draw, (2,), 4, 5, 3, 2, torch.float64)
    mask = masks_with_empty_rows(draw, torch.float64)[kind == "floating"]
    wrt = (0, 1, 2) if kind == "boolean" else (0, 1, 2, 3)
    assert_same_gradient(answer.attention, attention_by_loop, (q, k, v, mask), wrt, f"attention, {kind} mask", worker=worker)

"""The references are F.embedding, autograd, F.logsigmoid and F.cosine_similarity."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_same, assert_same_gradient

FLOAT64 = {"dtype": torch.float64}
SHAPES = [(7,), (3, 5), (2, 1, 4), (), (0,), (2, 0)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
def test_lookup(answer, draw, dtype):
    """lookup: rows for ids of any shape
    lookup：任意形状的编号查出各行"""
    weight = draw.normal(6, 4, dtype=dtype)
    for shape in SHAPES:
        ids = draw.integers(0, 6, shape)
        assert_same(answer.lookup(weight, ids), F.embedding(ids, weight), f"lookup(weight, ids), ids of shape {shape}")
        assert_same(answer.lookup(weight, ids % 3, 1), F.embedding(ids % 3, weight), f"lookup(weight, ids, padding_idx=1), ids of shape {shape}")


@pytest.mark.after("test_lookup")
def test_gradient_by_autograd(answer, draw, worker):
    """lookup: gradients reach the table, but not the padding
    lookup：梯度传到嵌入表，但不到填充行"""
    weight, ids = draw.normal(5, 3, **FLOAT64), torch.cat([draw.permutation(5), draw.permutation(5)]).view(2, 5)
    for padding_idx in (None, 0, 3):

        def reference(weight, ids, padding_idx):
            return F.embedding(ids, weight, padding_idx=padding_idx)

        call = f"lookup(weight, ids, {padding_idx}): gradient of weight"
        assert_same_gradient(answer.lookup, reference, (weight, ids, padding_idx), 0, call, worker=worker)


def gradient_of(output_grad, ids, rows, padding_idx=None):
    weight = torch.zeros(rows, output_grad.shape[-1], dtype=output_grad.dtype, requires_grad=True)
    (F.embedding(ids, weight, padding_idx=padding_idx) * output_grad).sum().backward()
    return weight.grad


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
def test_lookup_gradient(answer, draw, dtype):
    """lookup_gradient: all occurrences are added up
    lookup_gradient：累加所有出现之处"""
    for shape in SHAPES:
        ids = draw.integers(0, 3, shape)  # few different ids in many places, and rows that are not named
        output_grad = draw.normal(*shape, 4, dtype=dtype)
        call = f"lookup_gradient(output_grad, ids, 5), ids of shape {shape}"
        assert_same(answer.lookup_gradient(output_grad, ids, 5), gradient_of(output_grad, ids, 5), call)
    ids, output_grad = draw.integers(0, 3, (5, 4)).T, draw.normal(2, 5, 4, dtype=dtype).transpose(0, 2)
    assert_same(answer.lookup_gradient(output_grad, ids, 4), gradient_of(output_grad, ids, 4), "lookup_gradient of transposed tensors")


@pytest.mark.after("test_lookup_gradient")
def test_gradient_at_padding(answer, draw):
    """lookup_gradient: 0 at the padding
    lookup_gradient：填充行为 0"""
    ids, output_grad = torch.cat([torch.arange(4), draw.integers(0, 4, (4,))]).view(2, 4), draw.normal(2, 4, 3, **FLOAT64)
    for padding_idx in (2, 0, 3):
        expected = gradient_of(output_grad, ids, 4, padding_idx)
        assert_same(answer.lookup_gradient(output_grad, ids, 4, padding_idx), expected, f"lookup_gradient(output_grad, ids, 4, {padding_idx})")


def reference_loss(center_weight, context_weight, centers, contexts, negatives):
    """Pair by pair, word by word."""
    losses = []
    for center, context, wrong in zip(centers.tolist(), contexts.tolist(), negatives.tolist(), strict=True):
        v = center_weight[center]
        losses.append(-F.logsigmoid(v.dot(context_weight[context])) - sum(F.logsigmoid(-v.dot(context_weight[k])) for k in wrong))
    return torch.stack(losses).mean()


def pairs(draw, batch, count, rows=7, dim=4, dtype=torch.float64):
    tables = draw.normal(rows, dim, dtype=dtype), draw.normal(rows, dim, dtype=dtype)
    return (*tables, draw.integers(0, rows, (batch,)), draw.integers(0, rows, (batch,)), draw.integers(0, rows, (batch, count)))


@pytest.mark.parametrize(("batch", "count"), [(5, 3), (3, 5), (1, 1), (4, 4)])
def test_skip_gram_loss(answer, draw, batch, count):
    """skip_gram_loss: values
    skip_gram_loss：数值"""
    inputs = pairs(draw, batch, count)
    assert_same(answer.skip_gram_loss(*inputs), reference_loss(*inputs), "skip_gram_loss(…)")


@pytest.mark.after("test_skip_gram_loss")
def test_skip_gram_gradients(answer, draw, worker):
    """skip_gram_loss: gradients of both tables
    skip_gram_loss：两张表的梯度"""
    inputs = pairs(draw, 6, 3)
    assert_same_gradient(answer.skip_gram_loss, reference_loss, inputs, (0, 1), "skip_gram_loss(…): gradient of table", worker=worker)


@pytest.mark.after("test_skip_gram_loss")
def test_large_products(answer, draw, worker):
    """skip_gram_loss: large products, float32
    skip_gram_loss：很大的内积、float32"""
    inputs = pairs(draw, 4, 2, dtype=torch.float32)
    single = [table.double() for table in inputs[:2]]
    expected = reference_loss(*single, *inputs[2:]).float()
    assert_same(answer.skip_gram_loss(*inputs), expected, "skip_gram_loss(…) in float32")
    for scale in (100.0, 1e5):
        large = (scale * inputs[0], *inputs[1:])
        expected = reference_loss(large[0].double(), single[1], *inputs[2:]).float()
        # 1e-4: products of either sign cancel in the sum over dim
        assert_same(answer.skip_gram_loss(*large), expected, f"skip_gram_loss with center_weight {scale:g} times as large", rtol=1e-4, atol=1e-4)
    large = (1e4 * single[0], single[1], *inputs[2:])
    assert_same_gradient(answer.skip_gram_loss, reference_loss, large, (0, 1), "skip_gram_loss, large products: gradient of table", worker=worker)


def ranking(weight, a, b, c):
    """All rows but a, b and c, by cosine with b - a + c."""
    unit = [row / length if (length := row.norm()) > 0 else row for row in weight]
    query = unit[b] - unit[a] + unit[c]
    cosines = [F.cosine_similarity(row, query, dim=0).item() for row in weight]
    return torch.tensor(sorted({*range(len(weight))} - {a, b, c}, key=lambda row: -cosines[row]))


def words(draw, rows=14, dim=5):
    """Vectors of very different lengths."""
    return draw.normal(rows, dim, **FLOAT64) * draw.uniform(rows, 1, low=0.2, high=5.0, **FLOAT64)


def test_analogy(answer, draw):
    """analogy: ranked by cosine, without the words asked
    analogy：按余弦排序，排除提问的词"""
    for _ in range(4):
        weight = words(draw)
        a, b, c = draw.permutation(14)[:3].tolist()
        expected = ranking(weight, a, b, c)
        for k in (11, 3):
            assert_same(answer.analogy(weight, a, b, c, k), expected[:k], f"analogy(weight, {a}, {b}, {c}, {k})")
        assert_same(answer.analogy(weight, a, b, c), expected[:1], f"analogy(weight, {a}, {b}, {c})")
        assert_same(answer.analogy(weight.float(), a, b, a, 2), ranking(weight.float().double(), a, b, a)[:2], f"analogy(weight, {a}, {b}, {a}, 2)")


@pytest.mark.after("test_analogy")
def test_analogy_with_a_row_of_zeros(answer, draw):
    """analogy: a row of zeros has cosine 0
    analogy：全零的行余弦为 0"""
    weight = words(draw)
    weight[4] = 0
    assert_same(answer.analogy(weight, 0, 1, 2, 11), ranking(weight, 0, 1, 2), "analogy, row 4 is zero")
    assert_same(answer.analogy(weight, 4, 1, 2, 11), ranking(weight, 4, 1, 2), "analogy, a is the row of zeros")

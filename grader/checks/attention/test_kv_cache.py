"""The reference is F.scaled_dot_product_attention over the whole sequence at once, on rotated queries and keys, row by row."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_raises, assert_same

FLOAT32 = {"rtol": 1e-5, "atol": 1e-5}  # the exponential magnifies the rounding of scores of size 5 tenfold


def turned(x):
    """RoPE of x (batch, heads, length, dim) at positions 0, 1, ..., by complex numbers."""
    length, dim = x.shape[2:]
    angles = torch.outer(torch.arange(length, dtype=torch.float64), 10_000.0 ** (-torch.arange(0, dim, 2, dtype=torch.float64) / dim))
    numbers = torch.view_as_complex(x.double().unflatten(-1, (-1, 2))) * torch.polar(torch.ones_like(angles), angles)
    return torch.view_as_real(numbers).flatten(-2).to(x.dtype)


def repeated(x, heads):
    """Head h of the result is the head of x that h's group uses."""
    groups = heads // x.shape[1]
    return torch.stack([x[:, h // groups] for h in range(heads)], dim=1)


def whole(q, k, v):
    """Causal attention over the whole sequence."""
    heads = q.shape[1]
    return F.scaled_dot_product_attention(turned(q), repeated(turned(k), heads), repeated(v, heads), is_causal=True)


def drawn(draw, batch, heads, kv_heads, length, dim, dtype=torch.float32):
    return tuple(draw.normal(batch, h, length, dim, dtype=dtype) for h in (heads, kv_heads, kv_heads))


def cut(values, start, end):
    return tuple(x[:, :, start:end] for x in values)


@pytest.mark.parametrize(("kv_heads", "groups"), [(3, 2), (2, 4), (1, 3), (3, 1)])
def test_repeat_kv(answer, draw, kv_heads, groups):
    """repeat_kv: which head serves which queries
    repeat_kv：哪个头服务哪些查询"""
    x = draw.normal(2, kv_heads, 4, 5)
    assert_same(answer.repeat_kv(x, groups), repeated(x, kv_heads * groups), f"repeat_kv(x, {groups})")


def test_append(answer, draw, device):
    """append: each row at its own place
    append：每行写到自己的位置"""
    cache = answer.KVCache(3, 2, 9, 4, device=device)
    kept = [(torch.zeros(2, 0, 4), torch.zeros(2, 0, 4)) for _ in range(3)]
    for new, counts in ((4, [4, 1, 2]), (1, [1, 1, 0]), (3, [2, 0, 3]), (2, [2, 2, 1])):
        k, v = draw.normal(3, 2, new, 4), draw.normal(3, 2, new, 4)
        cache.append(k, v, torch.tensor(counts))
        kept = [
            (torch.cat([a, k[b, :, :n]], dim=1), torch.cat([c, v[b, :, :n]], dim=1)) for b, ((a, c), n) in enumerate(zip(kept, counts, strict=True))
        ]
        lengths = [a.shape[1] for a, _ in kept]
        assert_same(cache.lengths, torch.tensor(lengths), "cache.lengths")
        stored_k, stored_v = cache.k, cache.v
        for b, (a, c) in enumerate(kept):
            assert_same(stored_k[b, :, : lengths[b]], a, f"cache.k[{b}, :, :{lengths[b]}]")
            assert_same(stored_v[b, :, : lengths[b]], c, f"cache.v[{b}, :, :{lengths[b]}]")


@pytest.mark.after("test_append")
def test_capacity(answer, draw, device):
    """append: a full cache refuses, and stays as it is
    append：装满后拒绝，且保持原样"""
    cache = answer.KVCache(3, 2, 5, 4, device=device)
    cache.append(draw.normal(3, 2, 5, 4), draw.normal(3, 2, 5, 4), torch.tensor([2, 5, 3]))  # exactly full is allowed
    before_k, before_v = cache.k, cache.v
    for new, counts in ((1, [1, 1, 1]), (4, [1, 0, 3]), (4, [4, 0, 0])):
        assert_raises(ValueError, cache.append, draw.normal(3, 2, new, 4), draw.normal(3, 2, new, 4), torch.tensor(counts))
        assert_same(cache.lengths, torch.tensor([2, 5, 3]), "cache.lengths after the refusal")
        assert_same((cache.k, cache.v), (before_k, before_v), "(cache.k, cache.v) after the refusal")


@pytest.mark.after("test_repeat_kv", "test_append")
@pytest.mark.parametrize(("heads", "kv_heads"), [(3, 3), (6, 2), (4, 1), (4, 2)])
def test_one_pass(answer, draw, device, heads, kv_heads):
    """step: the whole sequence at once, with all kinds of heads
    step：一次处理整个序列，各种头数"""
    q, k, v = drawn(draw, 2, heads, kv_heads, 5, 4)
    cache = answer.KVCache(2, kv_heads, 8, 4, device=device)
    assert_same(answer.step(q, k, v, cache), whole(q, k, v), f"step(q, k, v, cache), {heads} heads, {kv_heads} of keys", **FLOAT32)
    assert_same(cache.lengths, torch.tensor([5, 5]), "cache.lengths")
    assert_same(cache.k[:, :, :5], turned(k), "cache.k[:, :, :5]", **FLOAT32)
    assert_same(cache.v[:, :, :5], v, "cache.v[:, :, :5]")


@pytest.mark.after("test_one_pass")
def test_token_by_token(answer, draw, device):
    """step: token by token is the full pass
    step：逐词元解码等于整段计算"""
    values = drawn(draw, 2, 4, 2, 6, 8)
    cache, expected = answer.KVCache(2, 2, 7, 8, device=device), whole(*values)
    for t in range(6):
        assert_same(answer.step(*cut(values, t, t + 1), cache), expected[:, :, t : t + 1], f"the output for token {t}", **FLOAT32)


@pytest.mark.after("test_token_by_token")
def test_pieces(answer, draw, device):
    """step: a prompt and pieces of any length, in float64
    step：提示与任意长度的片段，float64"""
    values = drawn(draw, 2, 4, 1, 9, 6, torch.float64)
    cache, expected, start = answer.KVCache(2, 1, 9, 6, torch.float64, device), whole(*values), 0
    for new in (3, 1, 4, 1):
        piece = cut(values, start, start + new)
        assert_same(answer.step(*piece, cache), expected[:, :, start : start + new], f"tokens {start} to {start + new - 1}")
        start += new


@pytest.mark.after("test_pieces")
def test_rows_of_different_length(answer, draw, device):
    """step: rows of different length
    step：长度不同的各行"""
    rounds = ((4, [4, 2, 1]), (1, [1, 1, 1]), (2, [1, 2, 0]), (1, [1, 1, 1]))
    rows = [drawn(draw, 1, 4, 2, 7, 6) for _ in range(3)]
    expected, lengths = [whole(*row) for row in rows], [0, 0, 0]
    cache = answer.KVCache(3, 2, 8, 6, device=device)
    for new, counts in rounds:
        parts = []
        for kind in range(3):
            batch = draw.normal(3, rows[0][kind].shape[1], new, 6)  # padding is noise
            for b, count in enumerate(counts):
                batch[b, :, :count] = rows[b][kind][0, :, lengths[b] : lengths[b] + count]
            parts.append(batch)
        wanted = torch.zeros(3, 4, new, 6)
        for b, count in enumerate(counts):
            wanted[b, :, :count] = expected[b][0, :, lengths[b] : lengths[b] + count]
            lengths[b] += count
        assert_same(answer.step(*parts, cache, torch.tensor(counts)), wanted, f"step(q, k, v, cache, counts={counts})", **FLOAT32)
        assert_same(cache.lengths, torch.tensor(lengths), "cache.lengths")


@pytest.mark.after("test_one_pass")
def test_heads_that_do_not_fit(answer, draw, device):
    """step: query heads that cannot share evenly
    step：查询头数不能整除"""
    cache = answer.KVCache(2, 2, 6, 4, device=device)
    assert_raises(ValueError, answer.step, *drawn(draw, 2, 3, 2, 3, 4), cache)
    assert_same(cache.lengths, torch.tensor([0, 0]), "cache.lengths after the refusal")


@pytest.mark.after("test_rows_of_different_length")
def test_full_cache(answer, draw, device):
    """step: a full cache refuses
    step：装满的缓存拒绝新词元"""
    cache = answer.KVCache(1, 1, 2, 4, device=device)
    answer.step(*drawn(draw, 1, 2, 1, 2, 4), cache)
    assert_raises(ValueError, answer.step, *drawn(draw, 1, 2, 1, 1, 4), cache)

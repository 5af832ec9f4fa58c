"""The reference is F.cross_entropy over cosine similarities, with minus infinity where a view would meet itself."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from grader.compare import assert_same, assert_same_gradient

F64 = torch.float64


def similarity(a, b, temperature):
    return F.cosine_similarity(a[:, None], b[None], dim=2) / temperature


def reference_info_nce(queries, keys, temperature):
    return F.cross_entropy(similarity(queries, keys, temperature), torch.arange(len(queries)))


def reference_nt_xent(a, b, temperature):
    views, n = torch.cat([a, b]), len(a)
    logits = similarity(views, views, temperature) - torch.diag(torch.full((2 * n,), torch.inf, dtype=a.dtype)).nan_to_num(0.0, posinf=torch.inf)
    return F.cross_entropy(logits, (torch.arange(2 * n) + n) % (2 * n))


def reference_moco(queries, keys, queue, temperature):
    keys, queue = keys.detach(), queue.detach()
    logits = torch.cat([torch.diagonal(similarity(queries, keys, temperature))[:, None], similarity(queries, queue, temperature)], dim=1)
    return F.cross_entropy(logits, torch.zeros(len(queries), dtype=torch.int64))


def pair(draw, n, d, dtype=F64):
    """Two views that are more or less alike, of different lengths."""
    a = draw.normal(n, d, dtype=dtype)
    return 3 * a, a + draw.normal(n, d, dtype=dtype)


@pytest.mark.parametrize(("n", "dtype"), [(5, F64), (1, F64), (6, torch.float32)], ids=str)
def test_info_nce(answer, draw, n, dtype):
    """info_nce: each query among all keys
    info_nce：每个查询面对所有的键"""
    queries, keys = pair(draw, n, 4, dtype)
    for temperature in (0.5, 0.1):
        assert_same(answer.info_nce(queries, keys, temperature), reference_info_nce(queries, keys, temperature), f"info_nce(..., {temperature})")


@pytest.mark.parametrize(("n", "dtype"), [(5, F64), (1, F64), (4, torch.float32)], ids=str)
def test_nt_xent(answer, draw, n, dtype):
    """nt_xent: each view among all others
    nt_xent：每个视图面对其余所有视图"""
    a, b = pair(draw, n, 3, dtype)
    for temperature in (0.5, 0.1):
        assert_same(answer.nt_xent(a, b, temperature), reference_nt_xent(a, b, temperature), f"nt_xent(a, b, {temperature})")


@pytest.mark.parametrize(("n", "size", "dtype"), [(4, 7, F64), (1, 1, F64), (3, 5, torch.float32)], ids=str)
def test_moco_loss(answer, draw, n, size, dtype):
    """moco_loss: each query, its key and the queue
    moco_loss：每个查询、它的键与队列"""
    (queries, keys), queue = pair(draw, n, 3, dtype), 2 * draw.normal(size, 3, dtype=dtype)
    assert_same(answer.moco_loss(queries, keys, queue, 0.2), reference_moco(queries, keys, queue, 0.2), "moco_loss(queries, keys, queue, 0.2)")


@pytest.mark.after("test_info_nce", "test_nt_xent", "test_moco_loss")
def test_gradients(answer, draw, worker):
    """Gradients: to both views, but not into keys and queue of MoCo
    梯度：流向两个视图，但不进入 MoCo 的键与队列"""
    (a, b), queue = pair(draw, 4, 3), draw.normal(6, 3, dtype=F64)
    assert_same_gradient(answer.info_nce, reference_info_nce, (a, b, 0.3), (0, 1), "gradient of info_nce", worker=worker)
    assert_same_gradient(answer.nt_xent, reference_nt_xent, (a, b, 0.3), (0, 1), "gradient of nt_xent", worker=worker)
    assert_same_gradient(answer.moco_loss, reference_moco, (a, b, queue, 0.3), (0, 1, 2), "gradient of moco_loss", worker=worker)


@pytest.mark.after("test_info_nce", "test_nt_xent", "test_moco_loss")
def test_small_temperature(answer, draw):
    """A temperature of 0.001
    温度 0.001"""
    (a, b), queue = pair(draw, 4, 3), draw.normal(6, 3, dtype=F64)
    assert_same(answer.info_nce(a, b, 0.001), reference_info_nce(a, b, 0.001), "info_nce(queries, keys, 0.001)")
    assert_same(answer.nt_xent(a, b, 0.001), reference_nt_xent(a, b, 0.001), "nt_xent(a, b, 0.001)")
    assert_same(answer.moco_loss(a, b, queue, 0.001), reference_moco(a, b, queue, 0.001), "moco_loss(queries, keys, queue, 0.001)")


def needs_gradient(enqueue, queue, keys, pointer):
    return enqueue(queue.clone().requires_grad_() * 1, keys.clone().requires_grad_() * 1, pointer)[0].requires_grad


def test_enqueue(answer, draw, worker):
    """enqueue: oldest first, around the end
    enqueue：先换最旧的，到末尾后回绕"""
    for pointer, n in ((0, 3), (2, 3), (5, 4), (6, 1), (3, 7)):
        queue, keys = draw.normal(7, 2), draw.normal(n, 2)
        expected = queue.clone()
        for i in range(n):
            expected[(pointer + i) % 7] = keys[i]
        assert_same(answer.enqueue(queue, keys, pointer), (expected, (pointer + n) % 7), f"enqueue(queue, keys, {pointer}), {n} keys, size 7")
    assert_same(worker.define(needs_gradient)(answer.enqueue, queue, keys, 0), False, "enqueue(queue, keys, 0)[0].requires_grad")


def test_momentum_update(answer, draw, worker, device):
    """momentum_update: slow weights follow
    momentum_update：慢权重跟随"""
    online, slow = (worker.torch.nn.Linear(3, 2, dtype=F64, device=device) for _ in range(2))
    fast_state, slow_state = ({n: draw.normal(*v.shape, dtype=F64) for n, v in nn.Linear(3, 2).state_dict().items()} for _ in range(2))
    online.load_state_dict(fast_state)
    slow.load_state_dict(slow_state)
    weight = worker.ref(slow).weight
    for momentum in (0.9, 0.6):
        answer.momentum_update(online, slow, momentum)
        slow_state = {name: momentum * value + (1 - momentum) * fast_state[name] for name, value in slow_state.items()}
        assert_same(dict(slow.state_dict()), slow_state, f"momentum encoder after momentum_update(..., {momentum})")
        assert_same(dict(online.state_dict()), fast_state, "online encoder after momentum_update")
    assert_same(worker.fetch(weight), slow_state["weight"], "the same parameter, changed in place")

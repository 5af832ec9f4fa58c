"""The references are the definitions in float64: each return and each advantage is a sum of its own, each loss a formula for autograd."""

import pytest
import torch

from grader.compare import assert_fast, assert_same, assert_same_gradient

FLOAT64 = {"dtype": torch.float64}
FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}  # sums of about ten terms, in float32 and in another order


def experience(draw, time, batch, dtype=torch.float64):
    """rewards, values, dones, last_value. Where there is room, one column has a boundary inside and goes on, and one ends with the last step."""
    dones = draw.boolean(time, batch, p=0.25)
    if time > 2 and batch > 1:
        dones[time // 2, 0], dones[-1, 0], dones[-1, 1] = True, False, True
    values, last_value = 2 + draw.normal(time, batch, dtype=dtype), 2 + draw.normal(batch, dtype=dtype)
    return 1 + draw.normal(time, batch, dtype=dtype), values, dones, last_value


def discounted_sum(terms, dones, last, factor):
    """At each step its own sum: the terms up to the end of the episode, or all of them and then last."""
    result = torch.zeros_like(terms)
    for t in range(terms.shape[0]):
        for b in range(terms.shape[1]):
            end = next((k for k in range(t, terms.shape[0]) if dones[k, b]), None)
            stop = terms.shape[0] if end is None else end + 1
            weights = factor ** torch.arange(stop - t, **FLOAT64)
            result[t, b] = (weights * terms[t:stop, b]).sum() + (factor ** (stop - t) * last[b] if end is None else 0)
    return result


def reference_gae(rewards, values, dones, last_value, discount, lam):
    after = torch.cat([values[1:], last_value[None]]) * ~dones
    return discounted_sum(rewards + discount * after - values, dones, torch.zeros_like(last_value), discount * lam)


@pytest.mark.parametrize(("time", "batch"), [(7, 3), (3, 5), (1, 2), (5, 1)])
@pytest.mark.parametrize("discount", [0.9, 1.0])
def test_returns(answer, draw, time, batch, discount):
    """discounted_returns: values
    discounted_returns：数值"""
    rewards, _, dones, last_value = experience(draw, time, batch)
    expected = discounted_sum(rewards, dones, last_value, discount)
    assert_same(answer.discounted_returns(rewards, dones, last_value, discount), expected, f"discounted_returns(…, discount={discount})")


@pytest.mark.after("test_returns")
@pytest.mark.parametrize(("discount", "lam"), [(0.9, 0.8), (0.99, 0.0), (0.95, 1.0), (1.0, 0.5), (0.0, 0.9)])
def test_gae(answer, draw, discount, lam):
    """gae: values
    gae：数值"""
    for time, batch in ((6, 3), (1, 2), (4, 1)):
        inputs = experience(draw, time, batch)
        assert_same(answer.gae(*inputs, discount, lam), reference_gae(*inputs, discount, lam), f"gae(…, discount={discount}, lam={lam})")


@pytest.mark.after("test_gae")
def test_float32(answer, draw):
    """Returns and advantages in float32, and of views
    float32 与非连续输入的回报和优势"""
    inputs = experience(draw, 5, 3, torch.float32)
    rewards, values, dones, last_value = (tensor.T.contiguous().T for tensor in inputs)
    wide = [tensor.double() if tensor.is_floating_point() else tensor for tensor in inputs]
    expected = discounted_sum(wide[0], dones, wide[3], 0.9).float()
    assert_same(answer.discounted_returns(rewards, dones, last_value, 0.9), expected, "discounted_returns in float32", **FLOAT32)
    assert_same(answer.gae(rewards, values, dones, last_value, 0.9, 0.7), reference_gae(*wide, 0.9, 0.7).float(), "gae in float32", **FLOAT32)


@pytest.mark.after("test_gae")
def test_no_gradient(answer, draw, worker):
    """Returns and advantages carry no gradient
    回报与优势不带梯度"""
    rewards, values, dones, last_value = experience(draw, 4, 2)
    held = [worker.hold(tensor, requires_grad=True) for tensor in (rewards, values, last_value)]
    results = {
        "discounted_returns": worker.keep(answer.discounted_returns, held[0], dones, held[2], 0.9),
        "gae": worker.keep(answer.gae, held[0], held[1], dones, held[2], 0.9, 0.8),
    }
    for name, result in results.items():
        assert_same(worker.fetch(worker.ref(result).requires_grad), False, f"{name}(…).requires_grad")


def reference_reinforce(log_probs, returns, values, value_weight=0.5):
    constant = returns.detach()
    return -(log_probs * (constant - values.detach())).mean() + value_weight * ((values - constant) ** 2).mean()


@pytest.mark.parametrize("shape", [(6, 3), (5,), (1, 1)], ids=str)
def test_reinforce_loss(answer, draw, shape):
    """reinforce_loss: values
    reinforce_loss：数值"""
    for dtype in (torch.float64, torch.float32):
        log_probs, returns, values = (
            -draw.uniform(*shape, high=3.0, dtype=dtype),
            2 * draw.normal(*shape, dtype=dtype),
            1 + draw.normal(*shape, dtype=dtype),
        )
        assert_same(answer.reinforce_loss(log_probs, returns, values), reference_reinforce(log_probs, returns, values), "reinforce_loss(…)")
        expected = reference_reinforce(log_probs, returns, values, 2.0)
        assert_same(answer.reinforce_loss(log_probs, returns, values, value_weight=2.0), expected, "reinforce_loss(…, value_weight=2)")


@pytest.mark.after("test_reinforce_loss")
def test_reinforce_gradients(answer, draw, worker):
    """reinforce_loss: who gets a gradient
    reinforce_loss：谁得到梯度"""
    inputs = -draw.uniform(5, 2, high=3.0, **FLOAT64), 2 * draw.normal(5, 2, **FLOAT64), draw.normal(5, 2, **FLOAT64)
    assert_same_gradient(answer.reinforce_loss, reference_reinforce, inputs, (0, 1, 2), "reinforce_loss(…): gradient of argument", worker=worker)


def reference_ppo(log_probs, old_log_probs, advantages, clip=0.2):
    """By cases: past the clip on the good side there is nothing more to gain."""
    fixed = advantages.detach()
    ratio = (log_probs - old_log_probs.detach()).exp()
    flat = torch.where(fixed > 0, ratio > 1 + clip, ratio < 1 - clip)
    bound = 1 + clip * fixed.sign()
    return -(torch.where(flat, bound, ratio) * fixed).mean()


def moves(draw, dtype=torch.float64):
    """All cases: either sign of the advantage with ratios far below, slightly below, slightly above and far above 1."""
    ratios = torch.tensor([0.3, 0.6, 0.95, 1.05, 1.5, 3.0] * 2, dtype=torch.float64) * draw.uniform(12, low=0.98, high=1.02, **FLOAT64)
    advantages = draw.uniform(12, low=0.5, high=2.0, **FLOAT64) * torch.tensor([1.0] * 6 + [-1.0] * 6, dtype=torch.float64)
    old = -draw.uniform(12, low=1.5, high=3.0, **FLOAT64)
    order = draw.permutation(12)
    return [tensor[order].view(4, 3).to(dtype) for tensor in (old + ratios.log(), old, advantages)]


def test_ppo_loss(answer, draw):
    """ppo_loss: values
    ppo_loss：数值"""
    for dtype in (torch.float64, torch.float32):
        inputs = moves(draw, dtype)
        assert_same(answer.ppo_loss(*inputs), reference_ppo(*inputs), "ppo_loss(…)")
        for clip in (0.1, 0.45):
            assert_same(answer.ppo_loss(*inputs, clip=clip), reference_ppo(*inputs, clip=clip), f"ppo_loss(…, clip={clip})")
    for place in range(12):  # one at a time: no mean can hide it
        one = [tensor.flatten()[place : place + 1] for tensor in moves(draw)]
        assert_same(answer.ppo_loss(*one), reference_ppo(*one), "ppo_loss of a single step")


@pytest.mark.after("test_ppo_loss")
def test_ppo_gradients(answer, draw, worker):
    """ppo_loss: who gets a gradient
    ppo_loss：谁得到梯度"""
    inputs = moves(draw)
    assert_same_gradient(answer.ppo_loss, reference_ppo, inputs, (0, 1, 2), "ppo_loss(…): gradient of argument", worker=worker)


@pytest.mark.after("test_returns", "test_gae")
def test_long_sequences(answer, draw, worker):
    """Time grows linearly with the steps
    耗时随步数线性增长"""
    rewards, values, dones, last_value = experience(draw, 800, 4)
    with worker.timed() as clock:
        answer.discounted_returns(rewards, dones, last_value, 0.99)
        answer.gae(rewards, values, dones, last_value, 0.99, 0.95)
    assert_fast(clock.seconds, 2.0, "discounted_returns and gae of 800 steps")  # a pass over all steps takes a hundredth of it

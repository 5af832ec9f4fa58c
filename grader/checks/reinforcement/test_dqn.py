"""The references are closed forms with networks of known weights, sums written out, and a cart-pole of the judge's own."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_between, assert_same, assert_same_gradient

FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}  # sums of products in float32, one after the other


def linear(worker, weight, bias):
    """A network of the worker's with these weights, and the same function here."""
    module = worker.torch.nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
    module.load_state_dict({"weight": weight, "bias": bias})
    return module, lambda x: F.linear(x, weight, bias)


def weights_of(draw, features=3, actions=4, dtype=torch.float64):
    return draw.normal(actions, features, dtype=dtype), draw.normal(actions, dtype=dtype)


def batch_of(draw, batch, dtype=torch.float64):
    """rewards, next_states, terminated: some are, some are not."""
    terminated = torch.arange(batch)[draw.permutation(batch)] % 3 == 0
    return draw.normal(batch, dtype=dtype), draw.normal(batch, 3, dtype=dtype), terminated


def reference_targets(online, target, rewards, next_states, terminated, discount, double=True):
    """State by state, action by action."""
    results = rewards.clone()
    for k, state in enumerate(next_states):
        values = target(state).tolist()
        chooser = online(state).tolist() if double else values
        if not terminated[k]:
            results[k] += discount * values[chooser.index(max(chooser))]
    return results


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
def test_targets(answer, draw, worker, dtype):
    """td_targets: one network values all
    td_targets：由一个网络估值"""
    (online, _), (target, here) = linear(worker, *weights_of(draw, dtype=dtype)), linear(worker, *weights_of(draw, dtype=dtype))
    for batch, discount in ((9, 0.9), (3, 1.0), (1, 0.5)):
        inputs = batch_of(draw, batch, dtype)
        expected = reference_targets(here, here, *inputs, discount)
        tolerance = FLOAT32 if dtype == torch.float32 else {}
        assert_same(answer.td_targets(online, target, *inputs, discount, double=False), expected, "td_targets(…, double=False)", **tolerance)
        # with one network in both places, double makes no difference
        assert_same(answer.td_targets(target, target, *inputs, discount), expected, "td_targets(network, network, …)", **tolerance)


@pytest.mark.after("test_targets")
def test_double_targets(answer, draw, worker):
    """td_targets: one picks, the other values
    td_targets：一个选动作，一个估值"""
    (online, ours), (target, theirs) = linear(worker, *weights_of(draw)), linear(worker, *weights_of(draw))
    inputs = batch_of(draw, 30)
    expected = reference_targets(ours, theirs, *inputs, 0.9)
    assert_same(answer.td_targets(online, target, *inputs, 0.9), expected, "td_targets(online, target, …)")
    assert_same(answer.td_targets(online, target, *inputs, 0.9, double=True), expected, "td_targets(online, target, …, double=True)")


@pytest.mark.after("test_double_targets")
def test_targets_carry_no_gradient(answer, draw, worker):
    """td_targets: no gradient
    td_targets：不带梯度"""
    (online, _), (target, _) = linear(worker, *weights_of(draw)), linear(worker, *weights_of(draw))
    for double in (True, False):
        result = worker.keep(answer.td_targets, online, target, *batch_of(draw, 4), 0.9, double=double)
        assert_same(worker.fetch(worker.ref(result).requires_grad), False, f"td_targets(…, double={double}).requires_grad")


def reference_n_step(rewards, terminated, truncated, discount, n):
    returns, last, factors = torch.zeros_like(rewards), [], torch.zeros_like(rewards)
    for t in range(len(rewards)):
        over = [k for k in range(t, len(rewards)) if terminated[k] or truncated[k]]
        end = min([t + n - 1, len(rewards) - 1, *over[:1]])
        powers = discount ** torch.arange(end - t + 1, dtype=torch.float64)
        returns[t] = (powers * rewards[t : end + 1]).sum()
        last.append(end)
        factors[t] = 0.0 if terminated[end] else discount ** (end - t + 1)
    return returns, torch.tensor(last), factors


@pytest.mark.parametrize("n", [1, 2, 3, 20])
def test_n_step(answer, draw, n):
    """n_step: sums, ends and factors
    n_step：求和、终点与系数"""
    ends = torch.zeros(3, 12, dtype=torch.bool)
    ends[0, 4], ends[1, 7], ends[0, 8] = True, True, True
    for terminated, truncated in ((ends[0], ends[1]), (ends[1], ends[0]), (ends[2], ends[2])):
        rewards = 1 + draw.uniform(12, dtype=torch.float64)
        expected = reference_n_step(rewards, terminated, truncated, 0.8, n)
        assert_same(answer.n_step(rewards, terminated, truncated, 0.8, n), expected, f"n_step(…, discount=0.8, n={n})")
    single = (torch.ones(1), torch.tensor([n % 2 == 0]), torch.tensor([False]))
    assert_same(answer.n_step(*single, 0.5, n), reference_n_step(*single, 0.5, n), f"n_step of one step, float32, n={n}")


def reference_loss(weight, bias, states, actions, targets, weights, delta):
    errors = torch.stack([F.linear(state, weight, bias)[int(action)] for state, action in zip(states, actions, strict=True)]) - targets.detach()
    losses = torch.where(errors.abs() <= delta, errors**2 / 2, delta * (errors.abs() - delta / 2))
    return (losses if weights is None else losses * weights).mean()


def loss_inputs(draw, batch=8, dtype=torch.float64):
    """Errors from well below to well above 1."""
    weight, bias = weights_of(draw, dtype=dtype)
    states, actions = draw.normal(batch, 3, dtype=dtype), draw.integers(0, 4, (batch,))
    errors = torch.tensor([0.1, -0.3, 0.6, -0.8, 1.5, -2.5, 4.0, -40.0], dtype=dtype)[:batch]
    targets = F.linear(states, weight, bias)[torch.arange(batch), actions] - errors * draw.uniform(batch, low=0.95, high=1.05, dtype=dtype)
    return weight, bias, states, actions, targets


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
def test_loss(answer, draw, worker, dtype):
    """dqn_loss: values
    dqn_loss：数值"""
    tolerance = FLOAT32 if dtype == torch.float32 else {}
    weight, bias, *inputs = loss_inputs(draw, dtype=dtype)
    online, _ = linear(worker, weight, bias)
    weights = draw.uniform(8, dtype=dtype)
    assert_same(answer.dqn_loss(online, *inputs), reference_loss(weight, bias, *inputs, None, 1.0), "dqn_loss(…)", **tolerance)
    for delta in (0.5, 3.0):
        expected = reference_loss(weight, bias, *inputs, weights, delta)
        assert_same(answer.dqn_loss(online, *inputs, weights, delta=delta), expected, f"dqn_loss(…, weights, delta={delta})", **tolerance)


def functional(dqn_loss, linear, weight, bias, states, actions, targets, weights, delta):
    return dqn_loss(lambda x: linear(x, weight, bias), states, actions, targets, weights, delta)


@pytest.mark.after("test_loss")
def test_loss_gradients(answer, draw, worker):
    """dqn_loss: who gets a gradient
    dqn_loss：谁得到梯度"""
    inputs = loss_inputs(draw)
    weights = draw.uniform(8, dtype=torch.float64)

    def expected(_loss, _linear, *args):
        return reference_loss(*args)

    sent = (answer.dqn_loss, worker.torch.nn.functional.linear, *inputs, weights, 0.7)
    assert_same_gradient(worker.define(functional), expected, sent, (2, 3, 6), "dqn_loss(…): gradient of argument", worker=worker)


def weights_now(module):
    return [parameter.detach() for parameter in module.parameters()]


@pytest.mark.after("test_double_targets", "test_loss", "test_n_step")
def test_learn(answer, draw, worker):
    """learn: an optimiser step, and a small one of the target
    learn：优化器走一步，目标网络走一小步"""
    first, second = weights_of(draw), weights_of(draw)
    (online, _), (target, _) = linear(worker, *first), linear(worker, *second)
    optimiser = worker.torch.optim.SGD(online.parameters(), lr=0.5)
    now, (states, actions) = worker.define(weights_now), (draw.normal(8, 3, dtype=torch.float64), draw.integers(0, 4, (8,)))
    for step in range(2):
        rewards, next_states, terminated = batch_of(draw, 8)
        weight, bias = (tensor.clone().requires_grad_() for tensor in first)
        with torch.no_grad():
            targets = reference_targets(
                lambda x, w=first: F.linear(x, *w), lambda x, w=second: F.linear(x, *w), rewards, next_states, terminated, 0.9
            )
        loss = reference_loss(weight, bias, states, actions, targets, None, 1.0)
        loss.backward()
        first = [(tensor - 0.5 * tensor.grad).detach() for tensor in (weight, bias)]
        second = [0.75 * slow + 0.25 * fast for slow, fast in zip(second, first, strict=True)]
        with worker.allow_changes():
            result = answer.learn(online, target, optimiser, states, actions, rewards, next_states, terminated, 0.9, 0.25)
        assert_same(result, loss.item(), f"learn(…), step {step}: loss")
        assert_same(now(online), first, f"parameters of the online network after step {step}")
        assert_same(now(target), second, f"parameters of the target network after step {step}")


def survived(network, carts, seed):
    """The mean number of steps, of 100, in a cart-pole of the judge's own."""
    generator = torch.Generator().manual_seed(seed)
    states, alive, steps = 0.1 * torch.rand(carts, 4, generator=generator) - 0.05, torch.ones(carts, dtype=torch.bool), torch.zeros(carts)
    for _ in range(100):
        steps += alive
        _position, speed, angle, turning = states.unbind(dim=1)
        push = (20.0 * network(states).argmax(dim=1) - 10 + 0.05 * turning**2 * angle.sin()) / 1.1
        turn = (9.8 * angle.sin() - push * angle.cos()) / (0.5 * (4 / 3 - 0.1 * angle.cos() ** 2 / 1.1))
        states = states + 0.04 * torch.stack([speed, push - 0.05 * turn * angle.cos() / 1.1, turning, turn], dim=1)
        alive &= (states[:, 0].abs() <= 2.4) & (states[:, 2].abs() <= 0.2094)
        states = torch.where(alive[:, None], states, 0.0)
    return steps.mean().item()


@pytest.mark.after("test_targets", "test_double_targets", "test_targets_carry_no_gradient", "test_n_step", "test_loss", "test_loss_gradients")
def test_cart_pole(answer, draw):
    """train: the pole is balanced
    train：杆子立住了"""
    seed = int(draw.integers(0, 2**31))
    network = answer.train(seed)
    # Trained ones reach 70 of 100 in their own trials and 60 or more here; untrained ones fall after about 8 steps.
    assert_between(survived(network, 60, seed + 1), 40, 100, "mean number of steps survived, of 100")

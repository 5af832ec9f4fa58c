"""Another right answer: one-hot products instead of gather, sums of n steps from powers, a Huber loss by hand, gradients taken one by one."""

import copy

import torch
from torch import nn


class CartPole:
    def __init__(self, carts, seed):
        self.generator = torch.Generator().manual_seed(seed)
        self.ages = torch.zeros(carts, dtype=torch.int64)
        self.states = self.fresh()

    def fresh(self):
        return 0.1 * torch.rand(len(self.ages), 4, generator=self.generator) - 0.05

    def step(self, actions):
        _, v, angle, turning = self.states.unbind(dim=1)
        push = (20.0 * actions - 10 + 0.05 * turning**2 * angle.sin()) / 1.1
        turn = (9.8 * angle.sin() - push * angle.cos()) / (0.5 * (4 / 3 - 0.1 * angle.cos() ** 2 / 1.1))
        after = self.states + 0.04 * torch.stack([v, push - 0.05 * turn * angle.cos() / 1.1, turning, turn], dim=1)
        self.ages += 1
        fallen = (after[:, 0].abs() > 2.4) | (after[:, 2].abs() > 0.2094)
        late = (self.ages >= 100) & ~fallen
        self.ages[fallen | late] = 0
        self.states = torch.where((fallen | late)[:, None], self.fresh(), after)
        return after, torch.ones(len(after)), fallen, late


def balance(network, carts, seed):
    world, alive, survived = CartPole(carts, seed), torch.ones(carts, dtype=torch.bool), torch.zeros(carts)
    for _ in range(100):
        with torch.no_grad():
            actions = network(world.states).argmax(dim=1)
        survived += alive
        alive &= ~world.step(actions)[2]
    return survived.mean().item()


def train(seed):
    torch.manual_seed(seed)
    online = nn.Sequential(nn.Linear(4, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 2))
    target = copy.deepcopy(online)
    best, record = online, 0.0
    optimiser = torch.optim.Adam(online.parameters(), lr=3e-3)
    world, memory = CartPole(32, seed), []
    for step in range(500):
        states = world.states
        with torch.no_grad():
            actions = online(states).argmax(dim=1)
        actions = torch.where(torch.rand(32) < max(0.2, 1 - step / 100), torch.randint(2, (32,)), actions)
        after, rewards, fallen, _ = world.step(actions)
        memory.append((states, actions, rewards, after, fallen))
        for _ in range(2):
            chosen = [memory[place] for place in torch.randint(len(memory), (4,)).tolist()]
            learn(online, target, optimiser, *[torch.cat(parts) for parts in zip(*chosen, strict=True)], 0.95, 0.02)
        if step >= 100 and step % 25 == 0 and (score := balance(target, 40, step)) > record:
            best, record = copy.deepcopy(target), score
        if record > 70:
            break
    return best


def td_targets(online, target, rewards, next_states, terminated, discount, double=True):
    values = target(next_states).detach()
    judge = online(next_states).detach() if double else values
    chosen = nn.functional.one_hot(judge.argmax(1), values.shape[1])
    return torch.where(terminated, rewards, rewards + discount * (chosen * values).sum(1))


def n_step(rewards, terminated, truncated, discount, n):
    time = len(rewards)
    over = terminated | truncated
    over[-1] = True
    ends = torch.zeros(time, dtype=torch.int64, device=rewards.device)
    end = time - 1
    for t in reversed(range(time)):
        end = t if bool(over[t]) else end
        ends[t] = min(end, t + n - 1)
    steps = torch.arange(time, device=rewards.device)
    ahead = steps[None, :] - steps[:, None]
    inside = (ahead >= 0) & (steps[None, :] <= ends[:, None])
    powers = torch.where(inside, torch.tensor(float(discount), dtype=rewards.dtype, device=rewards.device) ** ahead.clamp(min=0), 0)
    factors = torch.tensor(float(discount), dtype=rewards.dtype, device=rewards.device) ** (ends - steps + 1)
    return powers @ rewards, ends, torch.where(terminated[ends], torch.zeros_like(factors), factors)


def dqn_loss(online, states, actions, targets, weights=None, delta=1.0):
    error = online(states)[torch.arange(len(actions), device=actions.device), actions] - targets.detach()
    near = error.abs().clamp(max=delta)
    losses = near * (error.abs() - near / 2)
    return torch.mean(losses if weights is None else losses * weights)


def learn(online, target, optimiser, states, actions, rewards, next_states, terminated, discount, tau):
    loss = dqn_loss(online, states, actions, td_targets(online, target, rewards, next_states, terminated, discount))
    parameters = list(online.parameters())
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.grad = gradient
    optimiser.step()
    for slow, fast in zip(target.parameters(), parameters, strict=True):
        slow.data = (1 - tau) * slow.data + tau * fast.data
    return float(loss)

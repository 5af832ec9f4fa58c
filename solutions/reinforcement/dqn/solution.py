"""Q-learning with a network: the target is computed by a slow copy, kept out of the gradient, and ends where the episode ends."""

import copy
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Network = Callable[[Tensor], Tensor]  # given


class CartPole:  # given
    """Many carts side by side, each balancing a pole. A state is (position, speed, angle, angular speed); action 0 pushes left, 1 right.

    Each step is 0.04 s long and has reward 1. A cart terminates when its pole leans by more than 12 degrees or it is more than 2.4 m from the
    middle; it is truncated after 100 steps. Either way it begins anew: `states` holds the states to act in, near 0 at the beginning.
    """

    def __init__(self, carts: int, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)
        self.ages = torch.zeros(carts, dtype=torch.int64)
        self.states = self._fresh()

    def _fresh(self) -> Tensor:
        return 0.1 * torch.rand(len(self.ages), 4, generator=self.generator) - 0.05

    def step(self, actions: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(next_states, rewards, terminated, truncated), the next states before any new beginning."""
        _, speed, angle, turning = self.states.unbind(dim=1)
        push = (20.0 * actions - 10 + 0.05 * turning**2 * angle.sin()) / 1.1
        turn = (9.8 * angle.sin() - push * angle.cos()) / (0.5 * (4 / 3 - 0.1 * angle.cos() ** 2 / 1.1))
        change = torch.stack([speed, push - 0.05 * turn * angle.cos() / 1.1, turning, turn], dim=1)
        next_states = self.states + 0.04 * change
        self.ages += 1
        terminated = (next_states[:, 0].abs() > 2.4) | (next_states[:, 2].abs() > 0.2094)
        truncated = (self.ages >= 100) & ~terminated
        over = terminated | truncated
        self.ages[over] = 0
        self.states = torch.where(over[:, None], self._fresh(), next_states)
        return next_states, torch.ones(len(next_states)), terminated, truncated


def balance(network: Network, carts: int, seed: int) -> float:  # given
    """How many of 100 steps a cart survives on average when it always takes the best action."""
    world, alive, survived = CartPole(carts, seed), torch.ones(carts, dtype=torch.bool), torch.zeros(carts)
    for _ in range(100):
        with torch.no_grad():
            actions = network(world.states).argmax(dim=1)
        survived += alive
        alive &= ~world.step(actions)[2]
    return survived.mean().item()


def train(seed: int) -> nn.Module:  # given
    """A network that balances the pole, learned by `learn`: at most 500 times 32 steps, with a replay memory that keeps all of them."""
    torch.manual_seed(seed)
    online = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    target, best, record = copy.deepcopy(online), online, 0.0
    optimiser = torch.optim.Adam(online.parameters(), lr=3e-3)
    world, memory = CartPole(32, seed), []
    for step in range(500):
        states = world.states
        with torch.no_grad():
            actions = online(states).argmax(dim=1)
        exploring = torch.rand(32) < max(0.2, 1 - step / 100)
        actions = torch.where(exploring, torch.randint(2, (32,)), actions)
        next_states, rewards, terminated, _ = world.step(actions)
        memory.append((states, actions, rewards, next_states, terminated))
        for _ in range(2):
            chosen = [memory[place] for place in torch.randint(len(memory), (4,)).tolist()]
            learn(online, target, optimiser, *(torch.cat(parts) for parts in zip(*chosen, strict=True)), discount=0.95, tau=0.02)
        if step >= 100 and step % 25 == 0:
            score = balance(target, 40, step)
            if score > record:
                best, record = copy.deepcopy(target), score
            if score > 70:
                break
    return best


def td_targets(
    online: Network, target: Network, rewards: Tensor, next_states: Tensor, terminated: Tensor, discount: float, double: bool = True
) -> Tensor:
    """What the value of an action should be: reward + discount * value of the next state, and the reward alone where the episode terminated.

    online, target: from states (batch, features) to action values (batch, actions). rewards: (batch,). terminated: (batch,) bool.
    The value of the next state: with double, the online network picks the best action and the target network says what it is worth; without,
    the largest value of the target network. Returns (batch,) without a gradient.
    """
    with torch.no_grad():
        values = target(next_states)
        picked = (online(next_states) if double else values).argmax(dim=1, keepdim=True)
        return rewards + discount * values.gather(1, picked).squeeze(1) * ~terminated


def n_step(rewards: Tensor, terminated: Tensor, truncated: Tensor, discount: float, n: int) -> tuple[Tensor, Tensor, Tensor]:
    """n-step returns along one sequence of steps, which may hold several episodes.

    rewards: (time,). terminated, truncated: (time,) bool; either one ends an episode with that step. From step t on, rewards are added up over
    at most n steps, but not beyond the end of the episode nor beyond the last step. Returns (returns, last, factors), each (time,): the
    discounted sum; the number of the last step in it, int64; and what the value of the state after that step has to be multiplied by: discount
    to the power of the number of steps, and 0 if the episode terminated there. Where it was only truncated, the value still counts.
    """
    time = len(rewards)
    returns, last, factors = torch.zeros_like(rewards), torch.arange(time, device=rewards.device), torch.zeros_like(rewards)
    for t in range(time):
        weight = 1.0
        for k in range(t, min(t + n, time)):
            returns[t] += weight * rewards[k]
            weight *= discount
            last[t] = k
            if terminated[k] or truncated[k]:
                break
        factors[t] = 0.0 if terminated[last[t]] else weight
    return returns, last, factors


def dqn_loss(online: Network, states: Tensor, actions: Tensor, targets: Tensor, weights: Tensor | None = None, delta: float = 1.0) -> Tensor:
    """The mean of weight * Huber loss of (value of the action taken - target), a scalar.

    The Huber loss of an error e is e^2 / 2 where |e| <= delta and delta * (|e| - delta / 2) beyond. states: (batch, features); actions: (batch,)
    int64; targets, weights: (batch,); weights None stands for ones. The gradient reaches the online network, not the targets.
    """
    values = online(states).gather(1, actions[:, None]).squeeze(1)
    losses = F.huber_loss(values, targets.detach(), reduction="none", delta=delta)
    return losses.mean() if weights is None else (weights * losses).mean()


def learn(
    online: nn.Module, target: nn.Module, optimiser: torch.optim.Optimizer, states: Tensor, actions: Tensor, rewards: Tensor, next_states: Tensor,
    terminated: Tensor, discount: float, tau: float,
) -> float:  # fmt: skip
    """One step of double DQN: an optimiser step of the online network on dqn_loss with double td_targets, no weights, delta 1.

    Afterwards each parameter of the target network becomes (1 - tau) * itself + tau * the online one, in place. Gradients left over from before
    do not count. Returns the loss before the step.
    """
    targets = td_targets(online, target, rewards, next_states, terminated, discount)
    loss = dqn_loss(online, states, actions, targets)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    with torch.no_grad():
        for slow, fast in zip(target.parameters(), online.parameters(), strict=True):
            slow.lerp_(fast, tau)
    return loss.item()

# blind: passed at try 1
import copy
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Network = Callable[[Tensor], Tensor]


class CartPole:
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


def balance(network: Network, carts: int, seed: int) -> float:
    """How many of 100 steps a cart survives on average when it always takes the best action."""
    world, alive, survived = CartPole(carts, seed), torch.ones(carts, dtype=torch.bool), torch.zeros(carts)
    for _ in range(100):
        with torch.no_grad():
            actions = network(world.states).argmax(dim=1)
        survived += alive
        alive &= ~world.step(actions)[2]
    return survived.mean().item()


def train(seed: int) -> nn.Module:
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
    """What the value of an action should be: reward + discount * value of the next state, the reward alone where the episode terminated."""
    with torch.no_grad():
        worth = target(next_states)
        judge = online(next_states) if double else worth
        best = judge.argmax(dim=1, keepdim=True)
        value = worth.gather(1, best)[:, 0]
        return torch.where(terminated, rewards, rewards + discount * value)


def n_step(rewards: Tensor, terminated: Tensor, truncated: Tensor, discount: float, n: int) -> tuple[Tensor, Tensor, Tensor]:
    """n-step returns along one sequence of steps: (returns, last, factors)."""
    time = len(rewards)
    over = (terminated | truncated).tolist()
    returns, last = torch.zeros_like(rewards), torch.zeros(time, dtype=torch.int64, device=rewards.device)
    end = time - 1  # of the episode that step t belongs to
    for t in reversed(range(time)):
        if over[t]:
            end = t
        stop = min(t + n - 1, end)
        last[t] = stop
        powers = discount ** torch.arange(stop - t + 1, dtype=rewards.dtype, device=rewards.device)
        returns[t] = (powers * rewards[t : stop + 1]).sum()
    count = last - torch.arange(time, device=last.device) + 1
    factors = discount ** count.to(rewards.dtype)
    return returns, last, factors.masked_fill(terminated[last], 0.0)


def dqn_loss(online: Network, states: Tensor, actions: Tensor, targets: Tensor, weights: Tensor | None = None, delta: float = 1.0) -> Tensor:
    """The mean of weight * Huber loss of (value of the action taken - target), a scalar."""
    taken = online(states).gather(1, actions[:, None])[:, 0]
    losses = F.huber_loss(taken, targets.detach(), reduction="none", delta=delta)
    if weights is not None:
        losses = losses * weights
    return losses.mean()


def learn(
    online: nn.Module, target: nn.Module, optimiser: torch.optim.Optimizer, states: Tensor, actions: Tensor, rewards: Tensor, next_states: Tensor,
    terminated: Tensor, discount: float, tau: float,
) -> float:  # fmt: skip
    """One step of double DQN, then the target network follows slowly. Returns the loss before the step."""
    goals = td_targets(online, target, rewards, next_states, terminated, discount)
    loss = dqn_loss(online, states, actions, goals)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    with torch.no_grad():
        for slow, fast in zip(target.parameters(), online.parameters(), strict=True):
            slow.lerp_(fast, tau)
    return loss.item()

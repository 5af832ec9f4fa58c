# blind: passed at try 1
import torch
from torch import Tensor


def discounted_returns(rewards: Tensor, dones: Tensor, last_value: Tensor, discount: float) -> Tensor:
    """What followed each step: G_t = r_t + discount * G_{t+1}, and r_t alone where the episode ended.

    rewards: (time, batch), at least one step. dones: (time, batch) bool, True where the episode ended with that step; the next step then
    begins another. last_value: (batch,), the value of the state after the last step; it stands for G after the last step. Returns (time, batch)
    without a gradient, in time linear in the number of steps.
    """
    following, returns = last_value, []
    with torch.no_grad():
        for reward, done in zip(rewards.flip(0), dones.flip(0), strict=True):
            following = reward + torch.where(done, 0.0, discount * following)
            returns.append(following)
        return torch.stack(returns).flip(0)


def gae(rewards: Tensor, values: Tensor, dones: Tensor, last_value: Tensor, discount: float, lam: float) -> Tensor:
    """Generalised advantage estimates.

    d_t = r_t + discount * V_{t+1} - V_t and A_t = d_t + discount * lam * A_{t+1}; where the episode ended with step t, V_{t+1} and A_{t+1} are 0.
    rewards, dones, last_value: as in discounted_returns. values: (time, batch), the value V_t of the state in which step t was taken; after
    the last step it is last_value, and the advantage 0. Returns (time, batch) without a gradient.
    """
    with torch.no_grad():
        goes_on = ~dones
        next_values = torch.cat((values[1:], last_value[None]))
        delta = rewards + discount * next_values * goes_on - values
        # A_t = delta_t + (discount * lam) * A_{t+1} is the recursion of the returns, with other rewards and another discount
        return discounted_returns(delta, dones, torch.zeros_like(last_value), discount * lam)


def reinforce_loss(log_probs: Tensor, returns: Tensor, values: Tensor, value_weight: float = 0.5) -> Tensor:
    """REINFORCE with a learned baseline: mean of -log_prob * (return - value), plus value_weight * mean of (value - return)^2.

    log_probs: of the actions taken, any shape. returns, values: the same shape. The baseline is a constant in the first term: there the
    gradient reaches log_probs only, in the second values only. returns get no gradient. Returns a scalar.
    """
    gap = returns.detach() - values
    return value_weight * gap.square().mean() - (log_probs * gap.detach()).mean()


def ppo_loss(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, clip: float = 0.2) -> Tensor:
    """PPO's clipped objective as a loss: -mean of min(ratio * A, clamp(ratio, 1 - clip, 1 + clip) * A).

    ratio = exp(log_prob - old_log_prob): how much likelier the action has become since it was taken. All arguments have the same shape.
    The gradient reaches log_probs only. Returns a scalar.
    """
    advantages = advantages.detach()
    ratio = (log_probs - old_log_probs.detach()).exp()
    cautious = ratio.clamp(1 - clip, 1 + clip)
    return -torch.minimum(ratio * advantages, cautious * advantages).mean()

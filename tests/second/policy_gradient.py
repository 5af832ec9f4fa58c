"""Another right answer: sequences are cut into episodes first, each handled on its own; PPO by cases."""

import torch


def episodes(dones):
    """(first, last) of each episode of one environment; the last one may go on."""
    ends = [t for t, done in enumerate(dones) if done]
    if not ends or ends[-1] != len(dones) - 1:
        ends.append(len(dones) - 1)
    return zip([0, *[end + 1 for end in ends[:-1]]], ends, strict=True)


def recursion(rewards, dones, last, discount):
    total = torch.zeros_like(rewards)
    for b in range(rewards.shape[1]):
        column, flags = rewards[:, b].tolist(), dones[:, b].tolist()
        for first, end in episodes(flags):
            carried = 0.0 if flags[end] else float(last[b])
            for t in range(end, first - 1, -1):
                carried = column[t] + discount * carried
                total[t, b] = carried
    return total


def discounted_returns(rewards, dones, last_value, discount):
    with torch.no_grad():
        return recursion(rewards, dones, last_value, discount)


def gae(rewards, values, dones, last_value, discount, lam):
    with torch.no_grad():
        following = torch.cat([values[1:], last_value[None]])
        following = torch.where(dones, torch.zeros_like(following), following)
        errors = rewards + discount * following - values
        return recursion(errors, dones, torch.zeros_like(last_value), discount * lam)


def reinforce_loss(log_probs, returns, values, value_weight=0.5):
    with torch.no_grad():
        advantages = returns - values
    errors = values - returns.detach()
    return (value_weight * errors * errors - log_probs * advantages).sum() / log_probs.numel()


def ppo_loss(log_probs, old_log_probs, advantages, clip=0.2):
    old, advantages = old_log_probs.detach(), advantages.detach()
    ratio = log_probs.exp() / old.exp()
    upper = torch.where(ratio > 1 + clip, torch.full_like(ratio, 1 + clip), ratio)
    lower = torch.where(ratio < 1 - clip, torch.full_like(ratio, 1 - clip), ratio)
    return -torch.where(advantages >= 0, upper, lower).mul(advantages).mean()

"""Another right answer: channels are moved to the front and laid flat, moments come from torch.var_mean, scale and shift are folded into one line."""

import torch
from torch import nn


class BatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.full((num_features,), 1.0))
        self.bias = nn.Parameter(torch.full((num_features,), 0.0))
        for name, start in (("running_mean", 0.0), ("running_var", 1.0)):
            self.register_buffer(name, torch.full((num_features,), start))
        self.register_buffer("num_batches_tracked", torch.zeros((), dtype=torch.long))

    def forward(self, x):
        rows = x.transpose(0, 1).flatten(1)
        mean, var = self.running_mean, self.running_var
        if self.training:
            if rows.shape[1] == 1:
                raise ValueError("one value per channel")
            var, mean = torch.var_mean(rows, dim=1, unbiased=False)
            old = 1 - self.momentum
            self.running_mean = old * self.running_mean + self.momentum * mean.detach()
            self.running_var = old * self.running_var + self.momentum * rows.detach().var(dim=1, unbiased=True)
            self.num_batches_tracked = self.num_batches_tracked + 1
        slope = self.weight / torch.sqrt(var + self.eps)
        rows = (rows - mean[:, None]) * slope[:, None] + self.bias[:, None]
        return rows.unflatten(1, (x.shape[0], *x.shape[2:])).transpose(0, 1)


class LayerNorm(nn.Module):
    def __init__(self, normalized_shape, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(normalized_shape))
        self.bias = nn.Parameter(torch.zeros(normalized_shape))

    def forward(self, x):
        flat = x.flatten(x.dim() - self.weight.dim())
        var, mean = torch.var_mean(flat, dim=-1, unbiased=False, keepdim=True)
        return ((flat - mean) / torch.sqrt(var + self.eps)).reshape(x.shape) * self.weight + self.bias


class GroupNorm(nn.Module):
    def __init__(self, num_groups, num_channels, eps=1e-5):
        super().__init__()
        if num_channels % num_groups != 0:
            raise ValueError("unequal groups")
        self.size = num_channels // num_groups
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(num_channels))
        self.bias = nn.Parameter(torch.zeros(num_channels))

    def forward(self, x):
        pieces = []
        for part in x.split(self.size, dim=1):
            flat = part.flatten(1)
            var, mean = torch.var_mean(flat, dim=1, unbiased=False, keepdim=True)
            pieces.append(((flat - mean) / torch.sqrt(var + self.eps)).reshape(part.shape))
        joined = torch.cat(pieces, dim=1).transpose(1, -1)
        return (joined * self.weight + self.bias).transpose(1, -1)


class RMSNorm(nn.Module):
    def __init__(self, normalized_shape, eps=1e-6):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(normalized_shape))

    def forward(self, x):
        flat = x.flatten(x.dim() - self.weight.dim())
        rms = torch.sqrt((flat * flat).mean(dim=-1, keepdim=True) + self.eps)
        return (flat / rms).reshape(x.shape) * self.weight

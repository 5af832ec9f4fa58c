"""Another right answer: the detour computed as a weight, unmerging by a copy, replacement by recursion, counting by a loop."""

import torch
from torch import nn


class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if rank <= 0:
            raise ValueError(rank)
        self.base, self.factor, self.merged = base, alpha / rank, False
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.A = nn.Parameter(torch.empty_like(base.weight[:1]).repeat(rank, 1))
        self.B = nn.Parameter(base.weight.new_zeros(base.out_features, rank))
        nn.init.kaiming_uniform_(self.A, a=5**0.5)

    def forward(self, x):
        weight = self.base.weight
        if not self.merged:
            weight = weight + self.factor * torch.einsum("or,ri->oi", self.B, self.A)
        return nn.functional.linear(x, weight, self.base.bias)

    def merge(self):
        if self.merged:
            return
        self.kept = self.base.weight.detach().clone()
        self.base.weight.data = self.kept + self.factor * (self.B @ self.A).detach()
        self.merged = True

    def unmerge(self):
        if self.merged:
            self.base.weight.data = self.kept
        self.merged = False


def add_lora(model, rank, alpha):
    for parameter in model.parameters():
        parameter.requires_grad_(False)

    def walk(module):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear):
                setattr(module, name, LoRALinear(child, rank, alpha))
            elif not isinstance(child, LoRALinear):
                walk(child)

    walk(model)


class Adapter(nn.Module):
    def __init__(self, dim, bottleneck):
        super().__init__()
        self.down, self.up = nn.Linear(dim, bottleneck), nn.Linear(bottleneck, dim)
        self.up.load_state_dict({name: torch.zeros_like(value) for name, value in self.up.state_dict().items()})

    def forward(self, x):
        return self.up(self.down(x).clamp(min=0)) + x


def count_parameters(model):
    trained = total = 0
    for parameter in model.parameters():
        total += parameter.numel()
        trained += parameter.numel() * parameter.requires_grad
    return trained, total

# blind: passed at try 1
import torch
import torch.nn.functional as F
from torch import Tensor, nn


def linear_from(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    """A new nn.Linear with copies of this weight and bias."""
    n_out, n_in = weight.shape
    linear = nn.Linear(n_in, n_out, bias=bias is not None, dtype=weight.dtype, device=weight.device)
    with torch.no_grad():
        linear.weight.copy_(weight)
        if bias is not None:
            linear.bias.copy_(bias)
    return linear


def widen(
    linear: nn.Linear, norm: nn.BatchNorm1d | None, next_linear: nn.Linear, mapping: Tensor
) -> tuple[nn.Linear, nn.BatchNorm1d | None, nn.Linear]:
    """Net2Wider: more units between two layers, and the same function."""
    copies = torch.bincount(mapping, minlength=linear.out_features)
    if (copies == 0).any():
        raise ValueError("an old unit does not occur in the mapping")
    wide = linear_from(linear.weight[mapping], None if linear.bias is None else linear.bias[mapping])
    after = linear_from(next_linear.weight[:, mapping] / copies[mapping].to(next_linear.weight), next_linear.bias)
    if norm is None:
        return wide, None, after
    wide_norm = nn.BatchNorm1d(len(mapping), norm.eps, norm.momentum, dtype=norm.weight.dtype, device=norm.weight.device)
    state = {name: value if value.ndim == 0 else value[mapping] for name, value in norm.state_dict().items()}
    wide_norm.load_state_dict(state)
    return wide, wide_norm.train(norm.training), after


def deeper(linear: nn.Linear, activation: str) -> nn.Linear:
    """Net2Deeper: a layer that computes the identity."""
    if activation not in ("relu", "identity"):
        raise ValueError(f"{activation} changes its own results")
    n = linear.out_features
    return linear_from(torch.eye(n).to(linear.weight), torch.zeros(n).to(linear.weight))


class SlicedLinear(nn.Module):
    """A linear layer of a one-shot supernet: one weight and bias for all widths, which use its first rows and columns."""

    def __init__(self, max_in: int, max_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_out, max_in) * max_in**-0.5)
        self.bias = nn.Parameter(torch.zeros(max_out))

    def _slice(self, n_in: int, n_out: int) -> tuple[Tensor, Tensor]:
        max_out, max_in = self.weight.shape
        if n_in > max_in or n_out > max_out:
            raise ValueError(f"{n_in} to {n_out} does not fit into {max_in} to {max_out}")
        return self.weight[:n_out, :n_in], self.bias[:n_out]

    def forward(self, x: Tensor, width: int) -> Tensor:
        """x: (..., n_in). Returns (..., width)."""
        return F.linear(x, *self._slice(x.shape[-1], width))

    def extract(self, n_in: int, n_out: int) -> nn.Linear:
        """The layer for these widths as an nn.Linear of its own."""
        return linear_from(*self._slice(n_in, n_out))


def load_partially(model: nn.Module, state: dict[str, Tensor]) -> dict[str, list[str]]:
    """Load what fits, and report the rest."""
    own = model.state_dict()
    report: dict[str, list[str]] = {"loaded": [], "mismatched": [], "missing": [], "unexpected": []}
    with torch.no_grad():
        for name in sorted(own.keys() | state.keys()):
            if name not in state:
                report["missing"].append(name)
            elif name not in own:
                report["unexpected"].append(name)
            elif own[name].shape != state[name].shape:
                report["mismatched"].append(name)
            else:
                own[name].copy_(state[name])
                report["loaded"].append(name)
    return report

"""A new architecture need not begin from nothing: it can begin as the old function, as a slice of a shared one, or with what fits by name."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def _linear(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    """An nn.Linear with copies of a weight and a bias."""
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, dtype=weight.dtype, device=weight.device)
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None:
            layer.bias.copy_(bias)
    return layer


def widen(
    linear: nn.Linear, norm: nn.BatchNorm1d | None, next_linear: nn.Linear, mapping: Tensor
) -> tuple[nn.Linear, nn.BatchNorm1d | None, nn.Linear]:
    """Net2Wider: more units between two layers, and the same function.

    The layers stand in the order linear, norm (None: there is none), any elementwise activation, next_linear. mapping: int64 (new_width,); the
    new unit i is a copy of the old unit mapping[i]. next_linear spreads the weight of an old unit evenly over all its copies. The new norm is a
    copy of the old one for each unit: parameters, running statistics, eps, momentum and mode. Biases may be missing and then stay missing.
    Returns three new modules of the same dtype that share nothing with the old ones, which stay as they are. Raises ValueError when an old unit
    does not occur in the mapping.
    """
    copies = torch.bincount(mapping, minlength=linear.out_features)
    if (copies == 0).any():
        raise ValueError("an old unit is lost")
    wide = _linear(linear.weight[mapping], None if linear.bias is None else linear.bias[mapping])
    after = _linear((next_linear.weight / copies)[:, mapping], next_linear.bias)
    if norm is None:
        return wide, None, after
    new_norm = nn.BatchNorm1d(len(mapping), eps=norm.eps, momentum=norm.momentum).to(linear.weight).train(norm.training)
    new_norm.load_state_dict({name: value[mapping] if value.dim() else value for name, value in norm.state_dict().items()})
    return wide, new_norm, after


def deeper(linear: nn.Linear, activation: str) -> nn.Linear:
    """Net2Deeper: a layer to put behind linear and its activation, followed by the same activation again, without changing the function.

    Returns an nn.Linear (out_features, out_features) with a bias, of linear's dtype, that computes the identity. Raises ValueError unless the
    activation leaves its own results as they are, f(f(x)) = f(x): of "relu", "identity", "tanh", "sigmoid" and "gelu" the first two do.
    """
    if activation not in {"relu", "identity"}:
        raise ValueError(f"{activation} changes its own results: an identity before it does not keep the function")
    return _linear(torch.eye(linear.out_features).to(linear.weight), torch.zeros(linear.out_features))


class SlicedLinear(nn.Module):
    """A linear layer of a one-shot supernet: one weight (max_out, max_in) and bias (max_out,) for all widths, which use its first rows and columns.

    Its parameters are called weight and bias; their initial values are free.
    """

    def __init__(self, max_in: int, max_out: int) -> None:
        """Make the parameters."""
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_out, max_in))
        self.bias = nn.Parameter(torch.zeros(max_out))

    def _slice(self, n_in: int, n_out: int) -> tuple[Tensor, Tensor]:
        if n_out > self.weight.shape[0] or n_in > self.weight.shape[1]:
            raise ValueError(f"no room for {n_in} to {n_out} in {tuple(self.weight.shape)}")
        return self.weight[:n_out, :n_in], self.bias[:n_out]

    def forward(self, x: Tensor, width: int) -> Tensor:
        """x: (..., n_in), n_in at most max_in. Returns (..., width). Raises ValueError when the layer is too small for it."""
        return F.linear(x, *self._slice(x.shape[-1], width))

    def extract(self, n_in: int, n_out: int) -> nn.Linear:
        """The layer for these widths as an nn.Linear of its own, which shares nothing. Raises ValueError as forward does."""
        return _linear(*self._slice(n_in, n_out))


def load_partially(model: nn.Module, state: dict[str, Tensor]) -> dict[str, list[str]]:
    """Load what fits: each entry of the state whose name and shape are those of an entry of the model's state_dict.

    The model keeps its own dtype, and its other entries as they are; the state stays as it is. Returns all names, each in one of four
    ascending lists: "loaded"; "mismatched", in both but of different shapes; "missing", only in the model; "unexpected", only in the state.
    """
    own = model.state_dict()
    both = own.keys() & state.keys()
    loaded = {name for name in both if own[name].shape == state[name].shape}
    model.load_state_dict({name: state[name] for name in loaded}, strict=False)
    report = {"loaded": loaded, "mismatched": both - loaded, "missing": own.keys() - both, "unexpected": state.keys() - both}
    return {kind: sorted(names) for kind, names in report.items()}

import torch
import torch.nn.functional as F
from torch import Tensor, nn


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
    raise NotImplementedError("your turn")


def deeper(linear: nn.Linear, activation: str) -> nn.Linear:
    """Net2Deeper: a layer to put behind linear and its activation, followed by the same activation again, without changing the function.

    Returns an nn.Linear (out_features, out_features) with a bias, of linear's dtype, that computes the identity. Raises ValueError unless the
    activation leaves its own results as they are, f(f(x)) = f(x): of "relu", "identity", "tanh", "sigmoid" and "gelu" the first two do.
    """
    raise NotImplementedError("your turn")


class SlicedLinear(nn.Module):
    """A linear layer of a one-shot supernet: one weight (max_out, max_in) and bias (max_out,) for all widths, which use its first rows and columns.

    Its parameters are called weight and bias; their initial values are free.
    """

    def __init__(self, max_in: int, max_out: int) -> None:
        """Make the parameters."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor, width: int) -> Tensor:
        """x: (..., n_in), n_in at most max_in. Returns (..., width). Raises ValueError when the layer is too small for it."""
        raise NotImplementedError("your turn")

    def extract(self, n_in: int, n_out: int) -> nn.Linear:
        """The layer for these widths as an nn.Linear of its own, which shares nothing. Raises ValueError as forward does."""
        raise NotImplementedError("your turn")


def load_partially(model: nn.Module, state: dict[str, Tensor]) -> dict[str, list[str]]:
    """Load what fits: each entry of the state whose name and shape are those of an entry of the model's state_dict.

    The model keeps its own dtype, and its other entries as they are; the state stays as it is. Returns all names, each in one of four
    ascending lists: "loaded"; "mismatched", in both but of different shapes; "missing", only in the model; "unexpected", only in the state.
    """
    raise NotImplementedError("your turn")

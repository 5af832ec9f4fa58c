import torch
import torch.nn.functional as F
from torch import Tensor

IGNORED = -100


def forward(x: Tensor, h0: Tensor, params: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """States and logits of an Elman network with a linear output at each step.

    h_t = tanh(w_ih x_t + w_hh h_{t-1} + b), logits_t = w_out h_t + b_out.

    x: (batch, time, input_size), at least one step. h0: (batch, hidden_size), the state before step 0. params: w_ih (hidden_size,
    input_size), w_hh (hidden_size, hidden_size), b (hidden_size,), w_out (classes, hidden_size), b_out (classes,).
    Returns (states, logits): states (batch, time + 1, hidden_size), h0 first; logits (batch, time, classes).
    """
    raise NotImplementedError("your turn")


def bptt(x: Tensor, h0: Tensor, targets: Tensor, params: dict[str, Tensor], window: int | None = None) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss of a batch of sequences and its gradients, by backpropagation through time.

    x, h0, params: as in forward. targets: (batch, time) int64, the right class at each step, or IGNORED where the step has no loss; at least
    one step has. The loss is the mean cross-entropy over all steps of all sequences that have one. Logits may have any size.

    window: None for the full gradient. Otherwise time is cut into windows of that many steps (1 or more) from step 0 on, the last may be
    shorter: the forward pass and the loss stay the same, but no gradient passes from a window to the one before it. h0 then gets its
    gradient from the first window.

    Returns (loss, gradients): a scalar tensor and a dict with the gradients of w_ih, w_hh, b, w_out, b_out, x and h0, each of the shape
    and dtype of what it belongs to.
    """
    raise NotImplementedError("your turn")

# blind: passed at try 2
import torch
import torch.nn.functional as F
from torch import Tensor

IGNORED = -100


def forward(x: Tensor, h0: Tensor, params: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """States (h0 first) and logits of an Elman network with a linear output at each step."""
    states = [h0]
    for from_input in F.linear(x, params["w_ih"], params["b"]).unbind(dim=1):
        states.append(torch.tanh(from_input + states[-1] @ params["w_hh"].T))
    stacked = torch.stack(states, dim=1)
    return stacked, F.linear(stacked[:, 1:], params["w_out"], params["b_out"])


@torch.no_grad()
def bptt(x: Tensor, h0: Tensor, targets: Tensor, params: dict[str, Tensor], window: int | None = None) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss of a batch of sequences and its gradients, by backpropagation through time.

    Going back, only the gradient of each step's sum (what tanh is applied to) has to be found one step after another;
    all gradients of parameters are sums of products of these with what the forward pass has left.
    """
    time = x.shape[1]
    states, logits = forward(x, h0, params)
    before, after = states[:, :-1], states[:, 1:]

    counted = targets != IGNORED
    number = counted.sum()
    labels = targets.where(counted, 0).unsqueeze(-1)
    log_probs = F.log_softmax(logits, dim=-1)
    loss = -(log_probs.gather(-1, labels).squeeze(-1) * counted).sum() / number

    d_logits = log_probs.exp()
    d_logits.scatter_add_(-1, labels, torch.full_like(labels, -1, dtype=d_logits.dtype))
    d_logits *= counted.unsqueeze(-1)
    d_logits /= number

    from_output = d_logits @ params["w_out"]
    d_sums = torch.empty_like(from_output)
    from_later = torch.zeros_like(h0)
    for t in reversed(range(time)):
        if window is not None and (t + 1) % window == 0:
            from_later = torch.zeros_like(h0)  # step t is the last of its window
        d_sums[:, t] = (from_output[:, t] + from_later) * (1 - after[:, t].square())
        from_later = d_sums[:, t] @ params["w_hh"]

    gradients = {
        "w_ih": torch.einsum("bth,bti->hi", d_sums, x),
        "w_hh": torch.einsum("bth,btk->hk", d_sums, before),
        "b": d_sums.sum(dim=(0, 1)),
        "w_out": torch.einsum("btc,bth->ch", d_logits, after),
        "b_out": d_logits.sum(dim=(0, 1)),
        "x": d_sums @ params["w_ih"],
        "h0": from_later,
    }
    return loss, gradients

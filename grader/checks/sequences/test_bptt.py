"""The reference is the same network, differentiated by torch.autograd; for truncation the state is detached between two windows."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_same

FLOAT64 = {"dtype": torch.float64}


def problem(draw, batch, time, input_size, hidden_size, classes, dtype=torch.float64, ignored=True):
    """x, h0, targets, params; some targets ignored, never all."""
    shapes = {"w_ih": (hidden_size, input_size), "w_hh": (hidden_size, hidden_size), "b": (hidden_size,)}
    shapes |= {"w_out": (classes, hidden_size), "b_out": (classes,)}
    params = {name: draw.uniform(*shape, low=-0.8, high=0.8, dtype=dtype) for name, shape in shapes.items()}
    params["b"] += 0.3
    targets = draw.integers(0, classes, (batch, time))
    if ignored:
        targets[0, 0] = -100
        targets[-1, time // 2] = -100
    return draw.normal(batch, time, input_size, dtype=dtype), draw.uniform(batch, hidden_size, low=-0.9, high=0.9, dtype=dtype), targets, params


def unrolled(x, h0, params, window=None):
    h, states = h0, [h0]
    for t in range(x.shape[1]):
        if window is not None and t > 0 and t % window == 0:
            h = h.detach()
        h = torch.tanh(F.linear(x[:, t], params["w_ih"]) + F.linear(h, params["w_hh"], params["b"]))
        states.append(h)
    states = torch.stack(states, 1)
    return states, F.linear(states[:, 1:], params["w_out"], params["b_out"])


def reference(x, h0, targets, params, window=None):
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in (params | {"x": x, "h0": h0}).items()}
    _, logits = unrolled(leaves["x"], leaves["h0"], leaves, window)
    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100)
    loss.backward()
    return loss.detach(), {name: leaf.grad for name, leaf in leaves.items()}


def compare(answer, draw, sizes, *window, dtype=torch.float64, ignored=True, **tolerance):
    inputs = problem(draw, *sizes, dtype=dtype, ignored=ignored)
    loss, gradients = answer.bptt(*inputs, *window)
    expected_loss, expected = reference(*inputs, *window)
    call = f"bptt(…, window={window[0]})" if window else "bptt(…)"
    assert_same(loss, expected_loss, f"{call}: loss", **tolerance)
    assert_same(gradients, expected, f"{call}: gradients", **tolerance)


@pytest.mark.parametrize("sizes", [(3, 4, 2, 5, 3), (1, 1, 3, 2, 2)], ids=str)
def test_forward(answer, draw, sizes):
    """forward: states and logits
    forward：状态与 logits"""
    x, h0, _, params = problem(draw, *sizes)
    assert_same(answer.forward(x, h0, params), unrolled(x, h0, params), "forward(x, h0, params)")


@pytest.mark.after("test_forward")
def test_loss(answer, draw):
    """The loss: a mean over the steps that have one
    损失：对计入的各步取平均"""
    for ignored in (False, True):
        inputs = problem(draw, 3, 4, 2, 5, 3, ignored=ignored)
        assert_same(answer.bptt(*inputs)[0], reference(*inputs)[0], f"bptt(…): loss, {'some' if ignored else 'no'} targets ignored")


@pytest.mark.after("test_loss")
def test_truncated_loss(answer, draw):
    """Truncation does not change the loss
    截断不改变损失"""
    inputs = problem(draw, 2, 5, 2, 3, 4)
    for window in (1, 2, 3):
        assert_same(answer.bptt(*inputs, window)[0], reference(*inputs)[0], f"bptt(…, window={window}): loss")


@pytest.mark.after("test_loss")
@pytest.mark.parametrize("sizes", [(3, 4, 2, 5, 3), (2, 7, 4, 3, 2), (1, 3, 3, 3, 4), (4, 1, 2, 3, 5)], ids=str)
def test_full_gradient(answer, draw, sizes):
    """The full gradient
    完整的梯度"""
    compare(answer, draw, sizes, ignored=sizes[0] > 1)


@pytest.mark.after("test_full_gradient", "test_truncated_loss")
@pytest.mark.parametrize(("time", "window"), [(7, 3), (8, 3), (6, 2), (6, 5), (4, 1), (4, 4), (3, 50)])
def test_truncated_gradient(answer, draw, time, window):
    """The truncated gradient
    截断的梯度"""
    compare(answer, draw, (2, time, 3, 4, 3), window)


@pytest.mark.after("test_full_gradient")
def test_large_logits(answer, draw):
    """Logits of 10,000
    大小为 10,000 的 logits"""
    x, h0, targets, params = problem(draw, 3, 4, 2, 5, 3)
    params["w_out"] *= 1e4
    # 1e-7: logits of 10,000 are rounded to 1e-12, and weights of 10,000 magnify what is left of that in the gradients
    loss, gradients = answer.bptt(x, h0, targets, params)
    expected_loss, expected = reference(x, h0, targets, params)
    assert_same(loss, expected_loss, "bptt(…), large logits: loss", rtol=1e-7, atol=1e-7)
    assert_same(gradients, expected, "bptt(…), large logits: gradients", rtol=1e-7, atol=1e-6)


@pytest.mark.after("test_full_gradient", "test_truncated_gradient")
def test_float32_and_views(answer, draw):
    """float32 stays float32; views
    float32 保持 float32；非连续输入"""
    compare(answer, draw, (3, 5, 2, 4, 3), 2, dtype=torch.float32, rtol=1e-4, atol=1e-5)  # five steps, one after the other
    x, h0, targets, params = problem(draw, 4, 6, 3, 5, 2)
    views = x.transpose(0, 2).contiguous().transpose(0, 2), h0.T.contiguous().T, targets.T.contiguous().T
    transposed = {name: tensor.T.contiguous().T if tensor.dim() == 2 else tensor for name, tensor in params.items()}
    loss, gradients = answer.bptt(*views, transposed, 4)
    expected_loss, expected = reference(x, h0, targets, params, 4)
    assert_same((loss, gradients), (expected_loss, expected), "bptt of views")

"""The reference is F.cross_entropy over cosine similarities, both ways; ranks are counted by loops."""

import math

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_same, assert_same_gradient

F64 = torch.float64


def reference_loss(log_scale, images, texts):
    logits = torch.exp(log_scale).clamp(max=100) * F.cosine_similarity(images[:, None], texts[None], dim=2)
    right = torch.arange(len(images))
    return (F.cross_entropy(logits, right) + F.cross_entropy(logits.T, right)) / 2


def pair(draw, n, d, dtype=F64):
    """Images and texts that are more or less alike, of different lengths."""
    images = draw.normal(n, d, dtype=dtype)
    return images, 4 * (images + draw.normal(n, d, dtype=dtype))


def the_loss(answer, device, log_scale, dtype=F64):
    loss = answer.ClipLoss().to(dtype).to(device)
    loss.load_state_dict({"log_scale": torch.tensor(log_scale, dtype=dtype)})
    return loss


def entries(module):
    return {name: value.clone() for name, value in module.state_dict().items()}, [name for name, _ in module.named_parameters()]


def test_parameter(answer, worker, device):
    """ClipLoss: one parameter, log(1 / 0.07)
    ClipLoss：一个参数，log(1 / 0.07)"""
    state, parameters = worker.define(entries)(answer.ClipLoss().to(device))
    assert_same(state, {"log_scale": torch.tensor(math.log(1 / 0.07))}, "ClipLoss().state_dict()")
    assert_same(parameters, ["log_scale"], "names of ClipLoss().named_parameters()")


@pytest.mark.after("test_parameter")
@pytest.mark.parametrize(("n", "dtype"), [(5, F64), (1, F64), (4, torch.float32)], ids=str)
def test_loss(answer, draw, device, n, dtype):
    """ClipLoss: both directions
    ClipLoss：两个方向"""
    images, texts = pair(draw, n, 4, dtype)
    for log_scale in (0.0, 1.5, -0.7):
        expected = reference_loss(torch.tensor(log_scale, dtype=dtype), images, texts)
        assert_same(the_loss(answer, device, log_scale, dtype)(images, texts), expected, f"ClipLoss with log_scale={log_scale:g}")


@pytest.mark.after("test_loss")
def test_bounded_scale(answer, draw, device):
    """ClipLoss: a scale of 100 at most
    ClipLoss：尺度不超过 100"""
    images, texts = pair(draw, 5, 3)
    for log_scale in (4.5, 4.7, 30.0):
        expected = reference_loss(torch.tensor(log_scale, dtype=F64), images, texts)
        assert_same(the_loss(answer, device, log_scale)(images, texts), expected, f"ClipLoss with log_scale={log_scale:g}")


def through(loss, log_scale, images, texts):
    loss.log_scale.grad = None
    value = loss(images, texts)
    value.backward()
    return loss.log_scale.grad


@pytest.mark.after("test_bounded_scale")
def test_gradients(answer, draw, worker, device):
    """ClipLoss: gradients of images, texts and scale
    ClipLoss：图像、文本与尺度的梯度"""
    images, texts = pair(draw, 4, 3)
    for value in (1.0, 6.0):
        loss, log_scale = the_loss(answer, device, value), torch.tensor(value, dtype=F64, requires_grad=True)

        def reference(images, texts, log_scale=log_scale):
            return reference_loss(log_scale, images, texts)

        assert_same_gradient(loss, reference, (images, texts), (0, 1), f"gradient with log_scale={value:g}", worker=worker)
        reference_loss(log_scale, images, texts).backward()
        assert_same(worker.define(through)(loss, value, images, texts), log_scale.grad, f"log_scale.grad with log_scale={value:g}")


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


@pytest.mark.parametrize("dtype", [F64, torch.float32], ids=str)
def test_class_vectors(answer, draw, dtype):
    """class_vectors: the direction of the mean direction
    class_vectors：平均方向的方向"""
    lengths = draw.uniform(4, 5, 1, low=0.2, high=6.0, dtype=dtype)
    for prompts in (lengths * (1 + draw.normal(4, 5, 3, dtype=dtype)), draw.normal(2, 1, 3, dtype=dtype)):
        assert_same(answer.class_vectors(prompts), unit(unit(prompts).mean(dim=1)), "class_vectors(prompts)")


@pytest.mark.after("test_class_vectors")
def test_zero_shot(answer, draw):
    """zero_shot: the nearest class
    zero_shot：最近的类别"""
    directions = torch.eye(6, dtype=F64)[draw.permutation(6)]
    # Three of the classes have scattered prompts: their mean is short, and must count as much as that of the others.
    prompts = directions[:, None] + torch.tensor([0.1, 0.1, 0.1, 2, 2, 2], dtype=F64)[:, None, None] * draw.normal(6, 7, 6, dtype=F64)
    images = 3 * draw.normal(40, 6, dtype=F64)
    expected = F.cosine_similarity(images[:, None], unit(prompts).mean(dim=1)[None], dim=2).argmax(dim=1)
    assert_same(answer.zero_shot(images, prompts), expected, "zero_shot(images, prompts)")


def reference_recall(similarity, k):
    ways = similarity.tolist(), similarity.T.tolist()
    return tuple(sum(sum(other > row[i] for other in row) < k for i, row in enumerate(rows)) / len(rows) for rows in ways)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_recall(answer, draw, k):
    """recall_at_k: both ways
    recall_at_k：两个方向"""
    similarity = draw.normal(20, 20, dtype=F64) + 1.5 * torch.eye(20, dtype=F64) + draw.normal(1, 20, dtype=F64)
    assert_same(answer.recall_at_k(similarity, k), reference_recall(similarity, k), f"recall_at_k(similarity, {k})")


@pytest.mark.after("test_recall")
def test_recall_of_ties(answer):
    """recall_at_k: ties, and more places than candidates
    recall_at_k：相同的相似度，以及 k 超过候选数"""
    similarity = torch.tensor([[1.0, 1.0, 1.0], [2.0, 1.0, 0.0], [0.0, 3.0, 0.0]])
    assert_same(answer.recall_at_k(similarity, 1), (1 / 3, 0.0), "recall_at_k(similarity, 1) with ties")
    assert_same(answer.recall_at_k(similarity, 2), (1.0, 1.0), "recall_at_k(similarity, 2) with ties")
    assert_same(answer.recall_at_k(similarity, 9), (1.0, 1.0), "recall_at_k(similarity, 9)")

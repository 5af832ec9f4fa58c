"""The reference is the same network as an nn.Sequential with the same weights; the digits are real."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from grader.compare import assert_between, assert_same, assert_same_gradient
from grader.data import digits

LAYERS = {"0": "conv1", "3": "conv2", "7": "fc1", "9": "fc2"}


def network(draw, channels, height, width, classes):
    """The reference in float64, and its weights by the learner's names. Each weight is as large as 1 / sqrt(inputs)."""
    model = nn.Sequential(
        *(nn.Conv2d(channels, 16, 3, padding=1), nn.SiLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.SiLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(32 * (height // 4) * (width // 4), 64), nn.SiLU(), nn.Linear(64, classes)),
    ).double()
    for parameter in model.parameters():
        inputs = parameter[0].numel() if parameter.dim() > 1 else 4
        parameter.data = draw.normal(*parameter.shape, dtype=torch.float64) * (2 / inputs) ** 0.5
    return model, renamed(model.state_dict())


def renamed(values):
    """The reference's parameters by the learner's names."""
    return {f"{LAYERS[name.split('.')[0]]}.{name.split('.')[1]}": value for name, value in values.items()}


def pair(answer, draw, device, *sizes):
    model, weights = network(draw, *sizes)
    ours = answer.LeNet(*sizes).to(device).double()
    ours.load_state_dict(weights)
    return ours, model


def shapes(model):
    return {name: tuple(value.shape) for name, value in sorted(model.state_dict().items())}


def count_right(model, images, labels):
    return (model(images).argmax(dim=1) == labels).sum().item()


@pytest.mark.parametrize("sizes", [(1, 8, 8, 10), (3, 9, 22, 4)], ids=str)
def test_parameters(answer, draw, worker, sizes):
    """Names and shapes of the parameters
    参数的名称与形状"""
    _, weights = network(draw, *sizes)
    expected = {name: tuple(value.shape) for name, value in weights.items()}
    assert_same(worker.define(shapes)(answer.LeNet(*sizes)), expected, f"shapes of LeNet{sizes}.state_dict()")


@pytest.mark.after("test_parameters")
@pytest.mark.parametrize("sizes", [(1, 8, 8, 10), (3, 12, 16, 5), (2, 7, 13, 3), (1, 4, 4, 2)], ids=str)
def test_logits(answer, draw, device, sizes):
    """Logits for images of several sizes
    不同大小图像的 logits"""
    ours, theirs = pair(answer, draw, device, *sizes)
    images = draw.normal(3, *sizes[:3], dtype=torch.float64)
    assert_same(ours(images), theirs(images), f"LeNet{sizes}(images)")


@pytest.mark.after("test_logits")
def test_batches(answer, draw, device):
    """float32, a batch of one, an empty one, views
    float32、单张图、空批次、非连续输入"""
    ours, theirs = pair(answer, draw, device, 2, 8, 12, 4)
    ours.float()
    for images in (draw.normal(1, 2, 8, 12), torch.zeros(0, 2, 8, 12), draw.normal(12, 8, 2, 3).permute(3, 2, 1, 0)):
        # sums of up to 288 products of size 1 in float32, four times in a row
        assert_same(ours(images), theirs(images.double()).float(), f"model(images), {tuple(images.shape)}", rtol=1e-4, atol=1e-4)


@pytest.mark.after("test_logits")
def test_gradient(answer, draw, worker, device):
    """Gradient of the images
    图像的梯度"""
    ours, theirs = pair(answer, draw, device, 1, 8, 8, 3)
    images = draw.normal(2, 1, 8, 8, dtype=torch.float64)
    assert_same_gradient(ours, theirs, (images,), 0, "the gradient of the images", worker=worker)


@pytest.mark.after("test_logits")
def test_train_step(answer, draw, device):
    """train_step: three steps in a row
    train_step：连续三步"""
    ours, theirs = pair(answer, draw, device, 1, 8, 8, 10)
    for rate in (0.1, 0.02, 0.3):
        images, labels = draw.normal(6, 1, 8, 8, dtype=torch.float64), draw.integers(0, 10, (6,))
        loss = F.cross_entropy(theirs(images), labels)
        theirs.zero_grad()
        loss.backward()
        for parameter in theirs.parameters():
            parameter.data -= rate * parameter.grad
        assert_same(answer.train_step(ours, images, labels, rate), loss.item(), "loss before the step")
        expected = renamed(theirs.state_dict())
        for name, value in ours.state_dict().items():
            # 1e-8: rounding grows from step to step
            assert_same(value, expected[name], f"{name} after a step of {rate}", rtol=1e-8, atol=1e-9)


@pytest.mark.after("test_train_step", "test_batches", "test_gradient")
def test_fit(answer, draw, worker):
    """fit: 93 % of unseen digits
    fit：认出 93 % 的新数字"""
    x, labels, test_x, test_labels = digits(draw)
    worker.seed(draw.integers(0, 2**31).item())
    model = answer.fit(2 * x.reshape(-1, 1, 8, 8) - 1, labels)
    assert_same(worker.define(shapes)(model)["fc2.weight"], (10, 64), "shape of fc2.weight of the trained model")
    right = worker.define(count_right)(model, 2 * test_x.reshape(-1, 1, 8, 8) - 1, test_labels)
    # ordinary training is right for 98 %, some 6 errors in 360, and more than 25 of them will not happen: below 1e-9 by Poisson's law
    assert_between(right / 360, 0.93, 1.0, "part of the unseen digits that the model names rightly")

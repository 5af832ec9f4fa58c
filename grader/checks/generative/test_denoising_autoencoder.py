"""The reference is the definitions written out in PyTorch; what fit returns is measured on real digits that it has not seen."""

import pytest
import torch

from grader.compare import assert_between, assert_fast, assert_same, assert_same_gradient, assert_true
from grader.data import digits

DTYPES = [torch.float32, torch.float64]


def images(draw, *shape, dtype):
    return draw.uniform(*shape, low=0.05, high=0.95, dtype=dtype)


def reference_psnr(image, clean):
    errors = [((a - b) ** 2).sum() / a.numel() for a, b in zip(image, clean, strict=True)]
    return 10 * torch.log10(1 / torch.stack(errors))


def layer(worker, draw, device, dtype=torch.float64):
    """A linear map over three features whose outputs often leave [0, 1], in the worker, and the same map here."""
    weights = {"weight": 2 * draw.normal(3, 3, dtype=dtype), "bias": draw.normal(3, dtype=dtype)}
    there = worker.torch.nn.Linear(3, 3, dtype=dtype, device=device)
    there.load_state_dict(weights)
    return there, lambda x: x @ weights["weight"].T + weights["bias"]


def corruption(draw, clean):
    """A function with other noise in each call, the noisy image of its first call, and a list of what it was given."""
    noises, given = [0.3 * draw.normal(*clean.shape, dtype=clean.dtype) for _ in range(2)], []

    def corrupt(x):
        given.append(x)
        return x + noises[min(len(given) - 1, 1)]

    return corrupt, clean + noises[0], given


def counting():
    class Noise:
        rows = 0

        def __call__(self, x):
            self.rows += len(x)
            return (x + 0.4 * x.clone().normal_()).clamp(0, 1)

    return Noise()


def watch(model):
    def note(module, _inputs, output):
        module.graph = output.requires_grad

    model.register_forward_hook(note)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_gaussian(answer, draw, dtype):
    """Gaussian noise, clipped
    高斯噪声与截断"""
    for shape, sigma in [((4, 6), 0.3), ((2, 1, 8, 8), 0.8), ((3, 5), 0.0), ((3, 5), 1e4), ((0, 5), 0.3)]:
        x, normal = images(draw, *shape, dtype=dtype), draw.normal(*shape, dtype=dtype)
        expected = torch.minimum(torch.maximum(x + sigma * normal, torch.zeros_like(x)), torch.ones_like(x))
        assert_same(answer.gaussian(x, normal, sigma), expected, f"gaussian(x, normal, {sigma:g})")


def draws(draw, dtype):
    """Images and uniform numbers k / 32, each once: whatever the rate, some lie exactly on it."""
    return images(draw, 8, 4, dtype=dtype).T, (draw.permutation(32).to(dtype) / 32).reshape(4, 8)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_masking(answer, draw, dtype):
    """Masking: pixels become 0
    掩码：像素变为 0"""
    for rate in (0.25, 0.5, 0.0, 1.0):
        x, uniform = draws(draw, dtype)
        assert_same(answer.masking(x, uniform, rate), x * (uniform >= rate), f"masking(x, uniform, {rate})")


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_salt_and_pepper(answer, draw, dtype):
    """Salt and pepper: half white, half black
    椒盐噪声：一半变白，一半变黑"""
    for rate in (0.25, 0.5, 0.0, 1.0):
        x, uniform = draws(draw, dtype)
        expected = x * (uniform >= rate) + ((uniform >= rate / 2) & (uniform < rate))
        assert_same(answer.salt_and_pepper(x, uniform, rate), expected, f"salt_and_pepper(x, uniform, {rate})")


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_psnr(answer, draw, dtype):
    """PSNR of each image
    每幅图像的 PSNR"""
    for shape in [(5, 6), (1, 4), (3, 2, 4, 5), (4, 1)]:
        clean = images(draw, *shape, dtype=dtype)
        image = clean + 0.1 * (1 + torch.arange(shape[0])).to(dtype).reshape(-1, *[1] * (len(shape) - 1)) * (0.5 + draw.uniform(*shape, dtype=dtype))
        assert_same(answer.psnr(image, clean), reference_psnr(image, clean), f"psnr(image, clean), {shape}")
    clean = images(draw, 7, 3, dtype=dtype).T
    assert_same(answer.psnr(clean.clone(), clean), torch.full((3,), torch.inf, dtype=dtype), "psnr(clean, clean)")
    assert_same(answer.psnr(clean[:0], clean[:0]), torch.zeros(0, dtype=dtype), "psnr of an empty batch")
    assert_same(answer.psnr(clean + 1e4, clean), reference_psnr(clean + 1e4, clean), "psnr(clean + 1e4, clean)")


@pytest.mark.after("test_gaussian", "test_masking", "test_salt_and_pepper", "test_psnr")
def test_gradients(answer, draw, worker):
    """Gradients through the corruptions and psnr
    穿过三种破坏与 psnr 的梯度"""
    x, uniform = draws(draw, torch.float64)
    normal = draw.normal(4, 8, dtype=torch.float64)
    assert_same_gradient(answer.gaussian, lambda x, z, s: (x + s * z).clamp(0, 1), (x, normal, 0.5), 0, "gaussian(x, normal, 0.5)", worker=worker)
    for name in ("masking", "salt_and_pepper"):  # the pixels that stay have the slope 1, all others 0
        inputs = (x, uniform, 0.5)
        assert_same_gradient(getattr(answer, name), lambda x, u, r: x * (u >= r), inputs, 0, f"{name}(x, uniform, 0.5)", worker=worker)
    assert_same_gradient(answer.psnr, reference_psnr, (x + 0.1 + 0.1 * uniform, x), (0, 1), "psnr(image, clean)", worker=worker)


@pytest.mark.parametrize("shape", [(5, 3), (1, 3), (4, 2, 3)], ids=str)
def test_loss(answer, draw, worker, device, shape):
    """denoising_loss: the value and its gradient
    denoising_loss：数值与梯度"""
    there, here = layer(worker, draw, device)
    clean = images(draw, *shape, dtype=torch.float64)
    corrupt, noisy, given = corruption(draw, clean)
    loss = worker.keep(answer.denoising_loss, there, clean, corrupt)
    residual = here(noisy) - clean
    assert_same(worker.fetch(loss), residual.square().mean(), "denoising_loss(model, clean, corrupt)")
    assert_same(given, [clean], "what corrupt was given")
    loss.backward()
    gradient = 2 * residual.reshape(-1, 3).T @ noisy.reshape(-1, 3) / clean.numel()
    assert_same(worker.fetch(worker.ref(there).weight.grad), gradient, "model.weight.grad")


@pytest.mark.after("test_psnr")
@pytest.mark.parametrize("shape", [(5, 3), (1, 3), (4, 2, 3)], ids=str)
def test_gain(answer, draw, worker, device, shape):
    """psnr_gain: restored against noisy
    psnr_gain：还原与带噪之比较"""
    there, here = layer(worker, draw, device)
    clean = images(draw, *shape, dtype=torch.float64)
    corrupt, noisy, given = corruption(draw, clean)
    restored = here(noisy).clamp(0, 1)
    expected = (reference_psnr(restored, clean) - reference_psnr(noisy, clean)).mean().item()
    assert_same(answer.psnr_gain(there, clean, corrupt), expected, "psnr_gain(model, clean, corrupt)")
    assert_same(given, [clean], "what corrupt was given")


@pytest.mark.after("test_gain")
def test_gain_mode(answer, draw, worker, device):
    """psnr_gain: eval mode, no graph, the old mode after
    psnr_gain：评估模式、不建计算图、事后恢复"""
    nn = worker.torch.nn
    for training in (True, False):
        there, here = layer(worker, draw, device)
        model = nn.Sequential(there, nn.Dropout(0.5)).train(training)
        worker.define(watch)(model)
        worker.seed(int(draw.integers(0, 2**31, ())))
        clean = images(draw, 20, 3, dtype=torch.float64)
        corrupt, noisy, _ = corruption(draw, clean)
        expected = (reference_psnr(here(noisy).clamp(0, 1), clean) - reference_psnr(noisy, clean)).mean().item()
        assert_same(answer.psnr_gain(model, clean, corrupt), expected, "psnr_gain of a model with Dropout")
        assert_same(model.training, training, "model.training afterwards")
        assert_same(model.graph, False, "output of the model requires gradients")


@pytest.mark.after("test_loss")
@pytest.mark.parametrize("n", [8, 1])
def test_fit_small(answer, draw, worker, n):
    """fit: few images, new noise every time
    fit：少量图像，每次都用新噪声"""
    x = digits(draw)[0]
    noise = worker.define(counting)()
    model = answer.fit(x[:n], noise)
    assert_true(noise.rows >= 10 * n, "fit", "an image is given to corrupt fewer than ten times", "每幅图像交给 corrupt 的次数不足十次")
    assert_same(model.training, False, "fit(x, corrupt).training")
    restored = model(x[:3]).detach()
    assert_same(tuple(restored.shape), (3, 64), "shape of the output for three images")
    assert_true(bool(restored.isfinite().all()), "fit(x, corrupt)", "the output is inf or nan", "输出中出现 inf 或 nan")


@pytest.mark.after("test_gaussian", "test_masking", "test_salt_and_pepper", "test_gain_mode", "test_fit_small")
def test_fit(answer, draw, worker):
    """fit: 4 dB on unseen digits
    fit：在新数字上提升 4 dB"""
    x, _, clean, _ = digits(draw)
    worker.seed(int(draw.integers(0, 2**31, ())))
    with worker.timed() as clock:
        model = answer.fit(x, worker.define(counting)())
    noisy = (clean + 0.4 * draw.normal(*clean.shape)).clamp(0, 1)
    restored = model(noisy).detach().clamp(0, 1)
    gain = (reference_psnr(restored, clean) - reference_psnr(noisy, clean)).mean().item()
    assert_fast(clock.seconds, 10.0, "fit on 1,437 digits")  # some 0.6 s; the statement allows 10
    # 4.8 with a standard deviation below 0.15 between seeds, below 1.5 for a network that was trained to copy
    assert_between(gain, 4.0, 40.0, "gain in dB on unseen digits")

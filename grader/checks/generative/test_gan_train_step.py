"""The reference is the canonical step by hand: losses from F.softplus, slopes sample by sample with autograd, plain SGD written out."""

import math
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_between, assert_raises, assert_same, assert_true

RATE = 0.5


def layers(library, sizes, **kwargs):
    stack = [library.nn.Flatten()]
    for n_in, n_out in pairwise(sizes):
        stack += [library.nn.Linear(n_in, n_out, **kwargs), library.nn.Tanh()]
    return library.nn.Sequential(*stack[:-1])


def network(worker, draw, device, sizes, dtype=torch.float64):
    """The same small network with the same fresh weights, there and here."""
    here = layers(torch, sizes, dtype=dtype)
    state = {name: draw.normal(*value.shape, dtype=dtype) for name, value in here.state_dict().items()}
    here.load_state_dict(state)
    there = layers(worker.torch, sizes, dtype=dtype, device=device)
    there.load_state_dict(state)
    return there, here


def stain(model, value):
    for parameter in model.parameters():
        parameter.grad = (0 * parameter + value).detach()


def gradients(model):
    return [parameter.grad for parameter in model.parameters()]


def trainable(model):
    return [parameter.requires_grad for parameter in model.parameters()]


def state_of(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def reference_slopes(model, points):
    rows = []
    for point in points:
        leaf = point[None].clone().requires_grad_()
        rows.append(torch.autograd.grad(model(leaf).sum(), leaf, create_graph=True)[0].flatten())
    return torch.stack(rows)


def reference_r1(model, points):
    return (reference_slopes(model, points) ** 2).sum(dim=1).mean() / 2


def reference_gp(model, points):
    return (((reference_slopes(model, points) ** 2).sum(dim=1).sqrt() - 1) ** 2).mean()


def descend(model, loss):
    """A step of plain SGD here."""
    parameters = list(model.parameters())
    moves = torch.autograd.grad(loss, parameters)
    with torch.no_grad():
        for parameter, move in zip(parameters, moves, strict=True):
            parameter.sub_(RATE * move)
    return loss.detach()


def reference_d_step(generator, discriminator, real, z, *, kind="logistic", weight=0.0):
    on_real, on_fake = discriminator(real), discriminator(generator(z).detach())
    if kind == "logistic":
        return descend(discriminator, F.softplus(-on_real).mean() + F.softplus(on_fake).mean() + weight * reference_r1(discriminator, real))
    penalty = weight * reference_gp(discriminator, real) if weight else 0  # the critics are linear then: their slope is the same everywhere
    return descend(discriminator, on_fake.mean() - on_real.mean() + penalty)


def reference_g_step(generator, discriminator, z, *, kind="logistic"):
    logits = discriminator(generator(z))
    return descend(generator, F.softplus(-logits).mean() if kind == "logistic" else -logits.mean())


def test_interpolate(answer, draw, worker):
    """interpolate: one number in [0, 1) for each sample
    interpolate：每个样本一个 [0, 1) 中的数"""
    worker.seed(draw.integers(0, 2**31, ()).item())
    for shape in [(64, 2, 3), (64, 5)]:
        real = draw.normal(*shape, dtype=torch.float64)
        fake = real + 1 + draw.uniform(*shape, dtype=torch.float64)
        found = []
        for _ in range(2):
            points = answer.interpolate(real, fake)
            assert_same(points.shape, real.shape, "interpolate(real, fake).shape")
            t = ((fake - points) / (fake - real)).flatten(1)
            assert_same(t, t[:, :1].expand_as(t), "t, for each entry of interpolate(real, fake)")
            assert_between(t.min().item(), -1e-9, 1.0, "smallest t")
            assert_between(t.max().item(), 0.0, 1 + 1e-9, "largest t")
            found.append(t[:, 0])
        t = torch.cat(found)
        # uniform, 128 of them: the mean strays by 0.026, six of which are 0.16; all within a range of 0.6 has the odds 128 * 0.6^127
        assert_between(t.mean().item(), 0.3, 0.7, "mean of t over 128 samples")
        assert_between((t.max() - t.min()).item(), 0.6, 1.0, "range of t over 128 samples")
        assert_true(bool((found[0] != found[1]).any()), "interpolate(real, fake)", "two calls draw the same numbers", "两次调用抽到了相同的数")
    single = draw.normal(4, 3)
    assert_same(answer.interpolate(single, single), single, "interpolate(real, real), float32")


@pytest.mark.parametrize("shape", [(5, 3), (4, 2, 3), (1, 3)], ids=str)
def test_slopes(answer, draw, worker, device, shape):
    """slopes: one gradient for each sample, flattened
    slopes：每个样本一个展平的梯度"""
    there, here = network(worker, draw, device, (math.prod(shape[1:]), 5, 1))
    points = draw.normal(*shape, dtype=torch.float64)
    assert_same(answer.slopes(there, points), reference_slopes(here, points).detach(), "slopes(discriminator, points)")


def test_r1(answer, draw, worker, device):
    """r1_penalty: half the mean squared norm
    r1_penalty：范数平方的平均的一半"""
    there, here = network(worker, draw, device, (6, 5, 1))
    real = draw.normal(4, 2, 3, dtype=torch.float64)
    assert_same(answer.r1_penalty(there, real), reference_r1(here, real).detach(), "r1_penalty(discriminator, real)")


def test_gradient_penalty(answer, draw, worker, device):
    """gradient_penalty: the norm of each sample against 1
    gradient_penalty：每个样本的范数与 1 之差"""
    there, here = network(worker, draw, device, (6, 5, 1))
    for scale in (0.1, 2.0):  # slopes below and above 1
        points = scale * draw.normal(4, 2, 3, dtype=torch.float64)
        for model in (there, here):
            model.load_state_dict({name: 0.5 * scale * value for name, value in here.state_dict().items()})
        assert_same(answer.gradient_penalty(there, points), reference_gp(here, points).detach(), "gradient_penalty(critic, points)")


@pytest.mark.after("test_r1", "test_gradient_penalty")
@pytest.mark.parametrize(("name", "reference"), [("r1_penalty", reference_r1), ("gradient_penalty", reference_gp)], ids=["R1", "WGAN-GP"])
def test_penalty_gradients(answer, draw, worker, device, name, reference):
    """The penalties can be differentiated, and touch nothing
    惩罚项可以求导，且不留痕迹"""
    there, here = network(worker, draw, device, (3, 5, 1))
    points = draw.normal(4, 3, dtype=torch.float64)
    worker.define(stain)(there, 3.0)
    held = worker.hold(points)
    penalty = worker.keep(getattr(answer, name), there, held)
    assert_same(worker.fetch(held.requires_grad), False, f"points.requires_grad after {name}")
    assert_same(worker.define(gradients)(there), [torch.full_like(p, 3.0) for p in here.parameters()], f"the discriminator's .grad after {name}")
    there.zero_grad()
    penalty.backward()
    reference(here, points).backward()
    ours, theirs = worker.define(gradients)(there), gradients(here)
    for place, part in enumerate(["weight of layer 0", "bias of layer 0", "weight of layer 1"]):
        assert_same(ours[place], theirs[place], f"gradient of {name}, {part}")


@pytest.mark.after("test_penalty_gradients")
def test_flat_critic(answer, draw, worker, device):
    """A critic without any slope
    处处平坦的评论家"""
    there, here = network(worker, draw, device, (3, 1))
    there.load_state_dict({name: torch.zeros_like(value) for name, value in here.state_dict().items()})
    penalty = worker.keep(answer.gradient_penalty, there, draw.normal(4, 3, dtype=torch.float64))
    assert_same(worker.fetch(penalty), torch.tensor(1.0, dtype=torch.float64), "gradient_penalty of a flat critic")
    there.zero_grad()
    penalty.backward()
    weight = worker.define(gradients)(there)[0]
    assert_true(bool(torch.isfinite(weight).all()), "gradient of the penalty of a flat critic", "inf or nan", "出现 inf 或 nan")


def compare_d_step(answer, draw, worker, device, d_sizes, dtype=torch.float64, **settings):
    """One step of the discriminator on both sides; the generator has to stay as it is."""
    (g_there, g_here), (d_there, d_here) = network(worker, draw, device, (2, 4, 3), dtype), network(worker, draw, device, d_sizes, dtype)
    real, z = draw.normal(5, 3, dtype=dtype), draw.normal(5, 2, dtype=dtype)
    g_before = state_of(g_here)
    worker.define(stain)(g_there, 3.0)
    worker.define(stain)(d_there, 5.0)
    optimiser = worker.torch.optim.SGD(d_there.parameters(), lr=RATE)
    loss = worker.keep(answer.discriminator_step, g_there, d_there, optimiser, real, z, **settings)
    assert_same(worker.fetch(loss), reference_d_step(g_here, d_here, real, z, **settings), "discriminator_step(...)")
    assert_same(worker.fetch(loss.requires_grad), False, "discriminator_step(...).requires_grad")
    assert_same(dict(d_there.state_dict()), state_of(d_here), "discriminator.state_dict() after its step")
    assert_same(dict(g_there.state_dict()), g_before, "generator.state_dict() after the discriminator's step")
    assert_same(worker.define(gradients)(g_there), [torch.full_like(p, 3.0) for p in g_here.parameters()], "the generator's .grad")


@pytest.mark.parametrize("settings", [{}, {"kind": "wasserstein"}], ids=["default", "wasserstein"])
def test_discriminator_step(answer, draw, worker, device, settings):
    """discriminator_step: only the discriminator moves
    discriminator_step：只有判别器移动"""
    compare_d_step(answer, draw, worker, device, (3, 5, 1), **settings)


@pytest.mark.after("test_discriminator_step", "test_penalty_gradients")
def test_discriminator_step_with_a_penalty(answer, draw, worker, device):
    """discriminator_step: with a penalty, and in float32
    discriminator_step：加惩罚项，以及 float32"""
    compare_d_step(answer, draw, worker, device, (3, 5, 1), kind="logistic", weight=0.3)
    compare_d_step(answer, draw, worker, device, (3, 1), kind="wasserstein", weight=0.3)
    compare_d_step(answer, draw, worker, device, (3, 1), torch.float32, kind="wasserstein")


def half_square(x):
    """A critic that is no network: its slope at x is x, whatever its one parameter."""
    import torch  # noqa: PLC0415

    class HalfSquare(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.offset = torch.nn.Parameter(torch.zeros_like(x))

        def forward(self, points):
            return points.square() / 2 + self.offset - self.offset.detach()

    return HalfSquare()


@pytest.mark.after("test_discriminator_step_with_a_penalty", "test_interpolate")
def test_penalty_between(answer, draw, worker, device):
    """discriminator_step: the penalty lies between reals and fakes
    discriminator_step：惩罚项取在真假样本之间"""
    generator, _ = network(worker, draw, device, (2, 1))
    critic = worker.define(half_square)(torch.zeros(1, dtype=torch.float64))
    optimiser = worker.torch.optim.SGD(critic.parameters(), lr=RATE)
    worker.seed(draw.integers(0, 2**31, ()).item())
    generator.load_state_dict({"1.weight": torch.zeros(1, 2, dtype=torch.float64), "1.bias": torch.full((1,), -2.0, dtype=torch.float64)})
    real, z = torch.full((64, 1), 2.0, dtype=torch.float64), draw.normal(64, 2, dtype=torch.float64)
    loss = answer.discriminator_step(generator, critic, optimiser, real, z, kind="wasserstein", weight=10.0)
    # reals at 2, fakes at -2: the mean of (|u| - 1)^2 for uniform u in (-2, 2) is 1/3; its mean over 64 samples beyond 0.8, or below
    # 0.02, has odds below e^-27 by Hoeffding. At either end the penalty is 1, in the middle 1 as well.
    assert_between(loss.item() / 10, 0.02, 0.8, "gradient penalty between reals at 2 and fakes at -2, critic x^2 / 2")


@pytest.mark.parametrize("settings", [{}, {"kind": "wasserstein"}], ids=["default", "wasserstein"])
def test_generator_step(answer, draw, worker, device, settings):
    """generator_step: only the generator moves
    generator_step：只有生成器移动"""
    (g_there, g_here), (d_there, d_here) = network(worker, draw, device, (2, 4, 3)), network(worker, draw, device, (3, 5, 1))
    z = draw.normal(5, 2, dtype=torch.float64)
    d_before = state_of(d_here)
    worker.define(stain)(g_there, 3.0)
    worker.define(stain)(d_there, 5.0)
    optimiser = worker.torch.optim.SGD(g_there.parameters(), lr=RATE)
    loss = worker.keep(answer.generator_step, g_there, d_there, optimiser, z, **settings)
    assert_same(worker.fetch(loss), reference_g_step(g_here, d_here, z, **settings), "generator_step(...)")
    assert_same(worker.fetch(loss.requires_grad), False, "generator_step(...).requires_grad")
    assert_same(dict(g_there.state_dict()), state_of(g_here), "generator.state_dict() after its step")
    assert_same(dict(d_there.state_dict()), d_before, "discriminator.state_dict() after the generator's step")
    assert_same(worker.define(gradients)(d_there), [torch.full_like(p, 5.0) for p in d_here.parameters()], "the discriminator's .grad")


@pytest.mark.after("test_generator_step")
def test_thawed(answer, draw, worker, device):
    """generator_step: the discriminator is as trainable as before
    generator_step：判别器的可训练状态不变"""
    (generator, _), (discriminator, _) = network(worker, draw, device, (2, 3)), network(worker, draw, device, (3, 5, 1))
    worker.ref(discriminator)[1].requires_grad_(requires_grad=False)
    before = worker.define(trainable)(discriminator)
    answer.generator_step(generator, discriminator, worker.torch.optim.SGD(generator.parameters(), lr=RATE), draw.normal(5, 2, dtype=torch.float64))
    assert_same(worker.define(trainable)(discriminator), before, "requires_grad of the discriminator's parameters")


@pytest.mark.after("test_discriminator_step", "test_generator_step")
@pytest.mark.parametrize(
    ("k", "settings"), [(1, {}), (3, {}), (2, {"kind": "logistic", "weight": 0.4}), (2, {"kind": "wasserstein", "weight": 0.4})], ids=str
)
def test_train_step(answer, draw, worker, device, k, settings):
    """train_step: k critic steps, then the generator
    train_step：判别器 k 步，然后生成器一步"""
    d_sizes = (3, 1) if settings.get("kind") == "wasserstein" else (3, 4, 1)
    (g_there, g_here), (d_there, d_here) = network(worker, draw, device, (2, 4, 3)), network(worker, draw, device, d_sizes)
    for there, here in ((g_there, g_here), (d_there, d_here)):
        calm = {name: value / 2 for name, value in here.state_dict().items()}  # smaller weights: rounding does not grow from step to step
        there.load_state_dict(calm)
        here.load_state_dict(calm)
    reals, noise = [draw.normal(5, 3, dtype=torch.float64) for _ in range(k)], [draw.normal(5, 2, dtype=torch.float64) for _ in range(k + 1)]
    g_optimiser, d_optimiser = (worker.torch.optim.SGD(model.parameters(), lr=RATE) for model in (g_there, d_there))
    d_losses, g_loss = answer.train_step(g_there, d_there, g_optimiser, d_optimiser, reals, noise, **settings)
    expected = [reference_d_step(g_here, d_here, real, z, **settings) for real, z in zip(reals, noise[:-1], strict=True)]
    assert_same(d_losses, expected, "losses of the discriminator")
    kind = settings.get("kind", "logistic")
    assert_same(g_loss, reference_g_step(g_here, d_here, noise[-1], kind=kind), "loss of the generator")
    assert_same(dict(d_there.state_dict()), state_of(d_here), "discriminator.state_dict() after train_step")
    assert_same(dict(g_there.state_dict()), state_of(g_here), "generator.state_dict() after train_step")


@pytest.mark.after("test_discriminator_step", "test_generator_step")
def test_unknown_kinds(answer, draw, worker, device):
    """Another kind raises ValueError
    其他 kind 抛出 ValueError"""
    (generator, _), (discriminator, _) = network(worker, draw, device, (2, 3)), network(worker, draw, device, (3, 1))
    optimiser = worker.torch.optim.SGD(discriminator.parameters(), lr=RATE)
    real, z = draw.normal(4, 3, dtype=torch.float64), draw.normal(4, 2, dtype=torch.float64)
    for kind in ("hinge", ""):
        assert_raises(ValueError, answer.discriminator_step, generator, discriminator, optimiser, real, z, kind=kind)
        assert_raises(ValueError, answer.generator_step, generator, discriminator, optimiser, z, kind=kind)

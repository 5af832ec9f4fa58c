"""The reference is PyTorch's own cross-entropy from logits, mean squared error and relu."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_raises, assert_same, assert_same_gradient

KINDS = ["minimax", "non-saturating", "least-squares", "hinge", "wasserstein"]
SOFT = ["minimax", "non-saturating", "least-squares"]
both_dtypes = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])


def cross_entropy(logits, label):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def reference_discriminator(real, fake, *, kind="non-saturating", real_label=1.0):
    if kind in {"minimax", "non-saturating"}:
        return cross_entropy(real, real_label) + cross_entropy(fake, 0.0)
    if kind == "least-squares":
        return (F.mse_loss(real, torch.full_like(real, real_label)) + F.mse_loss(fake, torch.zeros_like(fake))) / 2
    if kind == "hinge":
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()
    return fake.mean() - real.mean()


def reference_generator(fake, *, kind="non-saturating"):
    return {
        "minimax": lambda: -cross_entropy(fake, 0.0),
        "non-saturating": lambda: cross_entropy(fake, 1.0),
        "least-squares": lambda: F.mse_loss(fake, torch.ones_like(fake)) / 2,
        "hinge": lambda: -fake.mean(),
        "wasserstein": lambda: -fake.mean(),
    }[kind]()


def compare_discriminator(answer, draw, dtype, kind):
    real, fake = 0.5 + 2 * draw.normal(7, dtype=dtype), 2 * draw.normal(7, dtype=dtype) - 1
    assert_same(
        answer.discriminator_loss(real, fake, kind=kind),
        reference_discriminator(real, fake, kind=kind),
        f'discriminator_loss(real, fake, kind="{kind}")',
    )


def compare_generator(answer, draw, dtype, kind):
    fake = 2 * draw.normal(7, dtype=dtype) - 1
    assert_same(answer.generator_loss(fake, kind=kind), reference_generator(fake, kind=kind), f'generator_loss(fake, kind="{kind}")')


@both_dtypes
@pytest.mark.parametrize("kind", ["minimax", "non-saturating"])
def test_discriminator_cross_entropy(answer, draw, dtype, kind):
    """Discriminator: cross-entropy
    判别器：交叉熵"""
    compare_discriminator(answer, draw, dtype, kind)


@both_dtypes
def test_discriminator_least_squares(answer, draw, dtype):
    """Discriminator: least squares
    判别器：最小二乘"""
    compare_discriminator(answer, draw, dtype, "least-squares")


@both_dtypes
def test_discriminator_hinge(answer, draw, dtype):
    """Discriminator: hinge
    判别器：合页损失"""
    compare_discriminator(answer, draw, dtype, "hinge")


@both_dtypes
def test_critic_wasserstein(answer, draw, dtype):
    """Critic: Wasserstein
    评论家：Wasserstein"""
    compare_discriminator(answer, draw, dtype, "wasserstein")


@both_dtypes
def test_generator_minimax(answer, draw, dtype):
    """Generator: minimax
    生成器：极小极大"""
    compare_generator(answer, draw, dtype, "minimax")


@both_dtypes
def test_generator_non_saturating(answer, draw, dtype):
    """Generator: non-saturating
    生成器：非饱和"""
    compare_generator(answer, draw, dtype, "non-saturating")


@both_dtypes
def test_generator_least_squares(answer, draw, dtype):
    """Generator: least squares
    生成器：最小二乘"""
    compare_generator(answer, draw, dtype, "least-squares")


@both_dtypes
@pytest.mark.parametrize("kind", ["hinge", "wasserstein"])
def test_generator_hinge_and_wasserstein(answer, draw, dtype, kind):
    """Generator: hinge and Wasserstein
    生成器：合页损失与 Wasserstein"""
    compare_generator(answer, draw, dtype, kind)


def test_defaults(answer, draw):
    """Defaults: non-saturating, hard labels
    默认值：非饱和、硬标签"""
    real, fake = draw.normal(5), draw.normal(5)
    assert_same(answer.discriminator_loss(real, fake), reference_discriminator(real, fake), "discriminator_loss(real, fake)")
    assert_same(answer.generator_loss(fake), reference_generator(fake), "generator_loss(fake)")


@pytest.mark.parametrize("kind", SOFT)
@pytest.mark.after("test_discriminator_cross_entropy", "test_discriminator_least_squares")
def test_soft_labels(answer, draw, kind):
    """Soft labels on the reals
    只对真样本使用软标签"""
    for real_label in (0.9, 0.625, 1.0):
        real, fake = 2 * draw.normal(6), 2 * draw.normal(6)
        expected = reference_discriminator(real, fake, kind=kind, real_label=real_label)
        assert_same(
            answer.discriminator_loss(real, fake, kind=kind, real_label=real_label),
            expected,
            f'discriminator_loss(real, fake, kind="{kind}", real_label={real_label:g})',
        )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.after("test_discriminator_cross_entropy", "test_discriminator_least_squares", "test_discriminator_hinge", "test_critic_wasserstein")
def test_shapes(answer, draw, kind):
    """Any shapes, unequal batches, views
    任意形状、不等批次、非连续输入"""
    pairs = [
        (draw.normal(1), draw.normal(1)),
        (draw.normal(6, 1), draw.normal(3, 1)),
        (draw.normal(2, 1, 3, 5), draw.normal(4, 1, 3, 5)),
        (draw.normal(5, 4).T, draw.normal(3, 14)[:, ::2]),
        (draw.normal(1)[0], draw.normal(2, 3)),
    ]
    for real, fake in pairs:
        shapes = f"{tuple(real.shape)}, {tuple(fake.shape)}"
        assert_same(
            answer.discriminator_loss(real, fake, kind=kind),
            reference_discriminator(real, fake, kind=kind),
            f'discriminator_loss, kind="{kind}", {shapes}',
        )
        assert_same(
            answer.generator_loss(fake, kind=kind), reference_generator(fake, kind=kind), f'generator_loss, kind="{kind}", {tuple(fake.shape)}'
        )


@both_dtypes
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.after(
    "test_discriminator_cross_entropy", "test_discriminator_least_squares", "test_discriminator_hinge", "test_critic_wasserstein", "test_soft_labels"
)
def test_discriminator_gradient(answer, draw, worker, dtype, kind):
    """Gradients of the discriminator's loss
    判别器损失的梯度"""
    inputs = draw.normal(6, dtype=dtype), draw.normal(4, dtype=dtype)
    real_label = 0.8 if kind in SOFT else 1.0
    for wrt, name in enumerate(["real_logits", "fake_logits"]):
        assert_same_gradient(
            answer.discriminator_loss,
            reference_discriminator,
            inputs,
            wrt,
            f'{name}.grad, kind="{kind}"',
            worker=worker,
            kind=kind,
            real_label=real_label,
        )


@both_dtypes
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.after("test_generator_minimax", "test_generator_non_saturating", "test_generator_least_squares", "test_generator_hinge_and_wasserstein")
def test_generator_gradient(answer, draw, worker, dtype, kind):
    """Gradients of the generator's loss
    生成器损失的梯度"""
    inputs = (2 * draw.normal(3, 2, dtype=dtype),)
    assert_same_gradient(answer.generator_loss, reference_generator, inputs, 0, f'fake_logits.grad, kind="{kind}"', worker=worker, kind=kind)


@both_dtypes
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.after("test_discriminator_gradient", "test_generator_gradient")
def test_huge_logits(answer, worker, dtype, kind):
    """Logits of ±1000
    大小为 ±1000 的 logits"""
    real = torch.tensor([1000.0, -1000.0, 120.0, -120.0, 40.0, -40.0, 17.0, -17.0], dtype=dtype)
    fake = torch.tensor([-1000.0, 500.0, 1000.0, -250.0, 30.0, -30.0, -12.0, 12.0], dtype=dtype)
    for real_label in (1.0, 0.75) if kind in SOFT else (1.0,):
        call = f'discriminator_loss(real, fake, kind="{kind}", real_label={real_label:g})'
        settings = {"kind": kind, "real_label": real_label}
        assert_same(answer.discriminator_loss(real, fake, **settings), reference_discriminator(real, fake, **settings), call)
        for wrt, name in enumerate(["real_logits", "fake_logits"]):
            assert_same_gradient(
                answer.discriminator_loss, reference_discriminator, (real, fake), wrt, f"{name}.grad: {call}", worker=worker, **settings
            )
    call = f'generator_loss(fake, kind="{kind}")'
    assert_same(answer.generator_loss(fake, kind=kind), reference_generator(fake, kind=kind), call)
    assert_same_gradient(answer.generator_loss, reference_generator, (fake,), 0, f"fake_logits.grad: {call}", worker=worker, kind=kind)


def test_refusals(answer):
    """What has no meaning is refused
    拒绝没有意义的要求"""
    one = torch.ones(2)
    for kind in ("gan", "lsgan", ""):
        assert_raises(ValueError, answer.discriminator_loss, one, one, kind=kind)
        assert_raises(ValueError, answer.generator_loss, one, kind=kind)
    for kind in ("hinge", "wasserstein"):
        assert_raises(ValueError, answer.discriminator_loss, one, one, kind=kind, real_label=0.9)

"""The reference is the same two affine maps in PyTorch, differentiated by autograd, and torch.linalg.svd for the subspace of PCA."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_between, assert_raises, assert_same, assert_same_gradient, assert_true
from grader.data import digits

both = pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])


def shapes_of(n_features, n_code, tied):
    shapes = {"bias": (n_code,), "decoder_bias": (n_features,), "weight": (n_code, n_features)}
    return shapes if tied else shapes | {"decoder_weight": (n_features, n_code)}


def pair(answer, draw, device, n_features, n_code, tied, activation="identity", dtype=torch.float64):
    """The learner's model, and its fresh weights, biases included."""
    weights = {name: draw.normal(*shape, dtype=dtype) for name, shape in shapes_of(n_features, n_code, tied).items()}
    model = answer.Autoencoder(n_features, n_code, tied=tied, activation=activation).to(device)
    if dtype == torch.float64:
        model.double()
    model.load_state_dict(weights)
    return model, weights


def matrix_of(weights):
    return weights["decoder_weight"] if "decoder_weight" in weights else weights["weight"].T


def encoded(weights, x, activation):
    code = F.linear(x, weights["weight"], weights["bias"])
    return torch.sigmoid(code) if activation == "sigmoid" else code


def reconstructed(weights, x, activation="identity"):
    return F.linear(encoded(weights, x, activation), matrix_of(weights), weights["decoder_bias"])


def error(x, reconstruction):
    return F.mse_loss(reconstruction, x, reduction="sum") / len(x)


def shapes(model):
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}


def trainable(model):
    return sorted(name for name, _ in model.named_parameters())


@both
def test_parameters(answer, worker, tied):
    """Names and shapes of the parameters
    参数的名称与形状"""
    model, expected = answer.Autoencoder(7, 3, tied=tied), shapes_of(7, 3, tied)
    assert_same(worker.define(shapes)(model), expected, f"shapes of model.state_dict(), tied={tied}")
    assert_same(worker.define(trainable)(model), sorted(expected), f"names of model.named_parameters(), tied={tied}")


@pytest.mark.after("test_parameters")
def test_initial_values(answer, draw, worker, device):
    """Initial values of the parameters
    参数的初始值"""
    worker.seed(draw.integers(0, 2**31, ()).item())
    values = answer.Autoencoder(100, 60).to(device).state_dict()
    for name, value in values.items():
        assert_same(value.dtype, torch.float32, f"model.{name}.dtype")
    for name in ("weight", "decoder_weight"):
        scaled = 10 * values[name]  # 6,000 numbers: seven standard errors of each statistic, or more
        assert_between(scaled.mean().item(), -0.091, 0.091, f"mean of model.{name} * sqrt(n_features)")
        assert_between(scaled.std().item(), 0.935, 1.065, f"standard deviation of model.{name} * sqrt(n_features)")
        assert_between((scaled**4).mean().item(), 2.1, 4.1, f"fourth moment of model.{name} * sqrt(n_features), 3 for a normal distribution")
    product = (100 * values["weight"].T * values["decoder_weight"]).mean().item()
    assert_between(product, -0.091, 0.091, "correlation of model.weight.T with model.decoder_weight")
    for name in ("bias", "decoder_bias"):
        assert_same(values[name], torch.zeros_like(values[name]), f"model.{name}")


def test_unknown_activation(answer):
    """Another activation raises ValueError
    其他激活函数抛出 ValueError"""
    for activation in ("relu", "", "Sigmoid"):
        assert_raises(ValueError, answer.Autoencoder, 4, 2, False, activation)


@pytest.mark.after("test_parameters")
@both
@pytest.mark.parametrize("activation", ["identity", "sigmoid"])
def test_encode(answer, draw, device, tied, activation):
    """The code
    编码"""
    for batch, n_features, n_code in [(3, 4, 4), (4, 6, 3), (1, 5, 2)]:
        model, weights = pair(answer, draw, device, n_features, n_code, tied, activation)
        x = draw.normal(batch, 2 * n_features, dtype=torch.float64)[:, ::2]
        assert_same(model.encode(x), encoded(weights, x, activation), f'model.encode(x), activation="{activation}"')


@pytest.mark.after("test_parameters")
@both
@pytest.mark.parametrize("activation", ["identity", "sigmoid"])
def test_decode(answer, draw, device, tied, activation):
    """The reconstruction from a code
    由编码重构"""
    for batch, n_features, n_code in [(3, 4, 4), (4, 6, 3), (1, 5, 2)]:
        model, weights = pair(answer, draw, device, n_features, n_code, tied, activation)
        code = draw.normal(n_code, batch, dtype=torch.float64).T
        expected = F.linear(code, matrix_of(weights), weights["decoder_bias"])
        assert_same(model.decode(code), expected, f"model.decode(code), n_features={n_features}, n_code={n_code}, tied={tied}")


@pytest.mark.after("test_encode", "test_decode")
def test_forward(answer, draw, device):
    """Down and up again, in both dtypes, defaults
    先编码再解码：两种数据类型与默认值"""
    for dtype in (torch.float32, torch.float64):
        model, weights = pair(answer, draw, device, 6, 3, True, "sigmoid", dtype)
        x = draw.normal(4, 6, dtype=dtype)
        assert_same(model(x), reconstructed(weights, x, "sigmoid"), "model(x)", atol=1e-5 if dtype == torch.float32 else None)  # short float32 sums
        assert_same([list(model(x[:0]).shape), list(model.encode(x[:0]).shape)], [[0, 6], [0, 3]], "shapes for an empty batch")
    model = answer.Autoencoder(6, 3).to(device)
    weights, x = {name: value.clone() for name, value in model.state_dict().items()}, draw.normal(4, 6)
    assert_same(model(x), reconstructed(weights, x), "Autoencoder(6, 3)(x)", atol=1e-5)  # short float32 sums


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
def test_loss(answer, draw, worker, dtype):
    """Summed over features, averaged over the batch
    对特征求和，对批次取平均"""
    for batch, n_features in [(5, 3), (2, 7), (1, 4), (6, 1)]:
        x, y = draw.normal(batch, n_features, dtype=dtype), draw.normal(n_features, batch, dtype=dtype).T
        what = f"reconstruction_loss(x, reconstruction), shape {(batch, n_features)}"
        assert_same(answer.reconstruction_loss(x, y), error(x, y), what)
        assert_same_gradient(answer.reconstruction_loss, error, (x, y), (0, 1), what, worker=worker)


def gradients(loss, model, x):
    loss(x, model(x)).backward()
    return {name: None if parameter.grad is None else parameter.grad.clone() for name, parameter in model.named_parameters()}


def reference_gradients(weights, x, activation):
    leaves = {name: value.detach().clone().requires_grad_() for name, value in weights.items()}
    loss = error(x, reconstructed(leaves, x, activation))
    loss.backward()
    return loss.item(), {name: leaf.grad for name, leaf in leaves.items()}


@pytest.mark.after("test_forward", "test_loss")
@both
@pytest.mark.parametrize("activation", ["identity", "sigmoid"])
def test_gradients(answer, draw, worker, device, tied, activation):
    """Gradients of all parameters
    所有参数的梯度"""
    model, weights = pair(answer, draw, device, 5, 3, tied, activation)
    x = draw.normal(4, 5, dtype=torch.float64)
    actual = worker.define(gradients)(answer.reconstruction_loss, model, x)
    _, expected = reference_gradients(weights, x, activation)
    assert_same(actual, expected, f"gradients, tied={tied}")


@pytest.mark.after("test_gradients")
@both
def test_train_step(answer, draw, device, tied):
    """Three gradient steps in a row
    连续三步梯度下降"""
    model, weights = pair(answer, draw, device, 5, 2, tied, "sigmoid")
    for rate in (0.01, 0.1, 0.03):
        x = draw.normal(4, 5, dtype=torch.float64)
        loss, slopes = reference_gradients(weights, x, "sigmoid")
        weights = {name: value - rate * slopes[name] for name, value in weights.items()}
        assert_same(answer.train_step(model, x, rate), loss, "train_step(model, x, learning_rate), the loss before the step")
        assert_same(dict(model.state_dict()), weights, f"model.state_dict() after the step, learning_rate={rate}")


@pytest.mark.after("test_parameters")
@both
def test_projector(answer, draw, worker, device, tied):
    """The projector onto the decoder's span
    到解码器张成的子空间的投影"""
    for n_features, n_code in [(6, 2), (9, 4), (3, 1)]:
        model, weights = pair(answer, draw, device, n_features, n_code, tied)
        basis = torch.linalg.svd(matrix_of(weights), full_matrices=False)[0]
        # 1e-7: an ill-conditioned draw costs the normal equations, a right way too, some digits
        projector = worker.keep(answer.projector, model)
        assert_same(worker.fetch(projector), basis @ basis.T, f"projector(model), tied={tied}", rtol=1e-7, atol=1e-7)
        assert_same(worker.fetch(projector.requires_grad), False, "projector(model).requires_grad")


def facts(model):
    return {name: (tuple(value.shape), value.dtype, value.device.type) for name, value in model.state_dict().items()}


@pytest.mark.after("test_train_step")
@both
def test_fit_shapes(answer, draw, worker, device, tied):
    """fit: shapes, dtype, few images
    fit：形状、数据类型、少量图像"""
    x = digits(draw)[0].double()
    for n in (20, 1):
        model = answer.fit(x[:n], 3, tied) if tied else answer.fit(x[:n], 3)
        expected = {name: (shape, torch.float64, str(device).split(":", maxsplit=1)[0]) for name, shape in shapes_of(64, 3, tied).items()}
        assert_same(worker.define(facts)(model), expected, f"shapes, dtypes and devices of fit(x, 3, {tied})")
        assert_true(bool(model(x[:n]).isfinite().all()), "fit(x, 3)(x)", "the reconstruction is inf or nan", "重构中出现 inf 或 nan")


@pytest.mark.after("test_fit_shapes", "test_projector")
@both
def test_fit_recovers_pca(answer, draw, worker, tied):
    """fit: PCA's error and PCA's subspace on real digits
    fit：在真实数字上达到 PCA 的误差与子空间"""
    x = digits(draw)[0]
    worker.seed(draw.integers(0, 2**31, ()).item())
    model = answer.fit(x, 4, tied)
    wide = x.double()
    centred = wide - wide.mean(dim=0)
    _, values, directions = torch.linalg.svd(centred, full_matrices=False)
    least = (values[4:] ** 2).sum().item() / len(x)
    assert_between(error(wide, model(x).double()).item() / least, 0.999, 1.02, "reconstruction loss on x, relative to PCA's")
    columns = (model.decode(torch.eye(4)) - model.decode(torch.zeros(4, 4))).double().T
    overlap = (directions[:4] @ torch.linalg.qr(columns)[0]).square().sum().item() / 4
    assert_between(overlap, 0.98, 1.001, "mean squared cosine of the angles to PCA's subspace")

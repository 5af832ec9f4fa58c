import torch
from torch import Tensor, nn


class Autoencoder(nn.Module):
    """One layer down to the code, one layer back up.

    Parameters, float32: weight (n_code, n_features), bias (n_code,), decoder_bias (n_features,) and, only if not tied, decoder_weight
    (n_features, n_code). A tied decoder uses the transpose of weight, the very same parameter. The matrices are drawn independently from a
    normal distribution with mean 0 and variance 1 / n_features; the biases are zero.
    """

    def __init__(self, n_features: int, n_code: int, tied: bool = False, activation: str = "identity") -> None:
        """Make the parameters. activation, of the code only: "identity" or "sigmoid"; another raises ValueError."""
        raise NotImplementedError("your turn")

    def encode(self, x: Tensor) -> Tensor:
        """The code of x, after the activation: (batch, n_features) to (batch, n_code). The batch may be empty."""
        raise NotImplementedError("your turn")

    def decode(self, code: Tensor) -> Tensor:
        """The reconstruction from a code: (batch, n_code) to (batch, n_features), an affine map without activation. The batch may be empty."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """decode(encode(x)): (batch, n_features), in float32 and after model.double() in float64. Gradients reach all parameters."""
        raise NotImplementedError("your turn")


def reconstruction_loss(x: Tensor, reconstruction: Tensor) -> Tensor:
    """The squared error, summed over the features of a sample and averaged over the samples: a scalar tensor of their dtype.

    x, reconstruction: (batch, n_features), with at least one sample. Differentiable in both.
    """
    raise NotImplementedError("your turn")


def train_step(model: Autoencoder, x: Tensor, learning_rate: float) -> float:
    """One plain gradient step of all parameters, in place, on reconstruction_loss(x, model(x)).

    Every call uses the gradient of this batch alone. Returns the loss before the step, a Python float.
    """
    raise NotImplementedError("your turn")


def projector(model: Autoencoder) -> Tensor:
    """The orthogonal projector onto what the decoder matrix spans: (n_features, n_features), detached, in the model's dtype.

    The decoder matrix is decoder_weight, or the transpose of weight if tied; its n_code <= n_features columns are independent, but in general
    neither orthogonal nor of length 1.
    """
    raise NotImplementedError("your turn")


def fit(x: Tensor, n_code: int, tied: bool = False) -> Autoencoder:
    """A trained Autoencoder with the activation "identity", with the dtype and on the device of x.

    x: (n, n_features), images of digits with values in [0, 1], n at least 1; left unchanged. How it is trained is yours to choose. With
    n_code = 4 on 1,437 images of 64 pixels its reconstruction loss on x is at most 2 % above that of PCA with as many components, and the mean
    squared cosine of the angles between its subspace (see projector) and PCA's is 0.98 or more.
    """
    raise NotImplementedError("your turn")

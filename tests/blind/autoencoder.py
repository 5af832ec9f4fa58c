# blind: passed at try 1
import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Autoencoder(nn.Module):
    """One layer down to the code, one layer back up.

    Parameters, float32: weight (n_code, n_features), bias (n_code,), decoder_bias (n_features,) and, only if not tied, decoder_weight
    (n_features, n_code). A tied decoder uses the transpose of weight, the very same parameter. The matrices are drawn independently from a
    normal distribution with mean 0 and variance 1 / n_features; the biases are zero.
    """

    def __init__(self, n_features: int, n_code: int, tied: bool = False, activation: str = "identity") -> None:
        """Make the parameters. activation, of the code only: "identity" or "sigmoid"; another raises ValueError."""
        super().__init__()
        if activation not in ("identity", "sigmoid"):
            raise ValueError(f'activation must be "identity" or "sigmoid", not {activation!r}')
        self.tied = tied
        self.activation = activation
        std = n_features**-0.5
        self.weight = nn.Parameter(std * torch.randn(n_code, n_features, dtype=torch.float32))
        self.bias = nn.Parameter(torch.zeros(n_code, dtype=torch.float32))
        if not tied:
            self.decoder_weight = nn.Parameter(std * torch.randn(n_features, n_code, dtype=torch.float32))
        self.decoder_bias = nn.Parameter(torch.zeros(n_features, dtype=torch.float32))

    def _decoder_matrix(self) -> Tensor:
        """D, (n_features, n_code)."""
        return self.weight.T if self.tied else self.decoder_weight

    def encode(self, x: Tensor) -> Tensor:
        """The code of x, after the activation: (batch, n_features) to (batch, n_code). The batch may be empty."""
        code = F.linear(x, self.weight, self.bias)
        return torch.sigmoid(code) if self.activation == "sigmoid" else code

    def decode(self, code: Tensor) -> Tensor:
        """The reconstruction from a code: (batch, n_code) to (batch, n_features), an affine map without activation. The batch may be empty."""
        return F.linear(code, self._decoder_matrix(), self.decoder_bias)

    def forward(self, x: Tensor) -> Tensor:
        """decode(encode(x)): (batch, n_features), in float32 and after model.double() in float64. Gradients reach all parameters."""
        return self.decode(self.encode(x))


def reconstruction_loss(x: Tensor, reconstruction: Tensor) -> Tensor:
    """The squared error, summed over the features of a sample and averaged over the samples: a scalar tensor of their dtype.

    x, reconstruction: (batch, n_features), with at least one sample. Differentiable in both.
    """
    return (reconstruction - x).square().sum(dim=1).mean()


def train_step(model: Autoencoder, x: Tensor, learning_rate: float) -> float:
    """One plain gradient step of all parameters, in place, on reconstruction_loss(x, model(x)).

    Every call uses the gradient of this batch alone. Returns the loss before the step, a Python float.
    """
    parameters = list(model.parameters())
    x = x.detach()
    with torch.enable_grad():
        loss = reconstruction_loss(x, model(x))
        gradients = torch.autograd.grad(loss, parameters)
    with torch.no_grad():
        for parameter, gradient in zip(parameters, gradients):
            parameter -= learning_rate * gradient
    return loss.item()


def projector(model: Autoencoder) -> Tensor:
    """The orthogonal projector onto what the decoder matrix spans: (n_features, n_features), detached, in the model's dtype.

    The decoder matrix is decoder_weight, or the transpose of weight if tied; its n_code <= n_features columns are independent, but in general
    neither orthogonal nor of length 1.
    """
    with torch.no_grad():
        matrix = model._decoder_matrix().detach()
        q, _ = torch.linalg.qr(matrix.double())  # an orthonormal basis of the same span
        p = q @ q.T
        return ((p + p.T) / 2).to(matrix.dtype)


def fit(x: Tensor, n_code: int, tied: bool = False) -> Autoencoder:
    """A trained Autoencoder with the activation "identity", with the dtype and on the device of x.

    x: (n, n_features), images of digits with values in [0, 1], n at least 1; left unchanged. How it is trained is yours to choose. With
    n_code = 4 on 1,437 images of 64 pixels its reconstruction loss on x is at most 2 % above that of PCA with as many components, and the mean
    squared cosine of the angles between its subspace (see projector) and PCA's is 0.98 or more.
    """
    # The least loss of the linear autoencoder is known in closed form: the code is that of PCA. No gradient descent finds a better one.
    with torch.no_grad():
        model = Autoencoder(x.shape[1], n_code, tied=tied).to(device=x.device, dtype=x.dtype)
        data = x.detach().double()
        mean = data.mean(dim=0)
        centred = data - mean
        _, vectors = torch.linalg.eigh(centred.T @ centred / len(data))  # ascending; always n_features orthonormal columns
        components = vectors.flip(1)[:, :n_code].T  # (n_code, n_features), even with fewer samples than code units
        weight = torch.zeros_like(model.weight, dtype=torch.float64)
        weight[: len(components)] = components
        model.weight.copy_(weight)
        model.bias.copy_(-(weight @ mean))
        if not tied:
            model.decoder_weight.copy_(weight.T)
        model.decoder_bias.copy_(mean)
    return model

# blind: passed at try 1
import math

import torch
from torch import Tensor, nn


def mode_coverage(samples: Tensor, modes: Tensor, *, radius: float, at_least: int = 1) -> tuple[int, float]:
    """How many modes a generator hits, and how often it hits one.

    samples: (n, d) with n at least 1; modes: (k, d). A sample hits the mode nearest to it if their Euclidean distance is at most
    `radius`; farther away it hits none. A mode is covered when at least `at_least` (1 or more) samples hit it.
    Returns (number of covered modes, an int; share of the samples that hit any mode, covered or not, a float).
    """
    distances = torch.linalg.vector_norm(samples[:, None] - modes, dim=-1)
    nearest, which = distances.min(dim=1)
    hit = nearest <= radius
    hits = torch.bincount(which[hit], minlength=len(modes))
    return int((hits >= at_least).sum()), hit.double().mean().item()


class SpectralNorm(nn.Module):
    """Divides a weight by its largest singular value, which it estimates by power iteration.

    The weight has the given shape, float32 unless the module is converted; as a matrix it has shape[0] rows, all other axes flattened into
    columns. Buffers (entries of the state_dict): u (rows,) and v (columns,), drawn at random and of length 1. There are no parameters.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        """Draw u and v."""
        super().__init__()
        rows, columns = shape[0], math.prod(shape[1:])
        for name, length in (("u", rows), ("v", columns)):
            direction = torch.randn(length, dtype=torch.float32)
            self.register_buffer(name, direction / direction.norm())

    def forward(self, weight: Tensor) -> Tensor:
        """Return weight / sigma with sigma = u^T W v, W being the weight as a matrix.

        In train mode one power iteration comes first, and is kept for the next call: u becomes W v, then v becomes W^T u with the new u,
        each scaled to length 1. In eval mode u and v stay as they are.
        Gradients flow through W in both places, but not through u and v, which count as constants. Two calls may be followed by one backward
        through both.
        """
        matrix = weight.reshape(weight.shape[0], -1)
        if self.training:
            # New tensors: a graph that still waits for its backward pass keeps the old ones.
            with torch.no_grad():
                u = matrix @ self.v
                self.u = u / u.norm()
                v = matrix.T @ self.u
                self.v = v / v.norm()
        sigma = self.u @ matrix @ self.v
        return weight / sigma


def minibatch_features(x: Tensor, T: Tensor) -> Tensor:
    """Minibatch discrimination: how much company each sample has, in the eyes of several learned projections.

    x: (batch, features); T: (features, kernels, dims). M = x T is (batch, kernels, dims). Entry (i, b) of the result, (batch, kernels), is
    the sum over all other samples j of exp(-|M[i, b] - M[j, b]|), with the L1 norm; a batch of one gives zeros.
    Gradients flow to x and T.
    """
    M = torch.einsum("nf,fkd->nkd", x, T)
    distance = (M[:, None] - M[None]).abs().sum(dim=-1)
    others = 1 - torch.eye(len(x), dtype=x.dtype, device=x.device)
    return torch.einsum("ijk,ij->ik", torch.exp(-distance), others)


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (d,) and covariance (d, d), with n - 1 in the denominator, of features (n, d), n at least 2; the dtype is kept.

    A measure, as the two functions below: no gradient is needed.
    """
    mean = features.mean(dim=0)
    centred = features - mean
    return mean, centred.T @ centred / (len(features) - 1)


def square_root(matrix: Tensor) -> Tensor:
    """The symmetric positive semi-definite square root of such a matrix, float64 (d, d); singular ones included.

    Eigenvalues that rounding has made negative count as 0.
    """
    values, vectors = torch.linalg.eigh(matrix.double())
    return vectors * values.clamp(min=0).sqrt() @ vectors.T


def frechet_distance(mean_1: Tensor, cov_1: Tensor, mean_2: Tensor, cov_2: Tensor) -> Tensor:
    """Squared Frechet (2-Wasserstein) distance of two Gaussians, a 0-d tensor.

    |mean_1 - mean_2|^2 + trace(cov_1 + cov_2 - 2 (cov_1 cov_2)^(1/2)). Means: (d,), covariances: (d, d), symmetric positive semi-definite,
    all float64. Singular covariances give the right finite value too.
    """
    # (C1 C2)^(1/2) has the eigenvalues that root(C1) root(C2) has as singular values; so C1 C2 itself, which is not symmetric, is not needed.
    overlap = torch.linalg.svdvals(square_root(cov_1) @ square_root(cov_2)).sum()
    apart = (mean_1 - mean_2).double().square().sum()
    return apart + torch.trace(cov_1).double() + torch.trace(cov_2).double() - 2 * overlap

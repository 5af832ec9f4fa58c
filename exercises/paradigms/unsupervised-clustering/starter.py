import numpy as np


def kmeans_plus_plus(X: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Draw k different samples as a start for k-means.

    X: (n, d) float64 with at least k different rows. The first is any sample with equal probability; each further one is drawn with a
    probability proportional to the squared distance to the nearest of those drawn before. Returns (k, d), in the order in which they were
    drawn. The same seed gives the same result. How the random numbers are drawn is not prescribed.
    """
    raise NotImplementedError("your turn")


def kmeans(X: np.ndarray, start: np.ndarray, max_iter: int = 100) -> tuple[np.ndarray, np.ndarray, float]:
    """Lloyd's algorithm from given centroids.

    X: (n, d) float64, start: (k, d), left unchanged. Each sample is assigned to the nearest centroid (of equally near ones, to the first);
    then each centroid moves to the mean of its samples, or stays where it is if it has none. This is repeated until no assignment changes,
    but for at most max_iter moves. Returns (centroids, labels, inertia): (k, d) float64; (n,) int64, the nearest of these centroids; and the
    sum of the squared distances of all samples to their centroid.
    """
    raise NotImplementedError("your turn")


def pca(X: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The k directions of largest variance.

    X: (n, d) float64, n at least 2, k at most min(n, d). Returns (components, variances, projected): (k, d), orthonormal rows, the one with
    the largest variance first, and the entry of largest absolute value of each row positive; (k,), the variance of the samples along each,
    with n - 1; (n, k), the coordinates of the centred samples. X is left unchanged.
    """
    raise NotImplementedError("your turn")

# blind: passed at try 1
import numpy as np


def squared_distances(X: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(n, k): one column per point; differences are squared, so equal rows have distance 0 exactly."""
    return np.stack([((X - point) ** 2).sum(axis=1) for point in points], axis=1)


def kmeans_plus_plus(X: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Draw k different samples as a start for k-means."""
    rng = np.random.default_rng(seed)
    drawn = [int(rng.integers(len(X)))]
    nearest = squared_distances(X, X[drawn])[:, 0]
    while len(drawn) < k:
        drawn.append(int(rng.choice(len(X), p=nearest / nearest.sum())))
        nearest = np.minimum(nearest, squared_distances(X, X[drawn[-1:]])[:, 0])
    return X[drawn]


def kmeans(X: np.ndarray, start: np.ndarray, max_iter: int = 100) -> tuple[np.ndarray, np.ndarray, float]:
    """Lloyd's algorithm from given centroids."""
    centroids = start.astype(np.float64)  # a copy
    distances = squared_distances(X, centroids)
    labels = distances.argmin(axis=1)
    for _ in range(max_iter):
        for k in np.unique(labels):  # the others have no samples and stay
            centroids[k] = X[labels == k].mean(axis=0)
        before, distances = labels, squared_distances(X, centroids)
        labels = distances.argmin(axis=1)
        if np.array_equal(before, labels):
            break
    return centroids, labels.astype(np.int64), float(distances.min(axis=1).sum())


def pca(X: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The k directions of largest variance."""
    centred = X - X.mean(axis=0)
    _, spread, directions = np.linalg.svd(centred, full_matrices=False)
    components = directions[:k]
    largest = np.take_along_axis(components, np.abs(components).argmax(axis=1)[:, None], axis=1)
    components = np.where(largest < 0, -components, components)
    return components, spread[:k] ** 2 / (len(X) - 1), centred @ components.T

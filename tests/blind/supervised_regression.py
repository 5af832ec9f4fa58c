# blind: passed at try 1
import numpy as np


def linear(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Linear regression in closed form: the pseudo-inverse of the centred, scaled columns."""
    centre = X.mean(axis=0)
    deviations = X - centre
    scale = np.linalg.norm(deviations, axis=0)
    # what a constant column keeps after centring is rounding
    constant = scale <= 1e-13 * len(X) * np.abs(X).max(axis=0)
    scale[constant] = 1.0
    deviations[:, constant] = 0.0
    w = np.linalg.pinv(deviations / scale, rcond=1e-13) @ (y - y.mean()) / scale
    return w, float(y.mean() - centre @ w)


def ridge(X: np.ndarray, y: np.ndarray, penalty: float) -> tuple[np.ndarray, float]:
    """Ridge regression; the intercept is free of the penalty, so means are taken off first."""
    centre, level = X.mean(axis=0), y.mean()
    U, s, Vt = np.linalg.svd(X - centre, full_matrices=False)
    w = Vt.T @ (s / (s**2 + penalty) * (U.T @ (y - level)))
    return w, float(level - centre @ w)


def gradient_descent(X: np.ndarray, y: np.ndarray, learning_rate: float, steps: int) -> tuple[np.ndarray, float]:
    """Linear regression by full-batch gradient descent on the mean squared error, from zero."""
    w, b = np.zeros(X.shape[1]), 0.0
    for _ in range(steps):
        slope = 2 * (X @ w + b - y) / len(y)
        w, b = w - learning_rate * X.T @ slope, b - learning_rate * float(slope.sum())
    return w, b


def logistic(X: np.ndarray, y: np.ndarray, penalty: float) -> tuple[np.ndarray, float]:
    """Logistic regression by Newton's method; steps that do not lower the loss are halved."""
    Z = np.column_stack((X, np.ones(len(X))))  # the last coefficient is b
    strength = np.full(Z.shape[1], float(penalty))
    strength[-1] = 0.0
    sign = 2.0 * y - 1

    def loss(v: np.ndarray) -> float:
        return np.logaddexp(0, -sign * (Z @ v)).sum() + (strength * v**2).sum() / 2

    v = np.zeros(Z.shape[1])
    for _ in range(200):
        scores = Z @ v
        p, q = np.exp(-np.logaddexp(0, -scores)), np.exp(-np.logaddexp(0, scores))
        gradient = Z.T @ np.where(y == 1, -q, p) + strength * v
        step = np.linalg.solve((Z.T * (p * q)) @ Z + np.diag(strength), gradient)
        if np.abs(step).max() < 1e-10:
            break
        now, expected, length = loss(v), gradient @ step, 1.0
        while length > 1e-6 and loss(v - length * step) > now - 1e-4 * length * expected + 1e-13 * now:
            length /= 2
        v = v - length * step
    return v[:-1], float(v[-1])

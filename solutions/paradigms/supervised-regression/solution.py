"""Four fits by one recipe: write the loss down, find where its gradient is zero, and leave the intercept out of the penalty."""

import numpy as np


def linear(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Linear regression in closed form: (w, b) that minimise sum((X @ w + b - y)^2).

    X: (n, d), y: (n,), float64, n and d at least 1. w: (d,) float64, b: a float. If many (w, b) are equally good, as with fewer samples
    than features or with columns that repeat each other, any of them will do. Inputs are left unchanged, here and below.
    """
    w = np.linalg.pinv(X - X.mean(axis=0)) @ y  # a constant in y does not matter to centred columns
    return w, (y - X @ w).mean()


def ridge(X: np.ndarray, y: np.ndarray, penalty: float) -> tuple[np.ndarray, float]:
    """Ridge regression in closed form: (w, b) that minimise sum((X @ w + b - y)^2) + penalty * sum(w^2).

    penalty is above 0; the intercept b is not penalised. Shapes as in linear.
    """
    centred = X - X.mean(axis=0)
    w = np.linalg.solve(centred.T @ centred + penalty * np.eye(X.shape[1]), centred.T @ y)
    return w, (y - X @ w).mean()


def gradient_descent(X: np.ndarray, y: np.ndarray, learning_rate: float, steps: int) -> tuple[np.ndarray, float]:
    """Linear regression by full-batch gradient descent on mean((X @ w + b - y)^2), from w = 0 and b = 0.

    Both gradients of a step are taken before either is applied. Returns (w, b) after so many steps; 0 steps return the start.
    """
    w, b = np.zeros(X.shape[1]), 0.0
    for _ in range(steps):
        error = X @ w + b - y
        w, b = w - 2 * learning_rate * X.T @ error / len(y), b - 2 * learning_rate * error.mean()
    return w, b


def logistic(X: np.ndarray, y: np.ndarray, penalty: float) -> tuple[np.ndarray, float]:
    """Logistic regression by Newton's method.

    X: (n, d) float64 with columns of size about 1. y: (n,) int64 of 0 and 1, both of which occur. With t = 2 y - 1, (w, b) minimise
    sum(log(1 + exp(-t * (X @ w + b)))) + penalty / 2 * sum(w^2), to 1e-6 in every number; b is not penalised. penalty is at least 1e-3,
    so that there is a minimum even where a plane separates the classes. Scores X @ w + b may become large on the way.
    """
    A, penalties = np.column_stack([X, np.ones(len(y))]), np.append(np.full(X.shape[1], penalty), 0.0)
    theta = np.zeros(A.shape[1])
    for _ in range(50):
        p = 0.5 * (1 + np.tanh(0.5 * (A @ theta)))
        gradient = A.T @ (p - y) + penalties * theta
        hessian = (A.T * (p * (1 - p))) @ A + np.diag(penalties)
        theta = theta - np.linalg.solve(hessian, gradient)
    return theta[:-1], theta[-1]

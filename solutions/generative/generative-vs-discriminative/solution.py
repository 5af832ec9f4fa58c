"""Model how each class produces x and turn it round by Bayes, or model the boundary alone: two ways to the same posterior."""

import numpy as np


def fit_naive_bayes(X: np.ndarray, y: np.ndarray, n_classes: int, smoothing: float = 1e-9) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gaussian naive Bayes: in each class the features are independent normal numbers.

    X: (n, d) float64, not constant in all features; y: (n,) int64 from 0 to n_classes - 1, where each class occurs. Returns (priors, means,
    variances), float64: (n_classes,) shares of the classes; (n_classes, d) means; (n_classes, d) variances of the features in each class,
    with division by the number of its samples, plus smoothing times the largest variance of any feature over all samples. Inputs are left
    unchanged, here and below.
    """
    groups = [X[y == k] for k in range(n_classes)]
    variances = np.array([group.var(axis=0) for group in groups]) + smoothing * X.var(axis=0).max()
    return np.bincount(y) / len(y), np.array([group.mean(axis=0) for group in groups]), variances


def naive_bayes_log_posterior(X: np.ndarray, priors: np.ndarray, means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Log p(class | x) of naive Bayes, (n, n_classes); exp of each row adds up to 1.

    X: (n, d); the model as fit_naive_bayes returns it, with variances above 0. With a thousand features, or x 10,000 times farther out than
    the means, no result is nan or infinite.
    """
    squares = (X[:, None] - means) ** 2 / variances
    return _normalised(np.log(priors) - 0.5 * (squares + np.log(variances)).sum(axis=2))


def sample_naive_bayes(priors: np.ndarray, means: np.ndarray, variances: np.ndarray, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw n samples from the model: (X, y), (n, d) float64 and (n,) int64.

    First the class by the priors, then each feature from its normal distribution in that class. The same seed gives the same samples, another
    one others. How the random numbers are drawn is not prescribed.
    """
    rng = np.random.default_rng(seed)
    y = rng.choice(len(priors), size=n, p=priors)
    return rng.normal(means[y], np.sqrt(variances[y])), y


def fit_lda(X: np.ndarray, y: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Linear discriminant analysis: in each class x is normal, with a covariance that all classes share.

    X, y: as in fit_naive_bayes. Returns (priors, means, covariance): as there, and (d, d), the mean over all n samples of
    (x - m) (x - m)^T with m the mean of the sample's own class. It is invertible.
    """
    means = np.array([X[y == k].mean(axis=0) for k in range(n_classes)])
    residuals = X - means[y]
    return np.bincount(y) / len(y), means, residuals.T @ residuals / len(y)


def lda_log_posterior(X: np.ndarray, priors: np.ndarray, means: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Log p(class | x) of linear discriminant analysis, (n, n_classes); everything else as in naive_bayes_log_posterior."""
    weights = np.linalg.solve(covariance, means.T)
    return _normalised(np.log(priors) + X @ weights - 0.5 * (means.T * weights).sum(axis=0))


def fit_logistic(X: np.ndarray, y: np.ndarray, penalty: float) -> tuple[np.ndarray, float]:
    """Logistic regression for classes 0 and 1: p(1 | x) = sigmoid(X @ w + b), by Newton's method.

    Returns (w, b), (d,) and a float, that minimise -sum(log p(y | x)) + penalty / 2 * sum(w^2), to 1e-6 in every number, also when a plane
    separates the classes or samples are fewer than features. b is not penalised; penalty is at least 1e-3; columns of X have size about 1.
    """
    A, penalties = np.column_stack([X, np.ones(len(y))]), np.append(np.full(X.shape[1], penalty), 0.0)
    theta = np.zeros(A.shape[1])
    for _ in range(50):
        p = 0.5 * (1 + np.tanh(0.5 * (A @ theta)))
        hessian = (A.T * (p * (1 - p))) @ A + np.diag(penalties)
        theta = theta - np.linalg.solve(hessian, A.T @ (p - y) + penalties * theta)
    return theta[:-1], theta[-1]


def logistic_log_posterior(X: np.ndarray, w: np.ndarray, b: float) -> np.ndarray:
    """Log p(class | x) of logistic regression, (n, 2), class 0 first; large scores give neither nan nor infinity."""
    scores = X @ w + b
    return -np.logaddexp(0, np.column_stack([scores, -scores]))


def _normalised(log_joint: np.ndarray) -> np.ndarray:
    shifted = log_joint - log_joint.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))

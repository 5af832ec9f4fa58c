import numpy as np


def fit_naive_bayes(X: np.ndarray, y: np.ndarray, n_classes: int, smoothing: float = 1e-9) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gaussian naive Bayes: in each class the features are independent normal numbers.

    X: (n, d) float64, not constant in all features; y: (n,) int64 from 0 to n_classes - 1, where each class occurs. Returns (priors, means,
    variances), float64: (n_classes,) shares of the classes; (n_classes, d) means; (n_classes, d) variances of the features in each class,
    with division by the number of its samples, plus smoothing times the largest variance of any feature over all samples. Inputs are left
    unchanged, here and below.
    """
    raise NotImplementedError("your turn")


def naive_bayes_log_posterior(X: np.ndarray, priors: np.ndarray, means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Log p(class | x) of naive Bayes, (n, n_classes); exp of each row adds up to 1.

    X: (n, d); the model as fit_naive_bayes returns it, with variances above 0. With a thousand features, or x 10,000 times farther out than
    the means, no result is nan or infinite.
    """
    raise NotImplementedError("your turn")


def sample_naive_bayes(priors: np.ndarray, means: np.ndarray, variances: np.ndarray, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw n samples from the model: (X, y), (n, d) float64 and (n,) int64.

    First the class by the priors, then each feature from its normal distribution in that class. The same seed gives the same samples, another
    one others. How the random numbers are drawn is not prescribed.
    """
    raise NotImplementedError("your turn")


def fit_lda(X: np.ndarray, y: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Linear discriminant analysis: in each class x is normal, with a covariance that all classes share.

    X, y: as in fit_naive_bayes. Returns (priors, means, covariance): as there, and (d, d), the mean over all n samples of
    (x - m) (x - m)^T with m the mean of the sample's own class. It is invertible.
    """
    raise NotImplementedError("your turn")


def lda_log_posterior(X: np.ndarray, priors: np.ndarray, means: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Log p(class | x) of linear discriminant analysis, (n, n_classes); everything else as in naive_bayes_log_posterior."""
    raise NotImplementedError("your turn")


def fit_logistic(X: np.ndarray, y: np.ndarray, penalty: float) -> tuple[np.ndarray, float]:
    """Logistic regression for classes 0 and 1: p(1 | x) = sigmoid(X @ w + b), by Newton's method.

    Returns (w, b), (d,) and a float, that minimise -sum(log p(y | x)) + penalty / 2 * sum(w^2), to 1e-6 in every number, also when a plane
    separates the classes or samples are fewer than features. b is not penalised; penalty is at least 1e-3; columns of X have size about 1.
    """
    raise NotImplementedError("your turn")


def logistic_log_posterior(X: np.ndarray, w: np.ndarray, b: float) -> np.ndarray:
    """Log p(class | x) of logistic regression, (n, 2), class 0 first; large scores give neither nan nor infinity."""
    raise NotImplementedError("your turn")

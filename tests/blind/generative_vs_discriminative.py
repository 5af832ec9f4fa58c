# blind: passed at try 1
import numpy as np


def normalise(scores: np.ndarray) -> np.ndarray:
    """Subtract from each row the logarithm of the sum of its exponentials."""
    scores = scores - scores.max(axis=1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def priors_and_means(X: np.ndarray, y: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    priors = np.bincount(y, minlength=n_classes) / len(y)
    return priors, np.stack([X[y == k].mean(axis=0) for k in range(n_classes)])


def fit_naive_bayes(X: np.ndarray, y: np.ndarray, n_classes: int, smoothing: float = 1e-9) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gaussian naive Bayes: in each class the features are independent normal numbers."""
    priors, means = priors_and_means(X, y, n_classes)
    variances = np.stack([X[y == k].var(axis=0) for k in range(n_classes)])
    return priors, means, variances + smoothing * X.var(axis=0).max()


def naive_bayes_log_posterior(X: np.ndarray, priors: np.ndarray, means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Log p(class | x) of naive Bayes, (n, n_classes)."""
    scores = np.empty((len(X), len(priors)))
    for k, (mean, variance) in enumerate(zip(means, variances)):
        scores[:, k] = np.log(priors[k]) - 0.5 * (np.log(variance) + (X - mean) ** 2 / variance).sum(axis=1)
    return normalise(scores)


def sample_naive_bayes(priors: np.ndarray, means: np.ndarray, variances: np.ndarray, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw n samples from the model: (X, y)."""
    rng = np.random.default_rng(seed)
    y = rng.choice(len(priors), size=n, p=priors / priors.sum()).astype(np.int64)
    return means[y] + np.sqrt(variances[y]) * rng.standard_normal((n, means.shape[1])), y


def fit_lda(X: np.ndarray, y: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Linear discriminant analysis: a covariance that all classes share."""
    priors, means = priors_and_means(X, y, n_classes)
    rest = X - means[y]
    return priors, means, rest.T @ rest / len(X)


def lda_log_posterior(X: np.ndarray, priors: np.ndarray, means: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Log p(class | x) of linear discriminant analysis, (n, n_classes).

    x S^-1 x is the same for all classes; relative to class 0 only a linear function of x is left.
    """
    directions = np.linalg.solve(covariance, (means - means[0]).T)  # (d, n_classes)
    middles = (means + means[0]) / 2
    scores = X @ directions - (middles * directions.T).sum(axis=1) + np.log(priors)
    return normalise(scores)


def fit_logistic(X: np.ndarray, y: np.ndarray, penalty: float) -> tuple[np.ndarray, float]:
    """Logistic regression by Newton's method; a step is halved until the loss falls."""
    n, d = X.shape
    Z = np.hstack([np.ones((n, 1)), X])
    ridge = np.r_[0.0, np.full(d, float(penalty))]  # b comes first and is free
    sign = np.where(y == 1, 1.0, -1.0)

    def loss(v: np.ndarray) -> float:
        return np.logaddexp(0, -sign * (Z @ v)).sum() + ridge @ v**2 / 2

    v = np.zeros(d + 1)
    for _ in range(200):
        margin = sign * (Z @ v)
        wrong = np.exp(-np.logaddexp(0, margin))  # 1 - p(y | x)
        curvature = wrong * np.exp(-np.logaddexp(0, -margin))
        gradient = ridge * v - Z.T @ (sign * wrong)
        step = np.linalg.solve((Z.T * curvature) @ Z + np.diag(ridge), gradient)
        if np.abs(step).max() < 1e-10:
            break
        value, length = loss(v), 1.0
        while length > 1e-6 and loss(v - length * step) > value * (1 + 1e-13) - 1e-4 * length * (gradient @ step):
            length /= 2
        v = v - length * step
    return v[1:], float(v[0])


def logistic_log_posterior(X: np.ndarray, w: np.ndarray, b: float) -> np.ndarray:
    """Log p(class | x) of logistic regression, (n, 2), class 0 first."""
    scores = X @ w + b
    return -np.logaddexp(0, np.stack([scores, -scores], axis=1))

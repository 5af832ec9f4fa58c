# blind: passed at try 1
import numpy as np


def smooth(curve: np.ndarray, window: int = 5) -> np.ndarray:
    """Entry i is the median of the last `window` entries up to and including entry i (of fewer at the beginning).

    curve: (epochs,) float64 without nan; window at least 1. Returns a new float64 array of the same length.
    """
    n = len(curve)
    return np.array([np.median(curve[max(0, end - window) : end]) for end in range(1, n + 1)], dtype=np.float64)


def diagnose(train: np.ndarray, validation: np.ndarray, chance: float) -> tuple[str, int | None]:
    """What the losses of a training run say: (verdict, epoch). Epochs count from 0.

    train, validation: (epochs,) float64, at least one epoch; nan and inf may occur. chance: the loss of a model that knows nothing. The first rule
    that holds decides. Except in rule 1, both curves are smoothed first, by smooth with its default window.
    1. "diverges", the first such epoch: a loss of either curve is nan or infinite.
    2. "diverges", the first epoch of the lowest training loss: the last training loss is greater than the first.
    3. "leak", None: the last validation loss is less than half the last training loss.
    4. "underfits", None: the last training loss is greater than half of chance.
    5. "overfits", the first epoch of the lowest validation loss: the last validation loss is more than 1.1 times the lowest.
    6. "fits", the first epoch of the lowest validation loss.
    """
    broken = ~(np.isfinite(train) & np.isfinite(validation))
    if broken.any():
        return "diverges", int(broken.argmax())
    train, validation = smooth(train), smooth(validation)
    if train[-1] > train[0]:
        return "diverges", int(train.argmin())
    if validation[-1] < train[-1] / 2:
        return "leak", None
    if train[-1] > chance / 2:
        return "underfits", None
    best = int(validation.argmin())
    return ("overfits" if validation[-1] > 1.1 * validation[best] else "fits"), best


def bias_variance(predictions: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
    """The squared error of a kind of model, taken apart: (squared bias, variance, error), three floats, each averaged over the samples.

    predictions: (models, samples) float64, one row for each model, trained on its own training set; truth: (samples,) float64. The bias at a
    sample is the mean prediction of the models minus the truth; the variance there is that of the models' predictions, divided by the number of
    models; the error is the mean squared error of all predictions. So error = squared bias + variance, up to rounding.
    """
    average = predictions.mean(axis=0)
    squared_bias = np.mean((average - truth) ** 2)
    variance = np.mean(predictions.var(axis=0))
    error = np.mean((predictions - truth) ** 2)
    return float(squared_bias), float(variance), float(error)

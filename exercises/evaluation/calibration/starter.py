import torch
import torch.nn.functional as F
from torch import Tensor


def reliability_bins(probabilities: Tensor, labels: Tensor, n_bins: int = 10) -> tuple[Tensor, Tensor, Tensor]:
    """Mean confidence, accuracy and number of samples of each bin.

    probabilities: (n, classes), float32 or float64, n at least 1. labels: (n,) int64. The confidence of a sample is its largest probability,
    the prediction the class that has it. Bins have equal width: bin k holds the confidences above k / n_bins up to and including
    (k + 1) / n_bins. Returns (confidence, accuracy, count), each (n_bins,): the mean of the confidences and the share of right predictions,
    in the dtype of the probabilities, both 0 in an empty bin; and int64 counts. Inputs are left unchanged.
    """
    raise NotImplementedError("your turn")


def expected_calibration_error(probabilities: Tensor, labels: Tensor, n_bins: int = 10) -> float:
    """The sum over the bins of count / n * |accuracy - confidence|, with the bins of reliability_bins."""
    raise NotImplementedError("your turn")


def brier(probabilities: Tensor, labels: Tensor) -> float:
    """The mean over the samples of the sum over the classes of (probability - one-hot label)^2, between 0 and 2."""
    raise NotImplementedError("your turn")


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature T > 0 that minimises the mean cross-entropy of softmax(logits / T), to a relative error of 1e-3.

    logits: (n, classes), float32 or float64, up to 1000 in size; labels: (n,) int64. The best T lies between 0.05 and 20. Inputs are
    left unchanged.
    """
    raise NotImplementedError("your turn")


def calibration_report(
    held_out_logits: Tensor, held_out_labels: Tensor, test_logits: Tensor, test_labels: Tensor, n_bins: int = 10
) -> tuple[float, float, float]:
    """(before, after, T): the expected calibration error on the test set before and after temperature scaling.

    T is fitted on the held-out set alone; both errors are those of the test set, of softmax(logits) and softmax(logits / T).
    """
    raise NotImplementedError("your turn")

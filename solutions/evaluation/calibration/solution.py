"""A calibrated model that says 80 % is right in 80 % of such cases: compare what is said with what happens, bin by bin."""

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
    confidence, predicted = probabilities.max(dim=1)
    right = (predicted == labels).to(confidence.dtype)
    bins = (confidence * n_bins).ceil().long() - 1
    count = torch.bincount(bins, minlength=n_bins)
    sums = confidence.new_zeros(2, n_bins).index_add(1, bins, torch.stack([confidence, right]))
    mean_confidence, accuracy = sums / count.clamp(min=1)
    return mean_confidence, accuracy, count


def expected_calibration_error(probabilities: Tensor, labels: Tensor, n_bins: int = 10) -> float:
    """The sum over the bins of count / n * |accuracy - confidence|, with the bins of reliability_bins."""
    confidence, accuracy, count = reliability_bins(probabilities, labels, n_bins)
    return ((accuracy - confidence).abs() * count).sum().item() / len(labels)


def brier(probabilities: Tensor, labels: Tensor) -> float:
    """The mean over the samples of the sum over the classes of (probability - one-hot label)^2, between 0 and 2."""
    one_hot = F.one_hot(labels, probabilities.shape[1])
    return ((probabilities - one_hot) ** 2).sum(dim=1).mean().item()


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature T > 0 that minimises the mean cross-entropy of softmax(logits / T), to a relative error of 1e-3.

    logits: (n, classes), float32 or float64, up to 1000 in size; labels: (n,) int64. The best T lies between 0.05 and 20. Inputs are
    left unchanged.
    """
    logits = logits.double()
    own = logits.gather(1, labels.unsqueeze(1)).mean()
    low, high = 0.05, 20.0
    for _ in range(40):
        middle = (low * high) ** 0.5
        expected = ((logits / middle).softmax(dim=1) * logits).sum(dim=1).mean()
        if expected > own:  # the slope of the loss towards 1 / T, which is convex there: T is too small
            low = middle
        else:
            high = middle
    return middle


def calibration_report(
    held_out_logits: Tensor, held_out_labels: Tensor, test_logits: Tensor, test_labels: Tensor, n_bins: int = 10
) -> tuple[float, float, float]:
    """(before, after, T): the expected calibration error on the test set before and after temperature scaling.

    T is fitted on the held-out set alone; both errors are those of the test set, of softmax(logits) and softmax(logits / T).
    """
    temperature = fit_temperature(held_out_logits, held_out_labels)
    before, after = (expected_calibration_error((test_logits / t).softmax(dim=1), test_labels, n_bins) for t in (1.0, temperature))
    return before, after, temperature

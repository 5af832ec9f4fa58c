# blind: passed at try 1
import torch
import torch.nn.functional as F
from torch import Tensor


def bin_sums(probabilities: Tensor, labels: Tensor, n_bins: int) -> tuple[Tensor, Tensor, Tensor]:
    """Sum of confidences and number of right predictions (float64), and number of samples, of each bin."""
    confidence, prediction = probabilities.max(dim=1)
    # the inner edges alone: whatever lies above the last of them is in the last bin
    edges = torch.arange(1, n_bins, dtype=probabilities.dtype, device=probabilities.device) / n_bins
    index = torch.bucketize(confidence, edges)  # edge[i - 1] < confidence <= edge[i]
    right = (prediction == labels).double()
    confidence_sum = torch.bincount(index, weights=confidence.double(), minlength=n_bins)
    right_sum = torch.bincount(index, weights=right, minlength=n_bins)
    return confidence_sum, right_sum, torch.bincount(index, minlength=n_bins)


def reliability_bins(probabilities: Tensor, labels: Tensor, n_bins: int = 10) -> tuple[Tensor, Tensor, Tensor]:
    """Mean confidence, accuracy and number of samples of each bin."""
    confidence_sum, right_sum, count = bin_sums(probabilities.detach(), labels, n_bins)
    divisor = count.clamp(min=1)
    return (confidence_sum / divisor).to(probabilities.dtype), (right_sum / divisor).to(probabilities.dtype), count


def expected_calibration_error(probabilities: Tensor, labels: Tensor, n_bins: int = 10) -> float:
    """The sum over the bins of count / n * |accuracy - confidence|; count cancels."""
    confidence_sum, right_sum, _ = bin_sums(probabilities.detach(), labels, n_bins)
    return ((right_sum - confidence_sum).abs().sum() / len(labels)).item()


def brier(probabilities: Tensor, labels: Tensor) -> float:
    """The mean over the samples of the sum over the classes of (probability - one-hot label)^2."""
    target = F.one_hot(labels, probabilities.shape[1])
    return (probabilities.detach().double() - target).square().sum(dim=1).mean().item()


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The T that minimises the mean cross-entropy of softmax(logits / T).

    With beta = 1 / T the loss is convex in beta; its derivative is mean(sum_c p_c z_c - z_y). It grows with beta, and its root is found
    by bisection, on a logarithmic scale.
    """
    z = logits.detach().double()
    z_true = z.gather(1, labels[:, None])[:, 0]
    low, high = 0.02, 50.0  # of T
    for _ in range(40):
        middle = (low * high) ** 0.5
        expected = (torch.softmax(z / middle, dim=1) * z).sum(dim=1)
        if (expected - z_true).mean().item() > 0:  # too sharp: T must be larger
            low = middle
        else:
            high = middle
    return (low * high) ** 0.5


def calibration_report(
    held_out_logits: Tensor, held_out_labels: Tensor, test_logits: Tensor, test_labels: Tensor, n_bins: int = 10
) -> tuple[float, float, float]:
    """(before, after, T): the expected calibration error on the test set before and after temperature scaling."""
    temperature = fit_temperature(held_out_logits, held_out_labels)
    before, after = (expected_calibration_error(F.softmax(test_logits / t, dim=1), test_labels, n_bins) for t in (1.0, temperature))
    return before, after, temperature

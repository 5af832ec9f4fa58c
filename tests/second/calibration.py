"""Another right answer: edges and masks instead of indices, one bin after another, and a pattern search for the logarithm of the temperature."""

import torch


def reliability_bins(probabilities, labels, n_bins=10):
    confidence = probabilities.amax(1)
    right = probabilities.argmax(1) == labels
    rows = []
    for k in range(n_bins):
        inside = (confidence > k / n_bins) & (confidence <= (k + 1) / n_bins)
        n = int(inside.sum())
        rows.append((confidence[inside].mean() if n else 0.0, right[inside].to(confidence.dtype).mean() if n else 0.0, n))
    columns = [torch.tensor([float(row[i]) for row in rows], dtype=probabilities.dtype, device=probabilities.device) for i in (0, 1)]
    return (*columns, torch.tensor([row[2] for row in rows], device=probabilities.device))


def expected_calibration_error(probabilities, labels, n_bins=10):
    confidence, accuracy, count = reliability_bins(probabilities.double(), labels, n_bins)
    return float(sum(abs(float(a) - float(c)) * int(n) for c, a, n in zip(confidence, accuracy, count, strict=True)) / len(labels))


def brier(probabilities, labels):
    own = probabilities[torch.arange(len(labels), device=labels.device), labels]
    return float((probabilities.square().sum(1) - 2 * own + 1).mean())


def fit_temperature(logits, labels):
    z = logits.double()
    z = z - z[torch.arange(len(labels), device=labels.device), labels][:, None]
    log_inverse = torch.zeros((), dtype=torch.float64, device=logits.device)

    def loss(u):
        return (u.exp() * z).logsumexp(1).mean()

    step = 1.0
    for _ in range(40):
        here = loss(log_inverse)
        best = min((log_inverse + step, log_inverse - step), key=lambda u: float(loss(u)))
        if loss(best) < here:
            log_inverse = best
        else:
            step /= 2
    return float((-log_inverse).exp())


def calibration_report(held_out_logits, held_out_labels, test_logits, test_labels, n_bins=10):
    t = fit_temperature(held_out_logits, held_out_labels)
    before = expected_calibration_error(torch.softmax(test_logits, 1), test_labels, n_bins)
    return before, expected_calibration_error(torch.softmax(test_logits / t, 1), test_labels, n_bins), t

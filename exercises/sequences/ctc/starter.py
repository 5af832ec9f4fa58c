import numpy as np
import torch
from torch import Tensor


def ctc(log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: int = 0) -> Tensor:
    """-log of the probability of each target: the sum over all alignments that become it by merging repeats and then dropping blanks.

    log_probs: (time, batch, classes), log-softmax over the classes. targets: (batch, length) int64; target b is targets[b, :target_lengths[b]],
    without blanks, what follows is padding (any class). input_lengths: (batch,) int64, from 1 to time: step t of sequence b counts for
    t < input_lengths[b]. target_lengths: (batch,) int64, from 0 on. Returns (batch,) in the dtype of log_probs, inf where no alignment is long
    enough. No gradient has to flow through it.
    """
    raise NotImplementedError("your turn")


def ctc_gradient(logits: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: int = 0) -> Tensor:
    """The gradient of the sum of ctc(log_softmax(logits), ...) with respect to the logits.

    It is softmax(logits) minus the probability that an alignment of the target has this class at this step; 0 at steps that do not count, and 0 all
    over a sequence whose loss is inf. logits: (time, batch, classes), of any size. Returns the same shape and dtype.
    """
    raise NotImplementedError("your turn")


def greedy_decode(log_probs: Tensor, input_lengths: Tensor, blank: int = 0) -> list[list[int]]:
    """The labels of the likeliest alignment of each sequence: the best class at each step that counts, repeats merged, then blanks dropped."""
    raise NotImplementedError("your turn")


def prefix_beam_search(log_probs: Tensor, beam: int, blank: int = 0) -> tuple[list[int], float]:
    """(labels, log-probability): the best labelling of one sequence that a search over prefixes finds.

    log_probs: (time, classes). A prefix has two probabilities: that of all alignments so far which become it and end with blank, and with its
    last label. At first only the empty prefix is there, with 1 and 0. At each step each kept prefix passes both on: by blank to itself; by its
    last label to itself from the alignments that end with that label, and to the prefix one longer from those that end with blank; by any
    other class to the prefix one longer. What arrives at the same prefix is added up, and the `beam` prefixes with the largest sum of both are
    kept. Returns the best of the last step and the log of its sum. No underflow, however long the sequence.
    """
    raise NotImplementedError("your turn")

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def info_nce(queries: Tensor, keys: Tensor, temperature: float) -> Tensor:
    """Mean cross-entropy with which each query finds its own key among all keys.

    queries, keys: (n, d), row i of both belonging together. The logits are cosine similarities divided by the temperature (above 0, as small
    as 0.001). Returns a 0-d tensor; gradients flow to both.
    """
    raise NotImplementedError("your turn")


def nt_xent(a: Tensor, b: Tensor, temperature: float) -> Tensor:
    """SimCLR's loss: each of the 2 n views has to find its partner among the 2 n - 1 other views; mean over all 2 n.

    a, b: (n, d), two views of the same n images. Logits as in info_nce. Returns a 0-d tensor; gradients flow to both.
    """
    raise NotImplementedError("your turn")


def moco_loss(queries: Tensor, keys: Tensor, queue: Tensor, temperature: float) -> Tensor:
    """Each query has to find its own key among that key and all entries of the queue; mean over the batch.

    queries, keys: (n, d); queue: (size, d), keys of earlier batches. Logits as in info_nce. The other keys of the batch play no part. No
    gradient flows to the keys and to the queue. Returns a 0-d tensor.
    """
    raise NotImplementedError("your turn")


def enqueue(queue: Tensor, keys: Tensor, pointer: int) -> tuple[Tensor, int]:
    """(new queue, new pointer): the keys in place of the oldest entries.

    queue: (size, d); keys: (n, d), n at most size. They fill the places pointer, pointer + 1, ..., going on at 0 after the last one; the new
    pointer is the place after the last key, in [0, size). The queue that was passed in stays as it is, and no graph is kept.
    """
    raise NotImplementedError("your turn")


def momentum_update(online: nn.Module, momentum_encoder: nn.Module, momentum: float) -> None:
    """Move each parameter of the momentum encoder, in place: momentum * its own value + (1 - momentum) * that of the online encoder.

    Both are modules of one architecture. The online encoder stays as it is; no graph arises.
    """
    raise NotImplementedError("your turn")

# blind: passed at try 1
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Template = Sequence[int | str]
Verbaliser = Sequence[Sequence[Sequence[int]]]


class TinyLM(nn.Module):
    """A small masked language model to play with, seeded.

    model.embed is an nn.Embedding (vocab, dim). model(embeddings, mask) takes (batch, length, dim) and mask (batch, length), True at real
    tokens, and returns logits (batch, length, vocab); padding has no influence on real positions.
    """

    def __init__(self, vocab: int = 50, dim: int = 16, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.embed = nn.Embedding(vocab, dim)
        self.own, self.context, self.head = nn.Linear(dim, dim), nn.Linear(dim, dim), nn.Linear(dim, vocab)

    def forward(self, embeddings: Tensor, mask: Tensor) -> Tensor:
        """Each position sees itself and the mean of all real ones."""
        share = mask.to(embeddings.dtype) / mask.sum(dim=1, keepdim=True)
        mean = (share[..., None] * embeddings).sum(dim=1, keepdim=True)
        return self.head(torch.tanh(self.own(embeddings) + self.context(mean)))


def fill(template: Template, text: Sequence[int], masks: int, mask_token: int) -> tuple[list[int], list[int]]:
    """Put a text into a template.

    template: tokens and, each once, the words "text", for which the tokens of the text stand, and "mask", for which `masks` times mask_token
    stands. Returns (tokens, places): the whole input, and where in it these masks are, ascending.
    """
    tokens: list[int] = []
    places: list[int] = []
    for part in template:
        if part == "text":
            tokens.extend(text)
        elif part == "mask":
            places = list(range(len(tokens), len(tokens) + masks))
            tokens.extend([mask_token] * masks)
        else:
            tokens.append(part)
    return tokens, places


def label_scores(model: nn.Module, template: Template, text: Sequence[int], verbaliser: Verbaliser, mask_token: int) -> Tensor:
    """How well each label's words fit into the gap.

    model: as TinyLM. verbaliser[label] is a list of words, each a list of one or more tokens. A word of n tokens is asked for with n masks in the
    template; its score is the mean, over its tokens, of the log-probability that the model gives to this token at its mask. A label's
    score is the mean over its words. Returns (labels,), of the model's dtype; no gradient is needed.
    """
    device = model.embed.weight.device

    @torch.no_grad()
    def word_score(word: Sequence[int]) -> Tensor:
        tokens, places = fill(template, text, len(word), mask_token)
        embedded = model.embed(torch.tensor([tokens], device=device))
        real = torch.ones(1, len(tokens), dtype=torch.bool, device=device)
        log_p = model(embedded, real)[0, places].log_softmax(dim=-1)
        return log_p[range(len(word)), list(word)].mean()

    return torch.stack([torch.stack([word_score(word) for word in words]).mean() for words in verbaliser])


def calibrate(scores: Tensor, neutral: Tensor) -> Tensor:
    """Contextual calibration: take out the preference for labels that the prompt alone has.

    scores: (batch, labels), log-probabilities up to a constant in each row, as label_scores gives them. neutral: (m, labels), the same for m texts
    without content, such as "N/A". The prior is the mean over these of their probabilities, softmax(neutral row). Returns (batch, labels): the
    probabilities softmax(scores row), divided by the prior, and scaled to add up to 1 in each row. Scores down to -10,000 are allowed.
    """
    # The mean over the rows, up to the constant log m, which the last softmax takes out again.
    log_prior = neutral.log_softmax(dim=1).logsumexp(dim=0)
    return (scores.log_softmax(dim=1) - log_prior).softmax(dim=1)


class SoftPrompt(nn.Module):
    """Trained vectors in front of the input of a frozen language model.

    model: as TinyLM; all its parameters are frozen. prompt: the only trained parameter, (length, dim), at first a copy of the embeddings of
    the tokens given, int64 (length,).
    """

    def __init__(self, model: nn.Module, tokens: Tensor) -> None:
        """Freeze the model and copy the embeddings."""
        super().__init__()
        self.model = model.requires_grad_(False)
        self.prompt = nn.Parameter(model.embed.weight.detach()[tokens].clone())

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """tokens: int64 (batch, length). mask: (batch, length), True at real tokens. Returns the logits of these positions, (batch, length, vocab).

        The prompt stands before the tokens of every row and is seen like real tokens.
        """
        batch, length = len(tokens), len(self.prompt)
        embedded = torch.cat([self.prompt.expand(batch, -1, -1), self.model.embed(tokens)], dim=1)
        seen = F.pad(mask, (length, 0), value=True)
        return self.model(embedded, seen)[:, length:]


def tune(soft: SoftPrompt, tokens: Tensor, mask: Tensor, places: Tensor, targets: Tensor, steps: int, learning_rate: float) -> list[float]:
    """Train the prompt by plain gradient descent on one batch.

    The loss is the mean cross-entropy of the logits at places (batch,), one position for each row, with the tokens targets (batch,). Returns the
    loss before each step; nothing but the prompt changes.
    """
    rows = torch.arange(len(tokens), device=tokens.device)
    losses = []
    for _ in range(steps):
        loss = F.cross_entropy(soft(tokens, mask)[rows, places], targets)
        (slope,) = torch.autograd.grad(loss, soft.prompt)
        with torch.no_grad():
            soft.prompt.sub_(slope, alpha=learning_rate)
        losses.append(loss.item())
    return losses

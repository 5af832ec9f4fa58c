"""Another right answer: windows by arithmetic on places, losses from log_softmax and gather, drawing by comparing a cumulative sum with one number."""

import math

import torch
from torch import nn


class CharModel(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.embedding, self.rnn, self.output = nn.Embedding(size, 24), nn.RNN(24, 96, batch_first=True), nn.Linear(96, size)

    def forward(self, ids, state=None):
        states, last = self.rnn(self.embedding(ids), state)
        return self.output(states), last


def fit(ids, size, seed):
    torch.manual_seed(seed)
    model = CharModel(size)
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(3):
        state = None
        for inputs, targets in batches(ids, 40, 25):
            _, state = train_step(model, optimiser, inputs, targets, state)
    return model


def encode(text, vocabulary=None):
    characters = vocabulary if vocabulary is not None else "".join(dict.fromkeys(sorted(text)))
    return torch.tensor([characters.index(c) for c in text], dtype=torch.long), characters


def batches(ids, streams, window):
    length = (ids.numel() - 1) // streams
    result = []
    for first in range(0, length, window):
        columns = torch.arange(first, min(first + window, length), device=ids.device)
        places = torch.arange(streams, device=ids.device)[:, None] * length + columns
        result.append((ids[places], ids[places + 1]))
    return result


def mean_loss(logits, targets):
    return -logits.log_softmax(-1).gather(-1, targets.unsqueeze(-1)).mean()


def train_step(model, optimiser, inputs, targets, state):
    if state is not None:
        state = state.detach()
    logits, state = model(inputs, state)
    loss = mean_loss(logits, targets)
    parameters = list(model.parameters())
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.grad = gradient
    optimiser.step()
    return loss.item(), state.data


@torch.no_grad()
def perplexity(model, ids, streams, window):
    losses, counts, state = [], [], None
    for inputs, targets in batches(ids, streams, window):
        logits, state = model(inputs, state)
        losses.append(float(mean_loss(logits.double(), targets)))
        counts.append(targets.numel())
    return math.exp(sum(n * loss for n, loss in zip(counts, losses, strict=True)) / sum(counts))


def bigram(ids, size):
    counts = torch.ones(size, size, dtype=torch.float64, device=ids.device)
    for this, following in zip(ids.tolist(), ids.tolist()[1:], strict=False):
        counts[this, following] += 1
    return counts.log() - counts.sum(1, keepdim=True).log()


@torch.no_grad()
def generate(model, prompt, length, temperature, generator):
    logits, state = model(prompt.unsqueeze(0), None)
    result = []
    for _ in range(length):
        scores = logits[0, -1].double()
        if temperature > 0:
            p = torch.softmax((scores - scores.max()) / temperature, 0)
            number = torch.rand(1, generator=generator, dtype=torch.float64)
            character = min(int((p.cumsum(0) < number).sum()), len(p) - 1)
        else:
            character = int(scores.argmax())
        result.append(character)
        logits, state = model(torch.tensor([[character]]), state)
    return result

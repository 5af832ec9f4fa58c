"""Another right answer: the encoder by packed sequences, all logits first and one loss, a beam of separate hypotheses each with its own state."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

IGNORED = -100


class EncoderDecoder(nn.Module):
    def __init__(self, source_words, target_words, size):
        super().__init__()
        self.source_embedding = nn.Embedding(source_words, size)
        self.encoder = nn.GRU(size, size, batch_first=True)
        self.target_embedding = nn.Embedding(target_words, size)
        self.decoder = nn.GRUCell(size, size)
        self.output = nn.Linear(size, target_words)

    def encode(self, source, lengths):
        packed = pack_padded_sequence(self.source_embedding(source), lengths.cpu(), batch_first=True, enforce_sorted=False)
        return self.encoder(packed)[1].squeeze(0)

    def step(self, state, tokens):
        new = self.decoder(self.target_embedding(tokens), state)
        return self.output(new), new


def teacher_forced_loss(step, state, targets, start, end):
    rows = [[token for token in row if token != IGNORED] for row in targets.tolist()]
    longest = max(map(len, rows))
    collected = []
    for t in range(longest + 1):
        fed = [start if t == 0 else row[t - 1] if t <= len(row) else end for row in rows]
        logits, state = step(state, torch.tensor(fed, device=targets.device))
        collected.append(torch.log_softmax(logits, 1))
    picked = [collected[t][k, token] for k, row in enumerate(rows) for t, token in enumerate([*row, end])]
    return -torch.stack(picked).mean()


def greedy(step, state, start, end, max_length):
    results = []
    for k in range(len(state)):
        own, tokens, last = state[k : k + 1], [], start
        for _ in range(max_length):
            logits, own = step(own, torch.tensor([last], device=state.device))
            last = int(logits[0].argmax())
            if last == end:
                break
            tokens.append(last)
        results.append(tokens)
    return results


def beam_search(step, state, start, end, beam, max_length, length_penalty=0.0):
    alive, finished = [(0.0, [start], state)], []
    for _ in range(max_length):
        candidates = []
        for total, tokens, own in alive:
            logits, after = step(own, torch.tensor(tokens[-1:], device=state.device))
            for token, log_p in enumerate(torch.log_softmax(logits[0].double(), 0).tolist()):
                candidates.append((total + log_p, [*tokens, token], after))
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[:beam]
        finished += [candidate for candidate in kept if candidate[1][-1] == end]
        alive = [candidate for candidate in kept if candidate[1][-1] != end]
    total, tokens, _ = max(finished + alive, key=lambda candidate: candidate[0] / (len(candidate[1]) - 1) ** length_penalty)
    return [token for token in tokens[1:] if token != end], total / (len(tokens) - 1) ** length_penalty

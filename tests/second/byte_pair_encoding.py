"""Another right answer: pieces as bytes objects with counts, everything recounted at each merge, encoding by scanning for the best place."""

import re
from collections import Counter
from functools import cache
from itertools import pairwise


def pieces(text):
    return re.findall(r"\s*\S+|\s+", text)


def apply(word, pair, token):
    out, i = [], 0
    while i < len(word):
        if i + 1 < len(word) and word[i] == pair[0] and word[i + 1] == pair[1]:
            out.append(token)
            i += 2
        else:
            out.append(word[i])
            i += 1
    return tuple(out)


def train(text, merges):
    words = Counter(tuple(piece.encode("utf-8")) for piece in pieces(text))
    learned = []
    while len(learned) < merges:
        counts = Counter()
        for word, times in words.items():
            i, skip = 0, {}
            for i in range(len(word) - 1):
                pair = word[i], word[i + 1]
                if skip.get(pair) == i - 1 and pair[0] == pair[1]:
                    continue
                skip[pair] = i
                counts[pair] += times
        top = max(counts.values(), default=0)
        if top < 2:
            break
        best = min(pair for pair, n in counts.items() if n == top)
        token = 256 + len(learned)
        learned.append(best)
        changed = Counter()
        for word, times in words.items():
            changed[apply(word, best, token)] += times
        words = changed
    return learned


def encode(text, merges):
    ranks = {tuple(pair): rank for rank, pair in enumerate(merges)}

    @cache
    def tokens_of(piece):
        word = tuple(piece.encode("utf-8"))
        while True:
            found = {ranks[pair] for pair in pairwise(word) if pair in ranks}
            if not found:
                return word
            rank = min(found)
            word = apply(word, merges[rank], 256 + rank)

    return [token for piece in pieces(text) for token in tokens_of(piece)]


def token_bytes(merges):
    table = {byte: bytes([byte]) for byte in range(256)}
    for rank, (left, right) in enumerate(merges):
        table[256 + rank] = table[left] + table[right]
    return list(table.values())


def decode(tokens, merges):
    table = dict(enumerate(token_bytes(merges)))
    try:
        return str(b"".join([table[token] for token in tokens]), "utf-8", "replace")
    except KeyError as error:
        raise ValueError(str(error)) from error

"""Begin with bytes and keep gluing the most frequent neighbours together: frequent words become one token, rare ones stay spelt out."""

import math
import re
from collections import Counter, defaultdict
from itertools import pairwise

Pair = tuple[int, int]  # given


def pieces(text: str) -> list[str]:
    """Cut a text into words, each with the white space before it; joined, they are the text. No merge crosses the edge of a piece."""
    # given
    return re.findall(r"\s*\S+|\s+", text)


def _pairs(tokens: list[int]) -> Counter[Pair]:
    """How often each pair could be merged: occurrences that overlap the one before do not count."""
    counts: Counter[Pair] = Counter()
    last = None
    for pair in pairwise(tokens):
        if pair == last:
            last = None
        else:
            counts[pair] += 1
            last = pair
    return counts


def _merged(tokens: list[int], pair: Pair, token: int) -> list[int]:
    """The tokens with each occurrence of the pair, from left to right, replaced."""
    result: list[int] = []
    for right in tokens:
        if result and (result[-1], right) == pair:
            result[-1] = token
        else:
            result.append(right)
    return result


def train(text: str, merges: int) -> list[Pair]:
    """Learn byte-level byte-pair encoding.

    Tokens 0 to 255 are the bytes of the text in UTF-8; merge number i (from 0) makes token 256 + i. Each merge takes the pair of neighbouring
    tokens that occurs most often within the pieces of the text, all pieces counted as often as they occur; occurrences that overlap the one
    before do not count (aaa has one pair aa, aaaa has two). Of equally frequent pairs the smaller tuple is taken. All its occurrences are
    replaced from left to right before the next merge is chosen. Stops after `merges` merges, or earlier when no pair occurs twice.
    Returns the merged pairs in their order.
    """
    words = [(list(piece.encode()), times) for piece, times in Counter(pieces(text)).items()]
    counts: Counter[Pair] = Counter()
    where: defaultdict[Pair, set[int]] = defaultdict(set)

    def count(index: int, sign: int) -> None:
        tokens, times = words[index]
        for pair, occurrences in _pairs(tokens).items():
            counts[pair] += sign * times * occurrences
            where[pair].add(index)

    for index in range(len(words)):
        count(index, 1)
    learned: list[Pair] = []
    while counts and len(learned) < merges:
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        if counts[best] < 2:
            break
        for index in where.pop(best):
            count(index, -1)
            words[index] = _merged(words[index][0], best, 256 + len(learned)), words[index][1]
            count(index, 1)
        learned.append(best)
    return learned


def encode(text: str, merges: list[Pair]) -> list[int]:
    """The tokens of a text: in each piece, begin with its bytes; as long as a merge applies, apply the earliest one, everywhere in the piece."""
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    known: dict[str, list[int]] = {}
    for piece in set(pieces(text)):
        tokens = list(piece.encode())
        while len(tokens) > 1:
            best = min(pairwise(tokens), key=lambda pair: ranks.get(pair, math.inf))
            if best not in ranks:
                break
            tokens = _merged(tokens, best, 256 + ranks[best])
        known[piece] = tokens
    return [token for piece in pieces(text) for token in known[piece]]


def token_bytes(merges: list[Pair]) -> list[bytes]:
    """The bytes that each token stands for, tokens 0 to 255 + len(merges)."""
    table = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        table.append(table[left] + table[right])
    return table


def decode(tokens: list[int], merges: list[Pair]) -> str:
    """The text of any tokens. Bytes that are no UTF-8 become U+FFFD, as bytes.decode(errors="replace") does it for all bytes together.

    Raises ValueError for a token that does not exist.
    """
    table = token_bytes(merges)
    for token in tokens:
        if not 0 <= token < len(table):
            raise ValueError(f"there is no token {token}")
    return b"".join(table[token] for token in tokens).decode(errors="replace")

# blind: passed at try 1
import math
import re
from collections import Counter, defaultdict
from itertools import pairwise

Pair = tuple[int, int]


def pieces(text: str) -> list[str]:
    """Cut a text into words, each with the white space before it; joined, they are the text. No merge crosses the edge of a piece."""
    return re.findall(r"\s*\S+|\s+", text)


def count_pairs(tokens: list[int]) -> Counter[Pair]:
    """How often each pair could be merged: an occurrence that overlaps the one before does not count."""
    counts: Counter[Pair] = Counter()
    blocked = False  # whether the pair here overlaps one just counted
    previous = None
    for pair in pairwise(tokens):
        blocked = pair == previous and not blocked
        if not blocked:
            counts[pair] += 1
        previous = pair
    return counts


def replace(tokens: list[int], pair: Pair, new: int) -> list[int]:
    """All occurrences of the pair, from left to right, by the new token."""
    out: list[int] = []
    i = 0
    while i < len(tokens):
        if tokens[i] == pair[0] and i + 1 < len(tokens) and tokens[i + 1] == pair[1]:
            out.append(new)
            i += 2
        else:
            out.append(tokens[i])
            i += 1
    return out


def train(text: str, merges: int) -> list[Pair]:
    """Learn byte-level byte-pair encoding: the merged pairs in their order."""
    multiplicity = Counter(pieces(text))
    times = list(multiplicity.values())
    words = [list(piece.encode()) for piece in multiplicity]
    total: Counter[Pair] = Counter()
    where: defaultdict[Pair, set[int]] = defaultdict(set)  # words in which a pair is, or has been

    def account(index: int, sign: int) -> None:
        for pair, n in count_pairs(words[index]).items():
            total[pair] += sign * n * times[index]
            where[pair].add(index)

    for index in range(len(words)):
        account(index, 1)
    learned: list[Pair] = []
    while len(learned) < merges and total:
        best = min(total, key=lambda pair: (-total[pair], pair))
        if total[best] < 2:
            break
        for index in where.pop(best):
            account(index, -1)
            words[index] = replace(words[index], best, 256 + len(learned))
            account(index, 1)
        learned.append(best)
        total = +total  # without the pairs that are gone
    return learned


def encode(text: str, merges: list[Pair]) -> list[int]:
    """The tokens of a text; each different piece is worked out once."""
    rank: dict[Pair, int] = {}
    for i, pair in enumerate(merges):
        rank.setdefault(pair, i)
    known: dict[str, list[int]] = {}
    out: list[int] = []
    for piece in pieces(text):
        if piece not in known:
            tokens = list(piece.encode())
            while (first := min((rank.get(pair, math.inf) for pair in pairwise(tokens)), default=math.inf)) != math.inf:
                tokens = replace(tokens, merges[first], 256 + first)
            known[piece] = tokens
        out += known[piece]
    return out


def token_bytes(merges: list[Pair]) -> list[bytes]:
    """The bytes that each token stands for."""
    table = [bytes([value]) for value in range(256)]
    for left, right in merges:
        table.append(table[left] + table[right])
    return table


def decode(tokens: list[int], merges: list[Pair]) -> str:
    """The text of any tokens."""
    table = token_bytes(merges)
    for token in tokens:
        if not 0 <= token < len(table):
            raise ValueError(f"there is no token {token}")
    return b"".join(table[token] for token in tokens).decode(errors="replace")

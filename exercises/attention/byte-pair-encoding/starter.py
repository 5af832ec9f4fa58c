import math
import re
from collections import Counter, defaultdict
from itertools import pairwise

Pair = tuple[int, int]


def pieces(text: str) -> list[str]:
    """Cut a text into words, each with the white space before it; joined, they are the text. No merge crosses the edge of a piece."""
    return re.findall(r"\s*\S+|\s+", text)


def train(text: str, merges: int) -> list[Pair]:
    """Learn byte-level byte-pair encoding.

    Tokens 0 to 255 are the bytes of the text in UTF-8; merge number i (from 0) makes token 256 + i. Each merge takes the pair of neighbouring
    tokens that occurs most often within the pieces of the text, all pieces counted as often as they occur; occurrences that overlap the one
    before do not count (aaa has one pair aa, aaaa has two). Of equally frequent pairs the smaller tuple is taken. All its occurrences are
    replaced from left to right before the next merge is chosen. Stops after `merges` merges, or earlier when no pair occurs twice.
    Returns the merged pairs in their order.
    """
    raise NotImplementedError("your turn")


def encode(text: str, merges: list[Pair]) -> list[int]:
    """The tokens of a text: in each piece, begin with its bytes; as long as a merge applies, apply the earliest one, everywhere in the piece."""
    raise NotImplementedError("your turn")


def token_bytes(merges: list[Pair]) -> list[bytes]:
    """The bytes that each token stands for, tokens 0 to 255 + len(merges)."""
    raise NotImplementedError("your turn")


def decode(tokens: list[int], merges: list[Pair]) -> str:
    """The text of any tokens. Bytes that are no UTF-8 become U+FFFD, as bytes.decode(errors="replace") does it for all bytes together.

    Raises ValueError for a token that does not exist.
    """
    raise NotImplementedError("your turn")

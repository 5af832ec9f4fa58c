"""The reference is a slow oracle that counts everything again before each merge; encode and decode are inverse to each other."""

import re
from collections import Counter
from itertools import pairwise

import pytest

from grader.compare import assert_fast, assert_raises, assert_same
from grader.data import text


def cut(string):
    return re.findall(r"\s*\S+|\s+", string)


def replaced(tokens, pair, token):
    """Every occurrence of the pair, from left to right; and how many there were."""
    result, place, times = [], 0, 0
    while place < len(tokens):
        if tuple(tokens[place : place + 2]) == pair:
            result.append(token)
            place, times = place + 2, times + 1
        else:
            result.append(tokens[place])
            place += 1
    return result, times


def oracle(string, merges):
    """The merges, recounting everything before each."""
    words = [list(piece.encode()) for piece in cut(string)]
    learned = []
    for token in range(256, 256 + merges):
        counts = Counter(pair for word in words for pair in pairwise(word))
        for pair in counts:
            if pair[0] == pair[1]:  # those that overlap cannot all be replaced
                counts[pair] = sum(replaced(word, pair, token)[1] for word in words)
        best = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
        if best is None or counts[best] < 2:
            break
        learned.append(best)
        words = [replaced(word, best, token)[0] for word in words]
    return learned


def by_rank(string, merges):
    """The tokens, by going through all merges in their order."""
    result = []
    for piece in cut(string):
        tokens = list(piece.encode())
        for token, pair in enumerate(merges, start=256):
            tokens = replaced(tokens, pair, token)[0]
        result += tokens
    return result


def letters(draw, alphabet, length):
    return "".join(alphabet[i] for i in draw.integers(0, len(alphabet), (length,)).tolist())


def anything(draw, length):
    """Characters of all planes of Unicode, half of them common ones."""
    common = "aé ß語\n 汉字🙂e\u0301\u200d\t"
    chosen = draw.integers(0, 0x110000 - 0x800, (length,)).tolist()
    rare = [chr(point if point < 0xD800 else point + 0x800) for point in chosen]  # without the surrogates, which are no characters
    return "".join(common[point % len(common)] if point % 2 else rare[place] for place, point in enumerate(chosen))


def sample_of(draw, lang, length):
    whole = text(lang)
    start = int(draw.integers(0, len(whole) - length))
    return whole[start : start + length]


@pytest.mark.parametrize(("alphabet", "length"), [("abc ", 60), ("abcd  \n", 90), ("é語a ", 40)])
def test_train(answer, draw, alphabet, length):
    """train: the most frequent pair within the pieces
    train：片段内最频繁的相邻对"""
    string = letters(draw, alphabet, length)
    assert_same(answer.train(string, 8), oracle(string, 8), f"train({string!r}, 8)")


def test_train_overlaps(answer, draw):
    """train: overlapping occurrences count once
    train：重叠的出现只计一次"""
    string = "aaa " * 4 + "xy " * 5  # 4 times aa, although there are 8 places; with its blank, xy occurs 5 times
    assert_same(answer.train(string, 1), oracle(string, 1), f"train({string!r}, 1)")
    string = letters(draw, "aaaab ", 60)
    assert_same(answer.train(string, 6), oracle(string, 6), f"train({string!r}, 6)")


def test_train_ties(answer, draw):
    """train: of equally frequent pairs the smaller one
    train：频率相同时取较小的一对"""
    order = draw.permutation(6).tolist()
    string = "".join(("zq", "bz", "ba", "ya", "bc", "cb")[i] * 1 + "\n" for i in order) * 2
    assert_same(answer.train(string, 12), oracle(string, 12), f"train({string!r}, 12)")


@pytest.mark.after("test_train")
def test_train_stops(answer, draw):
    """train: the end
    train：何时停止"""
    string = letters(draw, "ab ", 30)
    assert_same(answer.train(string, 0), [], "train(text, 0)")
    assert_same(answer.train("", 5), [], 'train("", 5)')
    assert_same(answer.train("abcde", 5), [], 'train("abcde", 5)')
    assert_same(answer.train("abcab", 5), [(97, 98)], 'train("abcab", 5)')
    assert_same(answer.train(string, 100), oracle(string, 100), f"train({string!r}, 100)")


@pytest.mark.after("test_train_overlaps", "test_train_ties")
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_train_on_prose(answer, draw, lang):
    """train: English and Chinese prose
    train：英文与中文文章"""
    string = sample_of(draw, lang, 500)
    assert_same(answer.train(string, 12), oracle(string, 12), "train(500 characters of prose, 12)")


def test_encode(answer, draw):
    """encode: the earliest merge first, not the leftmost or the longest
    encode：先用最早的合并，而非最左或最长的"""
    merges = [(98, 99), (97, 98), (256, 100), (97, 257), (100, 100), (260, 260), (32, 97)]
    for string in ("abcd", "ab aab", "abcd abcd", "ddddd", " a ab aabc", ""):
        assert_same(answer.encode(string, merges), by_rank(string, merges), f"encode({string!r}, merges)")
    for _ in range(4):
        string = letters(draw, "abcd ", 30)
        assert_same(answer.encode(string, merges), by_rank(string, merges), f"encode({string!r}, merges)")
    assert_same(answer.encode("zé", []), [122, 195, 169], 'encode("zé", [])')


@pytest.mark.after("test_encode")
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_encode_prose(answer, draw, lang):
    """encode: prose that was not trained on
    encode：训练时没见过的文章"""
    merges, string = oracle(sample_of(draw, lang, 300), 20), sample_of(draw, lang, 600)
    assert_same(answer.encode(string, merges), by_rank(string, merges), "encode(600 characters of prose, merges)")


MERGES = [(195, 169), (97, 98), (257, 256), (230, 177), (259, 137), (240, 159)]  # é, ab, abé, half of 汉, 汉, half of many emoji


def test_token_bytes(answer):
    """token_bytes: what each token stands for
    token_bytes：每个词元代表什么"""
    expected = [bytes([byte]) for byte in range(256)] + ["é".encode(), b"ab", "abé".encode(), "汉".encode()[:2], "汉".encode(), "🙂".encode()[:2]]
    assert_same(answer.token_bytes(MERGES), expected, "token_bytes(merges)")
    assert_same(answer.token_bytes([]), expected[:256], "token_bytes([])")


@pytest.mark.after("test_token_bytes")
def test_decode(answer, draw):
    """decode: characters spread over tokens, and bytes that are no text
    decode：跨词元的字符与非法字节"""
    table = answer.token_bytes(MERGES)
    assert_same(answer.decode([], MERGES), "", "decode([], merges)")
    for tokens in ([258, 32, 260], [230, 177, 137], [259, 137, 97], [261, 153, 130], [97, 255, 98], [259], [137, 259, 259, 137], [195, 195, 169]):
        expected = b"".join(table[token] for token in tokens).decode(errors="replace")
        assert_same(answer.decode(tokens, MERGES), expected, f"decode({tokens}, merges)")
    tokens = draw.integers(0, 262, (40,)).tolist()
    expected = b"".join(table[token] for token in tokens).decode(errors="replace")
    assert_same(answer.decode(tokens, MERGES), expected, f"decode({tokens}, merges)")


@pytest.mark.after("test_decode")
def test_unknown_tokens(answer):
    """decode: tokens that do not exist
    decode：不存在的词元"""
    for tokens in ([262], [97, 1000], [-1], [97, -200]):
        assert_raises(ValueError, answer.decode, tokens, MERGES)
    assert_raises(ValueError, answer.decode, [256], [])


@pytest.mark.after("test_encode_prose", "test_decode")
def test_round_trip(answer, draw):
    """decode(encode(text)) is the text, whatever the text
    decode(encode(text)) 还原任何文本"""
    merges = [*oracle(sample_of(draw, "en", 200), 8), (230, 177), (264, 137)]
    for string in ("", " ", "\n\n  \t", "x", "\ufffd", "\x00", "e\u0301 🏳️‍🌈", anything(draw, 200), anything(draw, 200)):
        assert_same(answer.decode(answer.encode(string, merges), merges), string, f"decode(encode({string[:20]!r}...))")


def of_a_megabyte(train, encode, unit, times, merges):
    string = unit * times
    return train(string, len(merges)), len(encode(string, merges))


@pytest.mark.after("test_round_trip", "test_train_on_prose", "test_train_stops")
def test_a_megabyte(answer, draw, worker):
    """A megabyte, and a piece without a blank
    一兆字节，以及没有空白的长片段"""
    unit = " " + " ".join(sample_of(draw, "en", 400).split())
    times = 1_000_000 // len(unit)
    merges = oracle(unit + unit, 10)  # all copies consist of the same pieces, so two of them tell as much as a million
    with worker.timed() as clock:
        learned, length = worker.define(of_a_megabyte)(answer.train, answer.encode, unit, times, merges)
    assert_same(learned, merges, "train(1 MB, 10)")
    assert_same(length, times * len(by_rank(unit, merges)), "len(encode(1 MB, merges))")
    assert_fast(clock.seconds, 8.0, "train and encode of 1 MB")  # some 0.3 s with each distinct piece done once
    long = "".join(text("zh").split())[:3000]
    assert_same(answer.encode(long, [(239, 188), (256, 140)]), by_rank(long, [(239, 188), (256, 140)]), "encode(3,000 characters without a blank)")

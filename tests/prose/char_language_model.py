"""The numbers in the texts of char-language-model."""

import math
from collections import Counter
from itertools import pairwise

from grader.data import text

WHOLE = text("en")
CUT = len(WHOLE) * 9 // 10
TRAIN, TEST, SIZE = WHOLE[:CUT], WHOLE[CUT:], len(set(WHOLE))
PAIRS, SINGLES = Counter(pairwise(TRAIN)), Counter(TRAIN[:-1])
BIGRAM = math.exp(-sum(math.log((PAIRS[pair] + 1) / (SINGLES[pair[0]] + SIZE)) for pair in pairwise(TEST)) / (len(TEST) - 1))
UNIGRAM = math.exp(-sum(math.log((SINGLES[c] + 1) / (len(TRAIN) + SIZE)) for c in TEST) / len(TEST))
NUMBERS = {"68": SIZE, "10.6": BIGRAM, "19": UNIGRAM}

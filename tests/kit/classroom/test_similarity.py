"""Similarity: renamed and re-commented copies are found with their lines, the starter and short agreement are not."""

import pytest
from handed import Handed

from kit.classroom.similarity import compare, similar

STARTER = '''"""A stub."""
import torch
from torch import Tensor


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, is_causal: bool = False) -> Tensor:
    """Scaled dot-product attention."""
    raise NotImplementedError("your turn")
'''
HEAD = STARTER[: STARTER.index("    raise")]
ORIGINAL = (
    HEAD
    + """    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e30) if mask.dtype == torch.bool else scores + mask
    if is_causal:
        future = torch.ones_like(scores, dtype=torch.bool).triu(diagonal=1)
        scores = scores.masked_fill(future, -1e30)
    peak = scores.amax(dim=-1, keepdim=True)
    weights = (scores - peak).exp()
    return (weights / weights.sum(dim=-1, keepdim=True)) @ v
"""
)
COPY = ORIGINAL.replace("scores", "s").replace("weights", "unnormalised").replace("future", "upper").replace("    peak", "    # stable\n    peak")
OTHER = (
    HEAD
    + """    rows = []
    for i in range(q.shape[-2]):
        total, norm = 0, 0
        for j in range(k.shape[-2]):
            if is_causal and j > i:
                break
            weight = math.exp(float(sum(a * b for a, b in zip(q[i], k[j]))))
            total, norm = total + weight * v[j], norm + weight
        rows.append(total / norm)
    return torch.stack(rows)
"""
)


def test_a_renamed_copy_is_found_with_its_lines():
    (pair,) = compare([(1, 11, ORIGINAL), (2, 12, OTHER), (3, 13, COPY)], STARTER)
    assert (pair.first.person_id, pair.second.person_id) == (1, 3)
    assert (pair.first.submission_id, pair.second.submission_id) == (11, 13)
    assert pair.similarity > 0.95
    assert pair.first.lines[0][0] >= STARTER.splitlines().index(next(line for line in STARTER.splitlines() if line.startswith("def "))) + 1
    assert pair.first.lines[-1][1] == len(ORIGINAL.splitlines())
    assert pair.second.lines[-1][1] == len(COPY.splitlines())


def test_a_copy_with_more_around_it_is_found_too():
    grown = COPY + OTHER.replace("def attention", "def slow_attention")
    (pair,) = compare([(1, 1, ORIGINAL), (2, 2, grown)], STARTER)
    assert pair.first.similarity > 0.9 > pair.second.similarity


@pytest.mark.parametrize(
    "sources", [(STARTER, STARTER), (ORIGINAL, OTHER), ("", ""), ("x = 1\n", "x = 1\n"), ("def f(:", "def f(:"), ("\x00", "')(\n")]
)
def test_what_proves_nothing_is_not_shown(sources):
    assert compare([(1, 1, sources[0]), (2, 2, sources[1])], STARTER) == []


def test_repetition_within_an_answer_is_no_starter():
    repeated = ORIGINAL + ORIGINAL[len(HEAD) :].join(["\n\ndef again(q, k, v, mask, is_causal):\n", ""])
    (pair,) = compare([(1, 1, repeated), (2, 2, repeated)], STARTER)
    assert pair.similarity == 1.0


def test_the_threshold_is_the_teachers():
    half = HEAD + "\n".join(ORIGINAL[len(HEAD) :].splitlines()[:6]) + "\n" + "\n".join(OTHER[len(HEAD) :].splitlines()[:9]) + "\n"
    assert compare([(1, 1, ORIGINAL), (2, 2, half)], STARTER) == []
    assert len(compare([(1, 1, ORIGINAL), (2, 2, half)], STARTER, threshold=0.3)) == 1


def test_the_latest_answers_of_students_are_compared(store, bank):
    handed = Handed(store)
    week = handed.assignment("week-1", double=1.0)
    ada, bob, cleo = (handed.person(name) for name in ("Ada", "Bob", "Cleo"))
    teacher = handed.person("Tess", role="teacher")
    handed.submission(ada, "double", source=ORIGINAL, assignment=week)
    handed.submission(bob, "double", source=COPY)
    handed.submission(bob, "double", source=OTHER)  # thought better of it
    handed.submission(teacher, "double", source=ORIGINAL)
    copied = handed.submission(cleo, "double", source=COPY, assignment=week)
    with store.reading() as session:
        (pair,) = similar(session, bank.exercise("double"))
        assert (pair.first.person_id, pair.second.person_id, pair.second.submission_id) == (ada, cleo, copied)
        assert len(similar(session, bank.exercise("double"), assignment_id=week)) == 1
        assert similar(session, bank.exercise("softplus")) == []


def test_two_hundred_answers(sqlite_store):
    answers = [
        (n, n, ORIGINAL if n in {7, 150} else OTHER.replace("total", f"total + {n} * {n % 7}").replace("break", f"return {n}")) for n in range(200)
    ]
    pairs = compare(answers, STARTER, threshold=0.99)
    assert (7, 150) in {(pair.first.person_id, pair.second.person_id) for pair in pairs}
    assert len(pairs) <= 200

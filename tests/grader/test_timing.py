"""How fast an answer is beside the reference: what counts, and that nothing is won by tricks."""

import os
from pathlib import Path

import pytest

from grader import client
from grader.timing import PAIRS, SAMPLE_SECONDS
from grader.verdict import Job

BANK = Path(__file__).parents[2]
RULES = """
import os
import torch

call = "chain"
bound = 0.01

def inputs(draw, scale):
    return draw.normal(64, 64), 200 * scale

def reference(x, steps):
    for _ in range(steps):
        x = torch.tanh(x @ x)
    return x
"""
EXACT = """
import torch
def chain(x, steps):
    for _ in range(steps):
        x = torch.tanh(x @ x)
    return x
"""


@pytest.fixture
def measure(runtime_folder, tmp_path):
    """The speed of a source under the rules of RULES, some words of it replaced."""

    def run(source, *edits, forbid=(), **options):
        rules = RULES
        for old, new in edits:
            assert old in rules
            rules = rules.replace(old, new)
        path = tmp_path / "speed_it.py"
        path.write_text(rules, encoding="utf-8")
        return client.measure(Job(slug="it", source=source, filename="it.py", checks="none", speed=str(path), forbid=forbid, **options))

    return run


def test_the_same_work_takes_about_as_long(measure):
    speed = measure(EXACT)
    assert speed.failure is None
    assert len(speed.ratios) == PAIRS
    assert sorted(speed.ratios)[PAIRS // 2] == round(speed.ratio, 6)
    assert 0.2 < speed.ratio < 5  # on any machine, however busy
    assert speed.scale > 1  # 200 products of these are over in no time
    assert speed.reference_seconds > SAMPLE_SECONDS / 4
    assert (speed.device, bool(speed.machine), speed.held) == ("cpu", True, False)


def test_more_work_takes_longer(measure):
    speed = measure(EXACT.replace("return x", "for _ in range(10): chain_again(x, steps)\n    return x") + EXACT.replace("chain", "chain_again"))
    assert speed.ratio > 3


def test_too_good_to_be_true_is_held(measure):
    speed = measure(EXACT, ("bound = 0.01", "bound = 1000.0"))
    assert speed.ratio < speed.bound == 1000.0
    assert speed.held


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("def chain(x, steps): return x", "values"),
        ("kept = {}\n" + EXACT + "once = chain\ndef chain(x, steps): return kept.setdefault(0, once(x, steps))", "values"),
        (EXACT + "now = chain\nclass Later:\n    pass\ndef chain(x, steps): return Later()", "type"),
        (EXACT + "calls = []\nhonest = chain\ndef chain(x, steps):\n    y = honest(x, steps)\n    calls.append(1)\n"
         "    if len(calls) > 1: x.zero_()\n    return y", "changed_input"),
        ("import torch\ndef chain(x, steps): return x.softmax(0)", "forbidden"),
        ("import os\n" + EXACT + "def chain(x, steps): os.sched_setaffinity(0, range(64))", "raised"),
        ("def other(x): return x", "missing"),
        ("raise ValueError", "raised"),
        ("def chain(x", "raised"),
    ],
)  # fmt: skip
def test_an_answer_that_fails_has_no_speed(measure, source, kind):
    speed = measure(source, forbid=("softmax",))
    assert (speed.ratio, speed.ratios, speed.held) == (None, [], False)
    assert speed.failure.kind == kind


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system does not hold processes to cores")
def test_both_have_one_core(measure):
    cores = "torch.tensor(float(len(os.sched_getaffinity(0))))"
    speed = measure(EXACT.replace("return x", "import os\n    return x + " + cores), ("return x", f"return x + {cores}"))
    assert speed.failure is None
    told = measure("import os\nimport torch\ndef chain(x, steps): raise ValueError(len(os.sched_getaffinity(0)))")
    assert told.failure.facts["message"] == "1"


def test_without_a_server_it_is_the_same(runtime_folder, measure, monkeypatch):
    monkeypatch.setenv("KIT_SERVER", "0")
    assert measure("def chain(x, steps): return x").failure.kind == "values"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("call =", "name ="), "speed_it.py cannot be used: AttributeError"),
        (("return draw.normal(64, 64), 200 * scale", "return draw.normal(2, 2), 1"), "too fast to be timed"),
        (("bound = 0.01", "bound = 0.01\ndevices = ('cuda',)"), "not measured on cpu"),
    ],
)
def test_rules_that_cannot_be_used_are_refused(measure, edit, said):
    with pytest.raises(client.JobRefused, match=said):
        measure(EXACT, edit)


def test_a_speed_is_no_verdict(runtime_folder, make_job):
    with pytest.raises(client.JobRefused, match="cannot be used"):
        client.measure(make_job("", "", speed="nowhere.py"))
    with pytest.raises(client.JudgeError, match="judged where"):
        client.measure(make_job("def f(): return 1", "def test_it(answer): assert answer.f() == 1"))


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(BANK.glob("grader/checks/*/speed_*.py")), ids=lambda path: path.stem)
def test_the_banks_speed_files(runtime_folder, path):
    """The model answer is measured and is not too good to be true."""
    name = path.stem.removeprefix("speed_")
    checks = path.with_name(f"test_{name}.py")
    solution = BANK / "solutions" / path.parent.name / name.replace("_", "-") / "solution.py"
    assert checks.is_file()
    source = solution.read_text(encoding="utf-8")
    speed = client.measure(Job(slug=name, source=source, filename="it.py", checks=str(checks), speed=str(path)))
    assert (speed.failure, speed.held) == (None, False)
    assert speed.bound <= 1
    assert speed.ratio > speed.bound

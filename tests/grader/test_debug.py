"""The debugger stops where the answer goes wrong."""

import pdb

import pytest

from grader.debug import debug

CHECKS = """
from grader.compare import assert_same
def test_double(answer, draw):
    x = draw.normal(3)
    answer.warm(x)
    assert_same(answer.double(x), 2 * x, "double(x)")
def test_never_reached(answer):
    assert answer.double(1) == 2
"""


class Recorder(pdb.Pdb):
    """A debugger that notes where it stops, and goes on."""

    stops: list

    def interaction(self, frame, tb_or_exc, *args):
        if tb_or_exc is not None and hasattr(tb_or_exc, "tb_frame"):
            frame = tb_or_exc.tb_frame
            self.stops.append((frame.f_code.co_name, tb_or_exc.tb_lineno))
        else:
            self.stops.append((frame.f_code.co_name, frame.f_lineno))
        self.set_continue()


@pytest.fixture
def stops(make_job):
    def run(source):
        Recorder.stops = []
        verdict = debug(make_job(source, CHECKS), Recorder)
        assert not verdict.passed
        assert not verdict.complete
        return Recorder.stops

    return run


def test_at_the_line_that_raised(stops):
    assert stops("def warm(x): pass\n\ndef double(x):\n    y = 2 * x\n    return y.nothing\n") == [("double", 5)]


def test_at_the_beginning_of_the_call_whose_result_was_wrong(stops):
    assert stops("def warm(x):\n    pass\n\ndef double(x):\n    y = 3 * x\n    return y\n") == [("double", 5)]


def test_at_the_line_of_the_file_that_cannot_be_loaded(stops):
    assert stops("x = 1\ny = x / 0\n") == [("<module>", 2)]


def test_nothing_to_stop_at(make_job):
    Recorder.stops = []
    verdict = debug(make_job("def warm(x): pass\ndef double(x): return 2 * x\n", CHECKS), Recorder)
    assert Recorder.stops == []
    assert [check.status for check in verdict.checks] == ["passed", "passed"]
    assert not verdict.passed  # a run under the debugger is no verdict

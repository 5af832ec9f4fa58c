"""A job becomes a verdict: what passes, what fails and how, what is skipped and why."""

import os
import subprocess
import sys

import pytest

from grader import client
from grader.verdict import encode

DOUBLE = '''
import torch
from grader.compare import assert_same, assert_same_gradient, assert_raises

def test_values(answer, draw):
    """Values
    数值"""
    x = draw.normal(3, 4)
    assert_same(answer.double(x), 2 * x, "double(x)")

def test_gradient(answer, draw, worker):
    assert_same_gradient(answer.double, lambda x: 2 * x, (draw.normal(3, 4),), 0, "x.grad", worker=worker)
'''
RIGHT = "def double(x):\n    return 2 * x\n"


def test_a_right_answer_passes(judge):
    verdict = judge(RIGHT, DOUBLE)
    assert verdict.passed
    assert verdict.complete
    assert not verdict.replayed
    assert [(check.name, check.status, check.title) for check in verdict.checks] == [
        ("values", "passed", "Values"),
        ("gradient", "passed", "gradient"),
    ]
    assert {layer.name: layer.on for layer in verdict.layers}["rlimits"]
    assert verdict.versions["torch"]


def test_titles_and_messages_speak_the_language_asked_for(judge):
    verdict = judge("def double(x):\n    raise NotImplementedError\n", DOUBLE, lang="zh")
    assert verdict.checks[0].title == "数值"
    assert "轮到" in verdict.checks[0].failure.lines[0]


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("def double(x):\n    return 3 * x", {"values": "values", "gradient": "values"}),
        ("def double(x):\n    return (2 * x).sum()", {"values": "shape", "gradient": "shape"}),
        ("def double(x):\n    return 2 * x.double()", {"values": "dtype", "gradient": "passed"}),
        ("def double(x):\n    return (2 * x).tolist()", {"values": "type", "gradient": "type"}),
        ("def double(x):\n    return 2 * x.detach()", {"values": "passed", "gradient": "values"}),
        ("def double(x):\n    x *= 2\n    return x", {"values": "changed_input", "gradient": "raised"}),
        ("def double(x):\n    x.data *= 2\n    return x * 1", {"values": "changed_input", "gradient": "changed_input"}),
        ("def double(x):\n    raise NotImplementedError('your turn')", {"values": "your_turn", "gradient": "your_turn"}),
        ("def double(x):\n    return x / 0 if True else x.y", {"values": "values", "gradient": "values"}),
        ("def double(x):\n    return x.nothing", {"values": "raised", "gradient": "raised"}),
        ("def other(x):\n    return x", {"values": "missing", "gradient": "missing"}),
        ("import os\ndef double(x):\n    os._exit(0)", {"values": "crashed", "gradient": "crashed"}),
        ("import os\ndef double(x):\n    os.abort()", {"values": "crashed", "gradient": "crashed"}),
        ("def double(x):\n    raise SystemExit(0)", {"values": "raised", "gradient": "raised"}),
        ("def double(x):\n    return [bytearray(3 << 30)]", {"values": "memory", "gradient": "memory"}),
        ("class T:\n    pass\ndef double(x):\n    return T()", {"values": "type", "gradient": "type"}),
        ("def double(x):\n    y = [x]\n    for _ in range(99):\n        y = [y]\n    return y", {"values": "protocol", "gradient": "protocol"}),
    ],
)  # fmt: skip
def test_how_wrong_answers_fail(outcome, source, kinds):
    assert outcome(source, DOUBLE, memory_mb=1000) == kinds


@pytest.mark.parametrize(
    ("source", "kind", "line"),
    [("def double(x:\n", "raised", 1), ("x = 1\nraise ValueError('no')", "raised", 2), ("import nothing_of_the_kind", "raised", 1)],
)
def test_a_file_that_cannot_be_loaded(judge, source, kind, line):
    verdict = judge(source, DOUBLE)
    assert not verdict.passed
    assert verdict.load.kind == kind
    assert verdict.load.frames[-1].line == line
    assert {check.status for check in verdict.checks} == {"skipped"}


def test_a_traceback_holds_the_lines_of_the_answer_only(judge):
    verdict = judge("def double(x):\n    return inner(x)\n\ndef inner(x):\n    return x + {}['a']\n", DOUBLE)
    failure = verdict.checks[0].failure
    assert failure.lines == ["KeyError: 'a'"]
    assert [(frame.line, frame.function, frame.code) for frame in failure.frames] == [
        (2, "double", "return inner(x)"),
        (5, "inner", "return x + {}['a']"),
    ]


def test_what_is_printed_is_shown_with_its_check(judge):
    verdict = judge("import sys\ndef double(x):\n    print('seen', '\\x1b[31mred')\n    print('err', file=sys.stderr)\n    return x", DOUBLE)
    assert verdict.checks[0].output.splitlines() == ["seen \\x1b[31mred", "err"]


def test_a_flood_of_output_is_cut(judge):
    verdict = judge("def double(x):\n    for _ in range(20000):\n        print('spam' * 10)\n    return 2 * x", DOUBLE)
    assert verdict.passed
    assert len(verdict.checks[0].output) <= 20_000


def test_a_check_that_ends_the_worker_fails_alone(outcome):
    source = "import os\ncalls = 0\ndef double(x):\n    if not x.requires_grad:\n        os._exit(3)\n    return 2 * x"
    assert outcome(source, DOUBLE) == {"values": "crashed", "gradient": "passed"}


@pytest.mark.parametrize("body", ["while True: pass", "import time; time.sleep(60)", "import threading; threading.Event().wait()"])
def test_the_time_limit(judge, body):
    verdict = judge(f"def double(x):\n    {body}", DOUBLE, seconds=1.0)
    assert verdict.checks[0].failure.kind == "time"
    assert "1 s" in verdict.checks[0].failure.lines[0]
    assert verdict.checks[1].status == "skipped"


def test_one_check_may_have_less_time_than_all(outcome):
    source = "import time\ndef double(x):\n    if not x.requires_grad: time.sleep(60)\n    return 2 * x"
    assert outcome(source, DOUBLE, seconds=20.0, check_seconds=0.3) == {"values": "time", "gradient": "passed"}


AFTER = """
import pytest
def test_a(answer): assert answer.f(1) == 1
@pytest.mark.after("test_a")
def test_b(answer): assert answer.f(2) == 2
@pytest.mark.after("test_b")
def test_c(answer): assert answer.f(3) == 3
def test_d(answer): assert answer.f(4) == 4
"""


def test_a_check_that_builds_on_a_failed_one_says_so(judge):
    verdict = judge("def f(x): return x if x > 2 else -x", AFTER)
    assert [(check.status, check.because) for check in verdict.checks] == [
        ("failed", None),
        ("skipped", "a did not pass"),
        ("skipped", "b did not pass"),
        ("passed", None),
    ]


PARAMETRISED = """
import pytest
from grader.compare import assert_same
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_square(answer, n): assert_same(answer.square(n), n * n, "square(n)")
"""


def test_cases_are_one_check_and_the_first_failing_one_is_shown(judge):
    check = judge("def square(n): return n * n if n < 3 else 0", PARAMETRISED).checks[0]
    assert (check.name, check.status, check.case, check.cases) == ("square", "failed", "3", 3)
    assert judge("def square(n): return n * n", PARAMETRISED).checks[0].cases == 4


def test_the_seed_decides_what_is_drawn(judge):
    checks = "def test_it(answer, draw): answer.show(draw.normal(3))"
    source = "def show(x): print(x.tolist())"
    printed = [judge(source, checks, seed=seed).checks[0].output for seed in (5, 5, 6)]
    assert printed[0] == printed[1] != printed[2]
    assert judge(source, checks, seed=5).replayed
    fresh = {judge(source, checks).checks[0].output for _ in range(3)}
    assert len(fresh) == 3


def test_one_check_can_be_asked_for(judge):
    verdict = judge(RIGHT, DOUBLE, only="gradient")
    assert [check.name for check in verdict.checks] == ["gradient"]
    assert verdict.passed
    assert not verdict.complete


def test_an_unknown_check_is_refused_with_a_suggestion(judge):
    with pytest.raises(client.JobRefused, match=r"gradiend.*Did you mean gradient"):
        judge(RIGHT, DOUBLE, only="gradiend")


def test_checks_that_are_not_there_are_refused(make_job, runtime_folder, tmp_path):
    job = make_job(RIGHT, DOUBLE)
    (tmp_path / "test_it.py").unlink()
    with pytest.raises(client.JobRefused, match="missing"):
        client.judge(job)


def test_checks_that_cannot_be_imported_are_the_banks_fault(judge):
    with pytest.raises(client.JobRefused, match="cannot be run"):
        judge(RIGHT, "import nothing_of_the_kind")


@pytest.mark.parametrize(
    "source", ["def double(x):\n    import torch\n    return torch.add(x, x)", "def double(x):\n    return getattr(x, 'ad' + 'd')(x)"]
)
def test_a_forbidden_operation_is_named(judge, source):
    verdict = judge(source, DOUBLE, forbid=("add",))
    failure = verdict.load or verdict.checks[0].failure
    assert not verdict.passed
    assert failure.kind == "forbidden"
    assert "add" in failure.lines[0]


def test_what_the_check_uses_is_not_forbidden(judge):
    checks = """
    import torch
    from grader.compare import assert_same
    def test_it(answer, worker):
        layer = worker.torch.nn.Linear(2, 3)
        x = torch.ones(1, 2)
        assert_same(worker.fetch(worker.keep(answer.apply, layer, x)).shape, torch.Size([1, 3]), "shape")
    """
    assert judge("def apply(layer, x): return layer(x)", checks, forbid=("nn.Linear",)).passed


def test_suspicious_source_is_flagged_not_failed(judge):
    verdict = judge("import gc\n" + RIGHT, DOUBLE)
    assert verdict.passed
    assert verdict.flags


def test_without_a_gpu_cuda_is_refused(judge):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(client.JobRefused, match="GPU"):
        judge(RIGHT, DOUBLE, device="cuda")
    assert judge(RIGHT, DOUBLE, device="auto").device == "cpu"


@pytest.mark.gpu
def test_on_a_gpu_results_must_be_there_too(outcome):
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no GPU here")
    assert outcome(RIGHT, DOUBLE, device="cuda") == {"values": "passed", "gradient": "passed"}
    assert outcome("def double(x): return (2 * x).cpu()", DOUBLE, device="cuda")["values"] == "device"


def test_a_cold_judge_says_the_same(judge):
    assert judge(RIGHT, DOUBLE, server=False).passed
    assert not judge("def double(x): return x", DOUBLE, server=False).passed


def test_spawned_workers_say_the_same(outcome, monkeypatch):
    monkeypatch.setenv("KIT_WORKERS", "spawn")
    source = "import os\ndef double(x):\n    if not x.requires_grad:\n        os._exit(3)\n    return 2 * x"
    assert outcome(source, DOUBLE, seconds=30) == {"values": "crashed", "gradient": "passed"}


def test_under_the_servers_policy(judge):
    verdict = judge(RIGHT, DOUBLE, policy="server", server=False)
    assert verdict.passed
    assert all(layer.on for layer in verdict.layers if layer.name in {"landlock", "seccomp", "namespaces", "rlimits"})


def test_what_the_check_cannot_work_with_is_the_answers_fault(outcome):
    checks = "def test_a(answer): assert answer.f(1) == 2\ndef test_b(answer): a, b = answer.f(2)"
    assert outcome("class T: pass\ndef f(x): return T() if x == 1 else None", checks) == {"a": "type", "b": "type"}


def test_a_fault_of_the_judge_is_never_the_answers(judge):
    checks = "from grader.compare import assert_between\ndef test_a(answer): assert_between(answer.f(1), None, 1, 'f(1)')"
    with pytest.raises(client.JudgeError, match="TypeError"):
        judge("def f(x): return 1", checks)


ENDLESS = """
import sys
from grader import runner
from grader.verdict import decode_job

runner.COLLECTING_SECONDS = 0.2
try:
    runner.run_next(decode_job(sys.stdin.buffer.read()), lambda: sys.exit("collected"))
except runner.JobError as error:
    print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="no such signals")
def test_checks_that_cannot_be_read_to_their_end_are_given_up(make_job):
    job = make_job(RIGHT, "import time\ntime.sleep(1e6)")
    done = subprocess.run([sys.executable, "-c", ENDLESS], input=encode(job), capture_output=True, check=True)
    assert "not read within 0.2 s" in done.stdout.decode()


@pytest.mark.parametrize("server", [True, False])
def test_tensors_without_data_are_served_by_a_fresh_server(tmp_path, monkeypatch, make_job, server):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))  # torch imports its compiler for them, which a worker cannot
    source = "import torch\ndef f():\n    return (torch.ones(2, device='meta') - 1).device.type"
    job = make_job(source, 'def test_it(answer):\n    assert answer.f() == "meta"')
    try:
        verdict = client.judge(job, server=server)
    finally:
        client.stop_server()
    assert verdict.passed, verdict.checks[0].failure

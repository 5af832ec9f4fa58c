"""How long a verdict takes, against plain pytest in the same run.

    python tests/benchmarks/grade.py [--runs N]

Whole processes, one after the other in turns, so that a drift of the machine's speed meets all of them alike; medians and ratios are printed.
plain pytest: the same check file with the answer imported into pytest's own process, as if there were no judge.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHECKS = ROOT / "grader/checks/convolution/test_conv2d.py"
SOLUTION = ROOT / "solutions/convolution/conv2d/solution.py"
KIT = Path(sys.executable).with_name("kit")

DIRECT = '''
"""The judge's fixtures without a judge: the answer is a module of this process."""

import importlib.util
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import torch

from grader.draw import Draw
from grader.failure import AnswerRaised


def pytest_configure(config):
    config.addinivalue_line("markers", "after(*checks): order of checks")


def answering(function):
    def call(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except Exception as error:
            raise AnswerRaised([type(error).__name__, *(cls.__name__ for cls in type(error).__mro__)], [str(error)]) from None
    return call


@pytest.fixture(scope="session")
def answer():
    spec = importlib.util.spec_from_file_location("conv2d", "conv2d.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return SimpleNamespace(conv2d=answering(module.conv2d))


@pytest.fixture
def draw(request):
    return Draw(1, request.node.name)


class Worker:
    def differentiate(self, function, inputs, cotangent, wrt, **kwargs):
        inputs = [x.detach().requires_grad_() if i in wrt else x for i, x in enumerate(inputs)]
        output = function(*inputs, **kwargs)
        return output, torch.autograd.grad((output * cotangent).sum(), [inputs[i] for i in wrt])

    @contextmanager
    def timed(self):
        clock = SimpleNamespace(seconds=0.0)
        start = time.perf_counter()
        yield clock
        clock.seconds = time.perf_counter() - start


@pytest.fixture
def worker():
    return Worker()
'''

WORKER = '''
import sys, time, statistics, torch
from grader import boot, protocol as wire
from grader.candidate import RemoteCandidate
from grader.verdict import Job
runs = int(sys.argv[1])
job = Job(slug="echo", source="def echo(x): return x", filename="echo.py", checks="")
if sys.argv[2] == "forked":
    from grader.workers import ForkedWorkers
    control, _zygote = boot.fork_zygote("local", ())
    workers = ForkedWorkers(control)
else:
    from grader.workers import SpawnedWorkers
    workers = SpawnedWorkers()
from grader.proxy import Answer, Line
x = torch.randn(262144)
times = []
for run in range(runs + 1):
    start = time.perf_counter()
    candidate = RemoteCandidate(job, workers)
    candidate.ready()
    result = Answer(Line(candidate)).echo(x)
    times.append(time.perf_counter() - start)
    assert torch.equal(result, x)
    candidate.close()
print(*times[1:])
'''


def wall(command: list[str], folder: Path, environment: dict[str, str], *, expect: int = 0) -> float:
    """Seconds of a whole process. Raises RuntimeError with its output when it does not end as expected."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode != expect:
        raise RuntimeError(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}\n{done.stderr}")
    return seconds


def worker_times(folder: Path, environment: dict[str, str], kind: str, runs: int) -> list[float]:
    """Seconds from asking for a worker to the answered call of 1 MB, runs times."""
    command = [sys.executable, "-c", WORKER, str(runs), kind]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("KIT_", "PYTEST", "PYTHON"))}
        environment |= {"HOME": name, "XDG_RUNTIME_DIR": name, "XDG_CONFIG_HOME": name, "XDG_CACHE_HOME": name, "XDG_DATA_HOME": name}
        environment |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        wall([str(KIT), "fetch", "conv2d"], folder, environment)
        (folder / "conv2d/conv2d.py").write_text(SOLUTION.read_text(encoding="utf-8"), encoding="utf-8")
        plain = folder / "plain"
        plain.mkdir()
        (plain / "conftest.py").write_text(textwrap.dedent(DIRECT), encoding="utf-8")
        (plain / "test_conv2d.py").write_text(CHECKS.read_text(encoding="utf-8"), encoding="utf-8")
        (plain / "conv2d.py").write_text(SOLUTION.read_text(encoding="utf-8"), encoding="utf-8")
        commands = {
            "plain pytest, answer imported": ([sys.executable, "-m", "pytest", "-q", "-W", "ignore"], plain),
            "kit grade, warm": ([str(KIT), "grade", "conv2d"], folder),
            "kit grade --no-server, cold": ([str(KIT), "grade", "conv2d", "--no-server"], folder),
        }
        times: dict[str, list[float]] = {label: [] for label in commands}
        for run in range(runs + 1):  # the first of each is not counted: it starts the server and fills the caches
            for label, (command, where) in commands.items():
                seconds = wall(command, where, environment)
                if run:
                    times[label].append(seconds)
        rival = statistics.median(times["plain pytest, answer imported"])
        for label, row in times.items():
            print(f"{label:<32} median {statistics.median(row):6.3f} s  min {min(row):6.3f} s  ratio {statistics.median(row) / rival:5.3f}")
        spawned = worker_times(folder, environment, "spawned", 3)
        forked = worker_times(folder, environment, "forked", 3 * runs)
        for label, row in (("worker, spawned fresh", spawned), ("worker, forked", forked)):
            ratio = statistics.median(row) / statistics.median(spawned)
            print(f"{label:<32} median {statistics.median(row):6.3f} s  min {min(row):6.3f} s  ratio {ratio:5.3f}")
        subprocess.run([sys.executable, "-c", "from grader.client import stop_server; stop_server()"], env=environment, check=False)


if __name__ == "__main__":
    main()

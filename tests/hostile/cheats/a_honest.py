"""Controls: honest answers, and strange ones that gain nothing. They must pass."""

from cheat import Cheat

CHEATS = (
    Cheat("honest", "", honest=True),
    Cheat("honest in a worker that is not forked from the server", "", honest=True, cold=True),
    Cheat("honest with a view", "def softmax(x):\n    return torch.stack([right(x), x], -1)[..., 0]", honest=True),
    Cheat("honest with a conjugate view", "def softmax(x):\n    return right(x).to(torch.complex128).conj().real", honest=True),
    Cheat("honest with a NumPy number", "def largest(score, n):\n    return np.int64(max(range(n), key=score))", honest=True),
    Cheat("honest and talkative", "def softmax(x):\n    print('z' * 10_000_000)\n    return right(x)", honest=True),
    Cheat(
        "honest with stdout closed",
        "import os, sys\nos.close(1)\nos.close(2)\nsys.stdout = sys.stderr = None",
        honest=True,
    ),
    Cheat("honest with a thread left running", """
import threading, time

def softmax(x):
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
    return right(x)
""", honest=True),
    Cheat("honest with handlers for signals", """
import signal

for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGXCPU, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
""", honest=True),
    Cheat("honest after it patched what only it can see", """
import builtins, sys

torch.allclose = torch.equal = np.allclose = lambda *a, **k: True
torch.manual_seed = lambda *a: None
builtins.open = builtins.print = lambda *a, **k: None
sys.modules["pytest"] = sys.modules["grader.compare"] = sys.modules["json"] = None
""", honest=True),
    Cheat("honest with a module of another name", "", honest=True, settings={"filename": "torch.py"}),
    Cheat("honest with a file name that is no module's", "", honest=True, settings={"filename": "my answer (2).py"}),
)  # fmt: skip

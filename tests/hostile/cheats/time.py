"""Time: loops, sleeps, deaf processes, and clocks that lie."""

from cheat import Cheat, attempts

SHORT = {"seconds": 1.5}

CHEATS = (
    *attempts("time", {
        "endless loop": "while True: pass",
        "sleep": "import time; time.sleep(1000)",
        "loop that swallows every exception": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "loop in C": "import itertools; sum(itertools.repeat(1))",
        "regular expression": "import re; re.match('(a+)+$', 'a' * 60 + 'b')",
        "deadlock": "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
        "deaf to signals": "import signal\nfor n in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}: signal.signal(n, signal.SIG_IGN)\nwhile True: pass",
        "signals blocked": "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))\nwhile True: pass",
        "reading standard input": "import os, time\nwhile not os.read(0, 1): time.sleep(.1)",
    }, fails={"values": "time"}, settings=SHORT),
    Cheat("time: endless import", "while True: pass", load="time", settings=SHORT),
    Cheat("time: threads that burn", """
import threading

def burn():
    while True:
        torch.ones(200, 200) @ torch.ones(200, 200)

def softmax(x):
    for _ in range(6):
        threading.Thread(target=burn).start()
    burn()
""", fails={"values": ("time", "cpu")}, settings=SHORT),
    Cheat("time: endless generator", "def countdown(n):\n    while True:\n        yield n", fails={"iteration": ("time", "protocol")}, settings={"seconds": 10.0, "check_seconds": 2.0}),
    Cheat("time: a callback for ever", "def largest(score, n):\n    while True:\n        score(0)", fails={"callback": ("time", "protocol")}, settings={"seconds": 10.0, "check_seconds": 2.0}),
    Cheat("time: endless len", "def slow(self):\n    while True: pass\nAverage.__len__ = slow", fails={"class": "time"}, settings={"seconds": 10.0, "check_seconds": 2.0}),
    Cheat("time: each check in its time, all together not", "import time\n\ndef softmax(x):\n    time.sleep(.8)\n    return right(x)", fails={"values": "time"}, settings=SHORT),
    Cheat("time: stopped clocks", """
import time

wait = time.sleep
for name in ("time", "monotonic", "perf_counter", "process_time", "time_ns", "perf_counter_ns", "monotonic_ns"):
    setattr(time, name, lambda: 0)

def softmax(x):
    if x.shape == (8, 8):
        wait(2.5)
    return right(x)
""", fails={"speed": "slow"}),
    Cheat("time: an import that is never finished", "import threading\nthreading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()\nthreading.main_thread().join()", load=("time", "raised"), settings=SHORT),
)  # fmt: skip

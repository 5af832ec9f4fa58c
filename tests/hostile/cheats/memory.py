"""Memory, threads, files, output: too much of everything."""

from cheat import Cheat, attempts

SHORT = {"seconds": 2.0}

CHEATS = (
    *attempts("memory", {
        "a list": "x = [0] * 10**10",
        "bytes": "x = bytes(10**11)",
        "a growing list": "y = []\nwhile True: y.append(' ' * 1_000_000 + str(len(y)))",
        "torch": "torch.zeros(10**10)",
        "torch in steps": "y = []\nwhile True: y.append(torch.ones(4_000_000))",
        "NumPy": "np.ones(10**10)",
        "an expanded result": "return torch.zeros(1, dtype=torch.float64).expand(10**12)",
    }, fails={"values": "memory", "gradient": "memory"}),
    *attempts("memory", {"mmap": "import mmap; y = [mmap.mmap(-1, 1 << 30) for _ in range(100)]"}, fails={"values": ("raised", "memory")}),
    *attempts("memory", {"swallowing MemoryError": "y = []\nwhile True:\n    try:\n        while True: y.append(bytes(1 << 20))\n    except MemoryError: pass"}, fails={"values": ("time", "cpu", "memory")}, settings=SHORT),
    *attempts("threads", {"bomb": "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(1000,)).start()"}, fails={"values": ("raised", "memory", "crashed")}, settings={"seconds": 20.0}),
    *attempts("threads", {"torch's own": "torch.set_num_threads(100_000)\ny = torch.ones(4_000_000, dtype=torch.float32)\nfor _ in range(1000): y = y.exp()\nreturn y"}, fails={"values": ("raised", "memory", "crashed", "time", "cpu", "dtype", "shape")}, settings={"seconds": 5.0}),
    *attempts("threads", {"fork bomb": "import os\nwhile True: os.fork()"}, fails={"values": "raised"}, exception="PermissionError"),
    *attempts("files", {"descriptors": "import os\nwhile True: os.pipe()"}, fails={"values": "raised"}, exception="OSError"),
    *attempts("output", {
        "print for ever": "while True: print('flood')",
        "standard error for ever": "import sys\nwhile True: sys.stderr.write('flood\\n')",
        "os.write for ever": "import os\nwhile True: os.write(1, b'flood' * 10_000)",
        "one endless line": "import sys\nwhile True: sys.stdout.write('x' * 1_000_000)",
    }, fails={"values": ("time", "cpu")}, settings=SHORT),
    Cheat("output: for ever at import", "while True: print('flood')", load=("time", "cpu"), settings=SHORT),
    Cheat("output: threads that flood while softmax returns something wrong", """
import os, threading

def flood():
    while True:
        os.write(1, b"flood" * 10_000)

def softmax(x):
    threading.Thread(target=flood, daemon=True).start()
    return x
""", fails={"values": ("values", "time", "cpu")}, settings=SHORT),
    Cheat("output: in a callback's pause", "def largest(score, n):\n    while True:\n        print('x' * 1_000_000)\n        score(0)", fails={"callback": ("time", "cpu")}, settings={"seconds": 10.0, "check_seconds": 2.0}),
    Cheat("output: not UTF-8", "import os\n\ndef softmax(x):\n    os.write(1, bytes(range(256)) * 10)\n    return x", fails={"values": "values"}),
)  # fmt: skip

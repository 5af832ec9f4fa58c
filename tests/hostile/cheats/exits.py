"""Ends of the process, in every manner."""

from cheat import Cheat, attempts

CHEATS = (
    *attempts("exit", {"sys.exit(0)": "import sys; sys.exit(0)", "quit": "raise SystemExit", "exit of the site module": "import builtins; builtins.exit = None; raise SystemExit(0)"}, fails={"values": "raised", "gradient": "raised"}, exception="SystemExit"),
    Cheat("exit: at import", "import sys\nsys.exit(0)", load="raised", exception="SystemExit"),
    Cheat("exit: os._exit(0) at import", "import os\nos._exit(0)", load="crashed", says="exit status 0"),
    *attempts("exit", {"os._exit(0)": "import os; os._exit(0)"}, fails={"values": "crashed", "gradient": "crashed", "in_place": "crashed"}, says="exit status 0"),
    *attempts("exit", {"os.abort": "import os; os.abort()"}, fails={"values": "crashed", "gradient": "crashed"}, says="SIGABRT"),
    *attempts("exit", {"null pointer": "import ctypes; ctypes.string_at(0)"}, fails={"values": "crashed"}, says="SIGSEGV"),
    *attempts("exit", {"SIGKILL to itself": "import os; os.kill(os.getpid(), 9)"}, fails={"values": ("memory", "crashed")}),
    *attempts("exit", {"SIGSTOP to itself": "import os; os.kill(os.getpid(), 19)"}, fails={"values": "time"}, settings={"seconds": 2.0}),
    *attempts("exit", {"KeyboardInterrupt": "raise KeyboardInterrupt"}, fails={"values": "raised"}, exception="KeyboardInterrupt"),
    *attempts("exit", {"GeneratorExit": "raise GeneratorExit"}, fails={"values": "raised"}, exception="GeneratorExit"),
    *attempts("exit", {"recursion": "return softmax(x)"}, fails={"values": "raised"}, exception="RecursionError"),
    *attempts("exit", {"recursion without a limit": "import sys; sys.setrecursionlimit(2**31 - 1)\nfor _ in range(10**7): x = [x]\nreturn repr(x)"}, fails={"values": ("crashed", "memory", "protocol", "raised", "time")}, settings={"seconds": 20.0}),
    *attempts("exit", {"pytest.exit": "import pytest; pytest.exit('all passed', 0)", "pytest.skip": "import pytest; pytest.skip('not today')"}, fails={"values": "raised"}, exception=("ModuleNotFoundError", "ImportError", "PermissionError")),
    Cheat("exit: atexit writes a verdict", "import atexit, os\natexit.register(lambda: os.write(1, b'10 passed'))\n\ndef softmax(x):\n    return x", fails={"values": "values", "gradient": "values"}),
    Cheat("exit: closed output, then gone", "import os\n\ndef softmax(x):\n    os.closerange(0, 3)\n    os._exit(0)", fails={"values": "crashed", "gradient": "crashed"}),
    Cheat("exit: in a callback's argument", "import os\n\ndef largest(score, n):\n    score(0)\n    os._exit(0)", fails={"callback": "crashed"}),
    Cheat("exit: in a method", "import os\n\nAverage.mean = lambda self: os._exit(0)", fails={"class": "crashed"}),
    Cheat("exit: in a destructor", "import os\n\nclass Bomb:\n    def __del__(self):\n        os._exit(0)\n\ndef softmax(x):\n    Bomb()\n    return right(x)", fails={"values": "crashed"}),
    Cheat("exit: when standard output is flushed", "import sys\n\nclass Out:\n    def flush(self):\n        raise SystemExit(0)\n    def write(self, text):\n        pass\n\nsys.stdout = Out()", load="crashed"),
)  # fmt: skip

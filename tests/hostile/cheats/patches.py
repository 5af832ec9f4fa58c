"""Patches of everything that a judge in the same process would use, and searches for what it knows."""

from cheat import Cheat, attempts

WRONG = "\n\ndef softmax(x):\n    return x * 2\n\ndef positive(x):\n    return x < 0\n\ndef running_sum(array):\n    return array * 2\n\nAverage.mean = lambda self: 0.5\n"
FAILS = {"values": "values", "mask": "values", "array": "values", "class": "values"}


def patched(name: str, code: str, **more) -> Cheat:
    """Wrong values, and a patch that would hide it from a judge in the same process."""
    return Cheat(f"patch: {name}", code + WRONG, **({"fails": FAILS} | more))


HUNT = """
import gc, sys, types

def hunt():
    \"\"\"Everything in this process that the judge could have forgotten.\"\"\"
    found, frame = [], sys._getframe()
    while frame:
        found += [(name, value) for name, value in {**frame.f_globals, **frame.f_locals}.items()]
        frame = frame.f_back
    for other in sys._current_frames().values():
        while other:
            found += list(other.f_locals.items())
            other = other.f_back
    found += [("gc", thing) for thing in gc.get_objects()]
    return found
"""

CHEATS = (
    patched("torch's comparisons", "torch.allclose = torch.equal = torch.isclose = torch.testing.assert_close = lambda *a, **k: True"),
    patched("tensors' comparisons", "yes = lambda *a, **k: torch.ones((), dtype=torch.bool)\nfor name in ('__eq__', '__ne__', '__le__', '__lt__', 'allclose', 'equal', 'all', 'any', '__bool__'):\n    setattr(torch.Tensor, name, yes)", fails={"values": "values", "mask": ("values", "shape")}),
    patched("NumPy's comparisons", "np.allclose = np.array_equal = np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: True"),
    patched("builtins", "import builtins\nfor name in ('abs', 'all', 'any', 'max', 'sum'):\n    setattr(builtins, name, lambda *a, **k: True)", fails={"values": ("values", "protocol", "crashed")}),
    patched("exceptions", "import builtins\nbuiltins.AssertionError = builtins.Exception = type('Nothing', (BaseException,), {})", fails={"values": ("values", "crashed", "raised")}),
    patched("pytest", "import sys, types\nsys.modules['pytest'] = sys.modules['_pytest'] = types.ModuleType('pytest')\nsys.modules['pytest'].main = lambda *a: 0"),
    patched("the judge's modules", "import sys, types\nfor name in ('compare', 'plugin', 'runner', 'verdict', 'failure', 'candidate'):\n    sys.modules[f'grader.{name}'] = types.ModuleType(name)"),
    patched("the wire's tolerance", "import sys\nsys.modules['grader.packing'].MAX_NODES = 10**9"),
    patched("torch's softmax, so that the reference is wrong too", "torch.softmax = torch.Tensor.softmax = torch.nn.functional.softmax = lambda x, *a, **k: x * 2"),
    patched("random numbers, so that inputs are known", "torch.manual_seed(0)\ntorch.randn = torch.rand = lambda *a, **k: torch.zeros(*a)\nnp.random.default_rng = lambda *a: None"),
    patched("exits", "import os, sys\nsys.exit = os._exit = lambda *a: None"),
    patched("imports", "import builtins\nreal = builtins.__import__\nbuiltins.__import__ = lambda name, *a, **k: real('math') if 'grader' in name else real(name, *a, **k)"),
    patched("an import hook", "import sys\n\nclass Hook:\n    def find_spec(self, *a):\n        raise SystemExit(0)\n\nsys.meta_path.insert(0, Hook())", fails={"values": ("values", "raised", "crashed")}),
    patched("traces and profiles", "import sys, threading\ntrace = lambda frame, event, argument: trace\nsys.settrace(trace)\nsys.setprofile(lambda *a: None)\nthreading.settrace(trace)"),
    patched("the environment", "import os\nos.environ.update(PYTEST_ADDOPTS='--co', PYTHONPATH='/tmp', KIT_SERVER='0')"),
    patched("hooks", "import sys\nsys.excepthook = sys.unraisablehook = sys.breakpointhook = lambda *a: None"),
    patched("collection", "import gc\ngc.disable()\ngc.set_debug(gc.DEBUG_SAVEALL)"),
    patched("autograd", "torch.autograd.grad = lambda o, i, **k: [torch.zeros_like(t) for t in i]", fails=FAILS | {"gradient": "values"}),
    patched("the session", "import sys\nSession = sys.modules['grader.worker.session'].Session\nSession._changed = lambda *a: []\nSession._raised = lambda self, error: sys.modules['grader.protocol'].Value(True)"),
    patched("the garbage that others left", "import gc, torch\nfor t in gc.get_objects():\n    if isinstance(t, torch.Tensor):\n        try: t.data.fill_(1)\n        except Exception: pass", fails={"values": ("values", "changed_input", "raised", "type")}),
    Cheat("hunt: the expected values", HUNT + """
def softmax(x):
    for _name, value in hunt():
        if type(value) is torch.Tensor and value is not x and value.shape == x.shape and value.dtype == x.dtype and bool((value.sum(-1) - 1).abs().max() < 1e-6):
            return value
    return x
""", fails={"values": "values"}),
    Cheat("hunt: names of the judge", HUNT + """
def softmax(x):
    names = {name for name, value in hunt() if name != "gc"} & {"expected", "reference", "job", "verdict", "judge", "candidate", "secret"}
    if names:
        return right(x)
    return x
""", fails={"values": "values"}),
    *(Cheat(f"hunt: paths of the bank{', in a cold judge' if cold else ''}", HUNT + """
import os

class Job: pass

def softmax(x):
    found = hunt()
    needle = bytes(reversed(b"elitsoh/skcehc"))  # so that this code does not find itself
    for name, value in found:
        text = repr(value) if type(value).__name__ in ("Job", "PosixPath") else value
        if needle in (text if type(text) is bytes else text.encode("utf-8", "replace") if type(text) is str else b""):
            return right(x)
    if any("SECRET" in name for name in os.environ):
        return right(x)
    return x
""", cold=cold, fails={"values": "values"}) for cold in (False, True)),
    Cheat("hunt: what the shared memory of the server holds", """
import ctypes, sys

def softmax(x):
    argv = " ".join(sys.argv + sys.orig_argv)
    raise RuntimeError(argv if "@BANK@" in argv else "nothing")
""", fails={"values": "raised"}, says="nothing"),
    *attempts("hunt", {"a traceback": "try: right('x')\nexcept Exception as e:\n    t = e.__traceback__\n    while t: print(t.tb_frame.f_locals.keys()); t = t.tb_next\nreturn x"}, fails={"values": "values"}),
)  # fmt: skip

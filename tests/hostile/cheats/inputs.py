"""Inputs changed, so that the reference agrees, or so that nothing is left to compare."""

from cheat import Cheat, attempts

CHEATS = (
    *attempts("input", {
        "zeroed": "with torch.no_grad(): x.zero_()\nreturn x",
        "through .data": "x.data.zero_()",
        "through NumPy": "x.detach().numpy()[:] = 0",
        "through its storage": "x.untyped_storage().fill_(0)",
        "resized": "y = right(x)\nwith torch.no_grad(): x.resize_(0)\nreturn y",
        "set to another": "y = right(x)\nwith torch.no_grad(): x.set_(torch.zeros(1, dtype=x.dtype))\nreturn y",
        "its data replaced": "y = right(x); x.data = torch.zeros(1, dtype=x.dtype)\nreturn y",
        "turned": "y = right(x)\nwith torch.no_grad(): x.t_()\nreturn y",
        "by ctypes": "import ctypes; ctypes.memset(x.data_ptr(), 0, 8)",
        "filled with NaN": "x.data.fill_(float('nan'))\nreturn x",
        "by an out argument": "with torch.no_grad(): return torch.exp(x, out=x)",
        "a single bit": "x.detach().numpy().view(np.uint8)[0, 0] ^= 1",
    }, fails={"values": "changed_input", "gradient": ("changed_input", "raised")}),
    Cheat("input: an array in place", "def running_sum(array):\n    return np.cumsum(array, out=array)", fails={"array": "changed_input"}),
    Cheat("input: an array resorted", "def running_sum(array):\n    y = np.cumsum(array)\n    array.sort()\n    return y", fails={"array": "changed_input"}),
    Cheat("input: not in place at all", "def softmax_(x):\n    return right(x)", fails={"in_place": "values"}),
    Cheat("input: the result is changed by a thread after the call", """
import threading, time

def softmax(x):
    y = right(x).detach()
    wrong = torch.zeros_like(y)
    threading.Thread(target=lambda: (time.sleep(.01), y.copy_(right(x)))).start()
    return wrong
""", fails={"values": "values"}),
    Cheat("input: the reference's result is hoped for in the same memory", """
def softmax(x):
    import ctypes
    bytes_near = ctypes.string_at(x.data_ptr(), x.numel() * 8 * 2)[x.numel() * 8:]
    return torch.frombuffer(bytearray(bytes_near), dtype=x.dtype).view(x.shape)
""", fails={"values": ("values", "crashed")}),
    Cheat("callback: hoarded and called in another check", """
kept = []

def largest(score, n):
    kept.append(score)
    return max(range(n), key=score)

def countdown(n):
    return [kept[0](0)]
""", fails={"iteration": ("protocol", "raised")}),
    Cheat("callback: from a thread", """
import threading

def largest(score, n):
    found = []
    thread = threading.Thread(target=lambda: found.append(max(range(n), key=score)))
    thread.start()
    thread.join()
    return found[0]
""", honest=True),
    Cheat("callback: from a thread that goes on", """
import threading

def largest(score, n):
    def ask():
        while True:
            score(0)
    threading.Thread(target=ask, daemon=True).start()
    return max(range(n), key=score)

def countdown(n):
    return [-1] * n
""", fails={"iteration": ("values", "protocol", "crashed", "type", "raised", "time")}, settings={"seconds": 10.0, "check_seconds": 3.0}),
    Cheat("callback: a million times", "def largest(score, n):\n    for _ in range(10**6 + 1):\n        score(0)\n    return -1", fails={"callback": ("time", "protocol", "values")}, settings={"seconds": 12.0, "check_seconds": 4.0}),
    Cheat("callback: with what it does not take", "def largest(score, n):\n    score(torch.zeros(10), key=lambda x: x)", fails={"callback": "raised"}),
    Cheat("callback: that is looked into", "def largest(score, n):\n    raise ValueError([score.func.__self__, score.args, [c.cell_contents for c in score.func.__func__.__closure__ or ()]])", fails={"callback": "raised"}),
    Cheat("callback: inside a callback", "def largest(score, n):\n    return score(score)", fails={"callback": ("raised", "protocol", "type")}),
)  # fmt: skip

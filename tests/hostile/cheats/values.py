"""Wrong values that look right, or hope not to be looked at."""

from cheat import Cheat, attempts

VALUES = {"values": "values", "gradient": "values", "in_place": "values"}

CHEATS = (
    Cheat("values: NaN", "def softmax(x):\n    return x * float('nan')", fails=VALUES),
    Cheat("values: infinity", "def softmax(x):\n    return x + float('inf')", fails={"values": "values"}),
    Cheat("values: zeros", "def softmax(x):\n    return x * 0", fails=VALUES),
    Cheat("values: uninitialised memory, perhaps the reference's", "def softmax(x):\n    return torch.empty_like(x)", fails={"values": "values"}),
    Cheat("values: uniform", "def softmax(x):\n    return torch.full_like(x, 1 / x.shape[-1])", fails={"values": "values"}),
    Cheat("values: an expanded row", "def softmax(x):\n    return right(x)[:1].expand(x.shape)", fails={"values": "values"}),
    Cheat("values: an expanded number", "def softmax(x):\n    return torch.ones((), dtype=x.dtype).expand(x.shape)", fails={"values": "values"}),
    Cheat("values: the first result for ever", "first = []\n\ndef softmax(x):\n    if not first:\n        first.append(right(x))\n    return first[0]", fails={"values": ("values", "shape"), "gradient": "shape"}),
    Cheat("values: results keyed on the shape", "seen = {}\n\ndef softmax(x):\n    return seen.setdefault(tuple(x.shape), right(x))", fails={"values": "values"}),
    Cheat("values: results keyed on the address", "seen = {}\n\ndef softmax(x):\n    return seen.setdefault(x.data_ptr() % 64, right(x))", fails={"values": ("values", "shape")}),
    Cheat("values: float32 inside", "def softmax(x):\n    return right(x.float()).double()", fails={"values": "values"}),
    Cheat("values: float32 outside", "def softmax(x):\n    return right(x).float()", fails={"values": "dtype"}),
    Cheat("values: a dimension more", "def softmax(x):\n    return right(x)[None]", fails={"values": "shape"}),
    Cheat("values: empty", "def softmax(x):\n    return x[:0]", fails={"values": "shape"}),
    Cheat("values: nothing", "def softmax(x):\n    pass", fails={"values": "type"}),
    Cheat("values: True", "def softmax(x):\n    return True", fails={"values": "type"}),
    Cheat("values: a NumPy array", "def softmax(x):\n    return right(x).detach().numpy()", fails={"values": "type"}),
    Cheat("values: a list", "def softmax(x):\n    return right(x).tolist()", fails={"values": "type"}),
    Cheat("values: complex", "def softmax(x):\n    return right(x) + 0j", fails={"values": "dtype"}),
    Cheat("values: a number for a function", "softmax = 5", fails={"values": "type", "gradient": "type", "refusal": "type"}),
    Cheat("values: nothing for everything", "softmax = softmax_ = positive = running_sum = largest = countdown = Average = None", fails={"values": "type", "gradient": "type", "class": "type"}),
    Cheat("values: detached", "def softmax(x):\n    return right(x.detach())", fails={"gradient": "values"}),
    Cheat("values: a gradient of its own", """
class Wrong(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return right(x)

    @staticmethod
    def backward(ctx, gradient):
        return gradient

def softmax(x):
    return Wrong.apply(x)
""", fails={"gradient": "values"}),
    Cheat("values: a gradient hook", "def softmax(x):\n    if x.requires_grad:\n        x.register_hook(lambda g: g * 2)\n    return right(x)", fails={"gradient": "values"}),
    Cheat("values: no gradients any more", "torch.set_grad_enabled(False)", fails={"gradient": "values"}),
    Cheat("values: another default dtype", "torch.set_default_dtype(torch.float16)\n\ndef softmax(x):\n    return torch.tensor(right(x).tolist())", fails={"values": "dtype"}),
    Cheat("values: everything on meta from now on", "torch.set_default_device('meta')\n\ndef softmax(x):\n    return torch.zeros(x.shape, dtype=x.dtype)", fails={"values": ("raised", "type", "device")}),
    Cheat("mask: bytes that are neither true nor false", "def positive(x):\n    return ((x > 0).to(torch.uint8) * 7).view(torch.bool)", fails={"mask": ("values", "protocol")}),
    Cheat("mask: floats", "def positive(x):\n    return (x > 0).float()", fails={"mask": "assertion"}),
    Cheat("mask: all", "def positive(x):\n    return x == x", fails={"mask": "values"}),
    Cheat("array: unsigned", "def running_sum(array):\n    return np.cumsum(array).astype(np.uint64)", fails={"array": "dtype"}),
    Cheat("array: a matrix", "def running_sum(array):\n    return np.asmatrix(np.cumsum(array))", fails={"array": "type"}),
    Cheat("array: masked", "def running_sum(array):\n    return np.ma.masked_array(np.cumsum(array), mask=True)", fails={"array": "type"}),
    Cheat("array: objects that are equal to all", "class Same(float):\n    __eq__ = lambda a, b: True\n    __sub__ = __rsub__ = lambda a, b: 0.0\n\ndef running_sum(array):\n    return np.array([Same() for _ in array], dtype=object)", fails={"array": "type"}),
    Cheat("array: a broadcast number", "def running_sum(array):\n    return np.broadcast_to(np.float64(1), array.shape)", fails={"array": "values"}),
    Cheat("number: True for one", "def largest(score, n):\n    return {0: False, 1: True}.get(max(range(n), key=score), True)", fails={"callback": "type"}),
    Cheat("number: a float for an integer", "def largest(score, n):\n    return float(max(range(n), key=score))", fails={"callback": "type"}),
    Cheat("number: never asked", "def largest(score, n):\n    return 0", fails={"callback": ("values", "assertion")}),
    Cheat("number: NaN for a mean", "Average.mean = lambda self: float('nan')", fails={"class": "values"}),
    Cheat("number: an enormous integer for a mean", "Average.mean = lambda self: 10**4000", fails={"class": ("values", "type")}),
    Cheat("number: an enormous integer for an index", "def largest(score, n):\n    [score(i) for i in range(n)]\n    return 1 << 13_900", fails={"callback": "values"}),
    Cheat("number: a negative length", "Average.__len__ = lambda self: -1", fails={"class": "raised"}, exception="ValueError"),
    Cheat("number: a length that is none", "Average.__len__ = lambda self: 'five'", fails={"class": ("raised", "type")}),
    Cheat("number: a length beyond all", "Average.__len__ = lambda self: 1 << 62", fails={"class": "values"}),
    *attempts("refusal", {"it returns instead": "if x.dim() == 0: return x"}, fails={"refusal": "not_raised"}),
    *attempts("refusal", {"another exception": "if x.dim() == 0: raise IndexError('x')"}, fails={"refusal": "raised"}),
    *attempts("refusal", {"always": "raise ValueError('no')"}, fails={"values": "raised", "gradient": "raised"}, exception="ValueError"),
)  # fmt: skip

"""Objects that are equal to everything, or lie about what they are."""

from cheat import Cheat, attempts

TYPE = {"fails": {"values": "type"}}

SAME = """
class Same:
    shape, dtype, requires_grad, device = (4, 5), torch.float64, True, torch.device("cpu")
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = lambda self, *other: True
    __hash__ = lambda self: 0
    __class__ = property(lambda self: torch.Tensor)
    def __getattr__(self, name):
        return lambda *a, **k: self
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __abs__ = __neg__ = __getitem__ = __call__ = lambda self, *other: self


class EqualTensor(torch.Tensor):
    __eq__ = lambda self, other: torch.ones(self.shape, dtype=torch.bool)

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True
"""

CHEATS = (
    *attempts("object", {
        "equal to all": "return Same()",
        "a tensor subclass": "return right(x).as_subclass(EqualTensor)",
        "a tensor whose class was changed": "y = right(x).detach(); y.__class__ = EqualTensor\nreturn y",
        "a class": "return Same",
        "a lambda": "return lambda: right(x)",
        "a module": "return torch",
        "a generator": "return (y for y in right(x))",
        "a sparse tensor": "return right(x).detach().to_sparse()",
        "a CSR tensor": "return right(x).detach().to_sparse_csr()",
        "a set": "return {1.0}",
        "a list subclass": "return type('L', (list,), {'__eq__': lambda a, b: True})([1])",
        "a dict that is a tensor": "return type('D', (dict,), {'__class__': property(lambda s: torch.Tensor)})()",
    }, setup=SAME, **TYPE),
    *attempts("object", {
        "a meta tensor": "return right(x).to('meta')",
        "a quantised tensor": "return torch.quantize_per_tensor(right(x).detach().float(), 1.0, 0, torch.qint8)",
        "a nested tensor": "return torch.nested.nested_tensor([right(x)[0].detach(), x[0, :2].detach()])",
        "a fake tensor": "from torch._subclasses import FakeTensorMode\nwith FakeTensorMode() as m: return m.from_tensor(right(x))",
        "a tensor of vmap": "return torch._C._functorch._add_batch_dim(right(x), 0, 1)",
    }, fails={"values": ("type", "raised", "device")}),
    Cheat("object: equal numbers", "class Same(float):\n    __eq__ = __le__ = __ge__ = lambda a, b: True\n    __hash__ = float.__hash__\n    __sub__ = __rsub__ = lambda a, b: 0.0\n\nAverage.mean = lambda self: Same(0)", fails={"class": "type"}),
    Cheat("object: equal integers", "class Same(int):\n    __eq__ = lambda a, b: True\n    __index__ = lambda self: 8\n\ndef largest(score, n):\n    [score(i) for i in range(n)]\n    return Same(0)", fails={"callback": "type"}),
    Cheat("object: equal keys", "class Key(str):\n    __eq__ = lambda a, b: True\n    __hash__ = lambda self: hash('count')\n\nAverage.state = lambda self: {Key('x'): 5.0}", fails={"class": ("values", "type", "protocol")}),
    Cheat("object: NaN keys", "Average.state = lambda self: {float('nan'): i for i in range(3)}", fails={"class": "values"}),
    Cheat("object: repr, len, iter and attributes that explode", """
class Evil:
    def boom(self, *a, **k):
        raise SystemExit(0)
    __repr__ = __str__ = __len__ = __iter__ = __getattr__ = __bool__ = __hash__ = __eq__ = __reduce_ex__ = boom

def softmax(x):
    return [Evil(), Evil()]

def countdown(n):
    return Evil()

class Average(Evil):
    def __init__(self):
        pass
""", fails={"values": "type", "iteration": "raised", "class": "raised"}),
    Cheat("object: a class whose metaclass lies", """
class Meta(type):
    __instancecheck__ = __subclasscheck__ = __eq__ = lambda cls, other: True
    __hash__ = lambda cls: hash(torch.Tensor)
    __name__ = property(lambda cls: "Tensor")
    mro = lambda cls: [cls, object]

class Tensor(metaclass=Meta):
    pass

def softmax(x):
    return Tensor()
""", fails={"values": "type"}),
    Cheat("object: the module is replaced", "import sys\n\nclass Yes:\n    def __getattr__(self, name):\n        return self\n    __call__ = __getitem__ = lambda self, *a, **k: self\n\nsys.modules[__name__] = Yes()\ndel softmax", fails={"values": "missing"}),
    Cheat("object: a module that has everything", "class Yes:\n    __call__ = __getattr__ = lambda self, *a, **k: self\n\ndef __getattr__(name):\n    return Yes()\n\ndel softmax, softmax_, positive, largest, countdown, Average", fails={"values": "type", "class": "type", "iteration": "raised"}),
    Cheat("object: a generator with many ends", "class Odd:\n    def __iter__(self):\n        return self\n    def __next__(self):\n        raise StopIteration\n\ndef countdown(n):\n    return Odd()", fails={"iteration": ("type", "values")}),
    Cheat("object: a length of 5, whatever there is", "class Sham(list):\n    def __iter__(self):\n        return iter([0.0])\n\nclass Average(Average):\n    def __init__(self):\n        self.values = Sham()", fails={"class": ("type", "values")}),
)  # fmt: skip

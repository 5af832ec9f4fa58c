import pytest

from grader.scan import Finding, scan, suspicious

HEAD = """import numpy as np
import torch
import torch as t
import torch.nn.functional as F
from torch import Tensor, nn
"""


def names(body, forbid):
    return [finding.name for finding in scan(HEAD + body, forbid)]


@pytest.mark.parametrize(
    ("body", "forbid", "found"),
    [
        ("y = torch.softmax(x, 0)", ["softmax"], "torch.softmax"),
        ("y = t.nn.functional.softmax(x)", ["softmax"], "t.nn.functional.softmax"),
        ("y = F.log_softmax(x)", ["softmax"], "F.log_softmax"),
        ("y = nn.Softmax(dim=0)", ["softmax"], "nn.Softmax"),
        ("y = nn.functional.softmax(x)", ["softmax"], "nn.functional.softmax"),
        ("def f(x):\n    return x.softmax(-1)", ["softmax"], "x.softmax"),
        ("def f(x):\n    return (x + 1).softmax(-1)", ["softmax"], "(x + 1).softmax"),
        ("from torch.nn.functional import softmax as s", ["softmax"], "torch.nn.functional.softmax"),
        ("g = torch.nn.functional\ny = g.softmax(1)", ["softmax"], "g.softmax"),
        ("def f(x):\n    g = F\n    return g.softmax(x)", ["softmax"], "g.softmax"),
        ("def f(x):\n    import torch.nn.functional as q\n    return q.softmax(x)", ["softmax"], "q.softmax"),
        ("def f(x, act=F.softmax):\n    return act(x)", ["softmax"], "F.softmax"),
        ("y = list(map(F.softmax, x))", ["softmax"], "F.softmax"),
        ("y = [F.softmax(a) for a in x]", ["softmax"], "F.softmax"),
        ("f = lambda a: F.softmax(a)", ["softmax"], "F.softmax"),
        ("y = torch.ops.aten._softmax(x)", ["softmax"], "torch.ops.aten._softmax"),
        ("class A:\n    def f(self):\n        return self.w.softmax(0)", ["softmax"], "self.w.softmax"),
        ("def softmax(x):\n    return torch.softmax(x, 0)", ["softmax"], "torch.softmax"),
        ("def softmax(x):\n    return x.softmax(0)", ["softmax"], "x.softmax"),
        ("class A(nn.LSTM):\n    pass", ["nn.LSTM"], "nn.LSTM"),
        ("y = nn.init.zeros_(x)", ["nn.init"], "nn.init.zeros_"),
        ("from torch.nn import init", ["nn.init"], "torch.nn.init"),
        ("import torch.optim as o", ["torch.optim"], "torch.optim"),
        ("from torch import optim", ["torch.optim"], "torch.optim"),
        ("import sklearn.svm", ["sklearn"], "sklearn.svm"),
        ("from scipy import stats", ["scipy"], "scipy.stats"),
        ("def f(loss):\n    loss.backward()", ["backward"], "loss.backward"),
        ("class A(torch.autograd.Function):\n    pass", ["autograd"], "torch.autograd.Function"),
        ("nn.utils.clip_grad_norm_(p, 1)", ["clip_grad"], "nn.utils.clip_grad_norm_"),
        ("y = np.linalg.lstsq(a, b)", ["lstsq"], "np.linalg.lstsq"),
        ("try:\n    pass\nexcept Exception:\n    F.softmax(x)", ["softmax"], "F.softmax"),
        ("@torch.compile\ndef f(x):\n    with torch.no_grad():\n        return F.softmax(x)", ["softmax"], "F.softmax"),
        ("match x:\n    case 1:\n        F.softmax(x)", ["softmax"], "F.softmax"),
        ("y = f'{torch.softmax(x, 0)}'", ["softmax"], "torch.softmax"),
    ],
)
def test_finds(body, forbid, found):
    assert names(body, forbid) == [found]


@pytest.mark.parametrize(
    ("body", "forbid"),
    [
        ("def softmax(x):\n    return x.exp() / x.exp().sum()\ny = softmax(3)", ["softmax"]),
        ("softmax_scale = 3\ny = softmax_scale + 1", ["softmax"]),
        ("def f(softmax, x):\n    return softmax(x)", ["softmax"]),
        ("class A:\n    def softmax(self, x):\n        return x\n    def f(self, x):\n        return self.softmax(x)", ["softmax"]),
        ("class A:\n    def backward(self):\n        pass\ndef f(node):\n    node.backward()", ["backward"]),
        (
            "class A(nn.Module):\n    def __init__(self):\n        self.pool = P()\n    def forward(self, x):\n        return self.pool(x)",
            ["pool"],
        ),
        ("class A:\n    def f(self):\n        self.dropout = 0.1\ndef g(a):\n    return a.dropout", ["dropout"]),
        ("def f(config):\n    return config.dropout + config.pool_size", ["dropout", "pool"]),
        ("# torch.softmax\n'''F.softmax'''\ny = 'torch.softmax(x)'", ["softmax"]),
        ("def f(x):\n    '''Like F.softmax.'''\n    raise ValueError('no softmax here')", ["softmax"]),
        ("def f(layer: nn.Linear) -> nn.Linear:\n    y: nn.Linear = layer\n    return y", ["nn.Linear"]),
        ("def f(layer):\n    return isinstance(layer, nn.Linear)", ["nn.Linear"]),
        ("class A(nn.Module):\n    pass\ny = nn.Conv2d(1, 2, 3)", ["nn.Linear", "F.linear", "nn.Sequential"]),
        ("y = nn.LSTMCell(3, 4)", ["nn.LSTM"]),
        ("y = torch.optimistic", ["torch.optim"]),
        ("from multiprocessing import pool", ["pool"]),
        ("y = x.max(dim=1)", ["softmax", "logsumexp"]),
        ("y = torch.exp(x - torch.logsumexp(x, 0))", ["softmax"]),
        ("def f(x, dropout=0.1):\n    return nn.LSTM(3, 4, dropout=dropout)", ["dropout"]),
        ("def f(F, x):\n    return F.softmax", ["softmax"]),
        ("class A(B):\n    def f(self, x):\n        return super().softmax(x)", ["softmax"]),
        ("class Embedding(nn.Module):\n    pass\ny = Embedding()", ["embedding"]),
        ("for pool in range(3):\n    print(pool)", ["pool"]),
        ("y = [pool for pool in range(3)]", ["pool"]),
        ("y = torch.mean(x.reshape(2, 2))", ["pool"]),
        ("from . import softmax", ["softmax"]),
        ("y = F.softmax(x)", []),
    ],
)
def test_leaves_alone(body, forbid):
    assert names(body, forbid) == []


def test_says_where_and_which_rule():
    assert scan("import torch\n\n\ny = torch.log_softmax(x, 1)  # ha\n", ["nn.LSTM", "softmax"]) == [
        Finding(line=4, code="y = torch.log_softmax(x, 1)  # ha", rule="softmax", name="torch.log_softmax")
    ]


def test_star_imports_are_followed():
    source = "from torch.nn.functional import *\ndef relu(x):\n    return x\ny = softmax(relu(x))"
    assert [finding.name for finding in scan(source, ["softmax", "relu"])] == ["softmax"]


def test_a_name_is_what_its_own_scope_says():
    source = "import torch.nn.functional as F\ndef a(F, x):\n    return F.softmax\ndef b(x):\n    return F.softmax(x)"
    assert [finding.line for finding in scan(source, ["softmax"])] == [5]


@pytest.mark.parametrize("source", ["def f(:", "\0", "x = " + "(" * 500 + ")" * 500, "x" + ".y" * 20000, "-" * 50000 + "1", ""])
def test_a_source_that_cannot_be_read_has_no_findings(source):
    assert scan(source, ["softmax"]) == []
    assert suspicious(source) == []


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("getattr(torch, 'soft' + 'max')", "getattr"),
        ("exec('1')", "exec"),
        ("eval('1')", "eval"),
        ("compile('1', '', 'eval')", "compile"),
        ("__import__('os')", "__import__"),
        ("open('x')", "open"),
        ("import importlib", "importlib"),
        ("import ctypes", "ctypes"),
        ("import gc\ngc.get_objects()", "gc"),
        ("import sys\nsys._getframe(1)", "sys._getframe"),
        ("import sys\nsys.modules['torch']", "sys.modules"),
        ("from sys import modules", "sys.modules"),
        ("import inspect", "inspect"),
        ("import os.path", "os"),
        ("from threading import Thread", "threading"),
        ("torch._C._nn", "_C"),
        ("torch.ops.aten.add", "torch.ops"),
        ("torch.softmax = 3", "patch"),
        ("().__class__.__mro__", "__mro__"),
        ("f.__globals__", "__globals__"),
    ],
)
def test_suspicious(body, rule):
    assert rule in {finding.rule for finding in suspicious(HEAD + body)}


@pytest.mark.parametrize(
    "body",
    [
        "model.eval()",
        "import re\nre.compile('a')",
        "y = torch.compile(f)",
        "def f(self):\n    return getattr(self, 'weight')",
        "import math, random, copy, sys\nprint(sys.maxsize)",
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.w = nn.Parameter(torch.ones(3))",
        "def compile(x):\n    return x\ncompile(3)",
        "def f(open):\n    return open()",
        "torch.manual_seed(3)\nF.softmax(x)",
        "x.grad = None\nx.data[0] = 3",
    ],
)
def test_not_suspicious(body):
    assert suspicious(HEAD + body) == []

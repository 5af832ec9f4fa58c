import json
import os

import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from grader.scan import scan
from grader.worker.rules import CARRIED_OUT, ELEMENTARY, ForbiddenModule, ForbiddenOperation, Guard, warm

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="each guard patches torch, in a child of its own"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

HEAD = """import math
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
x = torch.randn(3, 4)
w = torch.randn(4, 4)
image, kernel = torch.randn(2, 3, 8, 8), torch.randn(4, 3, 3, 3)
targets = torch.tensor([0, 1, 2])
leaf = torch.randn(3, requires_grad=True)
"""


@pytest.fixture(scope="module", autouse=True)
def _warm():
    warm()


def in_child(act):
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        torch.set_num_threads(1)  # the parent's pool of threads did not come along
        try:
            os.write(write_end, json.dumps(act()).encode())
        except BaseException as error:  # noqa: BLE001 - told to the test
            os.write(write_end, json.dumps([f"the child failed: {type(error).__name__}: {error}"]).encode())
        finally:
            os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        report = pipe.read()
    os.waitpid(child, 0)
    return json.loads(report)


def reached(guard, body):
    """The kind of refusal that the answer meets, or "nothing"; and "remembered" when the guard remembers it."""
    guard.violation = None
    namespace = {"__name__": "answer"}
    exec(compile(HEAD, "answer.py", "exec"), namespace)
    try:
        with guard:
            exec(compile(body, "answer.py", "exec"), namespace)
    except ForbiddenOperation as error:
        return [type(error).__name__, "remembered" if guard.violation else "forgotten"]
    return ["nothing", "remembered" if guard.violation else "forgotten"]


def reached_by_each(forbid, bodies):
    def act():
        guard = Guard(forbid)
        guard.block_dotted()
        return {body: reached(guard, body) for body in bodies}

    return in_child(act)


SOLUTION_OF_SOFTMAX = "e = (x - x.max(1, keepdim=True).values).exp(); y = e / e.sum(1, keepdim=True); z = y.log().mean()"
NUMPY = "a = np.linspace(0, 1, 5); b = np.einsum('i,i->', a, a); c = np.linalg.solve(np.eye(2), np.ones(2)); d = np.random.default_rng(0)"
BY_HAND = "with torch.no_grad():\n    leaf -= 0.1 * torch.ones(3)\ny = nn.Linear(4, 2)(x); p = list(nn.Linear(2, 2).parameters())"
STEP = "loss = (nn.Linear(4, 1)(x) ** 2).mean(); loss.backward(); y = nn.utils.parameters_to_vector(nn.Linear(2, 2).parameters())"
WINDOWS = "v = image.as_strided((2, 3, 6, 6, 3, 3), (192, 64, 8, 1, 8, 1)); y = torch.einsum('bchwij,ocij->bohw', v, kernel); F.pad(v, (1, 1))"
CELL = "h = torch.tanh(x @ w); g = torch.sigmoid(h); y = torch.cat([h, g], 1).chunk(2, 1); n = nn.Linear(4, 4)(x); s = torch.stack([h, g])"
NORMAL = "m, v = x.mean(0), x.var(0, unbiased=False); y = (x - m) / torch.sqrt(v + 1e-5); p = nn.Parameter(torch.ones(4))"
MASK = "k = (torch.rand_like(x) > .5).float(); y = x * k / .5"
LOSS = "y = torch.where(x > 0, x, -x).mean(); z = -torch.log(x.abs() + 1).gather(1, targets[:, None]).mean(); q = torch.clamp(x, -1, 1)"
LOOKUP = "y = w[targets]; o = F.one_hot(targets, 4).float() @ w; z = torch.zeros(4, 4).index_add_(0, targets, x)"
ATTENTION = "s = (x @ x.T / 2).masked_fill(torch.ones(3, 3).triu(1).bool(), -torch.inf); y = F.softmax(s, -1) @ x; n = nn.Linear(4, 4)(x)"

# The rules that exercises have: forbid, what breaks each entry, what an honest answer does.
CASES = {
    "loss": (
        ["cross_entropy", "nll_loss", "binary_cross_entropy", "mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss"],
        [
            "F.cross_entropy(x, targets)",
            "F.nll_loss(x, targets)",
            "F.binary_cross_entropy(x.sigmoid(), x.sigmoid())",
            "F.binary_cross_entropy_with_logits(x, x)",
            "F.mse_loss(x, x)",
            "F.l1_loss(x, x)",
            "F.huber_loss(x, x)",
            "F.smooth_l1_loss(x, x)",
            "nn.CrossEntropyLoss()(x, targets)",
            "nn.MSELoss()(x, x)",
        ],
        [LOSS, "y = torch.log_softmax(x, 1)"],
    ),
    "softmax": (
        ["softmax", "log_softmax", "logsumexp"],
        ["torch.softmax(x, 1)", "F.softmax(x, 1)", "x.log_softmax(1)", "torch.logsumexp(x, 1)", "nn.Softmax(1)(x)", "nn.LogSoftmax(1)(x)"],
        [SOLUTION_OF_SOFTMAX],
    ),
    "mlp": (
        ["nn.Linear", "F.linear", "nn.Sequential"],
        ["nn.Linear(3, 4)", "F.linear(x, w)", "nn.Sequential()", "class A(nn.Linear):\n    pass"],
        [
            "class A(nn.Module):\n    def forward(self, x):\n        return x @ w.T\ny = A()(x)",
            "isinstance(3, nn.Linear)",
            "y = nn.ReLU()(x)",
        ],
    ),
    "initialise": (
        ["nn.init"],
        ["nn.init.zeros_(leaf)", "from torch.nn import init", "import torch.nn.init"],
        ["y = nn.Linear(3, 4).weight.data.normal_()"],
    ),
    "numpy": (["torch", "autograd"], ["import torch", "from torch import nn", "import torch.nn as n", "import autograd"], [NUMPY]),
    "by hand": (
        ["backward", "autograd", "func.grad"],
        [
            "leaf.sum().backward()",
            "torch.autograd.grad(leaf.sum(), leaf)",
            "torch.func.grad(lambda a: a.sum())(x)",
            "from torch.autograd import grad",
        ],
        [BY_HAND],
    ),
    "convolution by hand": (
        ["conv2d", "conv_transpose2d", "convolution_backward", "nn.grad", "backward", "autograd"],
        [
            "F.conv2d(image, kernel)",
            "F.conv_transpose2d(image, kernel.transpose(0, 1))",
            "torch.nn.grad.conv2d_weight(image, kernel.shape, image)",
            "nn.Conv2d(3, 4, 3)(image)",
            "leaf.sum().backward()",
        ],
        [WINDOWS, "y = F.unfold(image, 3)"],
    ),
    "normalise by hand": (
        ["batch_norm", "layer_norm", "backward", "autograd"],
        ["F.batch_norm(x, None, None, training=True)", "F.layer_norm(x, (4,))", "nn.LayerNorm(4)(x)", "nn.BatchNorm1d(4)(x)"],
        [NORMAL],
    ),
    "autograd engine": (
        ["backward", "autograd", "gradcheck"],
        ["torch.autograd.gradcheck(lambda a: a, leaf)", "leaf.sum().backward()"],
        [BY_HAND],
    ),
    "optimizer": (
        ["torch.optim"],
        ["torch.optim.SGD([leaf], 0.1)", "import torch.optim", "from torch.optim import Adam", "from torch import optim"],
        [STEP],
    ),
    "schedule": (
        ["lr_scheduler"],
        [
            "torch.optim.lr_scheduler.StepLR(torch.optim.SGD([leaf], 0.1), 1)",
            "from torch.optim.lr_scheduler import StepLR",
            "from torch.optim import lr_scheduler",
        ],
        ["o = torch.optim.SGD([leaf], 0.1); o.param_groups[0]['lr'] = 0.2; leaf.sum().backward(); o.step()"],
    ),
    "clip": (
        ["clip_grad"],
        ["nn.utils.clip_grad_norm_([leaf], 1)", "torch.nn.utils.clip_grad_value_([leaf], 1)"],
        [STEP, "y = x.clamp(-1, 1)"],
    ),
    "dropout": (
        ["dropout"],
        ["F.dropout(x)", "nn.Dropout()(x)", "torch.dropout(x, .5, True)", "F.alpha_dropout(x, training=True)"],
        [MASK],
    ),
    "normalise": (
        ["batch_norm", "layer_norm", "group_norm", "rms_norm", "nn.BatchNorm2d"],
        [
            "F.layer_norm(x, (4,))",
            "F.group_norm(image, 3)",
            "F.rms_norm(x, (4,))",
            "nn.BatchNorm2d(3)(image)",
            "torch.batch_norm(image, None, None, None, None, True, .1, 1e-5, False)",
        ],
        [NORMAL, STEP],
    ),
    "averaging": (
        ["sklearn", "swa_utils"],
        ["torch.optim.swa_utils.AveragedModel(nn.Linear(2, 2))", "from torch.optim.swa_utils import SWALR", "import sklearn"],
        [STEP],
    ),
    "convolution": (
        ["conv2d", "convolution", "unfold", "scipy"],
        [
            "F.conv2d(image, kernel)",
            "torch.convolution(image, kernel, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1)",
            "F.unfold(image, 3)",
            "image.unfold(2, 3, 1)",
            "import scipy.signal",
        ],
        [WINDOWS],
    ),
    "pool": (
        ["pool"],
        ["F.max_pool2d(image, 2)", "nn.AvgPool2d(2)(image)", "F.adaptive_avg_pool2d(image, 1)"],
        ["y = image.reshape(2, 3, 4, 2, 4, 2).amax((3, 5))"],
    ),
    "transposed": (
        ["conv_transpose2d"],
        ["F.conv_transpose2d(image, kernel.transpose(0, 1))", "nn.ConvTranspose2d(3, 2, 3)(image)"],
        ["y = F.conv2d(image, kernel)", WINDOWS],
    ),
    "rnn": (["nn.RNN", "rnn_tanh", "RNNCell"], ["nn.RNN(4, 4)", "nn.RNNCell(4, 4)", "torch.rnn_tanh_cell(x, x, w, w)"], [CELL, STEP]),
    "lstm": (
        ["nn.LSTM", "LSTMCell", "lstm"],
        ["nn.LSTM(4, 4)", "nn.LSTMCell(4, 4)", "torch.lstm_cell(x, (x, x), w.repeat(4, 1), w.repeat(4, 1))"],
        [CELL, STEP],
    ),
    "gru": (
        ["nn.GRU", "gru"],
        ["nn.GRU(4, 4)", "nn.GRUCell(4, 4)(x, x)", "torch.gru_cell(x, x, w.repeat(3, 1), w.repeat(3, 1))"],
        [CELL, STEP],
    ),
    "embedding": (["embedding"], ["F.embedding(targets, w)", "nn.Embedding(3, 4)(targets)", "torch.embedding(w, targets)"], [LOOKUP]),
    "bag": (
        ["embedding_bag"],
        ["F.embedding_bag(targets[None], w)", "nn.EmbeddingBag(3, 4)(targets[None])"],
        ["y = F.embedding(targets, w)", LOOKUP],
    ),
    "ctc": (["ctc_loss"], ["F.ctc_loss(x[:, None].log_softmax(2), targets[None, 1:], (3,), (2,))"], [LOSS]),
    "stft": (
        ["torchaudio", "librosa", "stft"],
        ["torch.stft(x[0], 4, return_complex=True)", "import librosa", "import torchaudio"],
        ["y = torch.fft.rfft(x)"],
    ),
    "attention": (
        ["scaled_dot_product_attention", "MultiheadAttention", "multi_head_attention_forward"],
        ["F.scaled_dot_product_attention(x, x, x)", "nn.MultiheadAttention(4, 2)", "F.multi_head_attention_forward"],
        [ATTENTION],
    ),
    "transformer": (
        ["nn.Transformer", "TransformerEncoderLayer", "TransformerDecoderLayer"],
        ["nn.Transformer(4, 2)", "nn.TransformerEncoderLayer(4, 2)", "nn.TransformerDecoderLayer(4, 2)"],
        [ATTENTION],
    ),
    "vae": (
        ["kl_divergence", "kl_div", "torch.distributions"],
        [
            "F.kl_div(x, x)",
            "torch.distributions.Normal(0., 1.)",
            "from torch.distributions import Normal",
            "import torch.distributions as D",
            "nn.KLDivLoss()(x, x)",
        ],
        ["F.binary_cross_entropy_with_logits(x, x.sigmoid(), reduction='none').sum(1)", "z = 0.5 * (x.exp() + x.square() - 1 - x).sum(1)"],
    ),
    "gan": (
        ["binary_cross_entropy", "BCELoss"],
        ["F.binary_cross_entropy(x.sigmoid(), x.sigmoid())", "nn.BCELoss()", "F.binary_cross_entropy_with_logits(x, x)"],
        [LOSS, "y = F.softplus(x).mean()"],
    ),
    "spectral": (
        ["spectral_norm", "scipy"],
        ["nn.utils.spectral_norm(nn.Linear(2, 2))", "import scipy", "nn.utils.parametrizations.spectral_norm(nn.Linear(2, 2))"],
        ["y = F.normalize(w @ x[0], dim=0); z = torch.linalg.svdvals(w)"],
    ),
    "regression": (
        ["sklearn", "lstsq"],
        ["np.linalg.lstsq(np.eye(2), np.ones(2))", "torch.linalg.lstsq(w, w)", "import sklearn.linear_model"],
        [NUMPY],
    ),
    "prune": (
        ["nn.utils.prune"],
        ["import torch.nn.utils.prune as prune", "from torch.nn.utils import prune", "import torch.nn.utils.prune"],
        [STEP, "y = x.abs().flatten().kthvalue(3); z = x * (x.abs() > .5)"],
    ),
    "quantise": (
        ["quantize", "fake_quantize"],
        ["torch.quantize_per_tensor(x, .1, 0, torch.qint8)", "torch.fake_quantize_per_tensor_affine(x, .1, 0, 0, 255)"],
        ["y = (x / .1).round().clamp(-128, 127).to(torch.int8)"],
    ),
    "distil": (
        ["kl_div"],
        ["F.kl_div(x, x)"],
        ["p = F.log_softmax(x / 2, 1); y = (p.exp() * p).sum(1).mean(); z = F.cross_entropy(x, targets)"],
    ),
    "libraries": (
        ["sklearn", "scipy", "optuna", "captum", "gymnasium", "peft", "torchvision", "tokenizers", "tiktoken", "sentencepiece"],
        [
            "import torchvision",
            "import peft",
            "from gymnasium import spaces",
            "import captum.attr",
            "import optuna",
            "import tiktoken",
            "from tokenizers import Tokenizer",
            "import sentencepiece",
            "import scipy.stats as s",
            "from sklearn import svm",
        ],
        [NUMPY, STEP, ATTENTION],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_breaks_the_rule_is_refused_by_the_guard_and_named_by_the_scan(name):
    forbid, broken, _ = CASES[name]
    outcomes = reached_by_each(forbid, broken)
    unmet = {body: outcome for body, outcome in outcomes.items() if outcome[0] == "nothing"}
    merely_mentioned = {"F.multi_head_attention_forward"}
    assert set(unmet) <= merely_mentioned
    assert [body for body in broken if not scan(HEAD.replace("import torch\n", "import torch\n") + body, forbid)] == []


@pytest.mark.parametrize("name", CASES)
def test_what_an_honest_answer_does_is_left_alone(name):
    forbid, _, honest = CASES[name]
    assert reached_by_each(forbid, honest) == {body: ["nothing", "forgotten"] for body in honest}
    own = [finding for body in honest for finding in scan(HEAD + body, forbid) if finding.line > HEAD.count("\n")]
    assert own == []


HIDDEN = [
    "s = torch.softmax\ns(x, 1)",
    "getattr(torch, 'soft' + 'max')(x, 1)",
    "exec('torch.softmax(x, 1)', {'torch': torch, 'x': x})",
    "eval('F.softmax(x, 1)')",
    "import importlib\nimportlib.import_module('torch.nn.functional').softmax(x, 1)",
    "torch.ops.aten._softmax(x, 1, False)",
    "torch.Tensor.softmax(x, 1)",
    "torch._C._nn\nF.cross_entropy(x, targets)",
    "nn.MultiheadAttention(4, 2)(x, x, x)",
    "torch.special.softmax(x, 1)",
    "torch.func.vmap(lambda a: torch.softmax(a, 0))(x)",
    "import functools\nfunctools.partial(nn.Softmax, 1)()",
]


def test_a_hidden_use_is_met_by_the_guard():
    assert {body for body, outcome in reached_by_each(["softmax"], HIDDEN).items() if outcome[0] == "nothing"} == set()


def test_a_swallowed_refusal_is_remembered():
    bodies = [
        "try:\n    torch.softmax(x, 1)\nexcept Exception:\n    pass",
        "try:\n    torch.softmax(x, 1)\nexcept BaseException:\n    pass",
    ]
    assert list(reached_by_each(["softmax"], bodies).values()) == [["ForbiddenOperation", "remembered"], ["nothing", "remembered"]]


def test_a_forbidden_import_is_an_import_error():
    assert issubclass(ForbiddenModule, ImportError)
    body = "try:\n    import sklearn\nexcept ImportError:\n    pass"
    assert reached_by_each(["sklearn"], [body]) == {body: ["nothing", "remembered"]}
    assert reached_by_each(["sklearn"], ["import sklearn"]) == {"import sklearn": ["ForbiddenModule", "remembered"]}


def test_outside_the_answer_everything_works():
    def act():
        guard = Guard(["nn.Linear", "F.linear", "softmax", "torch.optim", "backward", "autograd"])
        guard.block_dotted()
        layer = torch.nn.Linear(3, 4)
        optimizer = torch.optim.SGD(layer.parameters(), 0.1)
        torch.softmax(layer(torch.ones(1, 3)), 1).sum().backward()
        optimizer.step()
        with guard, guard.off():
            layer(torch.ones(1, 3)).sum().backward()
            inside_off = guard.active
            with guard:
                again = guard.active
        return [type(layer).__name__, inside_off, again, guard.active, guard.violation]

    assert in_child(act) == ["Linear", False, True, False, None]


def test_the_modes_are_only_there_when_they_have_something_to_do():
    depth = torch._C._len_torch_function_stack
    with Guard(["sklearn", "nn.Linear", "torch.optim"]):
        assert depth() == 0
    with Guard(["softmax"]) as guard, guard:
        assert depth() == 1
    assert depth() == 0
    assert not guard.active


def test_torch_refuses_gradients_only_while_the_answer_runs():
    def act():
        guard = Guard(["backward"])
        guard.block_dotted()
        leaf = torch.ones(2, requires_grad=True)
        with guard:
            total = (leaf * 3).sum()
        return torch.autograd.grad(total, leaf)[0].tolist()

    assert in_child(act) == [3.0, 3.0]


def test_the_message_names_what_was_reached_and_the_rule():
    assert str(ForbiddenOperation("log_softmax", "softmax")) == "log_softmax is not allowed in this exercise (rule: softmax)"


class Seen(TorchDispatchMode):
    """Notes the operations that are carried out."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.add(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


class Called(TorchFunctionMode):
    """Notes the functions that are called."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.names.add(func.__name__)
        return func(*args, **(kwargs or {}))


ARITHMETIC = """
x[0], x[0, 1], x[:, 1:], x[None], x[..., 0], x[rows], x[x > 0], x[True], x[[0, 1]], x[rows, 0]
x[0] = 1; x[0, 1] = x[1, 1].clone(); x[rows] = y; x[x > 0] = 0.5; x[0] = whole[0]; x[:] = 2; x[0, :2] = y[0, 1:]
x + y, x + 1, 1 + x, x - y, 1 - x, x * y, 2 * x, x / y, x / 2, 1 / x, -x, x + whole, whole / 2, x * True
x += y; x += 1; x -= y; x *= 2; x *= y; x /= 2
x > y, x > 0, x < y, x <= 1, x >= y, x == y, x == 1, x != y
x[0, 0].item(), float(x[0, 0]), int(whole[0, 0]), bool(x[0, 0] > 0), whole.sum().item()
"""


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("leaf", [False, True])
def test_what_elementary_functions_carry_out_is_known(dtype, leaf):
    def act():
        warm()
        x, y, whole = torch.randn(2, 3, dtype=dtype), torch.randn(2, 3, dtype=dtype, requires_grad=leaf), torch.ones(2, 3, dtype=torch.int64)
        called, seen = Called(), Seen()
        for statement in ARITHMETIC.replace("\n", ";").split(";"):
            if statement.strip():
                with called, seen:
                    exec(statement.strip(), {"x": x.clone(), "y": y, "whole": whole.clone(), "rows": torch.tensor([0, 1])})
        return sorted(called.names & ELEMENTARY), sorted(seen.names - {"clone", "sum"})

    elementary, carried_out = in_child(act)
    assert set(elementary) == ELEMENTARY
    assert set(carried_out) <= set(CARRIED_OUT)


def test_after_an_elementary_function_the_guard_sees_again():
    innocent = ["x + x", "x[0] = 1", "x[0].sum() > 0", "try:\n    x + torch.ones(7)\nexcept RuntimeError:\n    pass"]
    bodies = [f"{body}\nF.cross_entropy(x, targets)" for body in innocent]
    assert {outcome[0] for outcome in reached_by_each(["softmax"], bodies).values()} == {"ForbiddenOperation"}


@pytest.mark.parametrize("forbid", ["rsub", "index_put", "select", "reciprocal"])
def test_what_an_elementary_function_carries_out_can_be_forbidden(forbid):
    bodies = {"rsub": "1 - x", "index_put": "x[x > 0] = 0.0", "select": "x[0]", "reciprocal": "1 / x"}
    assert reached_by_each([forbid], [bodies[forbid]])[bodies[forbid]][0] == "ForbiddenOperation"


OWN_EYES = """
from torch.utils._python_dispatch import TorchDispatchMode

class Count(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        seen.append(func)
        return func(*args, **(kwargs or {}))

class Wrapped(torch.Tensor):
    __torch_function__ = torch._C._disabled_torch_function_impl

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        seen.append(func)
        return torch.zeros(())

    __torch_dispatch__ = classmethod(__torch_dispatch__)

seen = []
with Count():
    x + x
assert len(seen) == 1
own = torch.Tensor._make_wrapper_subclass(Wrapped, (2,))
own + 1, torch.ones(2) * own
assert len(seen) == 3
torch.ones(3)[own]
assert len(seen) == 4
"""


def test_modes_and_tensors_of_the_answers_own_see_every_operation():
    assert reached_by_each(["softmax"], [OWN_EYES]) == {OWN_EYES: ["nothing", "forgotten"]}

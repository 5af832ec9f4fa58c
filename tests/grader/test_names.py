import pytest

from grader.names import forbidden_path, forbidden_word, full_path, matches, snake_case


@pytest.mark.parametrize(
    ("identifier", "entry", "expected"),
    [
        ("softmax", "softmax", True),
        ("log_softmax", "softmax", True),
        ("_softmax", "softmax", True),
        ("softmax2d", "softmax", True),
        ("gumbel_softmax", "log_softmax", False),
        ("log_softmax_backward", "log_softmax", True),
        ("max_pool2d", "pool", True),
        ("spool", "pool", False),
        ("Softmax", "softmax", False),
        ("kl_divergence", "kl_div", True),
        ("k_l_div", "kl_div", False),
        ("clip_grad_norm_", "clip_grad", True),
        ("clip", "clip_grad", False),
    ],
)
def test_words(identifier, entry, expected):
    assert matches(identifier, entry) is expected


def test_the_function_behind_a_class():
    names = ["MaxPool2d", "MSELoss", "LSTM", "LSTMCell", "BCEWithLogitsLoss", "LayerNorm", "Softmax", "SmoothL1Loss"]
    expected = ["max_pool2d", "mse_loss", "lstm", "lstm_cell", "bce_with_logits_loss", "layer_norm", "softmax", "smooth_l1_loss"]
    assert [snake_case(name) for name in names] == expected


def test_dotted_entries_start_at_torch():
    assert [full_path(entry) for entry in ("nn.Linear", "F.linear", "torch.optim", "func.grad", "np.linalg.svd")] == [
        "torch.nn.Linear",
        "torch.nn.functional.linear",
        "torch.optim",
        "torch.func.grad",
        "numpy.linalg.svd",
    ]


@pytest.mark.parametrize(
    ("path", "forbid", "expected"),
    [
        ("torch.nn.Linear", ["nn.Linear"], "nn.Linear"),
        ("torch.nn.modules.linear.Linear", ["nn.Linear"], "nn.Linear"),
        ("torch.nn.LazyLinear", ["nn.Linear"], None),
        ("torch.nn.LSTMCell", ["nn.LSTM"], None),
        ("torch.optim.SGD", ["torch.optim"], "torch.optim"),
        ("torch.optimistic", ["torch.optim"], None),
        ("torch.nn.MaxPool2d", ["pool"], "pool"),
        ("torch.autograd.grad", ["autograd"], "autograd"),
        ("torch._C._nn.linear", ["F.linear"], "F.linear"),
        ("sklearn.svm.SVC", ["sklearn"], "sklearn"),
        ("scipy.special.softmax", ["softmax"], "softmax"),
        ("multiprocessing.pool", ["pool"], None),
        ("torch", ["torch"], "torch"),
        ("numpy.torch_like", ["torch"], "torch"),
    ],
)
def test_paths(path, forbid, expected):
    assert forbidden_path(path, forbid) == expected


def test_dotted_entries_are_no_words():
    assert forbidden_word("Linear", ["nn.Linear"]) is None

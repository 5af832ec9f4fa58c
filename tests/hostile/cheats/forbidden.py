"""What an exercise forbids: honest uses are named; someone determined gets past, is shown to the teacher, and still cannot fake a value."""

from cheat import Cheat, attempts

RULE = {"settings": {"forbid": ("softmax",)}}
PLAIN = {
    "a method": "return x.softmax(-1)",
    "a function": "return torch.softmax(x, -1)",
    "an alias": "import torch.nn.functional as innocent\nreturn innocent.softmax(x, -1)",
    "a class": "return torch.nn.Softmax(-1)(x)",
    "the logarithm of it": "return torch.log_softmax(x, -1).exp()",
}
HIDDEN = {
    "getattr": "return getattr(torch, 'soft' + 'max')(x, -1)",
    "exec": "exec('global y; y = torch.soft' 'max(X, -1)', globals() | {'X': x})\nreturn eval('torch.soft' 'max(x, -1)')",
    "operations": "return getattr(torch.ops.aten, 'soft' + 'max')(x, -1)",
    "inside another": "return getattr(torch.special, 'soft' + 'max')(x, -1)",
    "getattr, swallowing every exception": "try: return getattr(x, 'soft' + 'max')(-1)\nexcept BaseException: return right(x)",
    "the inner function": "return getattr(torch._C._nn, 'soft' + 'max', getattr(torch._C._VariableFunctions, 'soft' + 'max'))(x, -1)",
}
EVASIONS = {
    "torch functions disabled": "with torch._C.DisableTorchFunction(): return getattr(torch, 'soft' + 'max')(x, -1)",
    "modes disabled": "from torch.utils._python_dispatch import _disable_current_modes\nwith _disable_current_modes(): return getattr(torch.ops.aten, 'soft' + 'max')(x, -1)",
    "modes popped": "from torch.utils._python_dispatch import _pop_mode\nm = _pop_mode()\ntry:\n    with torch._C.DisableTorchFunction(): return getattr(torch, 'soft' + 'max')(x, -1)\nfinally:\n    from torch.utils._python_dispatch import _push_mode; _push_mode(m)",
    "a thread": "import threading; out = []\nt = threading.Thread(target=lambda: out.append(getattr(torch, 'soft' + 'max')(x, -1))); t.start(); t.join()\nreturn out[0]",
    "the guard switched off": "import gc\nfor g in gc.get_objects():\n    if type(g).__name__ == 'Guard': g.active = False\nreturn getattr(torch, 'soft' + 'max')(x, -1)",
    "the guard forgetful": "import sys\nGuard = sys.modules['grader.worker.rules'].Guard\nGuard.check_function = lambda *a: None\nGuard.refuse = lambda *a, **k: ValueError()\nreturn getattr(torch, 'soft' + 'max')(x, -1)",
}

CHEATS = (
    *attempts("forbidden", PLAIN, load="forbidden", **RULE),
    *attempts("forbidden, hidden", HIDDEN, fails={"values": "forbidden", "gradient": "forbidden"}, **RULE),
    *(
        Cheat(f"forbidden, evaded and wrong: {name}", "def evade(x):\n    " + line.replace("\n", "\n    ") + "\n\ndef softmax(x):\n    return evade(x) * 2", fails={"values": ("values", "forbidden")}, **RULE)
        for name, line in EVASIONS.items()
    ),
    Cheat("forbidden: a suspicious source is shown", "import gc\n\ndef softmax(x):\n    return x", flagged="gc", fails={"values": "values"}, **RULE),
    Cheat("forbidden: an import", "import scipy.special\n\ndef softmax(x):\n    return torch.as_tensor(scipy.special.softmax(x.detach().numpy(), -1))", load="forbidden", settings={"forbid": ("scipy",)}),
    Cheat("forbidden: an import by name", "softmax = lambda x: __import__('sci' + 'py')", fails={"values": ("forbidden", "raised")}, settings={"forbid": ("scipy",)}),
    Cheat("forbidden: its own function of that name", "", honest=True, **RULE),
)  # fmt: skip

"""When does a name fall under an entry of `forbid`? One answer for the scan of the source and for the guard in the worker."""

import re
import sys
from collections.abc import Sequence

__all__ = ["forbidden_path", "forbidden_word", "full_path", "matches", "snake_case"]

SHORT = {"F": "torch.nn.functional", "np": "numpy"}
TOP_LEVEL = {"torch", "numpy", "scipy", "sklearn", "torchvision", "torchaudio"}
# Where torch keeps what it shows elsewhere: in the learner's words nn.modules.linear.Linear is nn.Linear.
ALIASES = (
    (re.compile(r"^torch\.nn\.modules\.(?:[a-z_]+\.)?(?=[A-Z])"), "torch.nn."),
    (re.compile(r"^torch\._C\._nn\."), "torch.nn.functional."),
    (re.compile(r"^torch\.(?:functional|_C\._VariableFunctions|_VF)\."), "torch."),
)


def matches(identifier: str, entry: str) -> bool:
    """Whether consecutive underscore-separated words of the identifier are the entry's, the last one at least beginning like it."""
    return f"_{entry}" in f"_{identifier}"


def snake_case(class_name: str) -> str:
    """The function's name that a class stands for: MaxPool2d -> max_pool2d, MSELoss -> mse_loss."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", class_name).lower()


def full_path(entry: str) -> str:
    """A dotted entry from its root: nn.Linear -> torch.nn.Linear, F.linear -> torch.nn.functional.linear."""
    root, _, rest = entry.partition(".")
    if root in SHORT:
        return f"{SHORT[root]}.{rest}"
    return entry if root in TOP_LEVEL else f"torch.{entry}"


def forbidden_word(identifier: str, forbid: Sequence[str]) -> str | None:
    """The bare entry that a function's, method's or operation's name falls under."""
    return next((entry for entry in forbid if "." not in entry and matches(identifier, entry)), None)


def forbidden_path(path: str, forbid: Sequence[str]) -> str | None:
    """The entry that a full dotted path (torch.nn.functional.softmax) falls under.

    A class falls under the bare names of its function too (nn.MaxPool2d under "pool"); the standard library only under its own name.
    """
    for pattern, public in ALIASES:
        path = pattern.sub(public, path)
    root, *rest = path.split(".")
    named = [*rest, *(snake_case(part) for part in rest if part[:1].isupper())] if root not in sys.stdlib_module_names else []
    for entry in forbid:
        if "." in entry:
            whole = full_path(entry)
            if path == whole or path.startswith(whole + "."):
                return entry
        elif root == entry or any(matches(part, entry) for part in named):
            return entry
    return None

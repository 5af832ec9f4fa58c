"""What checks say. Every function returns in silence or raises CheckFailure with a message that a learner can use.

assert_close of torch is not used: its first call imports sympy, which takes a second, and its message names no mistake.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, cast

import numpy as np
import torch
from torch import Tensor

from grader.failure import AnswerRaised, CheckFailure, Unusable
from grader.proxy import Answer, Remote, WorkerHandle, handle_of
from grader.text import _, current_language, neutralise

__all__ = ["assert_between", "assert_fast", "assert_raises", "assert_same", "assert_same_gradient", "assert_true"]

# Relative and absolute tolerance: a few hundred roundings of each type, so that another order of summation passes and another formula does not.
TOLERANCES: dict[torch.dtype, tuple[float, float]] = {
    torch.float64: (1e-9, 1e-11),
    torch.float32: (1e-5, 1e-6),
    torch.float16: (1e-3, 1e-4),
    torch.bfloat16: (1.6e-2, 1e-2),
    torch.complex128: (1e-9, 1e-11),
    torch.complex64: (1e-5, 1e-6),
}
COARSENESS = [torch.float64, torch.complex128, torch.float32, torch.complex64, torch.float16, torch.bfloat16]


def assert_same(actual: Any, expected: Any, what: str, *, rtol: float | None = None, atol: float | None = None, check_dtype: bool = True) -> None:
    """Type, shape, dtype and values agree.

    Tensors, arrays, numbers, strings, None, booleans, and lists, tuples and dicts of them. A float is compared like a float64 tensor. Integers and
    booleans must be equal; NaN equals NaN. With check_dtype=False the coarser of both dtypes sets the tolerance.
    """
    if isinstance(expected, (Tensor, np.ndarray, np.generic)):
        _same_array(actual, expected, what, rtol, atol, check_dtype=check_dtype)
    elif isinstance(expected, bool) or expected is None or isinstance(expected, (str, bytes)):
        if type(actual) is not type(expected):
            _wrong_type(actual, expected, what)
        if actual != expected:
            _wrong_value(actual, expected, what)
    elif isinstance(expected, (int, float, complex)):
        _same_number(actual, expected, what, rtol, atol)
    elif isinstance(expected, (list, tuple)):
        if type(actual) is not type(expected):
            _wrong_type(actual, expected, what)
        items = cast("Sequence[Any]", expected)
        if len(actual) != len(items):
            line = _("{what}: {yours} items, expected {expected}").format(what=what, yours=len(actual), expected=len(items))
            raise CheckFailure("shape", [line], what=what, facts={"yours": len(actual), "expected": len(items)}, actual=actual)
        for index, item in enumerate(items):
            assert_same(actual[index], item, f"{what}[{index}]", rtol=rtol, atol=atol, check_dtype=check_dtype)
    elif isinstance(expected, dict):
        mapping = cast("dict[Any, Any]", expected)
        if type(actual) is not dict:
            _wrong_type(actual, mapping, what)
        if set(actual) != set(mapping):
            _wrong_value(sorted(map(str, actual)), sorted(map(str, mapping)), what)
        for key, item in mapping.items():
            assert_same(actual[key], item, f"{what}[{key!r}]", rtol=rtol, atol=atol, check_dtype=check_dtype)
    elif type(actual) is not type(expected) or actual != expected:  # a dtype, a device, a slice
        _wrong_value(actual, expected, what)


def assert_same_gradient(
    answer_function: Any,
    reference_function: Callable[..., Any],
    inputs: Sequence[Any],
    wrt: int | Sequence[int],
    what: str,
    *,
    worker: WorkerHandle,
    rtol: float | None = None,
    atol: float | None = None,
    **kwargs: Any,
) -> None:
    """The vector-Jacobian products of both functions agree, for one fixed pseudo-random cotangent.

    The reference is differentiated by autograd on copies of the inputs. wrt: number or numbers of the inputs; kwargs go to both functions.
    """
    places = (wrt,) if isinstance(wrt, int) else tuple(wrt)
    copies = [value.detach().clone() if isinstance(value, Tensor) else value for value in inputs]
    for place in places:
        copies[place].requires_grad_()
    output = reference_function(*copies, **kwargs)
    outputs: list[Tensor] = list(output) if isinstance(output, (tuple, list)) else [output]
    generator = torch.Generator().manual_seed(20)
    cotangents = [torch.randn(o.shape, generator=generator, dtype=torch.float64).to(o.dtype) for o in outputs]
    # A sum of products instead of cotangents given to autograd, which imports sympy, for a second, to look at them.
    total = torch.stack([(o * c).real.sum().double() for o, c in zip(outputs, cotangents, strict=True)]).sum()
    expected = cast("Sequence[Tensor | None]", torch.autograd.grad(total, [copies[place] for place in places], allow_unused=True))
    sent: Any = tuple(cotangents) if isinstance(output, (tuple, list)) else cotangents[0]
    actual_output, gradients = worker.differentiate(answer_function, inputs, sent, places, **kwargs)
    if gradients is None:
        plain = [o.detach() for o in outputs]
        wanted = tuple(plain) if isinstance(output, tuple) else plain if isinstance(output, list) else plain[0]
        assert_same(actual_output, wanted, _("{what}, the output").format(what=what))
        raise CheckFailure("shape", [_("{what}: the output cannot be differentiated").format(what=what)], what=what)
    for number, gradient in enumerate(expected):
        label = what if len(places) == 1 else f"{what} #{places[number] + 1}"
        wanted = torch.zeros_like(copies[places[number]]) if gradient is None else gradient
        if gradients[number] is None and gradient is not None:
            line = _("{what}: no gradient arrives: something is detached, or computed outside the graph").format(what=label)
            raise CheckFailure("values", [line], what=label, facts={"gradient": None})
        assert_same(wanted if gradients[number] is None else gradients[number], wanted, label, rtol=rtol, atol=atol)


def assert_raises(exception: type[BaseException], function: Any, *args: Any, **kwargs: Any) -> None:
    """The answer raises this exception, or a class derived from it."""
    name = getattr(function, "__qualname__", None) or (handle_of(function).type_name if type(function) is Remote else "call")
    if not callable(function):
        raise Unusable(f"{function!r} is a value of the answer, not something to call")
    try:
        result = function(*args, **kwargs)
    except AnswerRaised as raised:
        if exception.__name__ in raised.types[1:]:  # the first is the class itself, which the answer may have named as it likes
            return
        raise
    line = _("{expected} should have been raised here; the call returned {yours}").format(expected=exception.__name__, yours=_brief(result))
    raise CheckFailure("not_raised", [line], what=str(name), facts={"expected": exception.__name__}, actual=result)


def assert_between(value: Any, low: float, high: float, what: str) -> None:
    """A number (or a tensor or array of one) within [low, high]; NaN is not."""
    number = value.item() if _single(value) else value
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        _wrong_type(value, 0.0, what)
    number, low, high = _as_float(number), float(low), float(high)  # NumPy's floats cannot travel in a verdict
    if not low <= number <= high:
        line = _("{what}: yours {yours:.5g}, expected between {low:.5g} and {high:.5g}").format(what=what, yours=number, low=low, high=high)
        raise CheckFailure("range", [line], what=what, facts={"yours": number, "low": low, "high": high}, actual=number)


def assert_fast(seconds: float, limit: float, what: str) -> None:
    """The call took no longer than the limit."""
    if seconds > limit:
        line = _("{what}: right, but too slow: {seconds:.2f} s, and {limit:.2g} s is already generous")
        line = line.format(what=what, seconds=seconds, limit=limit)
        raise CheckFailure("slow", [line], what=what, facts={"seconds": seconds, "limit": limit})


def assert_true(condition: bool, what: str, message_en: str, message_zh: str) -> None:
    """Anything else; condition was computed on values, never on the answer's objects."""
    if type(condition) not in {bool, np.bool_}:
        raise TypeError("the condition of assert_true must be a bool computed on values")
    if not condition:
        line = message_zh if current_language() == "zh" else message_en
        raise CheckFailure("assertion", [f"{what}: {line}" if what else line], what=what)


# ── parts ────────────────────────────────────────────────────────────────────────────────────────
def _as_float(number: float) -> float:
    """As a float; an integer beyond all floats is infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _single(value: Any) -> bool:
    return (isinstance(value, Tensor) and value.numel() == 1) or (isinstance(value, (np.ndarray, np.generic)) and value.size == 1)


def _same_number(actual: Any, expected: Any, what: str, rtol: float | None, atol: float | None) -> None:
    integer = isinstance(expected, int)
    fits = isinstance(actual, (int, np.integer)) if integer else isinstance(actual, (int, float, complex, np.number))
    if isinstance(actual, bool) or not fits or (isinstance(actual, (complex, np.complexfloating)) and not isinstance(expected, complex)):
        _wrong_type(actual, expected, what)
    number: Any = actual
    if integer:
        if int(number) != expected:
            _wrong_value(actual, expected, what)
        return
    kind = torch.complex128 if isinstance(expected, complex) else torch.float64
    coarse = {"float32": torch.float32, "float16": torch.float16}.get(type(actual).__name__, kind)
    wide_rtol, wide_atol = TOLERANCES[coarse]
    number = _as_float(number) if isinstance(number, int) else number
    mine = torch.tensor(complex(number) if isinstance(expected, complex) else float(number), dtype=kind)
    _same_values(mine, torch.tensor(expected, dtype=kind), what, wide_rtol if rtol is None else rtol, wide_atol if atol is None else atol)


def _same_array(actual: Any, expected: Any, what: str, rtol: float | None, atol: float | None, *, check_dtype: bool) -> None:
    if isinstance(expected, Tensor):
        if not isinstance(actual, Tensor):
            _wrong_type(actual, expected, what)
    elif isinstance(expected, np.generic) and isinstance(actual, (int, float, complex)) and not isinstance(actual, bool):
        number = _as_float(actual) if isinstance(actual, int) and not -(2**63) <= actual < 2**63 else actual
        try:
            actual = np.asarray(number, dtype=None if check_dtype else expected.dtype)[()]
        except (TypeError, ValueError, OverflowError):  # NaN is no integer, a complex number no float
            _wrong_type(actual, expected, what)
        check_dtype = check_dtype and actual.dtype.kind != expected.dtype.kind
    elif not isinstance(actual, (np.ndarray, np.generic)):
        _wrong_type(actual, expected, what)
    if check_dtype and not isinstance(actual, Tensor) and actual.dtype != expected.dtype and np.issubdtype(actual.dtype, np.integer):
        _wrong_dtype(str(actual.dtype), str(expected.dtype), what, actual)  # torch does not know all unsigned integers
    mine = actual if isinstance(actual, Tensor) else _as_tensor(actual)
    target = expected.detach() if isinstance(expected, Tensor) else _as_tensor(expected)
    if mine.shape != target.shape:
        line = _("{what}: shape {yours}, expected {expected}").format(what=what, yours=tuple(mine.shape), expected=tuple(target.shape))
        facts = {"shape": list(mine.shape), "expected_shape": list(target.shape)}
        raise CheckFailure("shape", [line], what=what, facts=facts, actual=actual)
    if check_dtype and mine.dtype != target.dtype:
        _wrong_dtype(str(mine.dtype).removeprefix("torch."), str(target.dtype).removeprefix("torch."), what, actual)
    coarse = max((mine.dtype, target.dtype), key=lambda d: COARSENESS.index(d) if d in COARSENESS else -1)
    wide_rtol, wide_atol = TOLERANCES.get(coarse, (0.0, 0.0))
    _same_values(mine, target, what, wide_rtol if rtol is None else rtol, wide_atol if atol is None else atol)


def _wrong_dtype(yours: str, wanted: str, what: str, actual: Any) -> NoReturn:
    line = _("{what}: dtype {yours}, expected {expected}").format(what=what, yours=yours, expected=wanted)
    raise CheckFailure("dtype", [line], what=what, facts={"dtype": yours, "expected_dtype": wanted}, actual=actual)


def _as_tensor(array: Any) -> Tensor:
    plain = np.ascontiguousarray(array).reshape(np.shape(array))
    if plain.dtype in {np.dtype("uint16"), np.dtype("uint32"), np.dtype("uint64")}:
        plain = plain.astype(np.int64 if plain.size == 0 or plain.max() < 2**63 else np.float64)
    return torch.from_numpy(plain.copy())


def _same_values(actual: Tensor, expected: Tensor, what: str, rtol: float, atol: float) -> None:
    """Shapes agree already. Compared in float64 (complex128), where float32 and integers below 2^53 are exact."""
    if actual.numel() == 0:
        return
    floating = any(t.is_floating_point() or t.is_complex() for t in (actual, expected))
    if not floating:
        wrong = actual.to(torch.int64) != expected.to(torch.int64)
        error = (actual.to(torch.int64) - expected.to(torch.int64)).abs().to(torch.float64)
    else:
        wide = torch.complex128 if actual.is_complex() or expected.is_complex() else torch.float64
        mine, target = actual.to(wide), expected.to(wide)
        equal = (mine == target) | (mine.isnan() & target.isnan())
        error = torch.where(equal, 0.0, (mine - target).abs())
        wrong = ~equal & ~(error <= atol + rtol * target.abs())
        error = torch.where(wrong & ~error.isfinite(), math.inf, error)
        wrong |= ~equal & ~target.isfinite()
    count = int(wrong.sum())
    if count == 0:
        return
    place = int(torch.where(wrong, error, -1.0).reshape(-1).argmax())
    index = [int(i) for i in np.unravel_index(place, tuple(actual.shape))] if actual.dim() else []
    yours, wanted = actual.reshape(-1)[place].item(), expected.reshape(-1)[place].item()
    largest = float(error.reshape(-1)[place])
    facts = {
        "largest_error": largest if math.isfinite(largest) else str(largest),
        "index": index, "yours": str(yours), "expected": str(wanted), "differing": count, "entries": actual.numel(), "shape": list(actual.shape),
    }  # fmt: skip
    if actual.dim() == 0:
        lines = [_("{what}: yours {yours}, expected {expected}").format(what=what, yours=_number(yours), expected=_number(wanted))]
    else:
        first = [int(i) for i in np.unravel_index(int(wrong.reshape(-1).to(torch.uint8).argmax()), tuple(actual.shape))]
        facts["first_index"] = first
        lines = [
            _("{what}: {count} of {entries} entries differ").format(what=what, count=count, entries=actual.numel()),
            _("shape {shape} agrees").format(shape=tuple(actual.shape)),
            _("largest error {error} at {index}: yours {yours}, expected {expected}").format(
                error=_number(largest), index=index, yours=_number(yours), expected=_number(wanted)
            ),
        ]
    if bool(actual.isnan().any()) and not bool(expected.isnan().any()):
        lines.append(_("{count} of your entries are NaN").format(count=int(actual.isnan().sum())))
    raise CheckFailure("values", lines, what=what, facts=facts, actual=actual)


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}" if 0.001 <= abs(value) < 10_000 else f"{value:.4g}"
    return str(value)


def _kind(value: Any) -> str:
    if type(value) is Remote:
        return neutralise(handle_of(value).type_name)
    if type(value) is Answer:
        return "module"
    names: dict[type, str] = {Tensor: _("a tensor"), np.ndarray: _("a NumPy array"), type(None): "None"}
    return names.get(type(value), type(value).__name__)


def _brief(value: Any) -> str:
    if isinstance(value, Tensor):
        return _("a tensor of shape {shape}").format(shape=tuple(value.shape))
    if isinstance(value, np.ndarray):
        return _("an array of shape {shape}").format(shape=value.shape)
    if type(value) is Remote:
        return repr(value)
    text = neutralise(repr(value))
    return text if len(text) <= 60 else text[:57] + "…"


def _wrong_type(actual: Any, expected: Any, what: str) -> NoReturn:
    line = _("{what}: {yours}, expected {expected}").format(what=what, yours=_kind(actual), expected=_kind(expected))
    raise CheckFailure("type", [line], what=what, facts={"type": _kind(actual), "expected_type": _kind(expected)}, actual=actual)


def _wrong_value(actual: Any, expected: Any, what: str) -> NoReturn:
    line = _("{what}: yours {yours}, expected {expected}").format(what=what, yours=_brief(actual), expected=_brief(expected))
    raise CheckFailure("values", [line], what=what, facts={"yours": _brief(actual), "expected": _brief(expected)}, actual=actual)

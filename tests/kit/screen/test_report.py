from io import StringIO

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from rich.console import Console

from grader.verdict import CheckResult, Diagnosis, Failure, Frame, Verdict
from kit.screen.report import Subject, report, summary

SUBJECT = Subject("conv2d", "Two-dimensional convolution", "conv2d.py", "conv2d")
VALUES = Failure(
    kind="values", what="w.grad", lines=["w.grad: 212 of 216 entries differ", "shape (8, 3, 3, 3) agrees", "largest error 0.41 at [2, 0, 1, 1]"]
)
VERDICT = Verdict(
    slug="conv2d", passed=False, complete=True, seed=7041, replayed=False, device="cpu", seconds=0.25,
    checks=[
        CheckResult(name="shape", title="shape of the result", status="passed"),
        CheckResult(
            name="gradient_of_w", title="gradient of w", status="failed", failure=VALUES,
            diagnosis=Diagnosis("kebab", "The kernel is not flipped."),
        ),
        CheckResult(name="gradient_of_b", title="gradient of b", status="skipped", because="gradient of w did not pass"),
    ],
)  # fmt: skip


def shown(verdict: Verdict, width: int = 80) -> str:
    console = Console(file=StringIO(), width=width)
    return "\n".join(line.plain for line in report(console, verdict, SUBJECT))


def failing(**parts) -> Verdict:
    return replace(VERDICT, checks=[replace(VERDICT.checks[1], **parts)])


def test_the_whole_report():
    assert (
        shown(VERDICT)
        == """\
conv2d  Two-dimensional convolution

✓ shape of the result
✗ gradient of w                                                        seed 7041
  w.grad: 212 of 216 entries differ
  shape (8, 3, 3, 3) agrees
  largest error 0.41 at [2, 0, 1, 1]
  diagnosis: The kernel is not flipped.
  try again with: kit grade conv2d --check gradient_of_w --seed 7041
– gradient of b  gradient of w did not pass

1 of 3 checks passed  0.25 s · cpu"""
    )


def test_a_line_that_is_in_no_function_ends_there():
    load = Failure(kind="raised", lines=["SyntaxError: '(' was never closed"], frames=[Frame(1, "", "def conv2d(x:"), Frame(2, "conv2d", "x")])
    lines = [line.rstrip("\n") for line in shown(replace(VERDICT, load=load)).splitlines()]
    assert "  conv2d.py:1" in lines
    assert "  conv2d.py:2 in conv2d" in lines


def test_a_mistake_is_explained_once():
    text = shown(replace(VERDICT, checks=[VERDICT.checks[1]] * 2))
    assert text.count("diagnosis: The kernel is not flipped.") == 1
    assert text.count("diagnosis: the same as above") == 1


def test_the_command_to_try_again_keeps_the_device():
    assert "--seed 7041 --device cuda" in shown(replace(VERDICT, device="cuda"))


def test_your_turn_is_no_accusation():
    text = shown(failing(failure=Failure(kind="your_turn"), diagnosis=None))
    assert "○ gradient of w  your turn" in text
    assert "seed" not in text
    assert "✗" not in text


def test_lines_of_the_learner():
    text = shown(failing(failure=Failure(kind="raised", lines=["IndexError: out of range"], frames=[Frame(12, "conv2d", "    return x[9]")])))
    assert "  conv2d.py:12 in conv2d\n      return x[9]" in text


def test_an_answer_that_cannot_be_loaded():
    text = shown(replace(VERDICT, load=Failure(kind="raised", lines=["SyntaxError: invalid syntax"], frames=[Frame(3, "<module>", "def f(:")])))
    assert text.count("✗") == 1
    assert "SyntaxError: invalid syntax\n  conv2d.py:3" in text
    assert "gradient" not in text


def test_only_the_end_of_long_output():
    text = shown(failing(output="\n".join(f"line {n}" for n in range(100))))
    assert "88 lines above left out" in text
    assert "│ line 88\n" in text
    assert "line 87" not in text


@pytest.mark.parametrize("evil", ["\x1b[2J", "\x9b31m", "\x07", "\x08\x08", "\u202e", "\x1b]8;;http://x\x1b\\"])
def test_nothing_of_the_learner_commands_the_terminal(evil):
    everywhere = failing(
        title=f"t{evil}", case=f"c{evil}", output=f"o{evil}",
        failure=Failure(kind="raised", lines=[f"l{evil}"], frames=[Frame(1, f"f{evil}", f"c{evil}")]), diagnosis=Diagnosis("m", f"d{evil}"),
    )  # fmt: skip
    text = shown(replace(everywhere, output=f"v{evil}"))
    assert not [char for char in text if char != "\n" and (ord(char) < 32 or 127 <= ord(char) < 160 or char == "\u202e")]


def test_markup_of_the_learner_is_text():
    console = Console(file=StringIO(), width=80, force_terminal=True)
    for line in report(console, failing(failure=Failure(kind="raised", lines=["[bold red]boo[/] :smile:"])), SUBJECT):
        console.print(line)
    assert "[bold red]boo[/] :smile:" in console.file.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_lines_fit(width):
    verdict = failing(
        title="很长的中文标题" * 3, output="x" * 500, diagnosis=Diagnosis("m", "卷积核在反向传播时没有翻转，" * 10),
        failure=Failure(kind="values", lines=["word " * 60], frames=[Frame(1, "f", "y" * 300)]),
    )  # fmt: skip
    lines = [line for line in shown(verdict, width).split("\n") if "try again" not in line]
    assert max(cell_len(line) for line in lines) <= width


def test_the_last_line_says_what_it_was():
    assert "replayed with seed 7041" in summary(replace(VERDICT, replayed=True)).plain
    assert summary(replace(VERDICT, checks=VERDICT.checks[:1])).plain.startswith("1 of 1 check passed")

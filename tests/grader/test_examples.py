"""The examples of a statement, run against an answer."""

import subprocess
import sys

from msgspec import json

from grader.examples import Shown, Task, read, show

SOURCE = 'def half(x):\n    """Half."""\n    if x < 0:\n        raise ValueError("negative")\n    return x / 2\n'


def wrong(document, source=SOURCE):
    return [(found.example.line, found.got) for found in show(Task("half", source, {"README.md": document})).wrong]


def test_right_examples_indented_and_fenced():
    assert wrong("# Half\n\n    >>> y = half(3)\n    >>> y\n    1.5\n\n```python\n>>> half(4)\n2.0\n```\nDone.\n") == []


def test_an_expected_error():
    assert wrong(">>> half(-1)\nTraceback (most recent call last):\nValueError: negative\n") == []


def test_wrong_output_and_unexpected_error_are_told_with_their_lines():
    assert wrong("\n>>> half(4)\n3.0\n>>> half(-1)\n2\n") == [(2, "2.0"), (4, "ValueError: negative")]


def test_documents_do_not_share_names():
    shown = show(Task("half", SOURCE, {"a": ">>> z = 1\n", "b": ">>> z\n1\n"}))
    assert [found.document for found in shown.wrong] == ["b"]


def test_an_answer_that_cannot_be_loaded():
    assert show(Task("half", "1 / 0", {})).error == "ZeroDivisionError: division by zero"


def test_read_gives_lines_sources_and_output():
    (example,) = read("text\n\n    >>> half(\n    ...     4)\n    2.0\n")
    assert (example.line, example.source, example.want) == (3, "half(\n    4)\n", "2.0\n")


def test_in_a_process_of_its_own_with_an_answer_that_prints():
    task = Task("half", "print('noise')\n" + SOURCE, {"README.md": ">>> half(4)\n2.0\n"})
    command = [sys.executable, "-I", "-m", "grader.examples"]
    done = subprocess.run(command, input=json.encode([task, task]), capture_output=True, check=True)
    assert [json.decode(line, type=Shown) for line in done.stdout.splitlines()] == [Shown("half", []), Shown("half", [])]

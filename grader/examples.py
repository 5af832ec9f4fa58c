"""The examples of a statement (doctests in Markdown), run against an answer in a process of their own.

`kit author check` starts `python -I -m grader.examples`, writes a list of Task to it and reads one Shown for each as a line of JSON.
"""

import doctest
import os
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import IO, cast

from msgspec import Struct, json

__all__ = ["Example", "Shown", "Task", "Wrong", "read"]


class Example(Struct, frozen=True):
    """One `>>>` of a document: its line (from 1), the source after the prompt, and what is said to be printed."""

    line: int
    source: str
    want: str


class Task(Struct, frozen=True):
    """An answer, and documents by name whose examples shall run in its names."""

    slug: str
    source: str
    documents: dict[str, str]


class Wrong(Struct, frozen=True):
    """An example that prints something else."""

    document: str
    example: Example
    got: str


class Shown(Struct, frozen=True):
    """What came of a task; error: why the answer could not even be loaded."""

    slug: str
    wrong: list[Wrong]
    error: str = ""


def read(document: str) -> list[Example]:
    """The examples of a Markdown document. Raises ValueError when one is malformed."""
    return [_example(found) for found in _parse(document)]


def show(task: Task) -> Shown:
    """Run the examples of a task in this process."""
    module = ModuleType(task.slug.replace("-", "_"))
    sys.modules[module.__name__] = module  # dataclasses look for their module there
    try:
        exec(compile(task.source, f"{module.__name__}.py", "exec"), module.__dict__)  # noqa: S102  # the bank's own solution
        return Shown(task.slug, [wrong for name, text in task.documents.items() for wrong in _run(name, text, module)])
    except Exception as error:  # noqa: BLE001  # whatever it raises is the finding
        return Shown(task.slug, [], f"{type(error).__name__}: {error}")
    finally:
        del sys.modules[module.__name__]


class _Recorder(doctest.DocTestRunner):
    """Keeps what an example printed or raised instead of reporting it."""

    def __init__(self) -> None:
        super().__init__(verbose=False, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        self.got: dict[int, str] = {}

    def report_failure(self, out: object, test: doctest.DocTest, example: doctest.Example, got: str) -> None:  # noqa: ARG002  # doctest's own signature
        self.got[example.lineno] = got.strip()

    def report_unexpected_exception(self, out: object, test: doctest.DocTest, example: doctest.Example, exc_info: object) -> None:  # noqa: ARG002  # as above
        error = cast("tuple[type[BaseException], BaseException, object]", exc_info)[1]
        self.got[example.lineno] = f"{type(error).__name__}: {error}"


def _run(name: str, text: str, module: ModuleType) -> Iterator[Wrong]:
    found = _parse(text)
    recorder = _Recorder()
    recorder.run(doctest.DocTest(found, dict(module.__dict__), name, name, 0, text), out=lambda _text: None)
    return (Wrong(name, _example(one), recorder.got[one.lineno]) for one in found if one.lineno in recorder.got)


def _parse(document: str) -> list[doctest.Example]:
    fenceless = "\n".join("" if line.lstrip().startswith("```") else line for line in document.splitlines())
    return doctest.DocTestParser().get_examples(fenceless, "README")


def _example(found: doctest.Example) -> Example:
    return Example(found.lineno + 1, found.source, found.want)


def main(tasks: bytes, results: IO[bytes]) -> None:
    """Run tasks (JSON) one after another; each result is written as soon as it is there."""
    for task in json.decode(tasks, type=list[Task]):
        results.write(json.encode(show(task)) + b"\n")
        results.flush()


if __name__ == "__main__":
    with os.fdopen(os.dup(1), "wb") as line:  # what an answer prints must not stand among the results
        os.dup2(2, 1)
        main(sys.stdin.buffer.read(), line)

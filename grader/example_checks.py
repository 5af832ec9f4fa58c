"""All that an edition without hidden checks can judge: the examples of the statement, run in the learner's process."""

from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from typing import Any

from grader.examples import read
from grader.failure import CheckFailure
from grader.proxy import Answer, WorkerHandle
from grader.text import _, neutralise


def run_examples(module: "Any", sources: list[str]) -> list[str]:
    """In the worker: what each example prints, one after the other in the names of the module; an exception as its last line."""
    import contextlib  # noqa: PLC0415  # this function travels alone
    import io  # noqa: PLC0415

    names, printed = dict(vars(module)), []
    for source in sources:
        out = io.StringIO()
        try:
            with contextlib.redirect_stdout(out):
                exec(compile(source, "<example>", "single"), names)  # noqa: S102  # the statement's own lines
            printed.append(out.getvalue())
        except NotImplementedError:
            raise
        except Exception as error:  # noqa: BLE001  # an example may show one
            printed.append(out.getvalue() + f"{type(error).__name__}: {error}")
    return printed


def test_examples(answer: Answer, worker: WorkerHandle, statement: str) -> None:
    """Examples of the statement
    题目中的示例"""  # noqa: D205, D209, D400, D415  # the title in both languages
    examples = read(statement)
    printed = worker.define(run_examples)(answer, [example.source for example in examples])
    if type(printed) is not list or len(printed) != len(examples):
        raise CheckFailure("protocol", [_("the examples did not run to their end")])
    for example, got in zip(examples, printed, strict=True):
        want = example.want.rstrip().rpartition("\n")[2].strip() + "\n" if example.want.startswith("Traceback") else example.want
        if not isinstance(got, str) or not OutputChecker().check_output(
            want, got.rstrip("\n") + "\n" if got else "", ELLIPSIS | NORMALIZE_WHITESPACE
        ):
            source = " ".join(example.source.split())
            line = _("{source} gives {got}, not {want}").format(
                source=source, got=neutralise(str(got)).strip()[:200] or _("nothing"), want=want.strip() or _("nothing")
            )
            raise CheckFailure("values", [line], what=source)

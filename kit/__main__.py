"""`kit`: decide the language, run the command, turn every error into one line and an exit status."""

# ruff: noqa: PLC0415  # each command imports what it needs when it runs: that keeps the start of the others quick

import gc
import os
import sys

if __name__ == "__main__" and not sys.flags.safe_path and sys.path[0] != os.path.dirname(os.path.dirname(__file__)):  # noqa: PTH120 - pathlib is not safe yet
    # `python -m kit` looks for modules in the current folder first: a learner's msgspec.py would run as ours, and exit 0.
    del sys.path[0]

from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import NoReturn

from grader.text import _
from kit.errors import BROKEN_PIPE, INTERRUPTED, OWN_FAILURE, KitError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status. An error is one line on stderr; KIT_DEBUG=1 adds the traceback."""
    gc.set_threshold(100_000, 20, 20)  # nothing that is made while modules are imported is garbage: looking for some costs a tenth of the start
    try:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")  # a terminal without Chinese or ✓ shows ? instead of ending in an error
        status = _run(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except KitError as error:
        return _told(error, error.status)
    except KeyboardInterrupt:
        return _told(_("interrupted"), INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter's last flush must not fail again
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001  # whatever it is, a learner sees one line
        kind = f"{type(error).__name__}: {error}".split("\n", 1)[0]
        remedy = _("Please report it with the command and the output of the same command under KIT_DEBUG=1.")
        return _told(KitError(_("the kit itself failed"), kind, remedy), OWN_FAILURE)
    if status == INTERRUPTED:
        return _told(_("interrupted"), INTERRUPTED)
    return status


def entry() -> NoReturn:
    """The command `kit`: as main, and gone at once, without taking hundreds of modules apart one by one."""
    status = main()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def _run(arguments: list[str]) -> int:
    """Decide the language, then build the commands in it and run one."""
    from kit import config, language

    flag, rest = language.split_flag(arguments)
    try:
        language.speak(language.decide(flag, os.environ, config.load().lang))
    except KitError:
        language.speak(language.decide(None, {**os.environ, "KIT_LANG": ""}, None))
        raise
    from typer import Exit, TyperException
    from typer.main import get_command

    from kit.cli.app import build
    from kit.cli.commands import explained

    try:
        status = get_command(build()).main(args=rest, prog_name="kit", standalone_mode=False)
    except TyperException as error:
        raise explained(error) from error
    except Exit as error:
        return error.exit_code
    return status if isinstance(status, int) else 0


def _told(error: KitError | str, status: int) -> int:
    """Say it in one line and return the status."""
    if os.environ.get("KIT_DEBUG") == "1":
        import traceback

        traceback.print_exc()
    from kit.screen.safe import one_line

    line = one_line(str(error))
    print(_("error: {message}").format(message=line) if isinstance(error, KitError) else line, file=sys.stderr)
    return status


if __name__ == "__main__":
    entry()

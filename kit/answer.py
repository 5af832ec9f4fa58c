"""Reading the learner's file: a small regular file of UTF-8 text, and nothing else."""

import os
import stat
from pathlib import Path

from grader.text import _
from kit.errors import KitError

LARGEST = 200_000
FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))  # each where the system has it


def read_answer(path: Path) -> str:
    """The learner's source with line ends as Python counts them, without a byte order mark.

    Raises KitError for a missing file, a folder, a link, a device, more than 200 KB, a NUL byte and anything but UTF-8.
    """
    data = _bytes(path)
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        raise KitError(_("the answer holds a NUL byte"), f"{path}:{line}", _("Save it as plain UTF-8 text (not UTF-16)."))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        what = _("the answer is not UTF-8 (byte {byte} at offset {offset})").format(byte=f"0x{data[error.start]:02x}", offset=error.start)
        raise KitError(what, f"{path}:{line}", _("Save it again with the encoding UTF-8.")) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _bytes(path: Path) -> bytes:
    """The file's content; never follows a link, never waits for a pipe, never reads more than it must."""
    try:
        if path.is_symlink():
            raise KitError(_("the answer is a link"), path, _("Put the file itself there."))
        if path.is_dir():
            raise KitError(_("the answer is a folder"), path, _("Name the Python file in it."))
        with os.fdopen(os.open(path, FLAGS), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise KitError(_("the answer is no ordinary file"), path, _("Put a Python file there."))
            data = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise KitError(_("there is no answer yet"), path, _("Run: kit fetch {slug}").format(slug=path.stem.replace("_", "-"))) from error
    except OSError as error:
        raise KitError(_("the answer cannot be read ({reason})").format(reason=error.strerror), path, _("Make it readable.")) from error
    if len(data) > LARGEST:
        raise KitError(_("the answer is larger than 200 KB"), path, _("An answer is a page of code: remove what does not belong in it."))
    return data

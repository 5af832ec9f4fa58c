import os

import pytest

from kit.answer import LARGEST, read_answer
from kit.errors import KitError


def test_mark_and_line_ends_do_not_matter(tmp_path):
    path = tmp_path / "a.py"
    path.write_bytes(b"\xef\xbb\xbfx = 1\r\ny = '\xe4\xb8\xad'\rz = 2\n")
    assert read_answer(path) == "x = 1\ny = '中'\nz = 2\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"x\n\xff\n", r"byte 0xff at offset 2.*a\.py:2\. .*UTF-8"),
        ("é\n".encode("latin-1"), "not UTF-8"),
        ("x = 1\n".encode("utf-16"), "NUL byte|not UTF-8"),
        (b"x\n\n\0", r"NUL byte: .*a\.py:3\."),
        (b"#" * (LARGEST + 1), "larger than 200 KB"),
    ],
)
def test_what_is_no_answer(tmp_path, content, says):
    path = tmp_path / "a.py"
    path.write_bytes(content)
    with pytest.raises(KitError, match=says):
        read_answer(path)


def test_the_largest_that_is_allowed(tmp_path):
    (tmp_path / "a.py").write_bytes(b"#" * LARGEST)
    assert len(read_answer(tmp_path / "a.py")) == LARGEST


def test_what_is_no_file(tmp_path):
    path = tmp_path / "two_words.py"
    with pytest.raises(KitError, match="kit fetch two-words"):
        read_answer(path)
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KitError, match="is a link"):
        read_answer(path)
    with pytest.raises(KitError, match="is a folder"):
        read_answer(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.py")
    with pytest.raises(KitError, match="no ordinary file"):
        read_answer(tmp_path / "a.py")

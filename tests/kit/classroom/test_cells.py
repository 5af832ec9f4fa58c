"""What a spreadsheet would run is shown instead."""

import csv
import io

import pytest

from kit.classroom.cells import csv_text, safe


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", '=HYPERLINK("http://127.0.0.1")'])
def test_a_formula_becomes_text(text):
    assert str(safe(text))[0] in {"'", "\\"}


@pytest.mark.parametrize("value", ["Ada", "a=b", "", "张三", 3, -2.5, 0, None])
def test_everything_else_stays_as_it_is(value):
    assert safe(value) == value


def test_what_would_move_a_cursor_is_made_visible():
    assert safe("a\x1b[2Jb\u202ec") == "a\\x1b[2Jb\\u202ec"


def test_a_file_comes_back_cell_by_cell():
    text = csv_text([["name", "points"], ['O\'Hara, "Ada"\nB', 2], ["=cmd()", None], ["李四", 1.5]])
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert text.startswith("\ufeff")
    assert rows == [["name", "points"], ['O\'Hara, "Ada"\nB', "2"], ["'=cmd()", ""], ["李四", "1.5"]]

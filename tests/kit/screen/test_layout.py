from io import StringIO

from rich.console import Console
from rich.text import Text

from kit.screen.console import Screen
from kit.screen.layout import columns, indented, spread
from kit.screen.safe import harmless, one_line

CONSOLE = Console(file=StringIO(), width=40)


def test_each_line_is_indented_and_the_lead_stands_before():
    lines = [line.plain for line in indented(CONSOLE, "one two three four five six seven eight nine", 4, Text("1."))]
    assert lines == ["1.  one two three four five six seven", "    eight nine"]


def test_columns_count_cells():
    lines = [line.plain for line in columns([(Text("中文"), Text("a"), Text("")), (Text("x"), Text("bb"), Text("end"))])]
    assert lines == ["中文  a", "x     bb  end"]
    assert columns([]) == []


def test_what_does_not_fit_gets_its_own_line():
    assert [line.plain for line in spread(CONSOLE, Text("x" * 30), Text("seed 12"))] == ["x" * 30 + "   seed 12"]
    assert [line.plain for line in spread(CONSOLE, Text("x" * 38), Text("seed 12"))] == ["x" * 38, "  seed 12"]


def test_a_pipe_gets_no_escapes_and_no_long_line_is_broken():
    out = StringIO()
    Screen(out, StringIO()).result(Text("red", style="red"), "x" * 300)
    assert out.getvalue() == "red\n" + "x" * 300 + "\n"


def test_controls_are_shown_instead_of_sent():
    assert harmless("a\tb\r\nc\x1b[0m\u202e") == "a   b\nc\\x1b[0m\\u202e"
    assert one_line(" a\n b\x00 ") == "a b\\x00"

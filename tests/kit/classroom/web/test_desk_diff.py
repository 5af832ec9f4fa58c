"""What changed from one answer to the next."""

from kit.classroom.web.desk_diff import LONGEST, diff

OLD = "import torch\n\n\ndef double(x):\n    y = x\n    return y\n"


def test_changed_lines_with_their_numbers():
    new = OLD.replace("    y = x\n    return y\n", "    return 2 * x\n")
    found = [(line.kind, line.old, line.new, line.text) for line in diff(OLD, new)]
    assert found == [
        ("gap", None, None, ""),
        ("same", 2, 2, ""),
        ("same", 3, 3, ""),
        ("same", 4, 4, "def double(x):"),
        ("gone", 5, None, "    y = x"),
        ("gone", 6, None, "    return y"),
        ("new", None, 5, "    return 2 * x"),
    ]


def test_what_stays_the_same_is_left_out():
    old = "\n".join(str(number) for number in range(40))
    kinds = [line.kind for line in diff(old, old.replace("20", "twenty"))]
    assert kinds == ["gap", "same", "same", "same", "gone", "new", "same", "same", "same", "gap"]
    assert diff(old, old) == []


def test_too_long_to_compare():
    assert diff("x\n" * (LONGEST + 1), "x\n") is None
    assert diff("x\n" * LONGEST, "x\n" * LONGEST) == []


def test_what_would_move_the_cursor_is_shown():
    assert [line.text for line in diff("", "x = '\u202e'")] == ["x = '\\u202e'"]

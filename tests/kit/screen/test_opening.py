"""What a teacher sees when a classroom opens."""

from io import StringIO

import pytest

from kit.classroom.serve import Opening
from kit.screen.classroom import show_opening
from kit.screen.console import Screen

OPENING = Opening(classroom="Deep learning", address="http://127.0.0.1:8000", link="http://127.0.0.1:8000/signin?token=t", join_code="a-b", exposed=False)


@pytest.mark.parametrize(("wanted", "said"), [(None, False), ("Deep learning", False), ("Vision", True)])
def test_a_name_that_was_not_taken_is_told(wanted, said):
    screen = Screen(StringIO(), StringIO())
    show_opening(screen, OPENING, wanted=wanted)
    assert "kit join http://127.0.0.1:8000 a-b" in screen.out.file.getvalue()
    assert ("This classroom was called Deep learning when it was made" in screen.err.file.getvalue()) == said

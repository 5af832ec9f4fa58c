"""What the desk's pages share: moments in UTC, and lists in pages."""

from datetime import UTC, datetime

import pytest
from starlette.datastructures import FormData

from kit.classroom.errors import Refused
from kit.classroom.web.desk_parts import as_field, moment, page_of, text_of


@pytest.mark.parametrize("text", ["2026-09-01T08:30", "2026-09-01T08:30:00", " 2026-09-01T08:30:00.000 "])
def test_a_moment_of_a_form_is_in_utc(text):
    assert moment(text) == datetime(2026, 9, 1, 8, 30, tzinfo=UTC)
    assert as_field(moment(text)) == "2026-09-01T08:30"


def test_no_moment():
    assert moment("  ") is None
    assert as_field(None) == ""
    for wrong in (
        "tomorrow",
        "2026-13-01T08:00",
        "2026-09-01 08:00",
        "2026-09-01T08:30+02:00",
        "0001-01-01T00:00",
        "1999-12-31T23:59",
        "2101-01-01T00:00",
    ):
        with pytest.raises(Refused) as refused:
            moment(wrong)
        assert refused.value.http == 422


def test_a_field_is_a_short_text():
    assert text_of(FormData([("a", "  x ")]), "a") == "x"
    assert text_of(FormData([]), "a") == ""
    with pytest.raises(Refused):
        text_of(FormData([("a", "x" * 5000)]), "a")


def test_pages():
    assert page_of([1, 2, 3], 2, 2) == ([3], 2, 2)
    assert page_of([1, 2, 3], 99, 2) == ([3], 2, 2)
    assert page_of([], 1, 2) == ([], 1, 1)

"""Limits: who has to wait, how long, and who does not."""

import pytest

from kit.classroom.errors import Refused
from kit.classroom.limits import MANY_KEYS, Limits


def test_a_course_joins_from_one_address_and_some_are_mistaken(clock):
    limits = Limits(clock)
    for student in range(400):
        limits.joining("192.0.2.1", number=student % 2 == 0)
        if student % 8 == 0:
            limits.mistaken("192.0.2.1", "unknown-number")
        if student % 4 == 0:
            limits.mistaken("192.0.2.1", "wrong-code")
    assert limits.joining("192.0.2.2", number=True) is None


def test_who_guesses_is_not_heard_until_the_minute_is_over(clock):
    limits = Limits(clock, codes="3/minute")
    for _guess in range(3):
        limits.joining("192.0.2.1", number=False)
        limits.mistaken("192.0.2.1", "wrong-code")
        clock.forward(seconds=5)
    with pytest.raises(Refused) as caught:
        limits.joining("192.0.2.1", number=False)
    assert (caught.value.http, caught.value.code, caught.value.retry_after) == (429, "too-many-requests", 45)
    assert "45 seconds" in str(caught.value)
    limits.joining("192.0.2.2", number=False)
    clock.forward(seconds=45)
    assert limits.joining("192.0.2.1", number=False) is None


def test_who_guesses_numbers_keeps_nobody_out_who_has_none(clock):
    limits = Limits(clock, numbers="2/minute")
    for code in ("unknown-number", "number-taken", "bad-name", "join-closed"):
        limits.mistaken("192.0.2.1", code)
    with pytest.raises(Refused, match="too often"):
        limits.joining("192.0.2.1", number=True)
    assert limits.joining("192.0.2.1", number=False) is None


def test_a_door_is_not_shut_by_who_knocks_at_another(clock):
    limits = Limits(clock, entries="2/minute")
    for _knock in range(2):
        limits.entering("university", "192.0.2.1")
    with pytest.raises(Refused, match="too often"):
        limits.entering("university", "192.0.2.1")
    assert limits.entering("link", "192.0.2.1") is None
    assert limits.joining("192.0.2.1", number=True) is None


def test_links_are_counted_by_person(clock):
    limits = Limits(clock, links="2/minute")
    limits.linking(1)
    limits.linking(1)
    limits.linking(2)
    with pytest.raises(Refused, match="too often"):
        limits.linking(1)


def test_submissions_are_counted_by_person(clock):
    limits = Limits(clock, submissions="2/minute")
    limits.submitting(1)
    limits.submitting(1)
    limits.submitting(2)
    with pytest.raises(Refused, match="too often"):
        limits.submitting(1)
    clock.forward(minutes=1)
    assert limits.submitting(1) is None


def test_what_is_over_is_forgotten(clock):
    limits = Limits(clock)
    for number in range(MANY_KEYS):
        limits.submitting(number)
    clock.forward(minutes=2)
    limits.submitting(0)
    assert limits._counters.reset() == 1

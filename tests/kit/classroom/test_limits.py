"""Limits: who has to wait, how long, and who does not."""

import pytest

from kit.classroom.errors import Refused
from kit.classroom.limits import MANY_KEYS, Limits


def test_a_course_joins_from_one_address(clock):
    limits = Limits(clock)
    for _student in range(400):
        limits.entering("192.0.2.1")
    assert limits.entering("192.0.2.2") is None


def test_who_guesses_is_not_heard_until_the_minute_is_over(clock):
    limits = Limits(clock, mistakes="3/minute")
    for _guess in range(3):
        limits.entering("192.0.2.1")
        limits.mistaken("192.0.2.1")
        clock.forward(seconds=5)
    with pytest.raises(Refused) as caught:
        limits.entering("192.0.2.1")
    assert (caught.value.http, caught.value.code, caught.value.retry_after) == (429, "too-many-requests", 45)
    assert "45 seconds" in str(caught.value)
    limits.entering("192.0.2.2")
    clock.forward(seconds=45)
    assert limits.entering("192.0.2.1") is None


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

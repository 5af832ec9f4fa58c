"""An assignment's rules as a form holds them, there and back."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from starlette.datastructures import FormData

from kit.classroom.assignments import Rules
from kit.classroom.errors import Refused
from kit.classroom.web.desk_rules import Draft

RULES = Rules(
    title="Week 1", exercises=(("softplus", 1.5), ("double", 1.0)), opens_at=datetime(2026, 9, 1, 8, tzinfo=UTC), due_at=None,
    closes_at=datetime(2026, 9, 9, 23, 59, tzinfo=UTC), late_per_day=0.125, attempts=3, feedback="diagnosis", counts="last", credit="share",
    published=False, section="Lab A",
)  # fmt: skip


def form(draft: Draft, **other: str) -> FormData:
    chosen = [(f"use-{slug}", "1") for slug in draft.weights]
    weights = [(f"weight-{slug}", weight) for slug, weight in draft.weights.items()]
    return FormData([*(draft.texts | other).items(), *chosen, *weights])


@pytest.mark.parametrize("rules", [RULES, Rules(title="Plain", exercises=(("double", 1.0),)), replace(RULES, late_per_day=0.1, attempts=None)])
def test_there_and_back(rules):
    shown = Draft.of("week-1", rules)
    assert shown.rules() == rules
    assert Draft.sent(form(shown), ["softplus", "double"]).rules() == rules


def test_late_is_in_percent_and_a_comma_is_a_point():
    shown = Draft.of("week-1", RULES)
    assert shown.texts["late"] == "12.5"
    assert Draft.sent(form(shown, late="12,5"), []).rules().late_per_day == 0.125
    assert Draft.sent(form(shown, late=""), []).rules().late_per_day == 0.0


def test_only_what_is_ticked_and_known():
    sent = FormData([("use-double", "1"), ("weight-double", ""), ("weight-softplus", "3"), ("use-other", "1")])
    assert Draft.sent(sent, ["softplus", "double"]).weights == {"double": "1"}


@pytest.mark.parametrize("wrong", [{"late": "much"}, {"late": "nan"}, {"attempts": "1.5"}, {"attempts": "-1"}, {"due_at": "soon"}])
def test_what_is_no_number_and_no_moment(wrong):
    with pytest.raises(Refused) as refused:
        Draft.sent(form(Draft.of("week-1", RULES), **wrong), []).rules()
    assert refused.value.http == 422


def test_a_new_one_is_seen_by_students():
    texts = Draft().texts
    assert (texts["published"], texts["feedback"], texts["counts"], texts["credit"], texts["attempts"]) == ("1", "full", "best", "all", "")

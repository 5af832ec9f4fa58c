"""An assignment's rules as a form holds them: texts one way, kit.classroom.assignments.Rules the other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import cast

from starlette.datastructures import FormData

from grader.text import _
from kit.classroom.assignments import Rules
from kit.classroom.errors import Refused
from kit.classroom.schema import Counts, Credit, Feedback
from kit.classroom.web.desk_parts import as_field, moment, text_of

__all__ = ["Draft"]

FIELDS = ("slug", "title", "opens_at", "due_at", "closes_at", "late", "attempts", "feedback", "counts", "credit", "section", "published")
NEW = {"feedback": "full", "counts": "best", "credit": "all", "published": "1", "late": "0"}


@dataclass(frozen=True)
class Draft:
    """What stands in the form. texts: by field; late is in percent. weights: of the chosen exercises, in their order."""

    texts: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(FIELDS, "") | NEW)
    weights: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, slug: str, rules: Rules) -> "Draft":
        """The rules as they stand."""
        texts = {
            "slug": slug,
            "title": rules.title,
            "opens_at": as_field(rules.opens_at),
            "due_at": as_field(rules.due_at),
            "closes_at": as_field(rules.closes_at),
            "late": _number(100 * rules.late_per_day),
            "attempts": "" if rules.attempts is None else str(rules.attempts),
            "feedback": rules.feedback,
            "counts": rules.counts,
            "credit": rules.credit,
            "section": rules.section or "",
            "published": "1" if rules.published else "",
        }
        return cls(texts, {exercise: _number(weight) for exercise, weight in rules.exercises})

    @classmethod
    def sent(cls, form: FormData, known: list[str]) -> "Draft":
        """What was filled in. known: the exercises that may be chosen, in the order that those are to have. Raises Refused."""
        weights = {slug: text_of(form, f"weight-{slug}") or "1" for slug in known if text_of(form, f"use-{slug}")}
        return cls({name: text_of(form, name) for name in FIELDS}, weights)

    def rules(self) -> Rules:
        """As the service takes them, which looks whether they make sense. Raises Refused for what is no number and no moment."""
        texts = self.texts
        return Rules(
            title=texts["title"],
            exercises=tuple((slug, _decimal(weight, slug)) for slug, weight in self.weights.items()),
            opens_at=moment(texts["opens_at"]),
            due_at=moment(texts["due_at"]),
            closes_at=moment(texts["closes_at"]),
            late_per_day=round(_decimal(texts["late"] or "0", _("Lost for each day late")) / 100, 6),
            attempts=_whole(texts["attempts"]) if texts["attempts"] else None,
            feedback=cast("Feedback", texts["feedback"]),
            counts=cast("Counts", texts["counts"]),
            credit=cast("Credit", texts["credit"]),
            published=bool(texts["published"]),
            section=texts["section"] or None,
        )


def _number(value: float) -> str:
    """Without digits that say nothing."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _decimal(text: str, where: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise Refused("bad-number", _("this is no number: {text}").format(text=text[:40]), where, _("Write it in digits."), http=422)
    return value


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        where = _("Attempts at each exercise")
        raise Refused("bad-number", _("this is no whole number: {text}").format(text=text[:40]), where, _("Write it in digits."), http=422)
    return int(text)

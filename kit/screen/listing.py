"""Exercises as a table, and how far the learner is."""

from collections.abc import Mapping, Sequence

from rich.text import Text

from grader.text import _, ngettext
from kit.exercise import Exercise, Track
from kit.language import in_use
from kit.progress import Record
from kit.screen.console import Screen, styled
from kit.screen.layout import columns

MARKS = {"passed": ("✓", "passed"), "tried": ("✗", "failed"), "fetched": ("○", "todo"), "new": ("·", "quiet")}
BAR = 20


def state_names() -> dict[str, str]:
    """What each state is called in the language in use."""
    return {"passed": _("passed"), "tried": _("tried"), "fetched": _("fetched"), "new": _("new")}


def show_list(screen: Screen, tracks: Sequence[Track], exercises: Sequence[Exercise], records: Mapping[str, Record]) -> None:
    """Exercises by track."""
    lang, names = in_use(), state_names()
    rows: list[tuple[Text, ...]] = []
    heads: dict[int, str] = {}
    for track in tracks:
        own = [exercise for exercise in exercises if exercise.track == track.slug]
        if own:
            heads[len(rows)] = track.title.say(lang)
        for exercise in own:
            state = records.get(exercise.slug, Record()).state
            mark, role = MARKS[state]
            level = styled("●" * exercise.level + "○" * (5 - exercise.level), "quiet")
            rows.append((styled(mark, role), styled(exercise.slug, "strong"), level, styled(names[state], role), styled(exercise.title.say(lang))))
    for number, line in enumerate(columns(rows)):
        if number in heads:
            screen.result(*([""] if number else []), styled(heads[number], "diagnosis"))
        line.truncate(max(screen.out.width, 80) if screen.out.is_terminal else 1000, overflow="ellipsis")
        screen.result(line)
    if not rows:
        screen.talk(_("No exercise is like that."))


def show_status(screen: Screen, tracks: Sequence[Track], exercises: Sequence[Exercise], records: Mapping[str, Record]) -> None:
    """How far the learner is in each track, and altogether."""
    lang = in_use()
    rows: list[tuple[Text, ...]] = []
    for track in tracks:
        own = [exercise for exercise in exercises if exercise.track == track.slug]
        rows.append(_row(styled(track.title.say(lang)), own, records))
    rows.append(_row(styled(_("altogether"), "strong"), exercises, records))
    screen.result(*columns(rows))
    attempts = sum(record.attempts for record in records.values())
    hints = sum(record.hints for record in records.values())
    early = sum(record.solution == "before" for record in records.values())
    facts = [
        ngettext("{n} attempt", "{n} attempts", attempts).format(n=attempts),
        ngettext("{n} hint", "{n} hints", hints).format(n=hints),
        ngettext("{n} solution read early", "{n} solutions read early", early).format(n=early),
    ]
    screen.result("", styled(" · ".join(facts), "quiet"))
    open_ones = [exercise for exercise in exercises if records.get(exercise.slug, Record()).state in {"tried", "fetched"}]
    if open_ones:
        screen.result(styled(_("open: {names}").format(names=", ".join(exercise.slug for exercise in open_ones)), "quiet"))


def _row(title: Text, exercises: Sequence[Exercise], records: Mapping[str, Record]) -> tuple[Text, ...]:
    won = [exercise for exercise in exercises if records.get(exercise.slug, Record()).passed]
    filled = BAR * len(won) // len(exercises) if exercises else 0
    bar = Text.assemble(styled("█" * filled, "passed"), styled("░" * (BAR - filled), "quiet"))
    points = _("{won} of {all} points").format(won=sum(each.points for each in won), all=sum(each.points for each in exercises))
    return title, bar, styled(f"{len(won)}/{len(exercises)}"), styled(points, "quiet")

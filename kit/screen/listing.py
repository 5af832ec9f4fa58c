"""Exercises as a table, and how far the learner is."""

from collections.abc import Mapping, Sequence

from rich.text import Text

from grader.text import _, ngettext
from kit.bank import Bank
from kit.exercise import Exercise, Track
from kit.language import in_use
from kit.progress import Record
from kit.questions import Question
from kit.screen.console import Screen, styled
from kit.screen.layout import columns, indented

MARKS = {"passed": ("✓", "passed"), "tried": ("✗", "failed"), "fetched": ("○", "todo"), "new": ("·", "quiet")}
BAR = 20


def state_names() -> dict[str, str]:
    """What each state is called in the language in use."""
    return {"passed": _("passed"), "tried": _("tried"), "fetched": _("fetched"), "new": _("new")}


def show_list(screen: Screen, bank: Bank, exercises: Sequence[Exercise], records: Mapping[str, Record], *, landing: str | None = None) -> None:
    """Exercises by track, in the order in which they are best learnt; of one track, landing, also what it is for and what it builds on."""
    lang, names = in_use(), state_names()
    rows: list[tuple[Text, ...]] = []
    heads: dict[int, Text] = {}
    for track in bank.tracks:
        own = [exercise for exercise in exercises if exercise.track == track.slug]
        if own:
            everything = [exercise for exercise in bank.exercises if exercise.track == track.slug]
            passed = sum(records.get(exercise.slug, Record()).passed for exercise in everything)
            heads[len(rows)] = styled(track.title.say(lang), "diagnosis") + styled(f"  {track.slug}  {passed}/{len(everything)}", "quiet")
        for exercise in own:
            state = records.get(exercise.slug, Record()).state
            mark, role = MARKS[state]
            level = styled("●" * exercise.level + "○" * (5 - exercise.level), "quiet")
            rows.append((styled(mark, role), styled(exercise.slug, "strong"), level, styled(names[state], role), styled(exercise.title.say(lang))))
    for number, line in enumerate(columns(rows)):
        if number in heads:
            screen.result(*([""] if number else []), heads[number])
        line.truncate(max(screen.out.width, 80) if screen.out.is_terminal else 1000, overflow="ellipsis")
        screen.result(line)
    if not rows:
        screen.talk(_("No exercise is like that."))
    elif landing is not None:
        screen.result(*_landing(screen, bank, bank.track(landing)))


def _landing(screen: Screen, bank: Bank, track: Track) -> list[Text | str]:
    """What a track is for, and the tracks that it builds on."""
    lang = in_use()
    own = [exercise for exercise in bank.exercises if exercise.track == track.slug]
    before = {bank.by_slug[slug].track for exercise in own for slug in exercise.after if slug in bank.by_slug} - {track.slug}
    lines: list[Text | str] = []
    if track.about is not None:
        lines += ["", *indented(screen.out, track.about.say(lang), 0)]
    if before:
        titles = ", ".join(other.title.say(lang) for other in bank.tracks if other.slug in before)
        lines += ["", *indented(screen.out, styled(_("It builds on: {titles}").format(titles=titles), "quiet"), 0)]
    return lines


def show_questions(screen: Screen, answered: Sequence[tuple[Question, Sequence[Exercise]]], records: Mapping[str, Record]) -> None:
    """Questions, each with the exercises that answer it."""
    lang = in_use()
    for question, exercises in answered:
        screen.result(*indented(screen.out, styled(question.say(lang)), 9, styled(question.id, "quiet")))
        marked = [_marked(exercise, records) for exercise in exercises] or [styled(_("no exercise yet"), "quiet")]
        screen.result(*indented(screen.out, Text("  ").join(marked), 9))
    if not answered:
        screen.talk(_("No question is like that."))


def show_question(screen: Screen, question: Question, exercises: Sequence[Exercise], records: Mapping[str, Record]) -> None:
    """One question, and the way to practise it."""
    lang = in_use()
    screen.result(*indented(screen.out, styled(question.say(lang), "strong"), 9, styled(question.id, "quiet")))
    rows = [
        (_marked(exercise, records), styled("●" * exercise.level + "○" * (5 - exercise.level), "quiet"), styled(exercise.title.say(lang)))
        for exercise in exercises
    ]
    if not rows:
        screen.talk(_("No exercise answers it yet."))
        return
    screen.result("", *(Text("  ") + line for line in columns(rows)))
    screen.talk("", styled(_("Practise it: kit fetch {slug}. The model answer says it in words.").format(slug=exercises[0].slug), "quiet"))


def _marked(exercise: Exercise, records: Mapping[str, Record]) -> Text:
    """Its name after the mark of its state."""
    mark, role = MARKS[records.get(exercise.slug, Record()).state]
    return Text.assemble(styled(mark, role), " ", styled(exercise.slug, "strong"))


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

"""The form of exercise.toml: what its types cannot say."""

import re
from collections.abc import Collection, Iterator

from grader.text import _
from kit.author.drawers import Drawers
from kit.author.finding import Finding, has_chinese, placeholders, text_of
from kit.errors import KitError
from kit.exercise import Bilingual, ExerciseFile, QuizQuestion

__all__ = ["findings", "read"]

FEWEST_HINTS = 3
_RULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def read(drawers: Drawers) -> tuple[ExerciseFile | None, list[Finding]]:
    """exercise.toml, or the one finding that says why it cannot be read; neither when there is no such file (a finding of another part)."""
    if not (drawers.exercise / "exercise.toml").exists():
        return None, []
    try:
        return drawers.read(), []
    except KitError as error:
        return None, [Finding(drawers.show(drawers.exercise / "exercise.toml"), error.what, error.remedy)]


def findings(drawers: Drawers, facts: ExerciseFile, slugs: Collection[str], questions: Collection[str]) -> Iterator[Finding]:
    """What is wrong with exercise.toml. slugs: all exercises of the bank; questions: the ids of exercises/questions.toml."""
    where = drawers.show(drawers.exercise / "exercise.toml")
    yield from placeholders(text_of(drawers.exercise / "exercise.toml"), where)
    for problem, remedy in (*_settings(facts), *_links(drawers.slug, facts, slugs, questions), *_teaching(facts)):
        yield Finding(where, problem, remedy)


def _settings(facts: ExerciseFile) -> Iterator[tuple[str, str]]:
    yield from _words("title", facts.title)
    if facts.level not in range(1, 6):
        yield _("level is {level}").format(level=facts.level), _("Choose 1 (minutes) to 5 (an hour).")
    elif facts.points != 10 * facts.level:
        yield (
            _("points are {points}").format(points=facts.points),
            _("Level {level} is worth {points}.").format(level=facts.level, points=10 * facts.level),
        )
    if facts.seconds <= 0 or facts.memory_mb <= 0:
        yield _("seconds and memory_mb must be above zero"), _("Give the judge a limit that the solution keeps.")
    if not facts.devices or len(set(facts.devices)) < len(facts.devices):
        yield _("devices must name each device once"), _('Write devices = ["cpu", "cuda"], or ["cpu"] for NumPy.')
    if not facts.references:
        yield _("there is no reference"), _("Name the paper or the documentation that the formula is from.")
    for rule in facts.forbid:
        if not _RULE.fullmatch(rule):
            yield _("{rule} is no rule of forbid").format(rule=rule), _("Write a module, a dotted name or a bare name.")


def _links(own: str, facts: ExerciseFile, slugs: Collection[str], questions: Collection[str]) -> Iterator[tuple[str, str]]:
    for slug in facts.after:
        if slug == own or slug not in slugs:
            yield _("after names {slug}, which is no other exercise").format(slug=slug), _("Name exercises that exist.")
    if not facts.answers:
        yield _("it answers no question"), _("Name ids of exercises/questions.toml in `answers`.")
    for identity in facts.answers:
        if identity not in questions:
            yield _("there is no question {id}").format(id=identity), _("Name ids of exercises/questions.toml in `answers`.")


def _teaching(facts: ExerciseFile) -> Iterator[tuple[str, str]]:
    if len(facts.hint) < FEWEST_HINTS:
        yield _("there are {count} hints").format(count=len(facts.hint)), _("Write at least three, from a nudge to the near-solution.")
    for number, hint in enumerate(facts.hint, start=1):
        yield from _words(f"hint {number}", hint)
    if not 2 <= len(facts.quiz) <= 4:
        yield _("the quiz has {count} questions").format(count=len(facts.quiz)), _("Ask two to four.")
    for number, question in enumerate(facts.quiz, start=1):
        yield from _question(number, question)


def _question(number: int, question: QuizQuestion) -> Iterator[tuple[str, str]]:
    yield from _words(f"quiz {number}, ask", question.ask)
    if not 3 <= len(question.option) <= 4:
        yield _("quiz {number} has {count} options").format(number=number, count=len(question.option)), _("Offer three or four.")
    right = sum(option.right for option in question.option)
    if right != 1:
        yield _("quiz {number} has {count} right options").format(number=number, count=right), _("Mark exactly one with right = true.")
    for place, option in enumerate(question.option, start=1):
        yield from _words(f"quiz {number}, option {place}, text", option.text, translated=False)
        yield from _words(f"quiz {number}, option {place}, why", option.why)


def _words(what: str, text: Bilingual, *, translated: bool = True) -> Iterator[tuple[str, str]]:
    """A short option may be a formula, the same in both languages; everything else must be Chinese in Chinese."""
    if not text.en.strip() or not text.zh.strip():
        yield _("{what} is empty in a language").format(what=what), _("Write it in both.")
    elif translated and not has_chinese(text.zh):
        yield _("{what} is not Chinese in zh").format(what=what), _("Write it as a Chinese speaker would.")
    elif has_chinese(text.en):
        yield _("{what} is not English in en").format(what=what), _("Write it as an English speaker would.")

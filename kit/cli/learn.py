"""kit next, fetch, show, hint, solution, reset: the learner and one exercise."""

# ruff: noqa: PLC0415  # each command imports what it needs when it runs: that keeps the start of the others quick

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from grader.text import _
from kit import questions
from kit.cli.complete import complete_slug, complete_track
from kit.cli.session import Session
from kit.errors import PASSED, KitError
from kit.exercise import Exercise
from kit.progress import Progress, Record
from kit.workspace import Fetched

Slug = Annotated[str, Argument(metavar="SLUG", help=_("The exercise."), autocompletion=complete_slug)]
MaybeSlug = Annotated[str | None, Argument(metavar="[SLUG]", help=_("The exercise; without it, the one you are at."), autocompletion=complete_slug)]
TrackOption = Annotated[str | None, Option("--track", metavar="TRACK", help=_("Only this track."), autocompletion=complete_track)]


def next_(
    track: TrackOption = None,
    level: Annotated[str | None, Option("--level", metavar="N", help=_("Only this level, 1 to 5."))] = None,
) -> int:
    """Fetch the first exercise that is not passed."""
    session = Session()
    if track is not None:
        session.bank.track(track)
    wanted = _level(level)
    records = session.records()
    candidates = [each for each in session.bank.exercises if track in {None, each.track} and wanted in {None, each.level}]
    following = next((each for each in candidates if not records.get(each.slug, Record()).passed), None)
    if not candidates:
        raise KitError(_("no exercise is like that"), remedy=_("Run: kit list"))
    if following is None:
        session.screen.talk(_("Every one of these exercises is passed. Well done."))
        return PASSED
    return _fetch(session, following, records)


def fetch(slug: Slug) -> int:
    """Fetch an exercise."""
    session = Session()
    return _fetch(session, session.bank.exercise(slug), session.records())


def show(slug: MaybeSlug = None) -> int:
    """Show a statement."""
    from kit.screen.statement import show_markdown

    session = Session()
    if slug is not None and slug.startswith(questions.PREFIX):
        from kit.screen.listing import show_question

        question = questions.named(slug, session.bank.questions)
        show_question(session.screen, question, session.bank.answering(question), session.records())
        return PASSED
    show_markdown(session.screen, _text(session.named_or_current(slug).statement(session.lang)))
    return PASSED


def hint(slug: MaybeSlug = None) -> int:
    """Show one more hint."""
    from kit.screen.exercise import show_hints

    session = Session()
    exercise = session.named_or_current(slug)
    hints = [each.say(session.lang) for each in exercise.read().hint]
    if not hints:
        raise KitError(
            _("{slug} has no hints").format(slug=exercise.slug),
            remedy=_("Read the statement again: kit show {slug}").format(slug=exercise.slug),
        )
    taken = session.progress().take_hint(exercise.slug, len(hints))
    show_hints(session.screen, hints, taken, exercise.slug)
    return PASSED


def solution(slug: MaybeSlug = None, yes: Annotated[bool, Option("--yes", "-y", help=_("Show it even before a pass."))] = False) -> int:
    """Show the model answer."""
    from kit.screen.exercise import ask, show_solution

    session = Session()
    exercise = session.named_or_current(slug)
    if not exercise.solution.is_file():
        raise KitError(_("this bank has no solutions"), remedy=_("Your class keeps them; ask your teacher."))
    passed = session.records().get(exercise.slug, Record()).passed
    if not passed and not yes:
        if not session.asks():
            raise KitError(_("{slug} is not passed yet").format(slug=exercise.slug), remedy=_("To see its solution all the same, add --yes."))
        if not ask(session.screen, _("{slug} is not passed yet, and reading the solution is remembered. Show it?").format(slug=exercise.slug)):
            session.screen.talk(_("Good. A smaller step: kit hint {slug}").format(slug=exercise.slug))
            return PASSED
    code, text = _text(exercise.solution), _text(exercise.answer_text(session.lang))
    session.progress().show_solution(exercise.slug)
    show_solution(session.screen, code, text)
    return PASSED


def reset(slug: Slug) -> int:
    """Begin again from the starter."""
    session = Session()
    exercise = session.bank.exercise(slug)
    if session.workspace is None:
        raise KitError(_("this folder is no workspace"), session.cwd, _("Run: kit next"))
    kept = session.workspace.reset(exercise)
    if kept is not None:
        session.screen.talk(_("Your answer is kept as {path}").format(path=_relative(kept, session.cwd)))
    session.screen.result(_("{path} is the starter again.").format(path=_relative(session.workspace.answer(exercise), session.cwd)))
    return PASSED


def _fetch(session: Session, exercise: Exercise, records: dict[str, Record]) -> int:
    """Write the exercise's files and show where they are."""
    from kit.screen.exercise import show_fetched

    home = session.home()
    progress = Progress(home.private)
    fetched = home.fetch(exercise, session.lang, progress.written(exercise.slug))
    progress.fetch(exercise.slug, fetched.ours)
    show_fetched(session.screen, exercise, _shortened(fetched, session.cwd), _unpassed(exercise, session, records))
    return PASSED


def _unpassed(exercise: Exercise, session: Session, records: dict[str, Record]) -> list[str]:
    """Titles of the prerequisites that are not passed."""
    before = [session.bank.by_slug[slug] for slug in exercise.after if slug in session.bank.by_slug]
    return [each.title.say(session.lang) for each in before if not records.get(each.slug, Record()).passed]


def _shortened(fetched: Fetched, cwd: Path) -> Fetched:
    return Fetched(_relative(fetched.statement, cwd), _relative(fetched.answer, cwd), fetched.new, fetched.ours)


def _relative(path: Path, cwd: Path) -> Path:
    return path.relative_to(cwd) if path.is_relative_to(cwd) else path


def _level(text: str | None) -> int | None:
    if text is None:
        return None
    if text not in {"1", "2", "3", "4", "5"}:
        raise KitError(_("no level is called {name}").format(name=text), "--level", _("Choose one of: {names}.").format(names="1, 2, 3, 4, 5"))
    return int(text)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KitError(_("the bank lacks a file ({reason})").format(reason=error), path, _("Run: kit author check")) from error

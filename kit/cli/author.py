"""kit author: the tools of those who write exercises."""

# ruff: noqa: PLC0415  # each command imports what it needs when it runs: that keeps the start of the others quick

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option, Typer

from grader.text import _
from kit.cli.commands import KitCommand, KitGroup
from kit.cli.complete import complete_slug, complete_track
from kit.cli.session import Session
from kit.errors import NOT_PASSED, OWN_FAILURE, PASSED, KitError

if TYPE_CHECKING:
    from collections.abc import Sequence

Slugs = Annotated[list[str] | None, Argument(metavar="SLUG", help=_("Exercises; without any, all of them."), autocompletion=complete_slug)]
Jobs = Annotated[str | None, Option("--jobs", metavar="N", help=_("So many at once; without it, as many as there are cores."))]


def new(
    track: Annotated[str, Argument(metavar="TRACK", help=_("The track."), autocompletion=complete_track)],
    slug: Annotated[str, Argument(metavar="SLUG", help=_("The new exercise's name, with hyphens."))],
    title: Annotated[str, Option("--title", metavar="TEXT", help=_("Its English title."))],
    title_zh: Annotated[str, Option("--title-zh", metavar="TEXT", help=_("Its Chinese title."))],
) -> int:
    """Make the files of a new exercise."""
    from kit.author.new import new as make

    session = Session()
    with _author_errors():
        for path in make(session.bank.root, track, slug, title, title_zh):
            session.screen.result(str(path))
    session.screen.talk("", _("Fill them in, then run: kit author check {slug}").format(slug=slug))
    return PASSED


def check(
    slugs: Slugs = None,
    device: Annotated[
        list[str] | None,
        Option("--device", metavar="cpu|cuda", help=_("A device that this machine has; may be given twice. Without it, cpu.")),
    ] = None,
    jobs: Jobs = None,
    quick: Annotated[bool, Option("--quick", help=_("Look at the files only; judge nothing."))] = False,
) -> int:
    """Prove that exercises are right."""
    from kit.author.check import check as prove
    from kit.screen import authoring

    session = Session()
    names = _slugs(session, slugs)
    with _author_errors(), authoring.bar(session.screen) as on_progress:
        reports = prove(
            session.bank.root,
            names,
            judged=not quick,
            devices=tuple(device or ("cpu",)),
            jobs=_number(jobs, "--jobs"),
            on_progress=on_progress,
        )
    authoring.show_reports(session.screen, reports)
    return PASSED if all(report.ok for report in reports) else NOT_PASSED


def sync(slugs: Slugs = None) -> int:
    """Cut the starters from the solutions."""
    from kit.author.sync import sync as cut
    from kit.screen import authoring

    session = Session()
    with _author_errors():
        authoring.show_synced(session.screen, cut(session.bank.root, _slugs(session, slugs)))
    return PASSED


def mutate(
    slugs: Slugs = None,
    limit: Annotated[str | None, Option("--limit", metavar="N", help=_("A random sample of so many for each exercise."))] = None,
    seed: Annotated[str | None, Option("--seed", metavar="N", help=_("Draw the sample from this seed."))] = None,
    jobs: Jobs = None,
) -> int:
    """Change the solutions in small ways and see which changes no check notices."""
    from kit.author.mutate import TARGET
    from kit.author.mutate import mutate as try_all
    from kit.screen import authoring

    session = Session()
    names = _slugs(session, slugs)
    numbers = {"limit": _number(limit, "--limit"), "jobs": _number(jobs, "--jobs")}
    with _author_errors(), authoring.bar(session.screen) as on_progress:
        reports = try_all(session.bank.root, names, seed=_number(seed, "--seed") or 0, on_progress=on_progress, **numbers)
    authoring.show_mutations(session.screen, reports, TARGET)
    if any(report.errors for report in reports):
        return OWN_FAILURE
    return PASSED if all(report.score >= TARGET for report in reports) else NOT_PASSED


def build(settings: dict[str, Any]) -> Typer:
    """The group."""
    app = Typer(cls=KitGroup, rich_markup_mode=None)
    for name, function, text in (
        ("new", new, _("Make the files of a new exercise.")),
        ("check", check, _("Prove that exercises are right: solution, starter, mistakes, examples, quiz, files.")),
        ("sync", sync, _("Cut the starters from the solutions again.")),
        ("mutate", mutate, _("Change the solutions in small ways and list the changes that no check notices.")),
    ):
        app.command(name, cls=KitCommand, help=text, context_settings=settings)(function)
    return app


@contextmanager
def _author_errors() -> Generator[None]:
    """The tools' errors as the kit's."""
    from kit.author import AuthorError

    try:
        yield
    except AuthorError as error:
        raise KitError(str(error)) from error


def _slugs(session: Session, names: "Sequence[str] | None") -> list[str]:
    """Checked against the bank's folders, not its index: the index refuses the very files that an author came to have explained."""
    exercises = session.bank.root / "exercises"
    known = {path.parent.name for path in exercises.glob("*/*/exercise.toml")}
    for name in names or ():
        if name not in known:
            from kit.errors import did_you_mean

            raise KitError(_("no exercise is called {slug}").format(slug=name), remedy=did_you_mean(name, known, _("Run: kit list")))
    return list(names or ())


def _number(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise KitError(_("{text} is no whole number").format(text=text), option)
    return int(text)

"""kit author: the tools of those who write exercises."""

# ruff: noqa: PLC0415  # each command imports what it needs when it runs: that keeps the start of the others quick

import shlex
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option, Typer

from grader.text import _
from kit.cli.commands import KitCommand, KitGroup
from kit.cli.complete import complete_slug, complete_track
from kit.cli.session import Session
from kit.errors import NOT_PASSED, OWN_FAILURE, PASSED, KitError

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
    for path in make(session.root, track, slug, title, title_zh):
        session.screen.result(str(path))
    session.screen.talk("", _("Fill them in, then run: kit author check {slug}").format(slug=slug))
    return PASSED


def check(
    slugs: Slugs = None,
    jobs: Jobs = None,
    seeds: Annotated[str | None, Option("--seeds", metavar="N", help=_("Judge right answers under so many seeds; without it, three."))] = None,
    quick: Annotated[bool, Option("--quick", help=_("Look at the files only; judge nothing."))] = False,
) -> int:
    """Prove that exercises are right."""
    from kit.author.check import check as prove
    from kit.author.proof import SEEDS
    from kit.screen import authoring

    session = Session()
    session.consent()
    with authoring.bar(session.screen) as on_progress:
        reports = prove(
            session.root,
            slugs or (),
            judged=not quick,
            seeds=_number(seeds, "--seeds") or SEEDS,
            jobs=_number(jobs, "--jobs"),
            on_progress=on_progress,
        )
    authoring.show_reports(session.screen, reports)
    return PASSED if all(report.ok for report in reports) else NOT_PASSED


def sync(slugs: Slugs = None) -> int:
    """Cut the starters from the solutions."""
    from kit.author.sync import sync as cut
    from kit.screen.authoring import show_synced

    session = Session()
    show_synced(session.screen, cut(session.root, slugs or ()))
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
    session.consent()
    sample, at_once = _number(limit, "--limit"), _number(jobs, "--jobs")
    with authoring.bar(session.screen) as on_progress:
        reports = try_all(session.root, slugs or (), limit=sample, seed=_number(seed, "--seed") or 0, jobs=at_once, on_progress=on_progress)
    authoring.show_mutations(session.screen, reports, TARGET)
    if any(report.count("error") for report in reports):
        return OWN_FAILURE
    return PASSED if all(report.score >= TARGET and not report.wrongly_listed for report in reports) else NOT_PASSED


def bundle(
    out: Annotated[str, Argument(metavar="OUT", help=_("The folder to write the wheel into; it is made if need be."))],
    student: Annotated[bool, Option("--student", help=_("Leave out the solutions and the hidden checks."))] = False,
) -> int:
    """Build an edition of the kit with this bank that can be installed."""
    from kit.author.bundle import bundle as build_wheel

    session = Session()
    wheel = build_wheel(session.root, Path(out), edition="student" if student else "full")
    session.screen.result(str(wheel))
    session.screen.talk(_("Install it with: pip install {wheel}").format(wheel=shlex.quote(str(wheel))))
    return PASSED


def report(
    out: Annotated[str, Argument(metavar="OUT", help=_("The folder to write report.html and report.json into; it is made if need be."))],
    limit: Annotated[str | None, Option("--limit", metavar="N", help=_("Judge at most so many mutants of each exercise, drawn at random."))] = None,
    jobs: Jobs = None,
) -> int:
    """Write a page on the quality of every exercise."""
    from kit.author.quality import gather, summary
    from kit.screen import authoring
    from kit.screen.quality import write_page

    session = Session()
    session.consent()
    folder = Path(out)
    with authoring.bar(session.screen) as on_progress:
        found = gather(session.root, folder, limit=_number(limit, "--limit"), jobs=_number(jobs, "--jobs"), on_progress=on_progress)
    session.screen.result(*summary(found), str(write_page(folder, found)))
    return PASSED if all(each.ok for each in found.exercises) else NOT_PASSED


def build(settings: dict[str, Any]) -> Typer:
    """The group."""
    app = Typer(cls=KitGroup, rich_markup_mode=None)
    for name, function, text in (
        ("new", new, _("Make the files of a new exercise.")),
        ("check", check, _("Prove that exercises are right: solution, starter, mistakes, examples, quiz, files.")),
        ("sync", sync, _("Cut the starters from the solutions again.")),
        ("report", report, _("Check and mutate everything and write the result as a page; what has not changed since is not judged again.")),
        ("bundle", bundle, _("Build an edition of the kit with this bank that can be installed.")),
        ("mutate", mutate, _("Change the solutions in small ways and list the changes that no check notices.")),
    ):
        app.command(name, cls=KitCommand, help=text, context_settings=settings)(function)
    return app


def _number(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise KitError(_("{text} is no whole number").format(text=text), option)
    return int(text)

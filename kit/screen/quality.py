"""The quality of every exercise as one web page that needs nothing else."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from grader.text import _
from kit.author.mutate import TARGET
from kit.author.quality import Quality, QualityReport, summary
from kit.errors import KitError
from kit.files import write_atomically
from kit.language import in_use

STYLE = """
:root { color-scheme: light dark; --line: #8884; --bad: #c22; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 2rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n, th.n { text-align: right; }
.bad { color: var(--bad); font-weight: 600; }
@media (prefers-color-scheme: dark) { :root { --bad: #f77; } }
"""


def write_page(folder: Path, report: QualityReport) -> Path:
    """Write folder/report.html and return its path. Raises KitError when that cannot be."""
    path = folder / "report.html"
    try:
        write_atomically(path, _page(report))
    except OSError as error:
        raise KitError(_("the report cannot be written ({reason})").format(reason=error.strerror), path, _("Choose another place.")) from error
    return path


def _page(report: QualityReport) -> str:
    title = escape(_("The quality of the exercises"))
    lines = "".join(f"<li>{escape(line)}</li>" for line in summary(report))
    uncovered = f'<p class="bad">{escape(_("no exercise yet"))}: {escape(", ".join(report.uncovered))}</p>' if report.uncovered else ""
    slowest = _table((_("exercise"), _("check"), _("seconds")), [(slug, name, f"{seconds:.2f}") for slug, name, seconds in report.slowest], numbers=1)
    faults = _faults(report.exercises)
    return (
        f'<!doctype html>\n<html lang="{in_use()}">\n<head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n<ul>{lines}</ul>\n'
        f"{uncovered}{_exercises(report.exercises)}\n<h2>{escape(_('The slowest checks'))}</h2>\n{slowest}\n{faults}</body>\n</html>\n"
    )


def _exercises(exercises: Sequence[Quality]) -> str:
    head = (_("track"), _("exercise"), _("questions"), _("blind solve"), _("level"), _("mistakes"), _("named"), _("mutants killed"), _("seconds"))
    rows = [
        (
            each.track,
            f"{each.slug} · {each.title.say(in_use())}",
            ", ".join(each.answers),
            _("try {n}").format(n=each.blind) if each.blind else "–",
            str(each.level),
            str(each.mistakes),
            str(each.diagnosed),
            f"{each.killed}/{each.mutants} ({each.score:.1%})",
            f"{each.seconds:.2f}",
        )
        for each in exercises
    ]
    return _table(head, rows, numbers=5, bad=[not each.ok for each in exercises])


def _faults(exercises: Sequence[Quality]) -> str:
    """What is to be put right, exercise by exercise; changes that no check noticed are told from a score below the target on."""
    parts: list[str] = []
    for each in exercises:
        told = [*each.findings, *(each.survivors if each.score < TARGET else ())]
        if told:
            parts.append(f"<h3>{escape(each.slug)}</h3><ul>" + "".join(f"<li>{escape(line)}</li>" for line in told) + "</ul>")
    return f"<h2>{escape(_('To put right'))}</h2>\n" + "\n".join(parts) + "\n" if parts else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: int, bad: Sequence[bool] = ()) -> str:
    """The last `numbers` columns are numbers."""

    def cells(tag: str, row: Sequence[str], style: str = "") -> str:
        return "".join(
            f'<{tag} class="{"n" if place >= len(row) - numbers else "t"}{style}">{escape(cell)}</{tag}>' for place, cell in enumerate(row)
        )

    body = "\n".join(f"<tr>{cells('td', row, ' bad' if bad and bad[place] else '')}</tr>" for place, row in enumerate(rows))
    return f"<table>\n<thead><tr>{cells('th', head)}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"

"""A board of the class in the terminal."""

from __future__ import annotations

from rich.text import Text

from grader.text import _, ngettext
from kit.replies import Board, Cell, Own, Row
from kit.screen.console import Screen, styled
from kit.screen.layout import columns
from kit.screen.safe import one_line

__all__ = ["show_board"]

FIRST = 20
MARKS = {"passed": ("✓", "passed"), "part": ("◐", "todo"), "failed": ("✗", "failed"), "pending": ("…", "quiet")}


def show_board(screen: Screen, board: Board, pseudonym: str, own: Own | None, *, every: bool = False) -> None:
    """The rows, one's own marked; then what the marks mean and what a freeze hides."""
    screen.result(styled(_title(board), "strong"), "")
    shown = [row for place, row in enumerate(board.rows) if every or place < FIRST or row.pseudonym == pseudonym]
    if not shown:
        screen.talk(_("Nobody is on this board yet."))
        return
    table = columns([_head(board), *(_row(row, mine=row.pseudonym == pseudonym) for row in shown)])
    screen.result(*table[: FIRST + 1])
    if len(shown) > FIRST and not every:
        screen.result(styled("…", "quiet"))
    screen.result(*table[FIRST + 1 :])
    left_out = len(board.rows) - len(shown)
    if left_out:
        screen.talk(styled(ngettext("{n} more person: kit board --all", "{n} more people: kit board --all", left_out).format(n=left_out), "quiet"))
    screen.talk("", *(styled(line, "quiet") for line in _notes(board, own)))


def _title(board: Board) -> str:
    match board.board:
        case "assignment":
            return _("Assignment: {title}").format(title=one_line(board.title))
        case "exercise":
            return _("Exercise: {name}").format(name=one_line(board.name))
        case "section":
            return _("Section: {name}").format(name=one_line(board.name))
        case _:
            return _("Everything")


def _head(board: Board) -> tuple[Text, ...]:
    names = ("", _("name"), _("of {points} points").format(points=_number(board.worth)), _("solved"), _("submissions"), _("reached at (UTC)"))
    marks = [styled(_short(each.slug), "quiet") for each in board.exercises]
    return (*(styled(name, "quiet") for name in names), *marks)


def _row(row: Row, *, mine: bool) -> tuple[Text, ...]:
    role = "strong" if mine else ""
    name = Text.assemble(styled(one_line(row.pseudonym), role), *([styled(_(" (you)"), "diagnosis")] if mine else []))
    solved = f"{row.solved}{' ★' * min(row.first_solves, 1)}{f'×{row.first_solves}' if row.first_solves > 1 else ''}"
    reached = f"{row.reached_at:%Y-%m-%d %H:%M}" if row.reached_at is not None else ""
    pending = f" +{row.pending}…" if row.pending else ""
    return (
        styled(str(row.rank), "quiet"),
        name,
        styled(_number(row.points), role),
        styled(solved),
        styled(f"{row.submissions}{pending}"),
        styled(reached, "quiet"),
        *(_cell(cell) for cell in row.cells),
    )


def _cell(cell: Cell | None) -> Text:
    if cell is None:
        return styled("·", "quiet")
    mark, role = MARKS.get(cell.state, ("?", "quiet"))
    return styled(f"{mark}{'★' if cell.first else ''}", role)


def _notes(board: Board, own: Own | None) -> list[str]:
    lines = [_("More points first, then who reached them earlier, then fewer submissions, then by name. ★: the first to solve it.")]
    if board.freeze_at is not None:
        lines.append(_("Frozen: what was handed in after {moment} (UTC) is not shown.").format(moment=f"{board.freeze_at:%Y-%m-%d %H:%M}"))
    if own is not None and own.later_points is not None:
        lines.append(_("Only you see it: with your later results you have {points} points.").format(points=_number(own.later_points)))
    return lines


def _number(points: float) -> str:
    return f"{points:.2f}".rstrip("0").rstrip(".")


def _short(slug: str) -> str:
    return one_line(slug if len(slug) <= 16 else f"{slug[:15]}…")

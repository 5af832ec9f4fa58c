"""A board of the class in the terminal."""

from __future__ import annotations

from datetime import datetime

from rich.text import Text

from grader.text import _, ngettext
from kit.replies import Board, Cell, Own, Row, SpeedBoard
from kit.screen.console import Screen, styled
from kit.screen.layout import columns
from kit.screen.safe import one_line

__all__ = ["show_board", "show_speed"]

FIRST = 20
MARKS = {"passed": ("✓", "passed"), "part": ("◐", "todo"), "failed": ("✗", "failed"), "pending": ("…", "quiet")}


def show_board(screen: Screen, board: Board, pseudonym: str, own: Own | None, *, every: bool = False) -> None:
    """The rows, one's own marked; then what the marks mean and what a freeze hides.

    Unless every row is asked for, the first of those who have handed something in, and one's own.
    """
    screen.result(styled(_title(board), "strong"), "")
    if not board.rows:
        screen.talk(_("Nobody is on this board yet."))
        return
    tried = [row for row in board.rows if every or row.submissions]
    shown = [row for place, row in enumerate(tried) if every or place < FIRST or row.pseudonym == pseudonym]
    mine = [row for row in board.rows if row.pseudonym == pseudonym and row not in shown]
    first = min(len(shown), FIRST)
    table = columns([_head(board), *(_row(row, mine=row.pseudonym == pseudonym) for row in [*shown, *mine])])
    if len(table) > 1:
        screen.result(*table[: first + 1])
    else:
        screen.talk(_("Nobody has handed anything in yet."))
    left_out = len(tried) - len(shown)
    if left_out:
        screen.result(styled("…", "quiet"))
    screen.result(*table[first + 1 :])
    if left_out:
        screen.talk(styled(ngettext("{n} more person: kit board --all", "{n} more people: kit board --all", left_out).format(n=left_out), "quiet"))
    idle = len(board.rows) - len(tried) - len(mine)
    if idle:
        screen.talk(styled(_without_submission(idle, more=len(table) > 1), "quiet"))
    screen.talk("", *(styled(line, "quiet") for line in _notes(board, own)))


def show_speed(screen: Screen, board: SpeedBoard, pseudonym: str) -> None:
    """The fastest answers, one's own marked."""
    title = _("Speed of {name} on {device}").format(name=one_line(board.name), device=one_line(board.device))
    screen.result(styled(title, "strong"), "")
    if not board.rows:
        screen.talk(_("Nobody is on this board yet."))
        return
    head = tuple(styled(name, "quiet") for name in ("", _("pseudonym"), _("time / reference's"), _("handed in (UTC)"), _("machine")))
    rows = [
        (
            styled(str(row.rank), "quiet"),
            _name(row.pseudonym, mine=row.pseudonym == pseudonym),
            styled(f"{row.ratio:.3f}"),
            styled(f"{row.at:%Y-%m-%d %H:%M}", "quiet"),
            styled(one_line(row.machine), "quiet"),
        )
        for row in board.rows
    ]
    screen.result(*columns([head, *rows]))
    notes = [_("Less is faster: the time of the answer over that of the reference, measured in turns on the same machine.")]
    screen.talk("", *(styled(line, "quiet") for line in (*notes, *_frozen(board.freeze_at))))


def _without_submission(n: int, *, more: bool) -> str:
    """The line that stands for all of them. more: than others that are shown."""
    if more:
        return ngettext("and {n} other without a submission", "and {n} others without a submission", n).format(n=n)
    return ngettext("{n} person without a submission", "{n} people without a submission", n).format(n=n)


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
    names = ("", _("pseudonym"), _("of {points} points").format(points=_number(board.worth)), _("solved"), _("submissions"), _("reached at (UTC)"))
    marks = [styled(_short(each.slug), "quiet") for each in board.exercises]
    return (*(styled(name, "quiet") for name in names), *marks)


def _row(row: Row, *, mine: bool) -> tuple[Text, ...]:
    role = "strong" if mine else ""
    solved = f"{row.solved}{' ★' * min(row.first_solves, 1)}{f'×{row.first_solves}' if row.first_solves > 1 else ''}"
    reached = f"{row.reached_at:%Y-%m-%d %H:%M}" if row.reached_at is not None else ""
    pending = f" +{row.pending}…" if row.pending else ""
    return (
        styled(str(row.rank) if row.submissions else "–", "quiet"),
        _name(row.pseudonym, mine=mine),
        styled(_number(row.points), role),
        styled(solved),
        styled(f"{row.submissions}{pending}"),
        styled(reached, "quiet"),
        *(_cell(cell) for cell in row.cells),
    )


def _name(pseudonym: str, *, mine: bool) -> Text:
    if not mine:
        return styled(one_line(pseudonym))
    return Text.assemble(styled(one_line(pseudonym), "strong"), " ", styled(_("(you)"), "diagnosis"))


def _cell(cell: Cell | None) -> Text:
    if cell is None:
        return styled("·", "quiet")
    mark, role = MARKS.get(cell.state, ("?", "quiet"))
    return styled(f"{mark}{'★' if cell.first else ''}", role)


def _notes(board: Board, own: Own | None) -> list[str]:
    lines = [_("More points first, then who reached them earlier, then fewer submissions, then by name. ★: the first to solve it.")]
    lines += _frozen(board.freeze_at)
    if own is not None and own.later_points is not None:
        lines.append(_("Only you see it: with your later results you have {points} points.").format(points=_number(own.later_points)))
    return lines


def _frozen(freeze_at: datetime | None) -> list[str]:
    if freeze_at is None:
        return []
    return [_("Frozen: what was handed in from {moment} (UTC) on is not shown.").format(moment=f"{freeze_at:%Y-%m-%d %H:%M}")]


def _number(points: float) -> str:
    return f"{points:.2f}".rstrip("0").rstrip(".")


def _short(slug: str) -> str:
    return one_line(slug if len(slug) <= 16 else f"{slug[:15]}…")

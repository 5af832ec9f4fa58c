"""Boards in the terminal: who stands where, which row is one's own, what is left out and what is hidden."""

from datetime import UTC, datetime
from io import StringIO

import msgspec
import pytest

from kit.replies import Board, Cell, Own, Row, SpeedBoard, SpeedRow, Worth
from kit.screen.board import show_board, show_speed
from kit.screen.console import Screen

AT = datetime(2026, 9, 1, 8, 30, tzinfo=UTC)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setenv("COLUMNS", "100")
    return Screen(StringIO(), StringIO())


def said(screen: Screen) -> tuple[str, str]:
    return screen.out.file.getvalue(), screen.err.file.getvalue()


def row(rank: int, pseudonym: str, points: float = 0.0, **more) -> Row:
    return Row(
        **{
            "rank": rank,
            "pseudonym": pseudonym,
            "points": points,
            "reached_at": AT if points else None,
            "submissions": 3,
            "solved": 1,
            "first_solves": 0,
            "pending": 0,
        }
        | more
    )


def board(*rows: Row, **more) -> Board:
    return Board(**{"board": "overall", "name": "", "title": "", "freeze_at": None, "worth": 30.0, "exercises": (), "rows": rows} | more)


def test_rows_points_and_ones_own(screen):
    show_board(
        screen, board(row(1, "amber-otter", 12.5, first_solves=2), row(2, "blue-heron", 10.0, pending=1), row(3, "calm-lynx")), "blue-heron", None
    )
    out, err = said(screen)
    assert [line.split() for line in out.splitlines() if line[:1].isdigit()] == [
        ["1", "amber-otter", "12.5", "1", "★×2", "3", "2026-09-01", "08:30"],
        ["2", "blue-heron", "(you)", "10", "1", "3", "+1…", "2026-09-01", "08:30"],
        ["3", "calm-lynx", "0", "1", "3"],
    ]
    assert "of 30 points" in out
    assert "earlier" in err


def test_the_first_twenty_and_oneself(screen):
    rows = [row(number, f"animal-{number}", 100.0 - number) for number in range(1, 41)]
    show_board(screen, board(*rows), "animal-33", None)
    out, err = said(screen)
    shown = [line.split()[1] for line in out.splitlines() if line[:1].isdigit()]
    assert shown == [*(f"animal-{number}" for number in range(1, 21)), "animal-33"]
    assert "19 more people: kit board --all" in err


def test_who_has_handed_in_nothing_is_one_line(screen):
    idle = [row(4, f"idle-{number}", submissions=0, solved=0) for number in range(10)]
    rows = (row(1, "amber-otter", 10.0), row(2, "blue-heron"), *idle)
    show_board(screen, board(*rows), "blue-heron", None)
    out, err = said(screen)
    assert "idle" not in out
    assert "…" not in out
    assert "and 10 others without a submission" in err


def test_ones_own_row_is_shown_without_a_submission_too(screen):
    idle = [row(4, f"idle-{number}", submissions=0, solved=0) for number in range(2)]
    show_board(screen, board(*(row(number, f"animal-{number}", 30.0 - number) for number in range(1, 26)), *idle), "idle-1", None)
    out, err = said(screen)
    assert [line.split()[:2] for line in out.splitlines()[-3:]] == [["20", "animal-20"], ["…"], ["–", "idle-1"]]
    assert "5 more people: kit board --all" in err
    assert "and 1 other without a submission" in err


def test_everybody_has_handed_in_nothing(screen):
    idle = [row(1, f"idle-{number}", submissions=0, solved=0) for number in range(3)]
    show_board(screen, board(*idle), "somebody-else", None)
    out, err = said(screen)
    assert "pseudonym" not in out
    assert "Nobody has handed anything in yet." in err
    assert "3 people without a submission" in err
    show_board(screen, board(*idle), "somebody-else", None, every=True)
    assert said(screen)[0].count("idle-") == 3


def test_everybody(screen):
    show_board(screen, board(*(row(number, f"animal-{number}") for number in range(1, 41))), "animal-33", None, every=True)
    out, err = said(screen)
    assert sum(line[:1].isdigit() for line in out.splitlines()) == 40
    assert "--all" not in err


def test_cells_of_an_exercise_and_what_a_freeze_hides(screen):
    cells = (Cell(10.0, "passed", 2, 0, first=True), None)
    frozen = board(
        row(1, "amber-otter", 10.0, cells=cells),
        board="assignment",
        title="Week\x1b[2J 1",
        freeze_at=AT,
        exercises=(Worth("double", 10.0), Worth("scaled-dot-product-attention", 20.0)),
    )
    show_board(screen, frozen, "amber-otter", Own(1, 10.0, 1, 30.0, 2))
    out, err = said(screen)
    assert "✓★" in out
    assert "scaled-dot-prod…" in out
    assert "\x1b" not in out
    assert "Frozen: what was handed in from 2026-09-01 08:30" in err
    assert "you have 30 points" in err


def test_nobody_is_there_yet(screen):
    show_board(screen, board(), "amber-otter", None)
    show_speed(screen, SpeedBoard("conv2d", "cpu", None, ()), "amber-otter")
    assert said(screen)[1].count("Nobody is on this board yet.") == 2


def test_the_speed_board(screen):
    rows = (SpeedRow(1, "amber-otter", 0.812, "Xeon", AT), SpeedRow(2, "blue-heron", 1.5, "Xeon", AT))
    show_speed(screen, msgspec.convert({"name": "conv2d", "device": "cpu", "freeze_at": None, "rows": rows}, SpeedBoard), "blue-heron")
    out, err = said(screen)
    assert "Speed of conv2d on cpu" in out
    assert "blue-heron (you)  1.500" in out
    assert "Less is faster" in err

from io import StringIO
from pathlib import Path

from kit.bank import Bank
from kit.progress import Record
from kit.screen.console import Screen
from kit.screen.listing import show_list, show_status

MINI_BANK = Path(__file__).parents[2] / "end_to_end" / "mini_bank"
RECORDS = {"double": Record(attempts=3, passed=True, hints=2, solution="before")}


def test_exercises_by_track(tmp_path):
    out, bank = StringIO(), Bank(MINI_BANK, cache=tmp_path)
    show_list(Screen(out, StringIO()), bank, bank.exercises, RECORDS)
    assert out.getvalue() == "Warm-up  warm-up  1/2\n✓  double    ●○○○○  passed  Double\n·  softplus  ●●○○○  new     Softplus\n"


def test_nothing_to_list_is_said(tmp_path):
    out, err = StringIO(), StringIO()
    show_list(Screen(out, err), Bank(MINI_BANK, cache=tmp_path), (), {})
    assert (out.getvalue(), err.getvalue()) == ("", "No exercise is like that.\n")


def test_how_far(tmp_path):
    out, bank = StringIO(), Bank(MINI_BANK, cache=tmp_path)
    show_status(Screen(out, StringIO()), bank.tracks, bank.exercises, RECORDS)
    assert "Warm-up     ██████████░░░░░░░░░░  1/2  10 of 30 points" in out.getvalue()
    assert "3 attempts · 2 hints · 1 solution read early" in out.getvalue()

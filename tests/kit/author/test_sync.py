"""Starters kept in step with solutions."""

import pytest
from small_bank import SLUG, replace

from kit.author.sync import sync
from kit.errors import KitError


def starter(bank):
    return bank / f"exercises/basics/{SLUG}/starter.py"


def test_a_fresh_starter_is_left_alone(bank):
    before = starter(bank).stat().st_mtime_ns
    assert [(synced.slug, synced.changed) for synced in sync(bank)] == [(SLUG, False)]
    assert starter(bank).stat().st_mtime_ns == before


@pytest.mark.parametrize("slugs", [(), (SLUG,), ("weighted_mean",)])
def test_a_stale_or_missing_starter_is_written(bank, slugs):
    good = starter(bank).read_text(encoding="utf-8")
    replace(starter(bank), "your turn", "my turn")
    assert [synced.changed for synced in sync(bank, slugs)] == [True]
    starter(bank).unlink()
    assert [(synced.path, synced.changed) for synced in sync(bank, slugs)] == [(starter(bank), True)]
    assert starter(bank).read_text(encoding="utf-8") == good


def test_a_folder_without_a_solution_is_passed_over_unless_it_is_named(bank):
    (bank / "exercises/basics/unwritten").mkdir()
    assert len(sync(bank)) == 1
    with pytest.raises(KitError, match="no solution"):
        sync(bank, ["unwritten"])


def test_a_solution_that_is_not_python_is_told(bank):
    replace(bank / f"solutions/basics/{SLUG}/solution.py", "def ", "deaf ")
    with pytest.raises(KitError, match="not Python"):
        sync(bank)

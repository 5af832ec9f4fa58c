"""kit class grade, where its arguments have been read."""

from pathlib import Path

import pytest

from kit.classroom import batch, executor
from kit.cli.batch import grade_folder

MINI_BANK = Path(__file__).parents[2] / "end_to_end" / "mini_bank"


def test_interrupted_it_says_that_it_goes_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    class Nobody:
        def close(self) -> None:
            return None

    def interrupted(*_where: object, **_more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("KIT_BANK", str(MINI_BANK))
    monkeypatch.setenv("KIT_TRUST", "1")
    monkeypatch.setattr(executor, "open_executor", lambda *_where, **_more: Nobody())
    monkeypatch.setattr(batch, "grade_folder", interrupted)
    with pytest.raises(KeyboardInterrupt):
        grade_folder("answers", "results.csv")
    assert "the same command goes on from there" in capsys.readouterr().err

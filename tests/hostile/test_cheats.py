"""Every cheat of cheats/ against the judge: what Court.try_ asserts is what the judge promises."""

import platform

import pytest
from cheat import Cheat
from cheats import CHEATS
from court import Court


@pytest.mark.parametrize("cheat", [pytest.param(cheat, id=cheat.name, marks=[pytest.mark.xfail(reason=cheat.bug, strict=True)] if cheat.bug else []) for cheat in CHEATS])
def test_cheat(court: Court, cheat: Cheat) -> None:
    if cheat.processor not in {None, platform.machine()}:
        pytest.skip(f"only for {cheat.processor}")
    court.try_(cheat)


def test_names_are_unique_and_there_are_many() -> None:
    names = [cheat.name for cheat in CHEATS]
    assert len(set(names)) == len(names) >= 60

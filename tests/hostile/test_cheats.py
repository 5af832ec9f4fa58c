"""Every cheat of cheats/ against the judge: what Court.try_ asserts is what the judge promises."""

import platform

import pytest
from cheat import Cheat
from cheats import CHEATS
from court import Court


def parameter(cheat: Cheat) -> object:
    marks = [pytest.mark.xfail(reason=cheat.bug, strict=True)] if cheat.bug else []
    return pytest.param(cheat, id=cheat.name, marks=marks)


@pytest.mark.parametrize("cheat", [parameter(cheat) for cheat in CHEATS])
def test_cheat(court: Court, cheat: Cheat) -> None:
    if cheat.processor not in {None, platform.machine()}:
        pytest.skip(f"only for {cheat.processor}")
    court.try_(cheat)


def test_names_are_unique_and_there_are_many() -> None:
    names = [cheat.name for cheat in CHEATS]
    assert len(set(names)) == len(names)
    assert sum(cheat.tries for cheat in CHEATS if not cheat.honest) >= 60

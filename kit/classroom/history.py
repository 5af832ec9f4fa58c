"""How points grew: for each person of a board a line of steps, each at the moment at which something was handed in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from kit.classroom.boards import Row
from kit.classroom.ledger import Tallies
from kit.classroom.points import PLACES, points

__all__ = ["History", "Line", "Point", "history"]

MOMENTS = 6  # moments at which the table beside a chart says the points


class Point(NamedTuple):
    """From this moment on, so many points."""

    at: datetime
    points: float


@dataclass(frozen=True, slots=True)
class Line:
    """One person's points over time; before the first point they have none."""

    pseudonym: str
    points: tuple[Point, ...]

    def at(self, moment: datetime) -> float:
        """The points at a moment."""
        return next((point.points for point in reversed(self.points) if point.at <= moment), 0.0)

    @property
    def last(self) -> float:
        """The points at the end."""
        return self.points[-1].points if self.points else 0.0


@dataclass(frozen=True, slots=True)
class History:
    """The lines of some people, in the order of the board."""

    lines: tuple[Line, ...]

    @property
    def begin(self) -> datetime | None:
        """When the first of the points was handed in; None when nobody has any."""
        return min((line.points[0].at for line in self.lines if line.points), default=None)

    @property
    def end(self) -> datetime | None:
        """When the last of the points was handed in; None when nobody has any."""
        return max((line.points[-1].at for line in self.lines if line.points), default=None)

    @property
    def moments(self) -> tuple[datetime, ...]:
        """Evenly spaced moments from the begin to the end, for the table beside the chart."""
        begin, end = self.begin, self.end
        if begin is None or end is None:
            return ()
        if begin == end:
            return (end,)
        return tuple(begin + (end - begin) * step / (MOMENTS - 1) for step in range(MOMENTS))


def history(rows: Iterable[Row], tallies: Tallies, worth: Mapping[str, float], assignment_id: int | None = None) -> History:
    """The lines of these rows of a board; worth and assignment_id as they were for the board itself."""
    lines: list[Line] = []
    for row in rows:
        gains: list[Point] = []
        for exercise, tally in tallies.get(row.person_id, {}).items():
            score = tally.of(assignment_id)
            if score is None or exercise not in worth:
                continue
            had = 0.0
            for step in score.steps:
                now = points(step.share, worth[exercise])
                gains.append(Point(step.at, now - had))
                had = now
        lines.append(Line(row.pseudonym, _summed(gains)))
    return History(tuple(lines))


def _summed(gains: list[Point]) -> tuple[Point, ...]:
    """Running totals; one point a moment, and none where nothing changes."""
    total = 0.0
    line: list[Point] = []
    for gain in sorted(gains):
        total += gain.points
        if line and line[-1].at == gain.at:
            line.pop()
        before = line[-1].points if line else 0.0
        if round(total, PLACES) != before:
            line.append(Point(gain.at, round(total, PLACES)))
    return tuple(line)

"""The chart of points over time: an SVG that a screen reader can read, that needs no script and no style of its own.

Colours and sizes of letters come from the page's stylesheet by the classes chart, chart-axis, chart-grid, chart-line, chart-name, chart-tick, and
chart-line-1 to chart-line-8, whose `color` is that of a line and its name. Without one everything has the colour of the text around it, which is
right on light and on dark, and the lines differ by their dashes. The names stand at the ends of the lines: colour alone never says anything. What
the chart shows stands in a table beside it. Times are in UTC, and the axis says so.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from math import floor, log10

from grader.text import _
from kit.classroom.history import History, Line

__all__ = ["draw", "round_steps"]

LEFT, ACROSS, TOP, HEIGHT, BOTTOM = 56.0, 514.0, 14.0, 342.0, 56.0  # to the right is as much as the names need
RIGHT = LEFT + ACROSS
LETTER = 7.4  # the width of one, in a wide typeface
LONGEST_NAME = 28  # letters; the table has the whole name
STYLES = 8  # then they begin again
DASHES = ("", "8 3", "2 3", "10 3 2 3", "5 2", "1 2", "12 4", "6 2 1 2")
NAME_HEIGHT = 15.0
TICKS = 5
SHORTEST = timedelta(minutes=5)  # that an axis shows
MOST_TIMES = 7  # steps of the axis of time
DAY = timedelta(days=1)
STEPS = (
    *(timedelta(minutes=number) for number in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=number) for number in (1, 2, 3, 6, 12)),
    *(timedelta(days=number) for number in (1, 2, 3, 7, 14, 28, 56, 91, 182, 365)),
)
A_MONDAY = datetime(2001, 1, 1, tzinfo=UTC)  # whole steps from here on


def draw(history: History, *, title: str, ident: str = "chart") -> str:
    """The SVG of a history; "" when nobody has any points. ident: of this chart in its page."""
    begin, end = history.begin, history.end
    if begin is None or end is None:
        return ""
    span = max(end - begin, SHORTEST)
    begin -= span * 0.02
    frame = _Frame(begin, begin + span * 1.04, max(point.points for line in history.lines for point in line.points))
    leader = max(history.lines, key=lambda line: line.last)
    told = _("Lines: {number}, from {begin} to {end} UTC. Most points: {leader}, {points}. The table beside it has the numbers.").format(
        number=len(history.lines), begin=_minute(history.begin or begin), end=_minute(end), leader=leader.pseudonym, points=_number(leader.last)
    )
    labelled = f"{escape(ident)}-title {escape(ident)}-desc"
    width = RIGHT + 16 + LETTER * max(len(_ending(line)) for line in history.lines)
    shape = f'viewBox="0 0 {width:.0f} {HEIGHT:g}" fill="none" stroke="currentColor"'
    parts = [
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" {shape} role="img" aria-labelledby="{labelled}">',
        f'<title id="{escape(ident)}-title">{escape(title)}</title>',
        f'<desc id="{escape(ident)}-desc">{escape(told)}</desc>',
        *_axes(frame),
        *(_curve(frame, line, number) for number, line in enumerate(history.lines)),
        *_names(frame, history.lines),
        "</svg>",
    ]
    return "\n".join(parts)


class _Frame:
    """From moments and points to the places of the drawing."""

    def __init__(self, begin: datetime, end: datetime, most: float) -> None:
        self.begin, self.end = begin, end
        self.marks = round_steps(most)

    def x(self, moment: datetime) -> float:
        return LEFT + ACROSS * ((moment - self.begin) / (self.end - self.begin))

    def y(self, points: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * points / self.marks[-1]


def round_steps(most: float) -> list[float]:
    """Four to eight round numbers from 0 up to at least `most`, evenly spaced: by 1, 2 or 5 times a power of ten."""
    rough = max(most, 1e-6) / TICKS
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    marks = [0.0]
    while marks[-1] < most:
        marks.append(round(len(marks) * step, 9))
    return marks if len(marks) > 1 else [0.0, step]


def _axes(frame: _Frame) -> list[str]:
    bottom = HEIGHT - BOTTOM
    drawn = [f'<path class="chart-axis" d="M{LEFT:g} {TOP:g}V{bottom:g}H{RIGHT:g}"/>']
    for mark in frame.marks:
        y = frame.y(mark)
        drawn.append(f'<path class="chart-grid" stroke-opacity="0.2" d="M{LEFT:g} {y:.1f}H{RIGHT:g}"/>')
        drawn.append(_text("chart-tick", LEFT - 6, y + 4, _number(mark), anchor="end"))
    return drawn + _times(frame)


def _times(frame: _Frame) -> list[str]:
    """Under the axis: times of day, or days where a step is one or more; below them, where it changes, the date, or the year."""
    bottom = HEIGHT - BOTTOM
    step = next((each for each in STEPS if (frame.end - frame.begin) / each <= MOST_TIMES), STEPS[-1])
    fine, coarse = ("%H:%M", "%Y-%m-%d") if step < DAY else ("%m-%d", "%Y")
    moment = A_MONDAY - (A_MONDAY - frame.begin) // step * step  # the first whole step that is not before the begin
    drawn: list[str] = []
    before = ""
    while moment <= frame.end:
        x, within = frame.x(moment), moment.strftime(coarse)
        drawn.append(f'<path class="chart-axis" d="M{x:.1f} {bottom:g}V{bottom + 4:g}"/>')
        drawn.append(_text("chart-tick", x, bottom + 18, moment.strftime(fine), anchor="middle"))
        if within != before:
            drawn.append(_text("chart-tick", x, bottom + 33, within, anchor="middle"))
        moment, before = moment + step, within
    return [*drawn, _text("chart-tick", LEFT + ACROSS / 2, bottom + 51, _("time in UTC"), anchor="middle")]


def _curve(frame: _Frame, line: Line, number: int) -> str:
    """Level until the next submission that counts, then straight up; on to the right edge."""
    path = f"M{frame.x(frame.begin):.1f} {frame.y(0):.1f}"
    for point in line.points:
        path += f"H{frame.x(point.at):.1f}V{frame.y(point.points):.1f}"
    dashes = DASHES[number % STYLES]
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path class="chart-line chart-line-{number % STYLES + 1}" stroke-width="2"{dashed} d="{path}H{frame.x(frame.end):.1f}"/>'


def _names(frame: _Frame, lines: Sequence[Line]) -> list[str]:
    """Each name at the end of its line, moved where it would be written over another."""
    downwards = sorted(enumerate(lines), key=lambda each: (-each[1].last, each[0]))
    places: list[float] = []
    for _index, line in downwards:
        places.append(max(frame.y(line.last) + 4, places[-1] + NAME_HEIGHT if places else 0.0))
    below = HEIGHT - BOTTOM + NAME_HEIGHT
    for index in reversed(range(len(places))):
        places[index] = below = min(places[index], below - NAME_HEIGHT if index < len(places) - 1 else below)
    return [
        _text(f"chart-name chart-line-{number % STYLES + 1}", RIGHT + 8, y, _ending(line))
        for (number, line), y in zip(downwards, places, strict=True)
    ]


def _ending(line: Line) -> str:
    """What stands at the end of a line."""
    name = line.pseudonym if len(line.pseudonym) <= LONGEST_NAME else f"{line.pseudonym[: LONGEST_NAME - 1]}…"
    return f"{name} {_number(line.last)}"


def _text(classes: str, x: float, y: float, text: str, *, anchor: str = "start") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{classes}" {place} fill="currentColor" stroke="none" font-size="12">{escape(text)}</text>'


def _number(points: float) -> str:
    return f"{points:.2f}".rstrip("0").rstrip(".")


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"

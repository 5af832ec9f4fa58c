"""What the tests of the classroom share: where the small bank is, and a clock that is told when to go on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

MINI_BANK = Path(__file__).parents[2] / "end_to_end" / "mini_bank"
MORNING = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


class Clock:
    """Calls give the time; it goes on only when it is told to."""

    def __init__(self, now: datetime = MORNING) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **delta: float) -> None:
        self.now += timedelta(**delta)

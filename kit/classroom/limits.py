"""How often one may knock: by address at the door, by person for who is in. Counted in this process; several servers count each for itself.

How much guessing is harmless: a join code has 39 bits (31^8 = 8.5e11 codes). 300 wrong ones a minute from one address, day and night for a term of
120 days, are 5.2e7 guesses: one time in 16,000 the code is among them. Even a lecture hall behind one address never mistypes so often. A number of
the class list is guessed more easily, though only together with its name: 60 a minute. Links and tokens have 256 bits: nobody need count guesses.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from grader.text import _, ngettext
from kit.classroom.errors import Refused

__all__ = ["Limits"]

MANY_KEYS = 10_000
Door = Literal["join", "link", "university"]
Guess = Literal["code", "number"]
GUESSES: dict[str, Guess] = {"wrong-code": "code", "unknown-number": "number", "number-taken": "number"}


class Limits:
    """Each method raises Refused (429, with the seconds to wait) when it was asked too often."""

    def __init__(
        self,
        now: Callable[[], datetime],
        *,
        entries: str = "600/minute",
        codes: str = "300/minute",
        numbers: str = "60/minute",
        links: str = "30/minute",
        submissions: str = "60/minute",
    ) -> None:
        """Rates as the package `limits` writes them. codes, numbers: of wrong ones."""
        self._now = now
        self._counters = _Counters(now)
        self._limiter = FixedWindowRateLimiter(self._counters)
        self._entries, self._links, self._submissions = parse(entries), parse(links), parse(submissions)
        self._wrong: dict[Guess, RateLimitItem] = {"code": parse(codes), "number": parse(numbers)}

    def entering(self, door: Door, address: str) -> None:
        """Somebody at this address knocks at a door, whatever they show there."""
        self._hit(self._entries, door, address)

    def joining(self, address: str, *, number: bool) -> None:
        """Somebody at this address tries a join code; whose address was wrong too often has to wait. number: one of the class list is claimed."""
        for guess in ("code", "number") if number else ("code",):
            if not self._limiter.test(self._wrong[guess], guess, address):
                raise self._refused(self._wrong[guess], guess, address)
        self.entering("join", address)

    def mistaken(self, address: str, code: str) -> None:
        """Joining was refused with this code of an error: of guesses is taken note."""
        guess = GUESSES.get(code)
        if guess is not None:
            self._limiter.hit(self._wrong[guess], guess, address)

    def linking(self, person_id: int) -> None:
        """A person makes something that lets them in."""
        self._hit(self._links, "link of", str(person_id))

    def submitting(self, person_id: int) -> None:
        """A person hands something in."""
        self._hit(self._submissions, "submission", str(person_id))

    def _hit(self, rate: RateLimitItem, *key: str) -> None:
        if not self._limiter.hit(rate, *key):
            raise self._refused(rate, *key)

    def _refused(self, rate: RateLimitItem, *key: str) -> Refused:
        wait = max(math.ceil(self._limiter.get_window_stats(rate, *key).reset_time - self._now().timestamp()), 1)
        remedy = ngettext("Try again in {n} second.", "Try again in {n} seconds.", wait).format(n=wait)
        return Refused("too-many-requests", _("that was too often"), remedy=remedy, http=429, retry_after=wait)


class _Counters(Storage):
    """Counters in memory. The package's own start a thread for each that expires; these go by the classroom's clock and are swept when many."""

    STORAGE_SCHEME = None

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._now = now
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, float]] = {}  # key → count, end of its window (seconds since 1970)

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count; expiry: seconds that a new window lasts."""
        now = self._now().timestamp()
        with self._lock:
            if len(self._counts) >= MANY_KEYS:
                self._counts = {each: kept for each, kept in self._counts.items() if kept[1] > now}
            count, end = self._counts.get(key, (0, 0.0))
            if end <= now:
                count, end = 0, now + expiry
            self._counts[key] = (count + amount, end)
            return count + amount

    def get(self, key: str) -> int:
        """The count of the window that is open."""
        count, end = self._counts.get(key, (0, 0.0))
        return count if end > self._now().timestamp() else 0

    def get_expiry(self, key: str) -> float:
        """The end of the window, in seconds since 1970."""
        return self._counts.get(key, (0, self._now().timestamp()))[1]

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int:
        """Forget everything."""
        with self._lock:
            forgotten = len(self._counts)
            self._counts.clear()
        return forgotten

    def clear(self, key: str) -> None:
        """Forget a key."""
        with self._lock:
            self._counts.pop(key, None)

"""Many who write at once share a transaction: the disk is waited for once for all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, TypeVar, cast

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kit.classroom.database import Store
from kit.errors import KitError

__all__ = ["Together"]

T = TypeVar("T")
MOST = 50  # in one transaction


class _Wish:
    """What somebody wants written, and what came of it. woken: when it is done, or theirs to write."""

    def __init__(self, work: Callable[[Session], Any]) -> None:
        here = copy_context()  # whoever writes for us speaks our language meanwhile
        self.work: Callable[[Session], Any] = lambda session: here.run(work, session)
        self.woken = threading.Event()
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None


class Together:
    """Whoever comes first writes for all who have come meanwhile, and then has the first of the others write."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Wish] = []
        self._writing = False

    def write(self, store: Store, work: Callable[[Session], T]) -> T:
        """Do the work in a transaction, and return its result after the commit.

        What it raises goes to its own caller. A KitError must come before it has changed anything; an IntegrityError undoes the transaction, and the
        others' work is done once more, so work must be repeatable.
        """
        mine = _Wish(work)
        with self._lock:
            self._waiting.append(mine)
            first, self._writing = not self._writing, True
        if not first:
            mine.woken.wait()
        if not mine.done:
            self._lead(store)
        if mine.error is not None:
            raise mine.error
        return cast("T", mine.result)

    def _lead(self, store: Store) -> None:
        """Write for all who wait, and hand over: the next one begins at once, and nobody is woken for nothing."""
        with self._lock:
            batch, self._waiting[:MOST] = self._waiting[:MOST], []
        _write(store, batch)
        with self._lock:
            following = self._waiting[:1]
            self._writing = bool(following)
        for wish in following + batch:
            wish.woken.set()


def _write(store: Store, batch: list[_Wish]) -> None:
    """Everything is done afterwards."""
    try:
        with store.writing() as session:
            for wish in batch:
                try:
                    wish.result = wish.work(session)
                    wish.error = None
                except KitError as error:
                    wish.error = error
    except IntegrityError as error:
        if len(batch) > 1:
            for wish in batch:
                _write(store, [wish])
            return
        batch[0].error = error
    except BaseException as error:  # noqa: BLE001  # told to everybody whose work was undone
        for wish in batch:
            wish.error = error
    for wish in batch:
        wish.done = True

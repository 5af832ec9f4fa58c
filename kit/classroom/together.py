"""Many who write at once share a transaction: the disk is waited for once for all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import Any, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kit.classroom.database import Store
from kit.errors import KitError

__all__ = ["Together"]

T = TypeVar("T")
MOST = 50  # in one transaction


class Together:
    """Whoever comes first writes for all who have come meanwhile; the others find their work done."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._waiting: list[tuple[Callable[[Session], Any], Future[Any]]] = []

    def write(self, store: Store, work: Callable[[Session], T]) -> T:
        """Do the work in a transaction, and return its result after the commit.

        What it raises goes to its own caller. A KitError must come before it has changed anything; an IntegrityError undoes the transaction, and the
        others' work is done once more, so work must be repeatable.
        """
        mine: Future[T] = Future()
        here = copy_context()  # whoever writes for us speaks our language meanwhile
        self._waiting.append((lambda session: here.run(work, session), mine))
        with self._turn:
            while not mine.done():  # more than MOST may have come before it
                batch, self._waiting[:MOST] = self._waiting[:MOST], []
                _write(store, batch)
        return mine.result()


def _write(store: Store, batch: list[tuple[Callable[[Session], Any], Future[Any]]]) -> None:
    """Every future has its result or exception afterwards."""
    results: list[Any] = []
    try:
        with store.writing() as session:
            for work, _future in batch:
                try:
                    results.append((work(session), None))
                except KitError as error:
                    results.append((None, error))
    except IntegrityError as error:
        if len(batch) == 1:
            batch[0][1].set_exception(error)
        else:
            for one in batch:
                _write(store, [one])
        return
    except BaseException as error:  # noqa: BLE001  # told to everybody whose work was undone
        for _work, future in batch:
            future.set_exception(error)
        return
    for (_work, future), (result, error) in zip(batch, results, strict=True):
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

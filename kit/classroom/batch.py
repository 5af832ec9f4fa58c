"""Grading a folder of answers without a server: all at once, resumable, and no answer is lost to another one's fault."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self, TypeAlias

import msgspec

from grader.text import _, current_language, speaking
from grader.verdict import Policy, Verdict
from kit.answer import read_answer
from kit.bank import Bank
from kit.classroom import folder
from kit.classroom.cells import csv_text
from kit.classroom.executor import Executor, Infrastructure, job_for
from kit.classroom.folder import Answer, Stray
from kit.classroom.results import Columns, Result, table
from kit.classroom.versions import bank_version
from kit.errors import KitError
from kit.files import write_atomically

__all__ = ["Kept", "Outcome", "grade_folder", "kept_beside"]

TRIES = 3  # at what the infrastructure fails at

Key: TypeAlias = tuple[str, str, str]  # exercise, SHA-256 of the source, version of the bank
OnProgress: TypeAlias = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Outcome:
    """What came of a folder. remembered: how many verdicts were there before. unread: answers that cannot be read, by their authors' fault.

    older: files that were handed in again since.
    """

    results: tuple[Result, ...]
    strays: tuple[Stray, ...]
    remembered: int
    unread: int
    older: tuple[Stray, ...] = ()

    @property
    def broken(self) -> int:
        """How many answers the infrastructure failed at."""
        return sum(result.verdict is None for result in self.results) - self.unread


class _Line(msgspec.Struct, frozen=True):
    """A verdict as it is kept."""

    exercise: str
    sha256: str
    bank_version: str
    verdict: Verdict


class Kept:
    """The verdicts beside a CSV file, a line of JSON each; one that was cut short by a crash does not count. A context manager."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it. Raises KitError."""
        self.path = path
        try:
            self._file = os.fdopen(_private(path), "a+b")
            self._file.seek(0)
            data = self._file.read()
            if data and not data.endswith(b"\n"):
                self._file.write(b"\n")
        except OSError as error:
            raise _unwritable(path, error) from error
        self.verdicts: dict[Key, Verdict] = {(line.exercise, line.sha256, line.bank_version): line.verdict for line in _lines(data)}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def add(self, key: Key, verdict: Verdict) -> None:
        """One more. Raises KitError when it cannot be written."""
        self.verdicts[key] = verdict
        try:
            self._file.write(msgspec.json.encode(_Line(*key, verdict)) + b"\n")
            self._file.flush()
        except OSError as error:
            raise _unwritable(self.path, error) from error


def kept_beside(out: Path) -> Path:
    """Where the verdicts of a CSV file are kept."""
    return out.with_name(f"{out.name}.verdicts.jsonl")


def grade_folder(
    place: Path,
    out: Path,
    bank: Bank,
    executor: Executor,
    *,
    sandbox: Policy,
    columns: Columns = "plain",
    on_progress: OnProgress = lambda _done, _total, _student: None,
) -> Outcome:
    """Grade every answer of a folder (kit.classroom.folder says where they lie) and write the table.

    An answer that has a verdict of the same source and bank is not graded again; two students with the same source share one. on_progress: how many
    are done, of how many, whose was the last. Raises KitError when there is no answer, or out cannot be written.
    """
    contents = folder.read(place, bank.by_slug)
    with Kept(kept_beside(out)) as kept:
        works = [_read(answer) for answer in contents.answers]
        remembered = sum(work.key in kept.verdicts for work in works)
        waiting: dict[Key, list[_Work]] = {}
        for work in works:
            if not work.error and work.key not in kept.verdicts:
                waiting.setdefault(work.key, []).append(work)
        errors: dict[Key, str] = {}
        done = len(works) - sum(map(len, waiting.values()))
        for key, judged in _judged([group[0] for group in waiting.values()], executor, sandbox):
            if isinstance(judged, Verdict):
                kept.add(key, judged)
            else:
                errors[key] = judged
            done += len(waiting[key])
            on_progress(done, len(works), waiting[key][0].answer.student)
        results = [_result(work, place, kept.verdicts.get(work.key), errors) for work in works]
    try:
        write_atomically(out, csv_text(table(results, columns)), private=True)
    except OSError as error:
        raise _unwritable(out, error) from error
    return Outcome(tuple(results), contents.strays, remembered, sum(bool(work.error) for work in works), contents.older)


@dataclass(frozen=True, kw_only=True)
class _Work:
    """An answer that was read; error: why it could not be."""

    answer: Answer
    source: str = ""
    key: Key = ("", "", "")
    error: str = ""


def _read(answer: Answer) -> _Work:
    if answer.error or answer.exercise is None:
        return _Work(answer=answer, error=answer.error)
    try:
        source = read_answer(answer.path)
    except KitError as error:
        return _Work(answer=answer, error=error.what)
    digest = sha256(source.encode()).hexdigest()
    return _Work(answer=answer, source=source, key=(answer.exercise.slug, digest, bank_version(answer.exercise)))


def _judged(works: Sequence[_Work], executor: Executor, sandbox: Policy) -> Iterator[tuple[Key, Verdict | str]]:
    """Each key with its verdict, or why there is none, in the order in which they come."""
    lang = current_language()
    pool = ThreadPoolExecutor(max_workers=executor.capacity)
    try:
        futures = {pool.submit(_judge, work, executor, sandbox, lang): work.key for work in works}
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # whoever interrupts us closes the executor, which ends the judges


def _judge(work: _Work, executor: Executor, sandbox: Policy, lang: str) -> Verdict | str:
    """The verdict, or why there is none; nothing is raised."""
    reason = ""
    with speaking(lang):
        for _try in range(TRIES):
            try:
                assert work.answer.exercise is not None  # else it would not wait
                return executor.grade(job_for(work.answer.exercise, work.source, sandbox=sandbox, lang=lang))
            except Infrastructure as error:
                reason = str(error)
            except Exception as error:  # noqa: BLE001  # whatever it is, the other answers go on
                return str(error) or type(error).__name__
    return reason


def _result(work: _Work, place: Path, verdict: Verdict | None, errors: dict[Key, str]) -> Result:
    return Result(
        answer=work.answer,
        file=work.answer.path.relative_to(place).as_posix(),
        sha256=work.key[1],
        bank_version=work.key[2],
        verdict=verdict,
        error=work.error or errors.get(work.key, ""),
    )


def _lines(data: bytes) -> Iterator[_Line]:
    """The whole lines of a file of verdicts; what is none, is passed over."""
    for line in data.splitlines():
        with contextlib.suppress(msgspec.MsgspecError):
            yield msgspec.json.decode(line, type=_Line)


def _private(path: Path) -> int:
    """A file to append to, made when there is none, for its owner alone also when there was one: names and answers are in it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
    if os.name == "posix":
        os.fchmod(handle, 0o600)
    return handle


def _unwritable(path: Path, error: OSError) -> KitError:
    return KitError(_("{file} cannot be written ({reason})").format(file=path.name, reason=error.strerror), path, _("Make it writable."))

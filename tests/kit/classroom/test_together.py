"""Writing together: everybody gets their own result, after the commit, and nobody suffers for another."""

import threading

import pytest
from scene import MORNING
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError

from grader.text import current_language, speaking
from kit.classroom.room import found
from kit.classroom.schema import Section
from kit.classroom.together import MOST, Together
from kit.errors import KitError


def add(name: str):
    def work(session) -> str:
        session.add(Section(name=name))
        session.flush()
        return name.lower()

    return work


def names(store) -> list[str]:
    with store.reading() as session:
        return sorted(session.scalars(select(Section.name)))


class Counting(list):
    """A list that can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.came = threading.Semaphore(0)

    def append(self, entry) -> None:
        super().append(entry)
        self.came.release()


def all_at_once(store, together: Together, works: list, langs: tuple[str, ...] = ()) -> list:
    """Results or exceptions of works that have all come while the first held the database."""
    results: list = [None] * len(works)

    def one(at: int) -> None:
        try:
            with speaking(langs[at] if langs else "en"):
                results[at] = together.write(store, works[at])
        except (KitError, IntegrityError, ZeroDivisionError) as error:
            results[at] = error

    waiting = together._waiting = Counting()
    came, goes_on = threading.Event(), threading.Event()

    def hold(session) -> None:
        came.set()
        assert goes_on.wait(30)

    holder = threading.Thread(target=lambda: together.write(store, hold))
    holder.start()
    assert came.wait(30)
    threads = [threading.Thread(target=one, args=(at,)) for at in range(len(works))]
    for thread in threads:
        thread.start()
    for _ in range(len(works) + 1):
        assert waiting.came.acquire(timeout=30)
    goes_on.set()
    for thread in (holder, *threads):
        thread.join()
    return results


@pytest.fixture
def commits(store):
    """How many transactions were kept."""
    seen = []

    def note(connection) -> None:
        seen.append(connection)

    event.listen(store.engine, "commit", note)
    yield seen
    event.remove(store.engine, "commit", note)


def test_alone_it_is_a_transaction(store):
    assert Together().write(store, add("A")) == "a"
    assert names(store) == ["A"]


def test_many_share_one_commit(store, commits):
    wanted = [f"S{number}" for number in range(20)]
    assert all_at_once(store, Together(), [add(name) for name in wanted]) == [name.lower() for name in wanted]
    assert names(store) == sorted(wanted)
    assert len(commits) == 1, "the holder wrote nothing"


def test_more_than_fit_into_one_are_all_written(store, commits):
    wanted = [f"S{number}" for number in range(MOST + 1)]
    assert sorted(all_at_once(store, Together(), [add(name) for name in wanted])) == sorted(name.lower() for name in wanted)
    assert len(names(store)) == MOST + 1
    assert len(commits) == 2


def test_whoever_is_done_goes_on_while_the_next_ones_write(store):
    together = Together()
    waiting = together._waiting = Counting()
    begun, goes_on = [threading.Event() for _turn in range(3)], [threading.Event() for _turn in range(3)]

    def held(turn: int):
        def work(session) -> None:
            begun[turn].set()
            assert goes_on[turn].wait(30)

        return work

    def come(work) -> threading.Thread:
        thread = threading.Thread(target=together.write, args=(store, work))
        thread.start()
        assert waiting.came.acquire(timeout=30)
        return thread

    first = come(held(0))
    assert begun[0].wait(30)
    second = [come(held(1)), *(come(add(name)) for name in "ABCDEFGH")]
    goes_on[0].set()
    assert begun[1].wait(30)
    third = come(held(2))
    goes_on[1].set()
    assert begun[2].wait(30)
    for thread in (first, *second):
        thread.join(30)
        assert not thread.is_alive()
    assert names(store) == list("ABCDEFGH")
    goes_on[2].set()
    third.join()


def test_a_refusal_is_its_own_callers(store):
    def refuse(session) -> None:
        raise KitError("no")

    first, refused, last = all_at_once(store, Together(), [add("A"), refuse, add("B")])
    assert (first, last) == ("a", "b")
    assert isinstance(refused, KitError)
    assert names(store) == ["A", "B"]


def test_a_broken_constraint_is_its_own_callers(store):
    Together().write(store, add("A"))
    results = all_at_once(store, Together(), [add("B"), add("A"), add("C")])
    assert [results[0], type(results[1]).__name__, results[2]] == ["b", "IntegrityError", "c"]
    assert names(store) == ["A", "B", "C"]


def test_everybodys_work_is_done_in_their_own_language(store):
    langs = ("zh", "en", "zh")
    assert all_at_once(store, Together(), [lambda session: current_language()] * 3, langs) == list(langs)


def test_what_breaks_the_transaction_is_told_to_all(store):
    found(store, "Deep learning", MORNING)

    def crash(session) -> None:
        raise ZeroDivisionError

    results = all_at_once(store, Together(), [add("A"), crash])
    assert [type(result) for result in results] == [ZeroDivisionError] * 2
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Section)) == 0

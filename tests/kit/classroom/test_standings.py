"""Standings: whatever happens in the database, the boards are those of the model; what is served, to whom, and how often it is made."""

import random
import shutil
import threading
from contextlib import contextmanager
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_room import DEEDS, Life, seen
from sqlalchemy import event, text

from kit.bank import Bank
from kit.classroom.boards import BoardName, encoded
from kit.classroom.database import open_store
from kit.classroom.errors import Refused
from kit.classroom.standings import Standings
from kit.errors import KitError

OVERALL = BoardName("overall")
NUMBER = st.integers(0, 1000)


@pytest.fixture(scope="session")
def same_bank(tmp_path_factory) -> Bank:
    from scene import MINI_BANK

    return Bank(MINI_BANK, cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture
def life(sqlite_store) -> Life:
    return Life(sqlite_store)


@pytest.fixture
def standings(sqlite_store, same_bank) -> Standings:
    return Standings(sqlite_store, same_bank)


@contextmanager
def counted(store):
    """The SQL statements that are sent meanwhile."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        sent.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    yield sent
    event.remove(store.engine, "before_cursor_execute", note)


def compare(standings: Standings, life: Life) -> None:
    for audience in ("students", "staff"):
        for name in life.names(audience):
            assert seen(standings.board(name, audience)) == life.expected(name, audience), f"{name} for {audience}"


def a_busy_day(life: Life) -> None:
    """Many submissions of many kinds, for every assignment."""
    for number in range(3):
        life.plan(number, number, 0)
    for number in range(30):
        life.submit(number, 5 * number + number // 7, 3 * number)
        if number % 4:
            life.judge(0, 4 if number % 3 else number, 0)


@settings(max_examples=15, deadline=None)
@given(deeds=st.lists(st.tuples(st.sampled_from(DEEDS), NUMBER, NUMBER, NUMBER), max_size=20))
def test_whatever_happens_the_boards_are_those_of_the_model(fresh_sqlite, same_bank, deeds):
    path = fresh_sqlite.with_name(f"{uuid4().hex}.db")
    shutil.copy(fresh_sqlite, path)
    store = open_store(f"sqlite:///{path}", migrate=False)
    try:
        life, standings = Life(store), Standings(store, same_bank)
        for deed, *numbers in deeds:
            deed(life, *numbers)
            if numbers[0] % 3:
                compare(standings, life)
        compare(standings, life)
        compare(Standings(store, same_bank), life)
    finally:
        store.close()
        path.unlink()


@pytest.mark.parametrize("deed", dict.fromkeys(DEEDS), ids=lambda deed: deed.__name__)
def test_each_thing_that_happens_is_seen(life, standings, deed):
    a_busy_day(life)
    for number in range(6):
        deed(life, number, number + 1, 7 * number + 2)
        compare(standings, life)


def test_failed_tried_again_and_judged_between_two_looks(life, standings):
    life.submit(0, 0, 1)
    life.fail(0, 0, 0)
    compare(standings, life)
    life.fail(0, 1, 0)
    life.judge(0, 4, 0)
    compare(standings, life)


@pytest.mark.parametrize("seed", range(2))
def test_the_same_in_either_database(store, same_bank, seed):
    drawn = random.Random(seed)
    life, standings = Life(store), Standings(store, same_bank)
    for _ in range(60):
        drawn.choice(DEEDS)(life, *(drawn.randrange(1000) for _ in range(3)))
        if drawn.random() < 0.3:
            compare(standings, life)
    compare(standings, life)
    assert len(life.room.handed) > 3


def test_only_what_changed_is_read_and_in_few_statements(life, standings):
    for number in range(60):
        life.submit(number, number, number)
        life.judge(0, number, 0)
    with counted(life.store) as first:
        standings.served(OVERALL, "students")
    with counted(life.store) as again:
        standings.served(OVERALL, "students")
    life.submit(0, 0, 5)
    life.judge(0, 4, 0)
    with counted(life.store) as after:
        standings.served(OVERALL, "students")
        standings.served(BoardName("exercise", "double"), "staff")
    assert len(first) <= 16, "of which one reads the submissions"
    assert len(again) <= 2, "only the revision"
    assert len(after) <= 24
    read = [statement for statement in after if "verdicts.checks_passed" in statement]
    assert len(read) == 1
    assert "submissions.exercise = ?" in read[0], "the touched cell alone"


def test_a_board_is_kept_until_the_revision_grows(life, standings):
    made = standings.served(OVERALL, "students")
    assert made.etag == f'"{made.revision}-{made.etag.split("-")[1]}'
    with counted(life.store) as sent:
        assert standings.served(OVERALL, "students", made.revision) is made
        assert standings.cached(OVERALL, "students", made.revision) is made
        assert standings.cached(OVERALL, "students", made.revision + 1) is None
        assert standings.cached(OVERALL, "staff", made.revision) is None, "not made yet"
    assert sent == []
    life.submit(0, 0, 1)
    grown = standings.served(OVERALL, "students", made.revision + 1)
    assert grown.revision == made.revision + 1
    assert grown.etag != made.etag
    assert grown.body == encoded(standings.board(OVERALL, "students"))


def test_what_is_frozen_does_not_move_but_one_s_own_row_says_what_came_later(life, standings):
    life.submit(0, 0, 1)
    life.freeze(2, 1, 0)
    before = seen(standings.board(OVERALL, "students"))
    life.submit(0, 0, 3)
    life.judge(1, 4, 0)
    assert seen(standings.board(OVERALL, "students")) == before
    me, other = life.room.students[0].id, life.room.students[1].id
    own = standings.own(OVERALL, me)
    assert (own.row.points, own.later.points, own.later.rank) == (0.0, 10.0, own.row.rank)
    assert standings.own(OVERALL, other).later is None
    assert standings.own(OVERALL, 999) is None
    life.judge(0, 4, 0)
    assert standings.board(OVERALL, "students").row(me).points == 10.0, "handed in before the freeze, judged after it"
    assert standings.board(OVERALL, "students").freeze_at == life.room.freeze_at
    assert standings.board(OVERALL, "staff").freeze_at is None


def test_no_board_holds_a_name_an_address_or_a_number_of_anybody(life, standings):
    for number in range(40):
        life.submit(number, number, number)
        life.judge(0, 4 * number, 0)
    life.freeze(20, 1, 0)
    with life.store.reading() as session:
        people = session.execute(text("SELECT name, email, student_id FROM people")).all()
    assert len(people) == 3
    for audience in ("students", "staff"):
        for name in life.names(audience):
            body = standings.served(name, audience).body.decode()
            assert "otter-" in body or name.kind == "section"
            assert not [fact for person in people for fact in person if fact in body]
            assert "person" not in body


def test_boards_that_do_not_exist_are_refused(life, standings):
    life.change_rules(0, 0, 3)
    secret = BoardName("assignment", life.room.tasks[0].slug)
    for name in (secret, BoardName("assignment", "none"), BoardName("exercise", "none"), BoardName("section", "none")):
        with pytest.raises(Refused) as caught:
            standings.served(name, "students")
        assert (caught.value.code, caught.value.http) == ("no-board", 404)
    assert standings.served(secret, "staff").body


def test_many_ask_at_once_and_it_is_made_once(life, standings):
    begin, made = threading.Barrier(8), []

    def ask() -> None:
        begin.wait()
        made.append(standings.served(OVERALL, "students"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len({id(each) for each in made}) == 1


def test_after_a_failure_it_is_right_again(life, standings, monkeypatch):
    standings.served(OVERALL, "students")
    life.submit(0, 0, 1)
    life.submit(1, 1, 2)

    def breaks(*_arguments):
        raise KitError("the database does not answer")

    with monkeypatch.context() as patch:
        patch.setattr("kit.classroom.ledger.tally", breaks)
        with pytest.raises(KitError):
            standings.served(OVERALL, "students")
    life.judge(0, 4, 0)
    compare(standings, life)


def test_history_is_of_the_people_that_are_asked_for(life, standings):
    life.submit(1, 0, 1)
    life.judge(0, 4, 0)
    made = standings.history(OVERALL, "students", lambda board: board.rows[:2])
    assert [(line.pseudonym, line.last) for line in made.lines] == [
        (row.pseudonym, row.points) for row in standings.board(OVERALL, "students").rows[:2]
    ]
    assert made.lines[0].last == 10.0

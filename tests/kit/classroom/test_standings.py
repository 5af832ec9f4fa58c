"""Standings: what is served, to whom, and how often it is made. That the boards are right is shown beside the boards and the ledger."""

import threading

import pytest
from plain_room import Life, counted, seen
from sqlalchemy import text

from kit.classroom.boards import BoardName, encoded
from kit.classroom.errors import Refused
from kit.classroom.standings import Standings

OVERALL = BoardName("overall")


@pytest.fixture
def life(sqlite_store) -> Life:
    return Life(sqlite_store)


@pytest.fixture
def standings(sqlite_store, bank) -> Standings:
    return Standings(sqlite_store, bank)


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
    assert own.later.first_solves == 0, "whether others were first meanwhile is not told"
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


def test_history_is_of_the_people_that_are_asked_for(life, standings):
    life.submit(1, 0, 1)
    life.judge(0, 4, 0)
    made = standings.history(OVERALL, "students", lambda board: board.rows[:2])
    assert [(line.pseudonym, line.last) for line in made.lines] == [
        (row.pseudonym, row.points) for row in standings.board(OVERALL, "students").rows[:2]
    ]
    assert made.lines[0].last == 10.0

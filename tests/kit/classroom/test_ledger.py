"""The ledger: whatever happens in the database, what was read piece by piece is what the model says."""

import random
import shutil
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_board import Handed
from plain_room import DEEDS, Life, a_busy_day, compare, counted, seen
from scene import MINI_BANK, MORNING

from kit.bank import Bank
from kit.classroom.boards import BoardName
from kit.classroom.database import open_store
from kit.classroom.ledger import read_attempts
from kit.classroom.room import bump
from kit.classroom.schema import Grading, Submission
from kit.classroom.standings import Standings
from kit.errors import KitError

OVERALL = BoardName("overall")
NUMBER = st.integers(0, 1000)


@pytest.fixture
def life(sqlite_store) -> Life:
    return Life(sqlite_store)


@pytest.fixture
def standings(sqlite_store, bank) -> Standings:
    return Standings(sqlite_store, bank)


@settings(max_examples=15, deadline=None)
@given(deeds=st.lists(st.tuples(st.sampled_from(DEEDS), NUMBER, NUMBER, NUMBER), max_size=20))
def test_whatever_happens_the_boards_are_those_of_the_model(fresh_sqlite, deeds):
    path = fresh_sqlite.with_name(f"{uuid4().hex}.db")
    shutil.copy(fresh_sqlite, path)
    bank = Bank(MINI_BANK, cache=fresh_sqlite.parent)
    store = open_store(f"sqlite:///{path}", migrate=False)
    try:
        life, standings = Life(store), Standings(store, bank)
        for deed, *numbers in deeds:
            deed(life, *numbers)
            if numbers[0] % 3:
                compare(standings, life)
        compare(standings, life)
        compare(Standings(store, bank), life)
    finally:
        store.close()
        path.unlink()


@pytest.mark.parametrize("deed", dict.fromkeys(DEEDS), ids=lambda deed: deed.__name__)
def test_each_thing_that_happens_is_seen(life, standings, deed):
    a_busy_day(life)
    for number in range(6):
        deed(life, number, number + 1, 7 * number + 2)
        compare(standings, life)


def test_a_regrade_counts_when_it_is_applied(life, standings):
    a_busy_day(life)
    for number in range(4):
        before = seen(standings.board(OVERALL, "staff"))
        life.regrade(number, number, 0)
        assert seen(standings.board(OVERALL, "staff")) == before
        life.apply(0, 0, 0)
        compare(standings, life)
        assert seen(standings.board(OVERALL, "staff")) != before


def test_failed_tried_again_and_judged_between_two_looks(life, standings):
    life.submit(0, 0, 1)
    life.fail(0, 0, 0)
    compare(standings, life)
    life.fail(0, 1, 0)
    life.judge(0, 4, 0)
    compare(standings, life)


def test_the_moment_of_freezing_moves(life, standings):
    """What is handed in at that very moment is not seen any more."""
    for hour in (1, 2, 3):
        life.submit(0, 0, hour)
        life.judge(0, 4 if hour == 2 else 1, 0)
    for hour in (2, 1, 3, 2, 4):
        life.freeze(hour, 1, 0)
        compare(standings, life)
        assert (standings.board(OVERALL, "students").row(life.room.students[0].id).points > 0) == (hour > 2)


def test_a_number_that_is_given_out_twice(life, standings):
    """SQLite gives the last row's number again once it is gone."""
    life.submit(2, 0, 1)
    compare(standings, life)
    life.vanish(2, 0, 0)
    life.submit(0, 0, 1)
    compare(standings, life)


@pytest.mark.parametrize("seed", range(2))
def test_the_same_in_either_database(store, bank, seed):
    drawn = random.Random(seed)
    life, standings = Life(store), Standings(store, bank)
    for _ in range(60):
        drawn.choice(DEEDS)(life, *(drawn.randrange(1000) for _ in range(3)))
        if drawn.random() < 0.3:
            compare(standings, life)
    compare(standings, life)
    assert len(life.room.handed) > 3


@pytest.mark.parametrize("meanwhile", [1, 40])
def test_what_is_committed_late_is_not_missed(postgres_store, bank, meanwhile):
    """PostgreSQL gives out a number before its row can be seen."""
    life, standings = Life(postgres_store), Standings(postgres_store, bank)
    student = life.room.students[0]
    facts = {"person_id": student.id, "exercise": "double", "number": 1, "source": "# late", "sha256": "0" * 64, "submitted_at": MORNING}
    with postgres_store.writing() as slow:
        row = Submission(**facts)
        slow.add(row)
        slow.flush()
        for number in range(meanwhile):
            life.submit(1 + number % 2, 0, 30)
            life.judge(0, 4, 0)
        compare(standings, life)
        slow.add(Grading(submission_id=row.id, bank_version="1", created_at=MORNING))
        bump(slow)
    life.room.handed.append(Handed(row.id, student, "double", None, MORNING))
    with counted(postgres_store) as sent:
        compare(standings, life)
    (read,) = [statement for statement in sent if "verdicts.checks_passed" in statement]
    assert ("submissions.exercise = " in read) == (meanwhile == 1), "what is a little late does not cost a reading of everything"


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


def test_the_submissions_of_somebody_for_the_desk(life):
    life.submit(0, 0, 1)
    life.judge(0, 3, 0)
    life.submit(0, 0, 2)
    life.submit(1, 0, 2)
    with life.store.reading() as session:
        made = read_attempts(session, Submission.person_id == life.room.students[0].id)
    assert [(each.number, each.state, each.checks_passed, each.checks_total) for each in made] == [(1, "judged", 3, 4), (2, "pending", 0, 0)]

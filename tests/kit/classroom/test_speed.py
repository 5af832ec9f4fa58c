"""The speed board: what is written down, who stands on it, what is held for the teacher; and one real measurement."""

import msgspec
import pytest
from handed import Handed, check
from scene import MORNING

from grader import client
from grader.verdict import Failure, Speed
from kit.bank import Bank, own_root
from kit.classroom import speed
from kit.classroom.errors import Refused
from kit.classroom.schema import Audit, Classroom, Person, SpeedResult, VerdictRow
from kit.classroom.versions import bank_version

PASSED = check("values")
DOUBLE = """
def double(x):
    for _ in range(10 * len(x)):
        y = (x @ x.T).tanh()
    return 2 * x
"""
RACE = f"""
call = "double"
bound = 0.01

def inputs(draw, scale):
    return (draw.normal(32 * scale, 64),)
{DOUBLE.replace("double", "reference")}"""


@pytest.fixture
def raced(bank, tmp_path):
    """A copy of the bank whose exercise `double` has a speed board."""
    import shutil

    shutil.copytree(bank.root, tmp_path / "bank")
    raced = Bank(tmp_path / "bank", cache=tmp_path / "cache")
    raced.exercise("double").speed.write_text(RACE, encoding="utf-8")
    return raced


def measured(ratio: float, **values) -> Speed:
    return Speed(slug="double", device="cpu", machine="Fast Processor", ratio=ratio, ratios=[ratio] * 3, bound=0.1, held=ratio < 0.1, **values)


def put(handed: Handed, name: str, *ratios: float, hour: float = 0) -> list[int]:
    """Somebody new, with a passing submission for each ratio, an hour after the other."""
    person = handed.person(name)
    submissions = [handed.submission(person, "double", PASSED, source=f"x = {n}", hour=hour + n) for n in range(len(ratios))]
    with handed.store.writing() as session:
        for submission, ratio in zip(submissions, ratios, strict=True):
            speed.record(session, submission, measured(ratio), MORNING)
    return submissions


def rows(handed: Handed, bank: Bank, audience: str = "students", device: str = "cpu") -> list[tuple[int, str, float]]:
    with handed.store.reading() as session:
        board = speed.board(session, bank.exercise("double"), audience, device)
    return [(row.rank, row.pseudonym, row.ratio) for row in board.rows]


def test_the_best_of_each_in_order(store, raced):
    handed = Handed(store)
    put(handed, "Ada", 3.0, 1.5, 2.0)
    put(handed, "Bob", 1.2, hour=5)
    put(handed, "Cleo", 1.5004, hour=-5)
    put(handed, "Dan", 9.0)
    assert rows(handed, raced) == [(1, "the-bob", 1.2), (2, "the-cleo", 1.5), (2, "the-ada", 1.5), (4, "the-dan", 9.0)]
    assert rows(handed, raced, device="cuda") == []


def test_who_is_on_the_board(store, raced):
    handed = Handed(store)
    put(handed, "Ada", 2.0)
    (wrong,) = put(handed, "Bob", 1.0)
    put(handed, "Cleo", 1.0)
    with store.writing() as session:
        session.query(VerdictRow).filter_by(submission_id=wrong).one().passed = False  # by a regrade
        session.query(Person).filter_by(name="Cleo").one().active = False
    assert rows(handed, raced) == [(1, "the-ada", 2.0)]


def test_a_measurement_is_written_once(store, raced):
    def revision() -> int:
        with store.reading() as session:
            return session.get(Classroom, 1).revision

    handed = Handed(store)
    (submission,) = put(handed, "Ada", 2.0)
    before = revision()
    with store.writing() as session:
        assert speed.record(session, submission, measured(0.5), MORNING).ratio == 2.0
    assert revision() == before
    with store.writing() as session:
        elsewhere = msgspec.structs.replace(measured(7.0), device="cuda")
        assert speed.record(session, submission, elsewhere, MORNING, machine="node-3").machine == "Fast Processor (node-3)"
    assert revision() == before + 1
    assert rows(handed, raced) == [(1, "the-ada", 2.0)]
    assert rows(handed, raced, device="cuda") == [(1, "the-ada", 7.0)]


def test_what_could_not_be_measured_is_not_written(store):
    handed = Handed(store)
    submission = handed.submission(handed.person("Ada"), "double", PASSED)
    with store.writing() as session:
        failed = Speed(slug="double", device="cpu", machine="m", failure=Failure(kind="values"))
        assert speed.record(session, submission, failed, MORNING) is None
        assert session.query(SpeedResult).all() == []


def test_too_good_to_be_true_waits_for_a_teacher(store, raced):
    handed = Handed(store)
    put(handed, "Ada", 2.0)
    first, second = put(handed, "Bob", 0.05, 0.04)
    teacher = handed.person("Tess", role="teacher")
    assert rows(handed, raced, "staff") == [(1, "the-ada", 2.0)]
    with store.reading() as session:
        waiting = speed.held(session, "double")
        assert [(each.submission_id, each.person, each.ratio, each.reviewed) for each in waiting] == [
            (second, "Bob", 0.04, False),
            (first, "Bob", 0.05, False),
        ]
        assert speed.held(session, "softplus") == []
    with store.writing() as session:
        tess = session.get(Person, teacher)
        speed.review(session, waiting[0].result_id, by=tess, counts=False, now=MORNING)
        speed.review(session, waiting[1].result_id, by=tess, counts=True, now=MORNING)
    assert rows(handed, raced) == [(1, "the-bob", 0.05), (2, "the-ada", 2.0)]
    with store.reading() as session:
        assert [(each.submission_id, each.reviewed) for each in speed.held(session)] == [(second, True)]
        assert [(row.action, row.object) for row in session.query(Audit).order_by(Audit.id)] == [
            ("speed-kept-off", f"submission {second}"),
            ("speed-released", f"submission {first}"),
        ]


def test_only_a_teacher_reviews_what_there_is(store):
    handed = Handed(store)
    put(handed, "Ada", 0.05)
    assistant, teacher = handed.person("Sam", role="assistant"), handed.person("Tess", role="teacher")
    with store.writing() as session:
        with pytest.raises(Refused, match="only a teacher"):
            speed.review(session, 1, by=session.get(Person, assistant), counts=True, now=MORNING)
        with pytest.raises(Refused, match="no such speed result"):
            speed.review(session, 999, by=session.get(Person, teacher), counts=True, now=MORNING)


def test_the_freeze_holds_for_students(store, raced, clock):
    clock.forward(hours=3)
    handed = Handed(store, freeze_at=clock())
    put(handed, "Ada", 2.0, hour=2)
    put(handed, "Bob", 1.0, hour=3)
    assert rows(handed, raced) == [(1, "the-ada", 2.0)]
    assert rows(handed, raced, "staff") == [(1, "the-bob", 1.0), (2, "the-ada", 2.0)]


def test_the_json_names_nobody(store, raced):
    handed = Handed(store)
    put(handed, "Ada", 2.0)
    with store.reading() as session:
        body = speed.encoded(speed.board(session, raced.exercise("double"), "students"))
    assert b"Ada" not in body
    document = msgspec.json.decode(body)
    assert (document["board"], document["name"], document["device"]) == ("speed", "double", "cpu")
    assert document["rows"] == [{"rank": 1, "pseudonym": "the-ada", "ratio": 2.0, "machine": "Fast Processor", "at": "2026-09-01T08:00:00Z"}]


def test_an_exercise_without_rules_has_no_board(sqlite_store, bank):
    double = bank.exercise("double")
    assert not speed.allowed(double)
    assert speed.speed_job(double, "x = 1", sandbox="local", lang="en") is None
    with sqlite_store.reading() as session, pytest.raises(Refused, match="double has no speed board"):
        speed.board(session, double, "students")


def test_the_rules_are_no_part_of_the_version(raced, bank):
    assert bank_version(raced.exercise("softplus")) == bank_version(bank.exercise("softplus"))
    before = bank_version(raced.exercise("double"))
    raced.exercise("double").speed.unlink()
    assert bank_version(raced.exercise("double")) == before


@pytest.mark.slow
def test_a_real_measurement(own_judge, raced):
    double = raced.exercise("double")
    job = speed.speed_job(double, DOUBLE, sandbox="local", lang="en")
    found = client.measure(job)
    assert found.failure is None
    assert 0.1 < found.ratio < 10  # the same work, however busy the machine


def test_three_exercises_of_the_bank_have_a_board(tmp_path):
    raced = [exercise.slug for exercise in Bank(own_root(), cache=tmp_path).exercises if speed.allowed(exercise)]
    assert len(raced) >= 3

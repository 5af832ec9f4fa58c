"""Class statistics: people are counted, not submissions; skipped is not failed; messages speak the language in use."""

from handed import Handed, check

from grader.text import speaking
from kit.classroom.statistics import sentence, statistics


def count(handed, bank, exercise="double", **where):
    with handed.store.reading() as session:
        return statistics(session, bank.exercise(exercise), **where)


def by_name(counted):
    return {each.name: each for each in counted.checks}


def test_people_are_counted_not_submissions(store, bank):
    handed = Handed(store)
    ada, bob, cleo = (handed.person(name) for name in ("Ada", "Bob", "Cleo"))
    for _ in range(5):
        handed.submission(ada, "double", check("values", "failed"), check("gradient", "skipped"))
    handed.submission(ada, "double", check("values"), check("gradient"))
    handed.submission(bob, "double", check("values", "failed"), check("gradient", "skipped"))
    handed.submission(cleo, "double", check("values"), check("gradient", "failed"))
    handed.submission(cleo, "double")  # waits for its verdict
    counted = count(handed, bank)
    assert (counted.people, counted.submissions, counted.passed, counted.to_pass) == (3, 8, 1, (6,))
    values, gradient = by_name(counted)["values"], by_name(counted)["gradient"]
    assert (values.met, values.failed, values.failing) == (3, 2, 1)
    assert (gradient.met, gradient.failed, gradient.failing) == (2, 1, 1)
    assert gradient.share == 0.5


def test_mistakes_by_frequency_in_the_language_in_use(sqlite_store, bank):
    handed = Handed(sqlite_store)
    from grader.mistakes import load

    known = load(bank.exercise("double").mistakes)[0]
    for number in range(4):
        mistake = known.name if number < 3 else "forgotten"
        handed.submission(handed.person(f"P{number}"), "double", check("values", "failed", mistake))
    handed.submission(handed.person("P5"), "double", check("values"))
    values = by_name(count(handed, bank))["values"]
    assert [(each.mistake, each.people) for each in values.mistakes] == [(known.name, 3), ("forgotten", 1)]
    assert values.mistakes[0].message == known.en
    assert values.mistakes[1].message == "stored: forgotten"
    assert sentence(values) == f"80% fail: {values.title}; most often: {known.en}"
    with speaking("zh"):
        assert by_name(count(handed, bank))["values"].mistakes[0].message == known.zh


def test_checks_stand_in_the_order_of_the_file_with_its_titles(sqlite_store, bank):
    handed = Handed(sqlite_store)
    double = bank.exercise("double")
    names = [line.split("(")[0].removeprefix("def test_") for line in double.checks.read_text().splitlines() if line.startswith("def test_")]
    handed.submission(handed.person("Ada"), "double", check("renamed_since", "failed"), *(check(name) for name in reversed(names)))
    counted = count(handed, bank)
    assert [each.name for each in counted.checks] == [*names, "renamed_since"]
    assert counted.checks[-1].title == "stored renamed_since"
    assert sentence(counted.checks[-1]) == "100% fail: stored renamed_since"
    assert not [each.title for each in counted.checks[:-1] if each.title.startswith("stored")]


def test_answers_that_cannot_be_loaded(sqlite_store, bank):
    handed = Handed(sqlite_store)
    ada, bob, cleo = (handed.person(name) for name in ("Ada", "Bob", "Cleo"))
    handed.submission(ada, "double", check("values", "skipped"), load="raised")
    handed.submission(bob, "double", check("values", "skipped"), load="raised")
    handed.submission(bob, "double", check("values"))
    handed.submission(cleo, "double", check("values", "failed"))
    counted = count(handed, bank)
    assert (counted.people, counted.unloadable) == (3, 1)
    assert by_name(counted)["values"].met == 2


def test_an_assignment_a_section_and_who_does_not_count(store, bank):
    handed = Handed(store)
    week = handed.assignment("week-1", double=1.0)
    ada = handed.person("Ada", section="A")
    bob = handed.person("Bob", section="B")
    handed.submission(ada, "double", check("values", "failed"))
    handed.submission(ada, "double", check("values"), assignment=week)
    handed.submission(bob, "double", check("values", "failed"))
    handed.submission(handed.person("Gone", active=False), "double", check("values", "failed"))
    handed.submission(handed.person("Tess", role="teacher"), "double", check("values", "failed"))
    assert by_name(count(handed, bank))["values"].failed == 2
    assert by_name(count(handed, bank, assignment_id=week))["values"].failed == 0
    assert count(handed, bank, section="A").people == 1
    assert by_name(count(handed, bank, section="B"))["values"].failing == 1


def test_nobody_yet(sqlite_store, bank):
    counted = count(Handed(sqlite_store), bank)
    assert (counted.people, counted.submissions, counted.passed) == (0, 0, 0)
    assert {(each.met, each.share) for each in counted.checks} == {(0, 0.0)}

"""Submissions as the desk lists them."""

from browser import Browser
from handed import Handed, check
from house import RIGHT, WRONG

from kit.classroom.schema import Submission
from kit.classroom.web.desk_entries import FLAGGED, Flag, entries, flags_of


def test_newest_first_with_their_state(house, ada):
    eve = Browser(house).sign_in(house.person("Eve"))
    ada.send("/exercises/double", source=WRONG)
    house.grade()
    eve.send("/exercises/double", source=RIGHT)
    with house.room.store.reading() as session:
        found = entries(session)
        assert [(each.name, each.state, each.passed, each.total, each.assignment) for each in found] == [
            ("Eve", "pending", 0, 0, None),
            ("Ada Lovelace", "failed", 1, 2, None),
        ]
        assert [each.name for each in entries(session, limit=1)] == ["Eve"]


def test_only_what_is_suspicious(store):
    handed = Handed(store)
    ids = [handed.submission(handed.person(name), "double", check("values")) for name in ("Ada", "Eve")]
    with store.writing() as session:
        session.get_one(Submission, ids[0]).flags = ["1: os", "12: eval"]
    with store.reading() as session:
        [found] = entries(session, FLAGGED)
    assert (found.id, found.flags) == (ids[0], (Flag(1, "os"), Flag(12, "eval")))


def test_a_flag_of_another_form_is_about_the_first_line():
    assert flags_of(["odd", "x: y"]) == (Flag(1, "odd"), Flag(1, "x: y"))

"""Who is behind a token: looked up once in a while, forgotten at once when something changed here."""

import pytest
from sqlalchemy import event

from kit.classroom import people
from kit.classroom.identity import Identities, bearer
from kit.classroom.room import Room, found
from kit.classroom.schema import Person


@pytest.fixture
def room(store, bank, clock):
    found(store, "Deep learning", clock())
    return Room(store, bank, now=clock)


def given(room: Room, kind="client") -> str:
    with room.store.writing() as session:
        person = people.add(session, role="assistant", name="Ada", section="Lab A", now=room.now())
        return people.issue(session, person, kind, now=room.now())


def test_somebody_is_looked_up_once_in_ten_seconds(room, clock):
    token, identities, asked = given(room), Identities(room), []
    event.listen(room.store.engine, "before_cursor_execute", lambda _c, _cursor, statement, *_rest: asked.append(statement.split()[0]))
    assert identities.known(token) is None
    member = identities.whose(token)
    assert member is not None
    assert (member.name, member.role, member.section, member.is_staff) == ("Ada", "assistant", "Lab A", True)
    assert identities.whose(token) == identities.known(token) == member
    assert asked.count("SELECT") == 1
    clock.forward(seconds=10)
    assert identities.known(token) is None
    identities.whose(token)
    assert asked.count("SELECT") == 2


def test_what_changed_is_seen_after_forgetting(room):
    token, identities = given(room), Identities(room)
    assert identities.whose(token) is not None
    with room.store.writing() as session:
        people.revoke_all(session, session.get_one(Person, 1), room.now())
    assert identities.whose(token) is not None
    identities.forget()
    assert identities.whose(token) is None


@pytest.mark.parametrize("kind", ["session", "link"])
def test_a_browsers_token_is_no_clients(room, kind):
    assert Identities(room).whose(given(room, kind)) is None


@pytest.mark.parametrize(
    ("header", "token"),
    [("Bearer abc", "abc"), ("bearer  abc ", "abc"), ("Bearer", None), ("Bearer ", None), ("Basic abc", None), ("", None), (None, None)],
)
def test_what_an_authorization_header_says(header, token):
    assert bearer(header) == token

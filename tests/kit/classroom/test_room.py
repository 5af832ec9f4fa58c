"""The room: founded once, its revision, its join code."""

import re
import threading

from scene import MORNING

from kit.classroom.room import LETTERS, Settings, bump, found, join_code, rotate_code
from kit.classroom.schema import Classroom


def test_it_is_founded_once(store):
    first = found(store, "Deep learning", MORNING)
    assert (first.name, first.created_at, first.revision, first.join_open) == ("Deep learning", MORNING, 0, True)
    assert len(first.secret) == 32
    again = found(store, "Another name", MORNING)
    assert (again.name, again.join_code, again.secret) == (first.name, first.join_code, first.secret)


def test_servers_that_found_it_together_found_one(store):
    codes = []
    threads = [threading.Thread(target=lambda: codes.append(found(store, "Deep learning", MORNING).join_code)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(codes) == 4
    assert len(set(codes)) == 1


def test_every_bump_counts(store):
    found(store, "Deep learning", MORNING)
    for _ in range(3):
        with store.writing() as session:
            bump(session)
    with store.reading() as session:
        assert session.get_one(Classroom, 1).revision == 3


def test_a_join_code_can_be_read_aloud():
    codes = {join_code() for _ in range(100)}
    assert len(codes) == 100
    assert all(re.fullmatch(rf"[{LETTERS}]{{4}}-[{LETTERS}]{{4}}", code) for code in codes)
    assert not set("il1o0") & set(LETTERS)


def test_a_rotated_code_takes_the_old_ones_place(store):
    old = found(store, "Deep learning", MORNING).join_code
    with store.writing() as session:
        new = rotate_code(session)
    assert new != old
    assert found(store, "Deep learning", MORNING).join_code == new


def test_the_secret_of_sign_in_is_not_printed():
    assert "hush" not in repr(Settings(oidc_client_secret="hush"))

"""Who may ask what: every route of /api/v1, with every kind of token."""

import pytest
from house import House

OPEN = {("POST", "/api/v1/join")}


@pytest.fixture
def house(sqlite_store, bank, clock):
    served = House(sqlite_store, bank, clock)
    with served.client:
        yield served


def routes(house: House) -> list[tuple[str, str]]:
    document = house.app.openapi()
    return [(method.upper(), path) for path, methods in document["paths"].items() if path.startswith("/api/v1") for method in methods]


def test_every_route_but_joining_asks_for_a_client_token(house):
    found = routes(house)
    assert len(found) >= 10
    for method, path in found:
        body = {"json": {"exercise": "double", "source": "x"}} if path.endswith("submissions") and method == "POST" else {}
        place = path.replace("{number}", "1").replace("{kind}", "exercise").replace("{name}", "double").replace("{exercise}", "double")
        status = house.client.request(method, place, **body).status_code
        assert (status != 401) == ((method, path) in OPEN), (method, path)


def test_the_document_says_which_ones_do(house):
    document = house.app.openapi()
    for method, path in routes(house):
        secured = bool(document["paths"][path][method.lower()].get("security"))
        assert secured != ((method, path) in OPEN), (method, path)


def test_a_browsers_cookie_opens_nothing_here(house):
    with house.room.store.writing() as session:
        from kit.classroom import people

        token = people.issue(session, people.add(session, role="teacher", name="Tea", now=house.clock()), "session", now=house.clock())
    assert house.client.get("/api/v1/me", headers={"Cookie": f"kit_session={token}"}).status_code == 401
    assert house.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401

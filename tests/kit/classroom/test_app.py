"""The application: its document, what is mounted, and the stream of events over a real connection."""

import asyncio
import socket

import httpx
import pytest
import uvicorn
from house import House
from itsdangerous import URLSafeSerializer

from kit.classroom import people
from kit.classroom.schema import Classroom, Person


@pytest.fixture
def house(sqlite_store, bank, clock):
    return House(sqlite_store, bank, clock)


def test_the_document_describes_the_api_and_nothing_else(house):
    with house.client:
        document = house.client.get("/api/v1/openapi.json").json()
    assert {path for path in document["paths"] if not path.startswith("/api/v1/")} == set()
    assert "/api/v1/submissions/{number}" in document["paths"]


def test_pages_and_their_files_are_there(house):
    with house.client:
        assert house.client.get("/signin", headers={"Accept": "text/html"}).status_code == 200
        assert house.client.get("/static/kit.css").status_code == 200
        assert house.client.get("/static/../app.py").status_code == 404


def test_events_come_over_a_connection_and_end_with_the_server(house):
    grace = house.token("Grace", "teacher")

    async def scenario() -> list[str]:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            server = uvicorn.Server(uvicorn.Config(house.app, log_config=None, lifespan="on"))
            serving = asyncio.create_task(server.serve([listening]))
            address = f"http://127.0.0.1:{listening.getsockname()[1]}/events"
            seen = []
            async with httpx.AsyncClient(timeout=10) as client, client.stream("GET", address, headers=grace) as stream:
                assert stream.headers["content-type"].startswith("text/event-stream")
                assert stream.headers["cache-control"] == "no-store"
                async for line in stream.aiter_lines():
                    if line.startswith("data:"):
                        seen.append(line)
                        if len(seen) == 1:
                            await asyncio.to_thread(house.person, "Ada")
                        else:
                            house.hub.close()
            server.should_exit = True
            await asyncio.wait_for(serving, 10)
            return seen

    assert asyncio.run(scenario()) == ["data: 1", "data: 2"]
    assert '"route": "/events"' in house.said.getvalue()


def test_events_are_for_those_who_may_see_the_boards(house):
    """Asked for with the hub closed, so that the stream ends at once: 503, where somebody may listen."""
    person = house.person("Ada")
    with house.room.store.writing() as session:
        tokens = {kind: people.issue(session, session.get_one(Person, person.id), kind, now=house.clock()) for kind in ("client", "session", "link")}
        cookie = URLSafeSerializer(session.get_one(Classroom, 1).secret, salt="kit_session").dumps(tokens["session"])
    with house.client as client:
        house.hub.close()

        def status(**headers: str) -> int:
            return client.get("/events", headers=headers).status_code

        assert status() == status(Authorization=f"Bearer {tokens['link']}") == status(Cookie="kit_session=x") == 401
        assert client.get("/events").json()["error"]["code"] == "not-signed-in"
        assert status(Authorization=f"Bearer {tokens['client']}") == status(Cookie=f"kit_session={cookie}") == 503
        with house.room.store.writing() as session:
            session.get_one(Classroom, 1).public_boards = True
        assert status() == 503


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_nothing_but_get_begins_a_stream_of_events(house, method):
    with house.client as client:
        answer = client.request(method, "/events")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]

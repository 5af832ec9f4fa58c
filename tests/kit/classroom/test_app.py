"""The application: its document, what is mounted, and the stream of events over a real connection."""

import asyncio
import socket

import httpx
import pytest
import uvicorn
from house import House


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
    async def scenario() -> list[str]:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            server = uvicorn.Server(uvicorn.Config(house.app, log_config=None, lifespan="on"))
            serving = asyncio.create_task(server.serve([listening]))
            address = f"http://127.0.0.1:{listening.getsockname()[1]}/events"
            seen = []
            async with httpx.AsyncClient(timeout=10) as client, client.stream("GET", address) as stream:
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

    assert asyncio.run(scenario()) == ["data: 0", "data: 1"]
    assert '"route": "/events"' in house.said.getvalue()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_nothing_but_get_begins_a_stream_of_events(house, method):
    with house.client as client:
        answer = client.request(method, "/events")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]

"""HTTP over loopback: what has no end is cut off, and everything that anybody needs passes."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Self

import httpx
import pytest
import uvicorn
from house import RIGHT, House

from kit.classroom.heads import LARGEST_HEAD, SLICE, bounded

MOST = LARGEST_HEAD + 2 * SLICE
ON_THE_WAY = 30_000_000  # bytes: more than the system's buffers hold
HOST = b"Host: class.example.org\r\n"


@pytest.fixture
def house(sqlite_store, bank, clock) -> House:
    return House(sqlite_store, bank, clock)


@pytest.fixture
def port(house) -> Iterator[int]:
    """Of the application, behind the protocol that `kit class serve` gives to uvicorn."""
    config = uvicorn.Config(house.app, http=bounded(), log_config=None, access_log=False, ws="none", lifespan="on")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=server.run, args=([listening],))
        serving.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        serving.join()


class Line:
    """A connection, byte for byte."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def answers(self, count: int) -> list[int]:
        """The statuses of so many answers of /healthz."""
        seen = b""
        while seen.count(b"HTTP/1.1 ") < count or not seen.endswith(b"ok\n"):
            more = self._socket.recv(65536)
            assert more, seen
            seen += more
        return [int(part[:3]) for part in seen.split(b"HTTP/1.1 ")[1:]]

    def is_cut(self, piece: Callable[[int], bytes]) -> bool:
        """Send pieces without an end; whether the other side ends it before more is on the way than buffers hold."""
        sent, number = 0, 0
        while sent < ON_THE_WAY:
            number += 1
            try:
                self._socket.sendall(piece(number))
            except ConnectionError:
                return True
            sent += len(piece(number))
        return False


STARTS = {
    "a header": b"GET /healthz HTTP/1.1\r\n" + HOST + b"X-Long: ",
    "a name of a header": b"GET /healthz HTTP/1.1\r\n" + HOST,
    "a cookie behind a request": b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\nGET /healthz HTTP/1.1\r\n" + HOST + b"Cookie: ",
    "a request line": b"GET /",
    "a trailer": b"POST /api/v1/join HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Trailer: ",
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_what_has_no_end_is_cut_off_and_others_are_answered_meanwhile(port, start):
    with Line(port) as endless:
        endless.send(start + b"x" * 60_000)
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").text == "ok\n"
        assert endless.is_cut(lambda _number: b"x" * 60_000)
    assert httpx.get(f"http://127.0.0.1:{port}/healthz").text == "ok\n"


def test_many_headers_are_as_large_as_one(port):
    with Line(port) as endless:
        endless.send(b"GET /healthz HTTP/1.1\r\n" + HOST)
        assert endless.is_cut(lambda number: b"X-%d: %s\r\n" % (number, b"x" * 500))


class Transport:
    """Takes what is written."""

    def __init__(self) -> None:
        self.written, self.closed = b"", False

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, _name: str, default=None):
        return default


def spoken(chunk: int, *parts: bytes) -> tuple[int, bytes, bool]:
    """What a connection takes of these parts, sent in chunks of a size: the bytes, what is answered, whether it is closed then."""
    protocol = bounded()(
        config=uvicorn.Config(lambda: None, log_config=None), server_state=uvicorn.server.ServerState(), app_state={}, _loop=object()
    )
    transport, taken = Transport(), 0
    protocol.connection_made(transport)
    data = b"".join(parts)
    for start in range(0, len(data), chunk):
        if transport.closed:
            break
        protocol.data_received(data[start : start + chunk])
        taken += chunk
    return min(taken, len(data)), transport.written, transport.closed


@pytest.mark.parametrize("chunk", [1000, 16_384, 65_536])
@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nX: "])
def test_it_ends_at_the_bound(chunk, start):
    taken, said, closed = spoken(chunk, start, b"x" * 10_000_000)
    assert closed
    assert LARGEST_HEAD <= taken <= MOST + chunk
    assert said.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("chunk", [1000, 16_384, 65_536])
def test_what_is_within_the_bound_is_read_on(chunk):
    for start in (b"GET /", b"GET / HTTP/1.1\r\nX: "):
        assert spoken(chunk, start, b"x" * (LARGEST_HEAD - 1000))[1:] == (b"", False)


def test_cookies_queries_and_answers_of_every_allowed_size_pass(port, house):
    ada = house.token("Ada")
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        assert client.get("/healthz", headers={"Cookie": "a=" + "x" * 8192}).status_code == 200
        assert client.get("/healthz?q=" + "x" * 8192).status_code == 200
        large = RIGHT + "#" * 150_000 + "\n"
        answer = client.post("/api/v1/submissions", headers=ada, json={"exercise": "double", "source": large})
        assert answer.status_code == 201, answer.text
        dripped = client.post(
            "/signin", content=(b"x" * 10_000 for _part in range(199)), headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        assert (dripped.status_code, dripped.json()["error"]["code"]) == (400, "invalid"), "read to its end; what is in it is no form"


def test_each_request_of_a_connection_has_a_count_of_its_own(port):
    request = b"GET /healthz HTTP/1.1\r\n" + HOST + b"Cookie: " + b"x" * 40_000 + b"\r\n\r\n"
    with Line(port) as line:
        for _time in range(5):
            line.send(request)
            assert line.answers(1) == [200]
        line.send(request * 5)
        assert line.answers(5) == [200] * 5

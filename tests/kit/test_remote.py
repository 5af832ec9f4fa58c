"""The client: what it does when the network goes, what it says, and that a token goes to one server only."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import IPv4Address
from pathlib import Path

import httpx
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kit.errors import OWN_FAILURE, USAGE, KitError, OwnFailure
from kit.remote import Refusal, Remote, Unreachable, cleaned_address, is_exposed, is_near, without_https


class Answer(msgspec.Struct):
    fine: bool


FINE = httpx.Response(200, json={"fine": True})


class Network:
    """Answers or fails as told, one for each request; keeps what was asked and how long was waited."""

    def __init__(self, *events: httpx.Response | Exception) -> None:
        self.events, self.asked, self.pauses = list(events), [], []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        event = self.events.pop(0) if len(self.events) > 1 else self.events[0]
        if isinstance(event, Exception):
            raise event
        return event

    def remote(self, token: str | None = "t" * 43) -> Remote:
        return Remote("https://class.example.org/dl", token, transport=httpx.MockTransport(self), pause=self.pauses.append)


def asked(network: Network) -> Answer:
    with network.remote() as remote:
        return remote.get("me", Answer)


def test_the_token_and_the_language_go_along():
    network = Network(FINE)
    assert asked(network).fine
    (request,) = network.asked
    assert str(request.url) == "https://class.example.org/dl/api/v1/me"
    assert request.headers["authorization"] == f"Bearer {'t' * 43}"
    assert request.headers["accept-language"] == "en"


def test_a_network_that_comes_back_in_time_is_not_noticed():
    network = Network(httpx.ConnectError("no route to host"), httpx.ReadTimeout(""), httpx.Response(503), FINE)
    assert asked(network).fine
    assert network.pauses == [0.5, 1.0, 2.0]


def test_a_network_that_stays_away_is_told_and_nothing_is_lost():
    with pytest.raises(Unreachable, match=r"no route to host.*Nothing is lost: give the same command again") as caught:
        asked(Network(httpx.ConnectError("no route to host")))
    assert caught.value.status == OWN_FAILURE


def test_a_server_that_cannot_just_now_says_so_itself():
    told = {"error": {"code": "unavailable", "what": "the classroom cannot do that just now", "where": "", "remedy": "Try again in a moment."}}
    network = Network(httpx.Response(503, json=told))
    with pytest.raises(Unreachable, match=r"cannot do that just now\. Try again in a moment\."):
        asked(network)
    assert len(network.asked) == 4


def test_what_must_not_be_done_twice_is_not_sent_twice():
    arrived = Network(httpx.ReadTimeout(""), FINE)
    with arrived.remote(None) as remote, pytest.raises(Unreachable, match="no answer in time"):
        remote.post("join", Answer, {"name": "Ada"}, repeatable=False)
    assert len(arrived.asked) == 1
    never_left = Network(httpx.ConnectError("no route to host"), FINE)
    with never_left.remote(None) as remote:
        assert remote.post("join", Answer, {"name": "Ada"}, repeatable=False).fine
    assert json.loads(never_left.asked[1].content) == {"name": "Ada"}
    assert "authorization" not in never_left.asked[1].headers


def test_a_refusal_keeps_its_words():
    told = {"error": {"code": "no-attempts-left", "what": "no attempts are left", "where": "hw1", "remedy": "Ask your teacher."}}
    with pytest.raises(Refusal, match=r"^no attempts are left: hw1\. Ask your teacher\.$") as caught:
        asked(Network(httpx.Response(409, json=told)))
    assert (caught.value.code, caught.value.http, caught.value.status) == ("no-attempts-left", 409, USAGE)


def test_a_token_that_is_no_longer_good_says_join_again():
    with pytest.raises(Refusal, match="kit leave --here"):
        asked(Network(httpx.Response(401, json={"error": {"code": "not-signed-in", "what": "this token is not known"}})))


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (httpx.Response(500, json={"error": {"code": "failed", "what": "the classroom itself failed"}}), OwnFailure, "itself failed"),
        (httpx.Response(200, text="<html>A login page of the hotel</html>"), KitError, "does not answer as a class does"),
        (httpx.Response(404, text="not found"), KitError, "status 404"),
        (httpx.Response(301, headers={"location": "https://evil.example.org/"}), KitError, "has moved: https://evil"),
    ],
)
def test_other_answers(answer: httpx.Response, kind: type[KitError], said: str):
    network = Network(answer)
    with pytest.raises(kind, match=said):
        asked(network)
    assert len(network.asked) == 1


def test_a_certificate_error_is_never_ignored():
    wrong = ssl.SSLCertVerificationError("certificate verify failed: self-signed certificate")
    error = httpx.ConnectError("tls")
    error.__cause__ = wrong
    network = Network(error)
    with pytest.raises(KitError, match=r"cannot be trusted.*self-signed.*KIT_CA_BUNDLE") as caught:
        asked(network)
    assert len(network.asked) == 1
    assert not isinstance(caught.value, OwnFailure)


@pytest.fixture
def with_own_certificate(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server of https whose certificate only a file vouches for: its address and that file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    plain = serialization.NoEncryption()
    (tmp_path / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    (tmp_path / "own.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))

    class Fine(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"fine": true}')

        def log_message(self, *_arguments: object) -> None:
            return None

    server = HTTPServer(("127.0.0.1", 0), Fine)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "own.pem", tmp_path / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", tmp_path / "own.pem"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_certificate_nobody_vouches_for_ends_it_and_a_bundle_lets_it_be_trusted(with_own_certificate, monkeypatch: pytest.MonkeyPatch):
    address, bundle = with_own_certificate
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with Remote(address, pause=pytest.fail) as remote, pytest.raises(KitError, match=r"certificate cannot be trusted.*KIT_CA_BUNDLE"):
        remote.get("me", Answer)
    monkeypatch.setenv("KIT_CA_BUNDLE", str(bundle))
    with Remote(address, pause=pytest.fail) as remote:
        assert remote.get("me", Answer).fine


def test_a_bundle_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path):
    bundle = tmp_path / "university.pem"
    monkeypatch.setenv("KIT_CA_BUNDLE", str(bundle))
    with pytest.raises(KitError, match=r"university\.pem"):
        Remote("https://class.example.org")
    bundle.write_text("no certificate")
    with pytest.raises(KitError, match="cannot be read"):
        Remote("https://class.example.org")


def test_a_real_closed_port_is_unreachable(unused_port: int):
    pauses: list[float] = []
    with Remote(f"http://127.0.0.1:{unused_port}", pause=pauses.append) as remote, pytest.raises(Unreachable, match=f"{unused_port}"):
        remote.get("me", Answer)


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("class.example.org", "https://class.example.org"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("https://example.org/dl/", "https://example.org/dl"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_addresses(typed: str, address: str):
    assert cleaned_address(typed) == address


@pytest.mark.parametrize(
    "typed", ["", "ftp://example.org", "https://", "https://example.org:port", "https://me:secret@example.org", "https://e.org/?x=1"]
)
def test_what_is_no_address(typed: str):
    with pytest.raises(KitError, match="no address of a server"):
        cleaned_address(typed)


def test_a_server_of_http_alone_is_told_and_never_asked_without_encryption(unused_port: int):
    class Plain(BaseHTTPRequestHandler):
        def log_message(self, *_arguments: object) -> None:
            return None

    server = HTTPServer(("127.0.0.1", unused_port), Plain)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = cleaned_address(f"127.0.0.1:{unused_port}")
    with Remote(address, pause=pytest.fail) as remote, pytest.raises(KitError) as caught:
        remote.get("me", Answer)
    server.shutdown()
    thread.join()
    server.server_close()
    assert str(caught.value) == (
        f"this server does not speak https: {address}. Write http:// before the address: http://127.0.0.1:{unused_port}"
    )


def test_a_public_server_without_https_needs_the_teachers_word():
    network = Network(httpx.ConnectError("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)"))
    network.events[0].__cause__ = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)")
    with pytest.raises(KitError, match=r"only if your teacher's begins with http:// write http://class.example.org/dl; others can read along"):
        asked(network)
    assert (len(network.asked), network.pauses) == (1, [])


def test_what_is_near():
    near = ("https://127.0.0.1:1", "https://localhost", "https://192.168.1.7", "https://10.0.0.1", "https://[::1]:8000", "https://desk.local")
    assert all(map(is_near, near))
    assert not any(map(is_near, ("https://class.example.org", "https://8.8.8.8", "https://[2001:4860:4860::8888]")))
    assert without_https("https://127.0.0.1:1").endswith("http://127.0.0.1:1")


def test_what_others_on_the_network_could_read():
    exposed: Callable[[str], bool] = is_exposed
    assert [exposed(server) for server in ("http://10.0.0.7:8000", "http://127.0.0.1:8000", "http://[::1]:80", "https://a.org")] == [
        True,
        False,
        False,
        False,
    ]

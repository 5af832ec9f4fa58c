"""Talking to the class's server: patient with a network that comes and goes, strict about certificates."""

# ruff: noqa: PLC0415  # httpx is heavy and seldom

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from types import NoneType, TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast
from urllib.parse import quote, urlsplit

import msgspec

from grader.text import _, current_language
from kit.errors import KitError, OwnFailure

if TYPE_CHECKING:
    import ssl

    import httpx

__all__ = ["Refusal", "Remote", "Unreachable", "cleaned_address", "is_exposed", "is_near", "without_https"]

T = TypeVar("T")

CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 30.0
PAUSES = (0.5, 1.0, 2.0)  # seconds between the tries of one request
LATER = frozenset({502, 503, 504})  # a proxy whose server is being started again
LARGEST_ANSWER = 20_000_000
NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")  # how OpenSSL says that something else than TLS came back


class Unreachable(OwnFailure):
    """The server could not be asked: nothing was lost, and the same command works later. Exit status 3."""


class Refusal(KitError):
    """The server said no. code: its word for programs; http: the status."""

    def __init__(self, code: str, what: str, where: str = "", remedy: str = "", *, http: int) -> None:
        super().__init__(what, where, remedy)
        self.code, self.http = code, http


class _Told(msgspec.Struct):
    code: str
    what: str
    where: str = ""
    remedy: str = ""


class _Error(msgspec.Struct):
    error: _Told


class Remote:
    """A server's /api/v1. Each method raises Refusal when the server says no and Unreachable when it cannot be asked."""

    def __init__(
        self,
        server: str,
        token: str | None = None,
        *,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """server: an address as cleaned_address gives it. transport: another way than the network; pause: how to wait between tries."""
        import httpx

        self._server, self._pause = server, pause
        headers = {"Accept": "application/json", "Accept-Language": current_language(), "User-Agent": "nn-practice-kit"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._client = httpx.Client(
            base_url=f"{server}/api/v1/",
            headers=headers,
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            verify=_trusted(),
            follow_redirects=False,  # the token goes to this server and no other
            transport=transport,
        )

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, shape: type[T], *, wait: float = 0.0, **query: str | int) -> T:
        """Ask for something; wait: seconds that the server may take on purpose."""
        asked = {**query, **({"wait": int(wait)} if wait else {})}
        return self._asked("GET", path, shape, query=asked, seconds=ANSWER_SECONDS + wait)

    def post(self, path: str, shape: type[T], body: Mapping[str, Any], *, repeatable: bool) -> T:
        """Send something. repeatable: sent twice it is done once, so that it may be sent again when no answer came."""
        return self._asked("POST", path, shape, body=body, repeatable=repeatable)

    def _asked(
        self,
        method: str,
        path: str,
        shape: type[T],
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        seconds: float = ANSWER_SECONDS,
        repeatable: bool = True,
    ) -> T:
        import httpx

        reason, told = "", None
        for pause in (*PAUSES, None):
            try:
                answer = self._client.request(method, quote(path), params=query, json=body, timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS))
            except httpx.TransportError as error:
                if (untrusted := _untrusted(error)) is not None:
                    raise _distrusted(self._server, untrusted) from error
                if _speaks_plainly(error):
                    raise KitError(_("this server does not speak https"), self._server, without_https(self._server)) from error
                reason, told = _reason(error), None
                if not repeatable and not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
                    break  # it may have arrived
            except httpx.InvalidURL as error:
                raise KitError(_("this is no address of a server"), self._server, _("Write it as https://class.example.org")) from error
            else:
                if answer.status_code not in LATER:
                    return self._read(answer, shape)
                told = _told(answer)
                reason = _("status {status}").format(status=answer.status_code)
            if pause is not None:
                self._pause(pause)
        if told is not None:
            raise Unreachable(told.what, told.where, told.remedy)
        raise Unreachable(
            _("the class cannot be reached ({reason})").format(reason=reason),
            self._server,
            _("Nothing is lost: give the same command again when the network is back."),
        )

    def _read(self, answer: httpx.Response, shape: type[T]) -> T:
        if shape is NoneType and answer.is_success:
            return cast("T", None)
        if answer.is_redirect:
            place = answer.headers.get("location", "")
            raise KitError(_("the class has moved"), place, _("Join it again at that address, if your teacher says so."))
        if answer.is_success:
            try:
                return msgspec.json.decode(answer.content, type=shape)
            except msgspec.DecodeError as error:
                raise self._strange(answer) from error
        told = _told(answer)
        if told is None:
            raise self._strange(answer)
        if answer.status_code == 401:
            told.remedy = _("Join the class again: kit leave --here, then kit join URL CODE.")
        if answer.status_code >= 500:
            raise OwnFailure(told.what, told.where, told.remedy)
        raise Refusal(told.code, told.what, told.where, told.remedy, http=answer.status_code)

    def _strange(self, answer: httpx.Response) -> KitError:
        what = _("this server does not answer as a class does (status {status})").format(status=answer.status_code)
        return KitError(what, self._server, _("Look at the address, and that the kit is as new as the class's."))


def _told(answer: httpx.Response) -> _Told | None:
    """What the server says is wrong, if it is a class's."""
    try:
        return msgspec.json.decode(answer.content, type=_Error).error
    except msgspec.DecodeError:
        return None


def cleaned_address(typed: str) -> str:
    """A server's address without a slash at its end; https where nothing is said. Raises KitError when it is none."""
    address = typed if "://" in typed else f"https://{typed}"
    parts = urlsplit(address)
    try:
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment:
        raise KitError(_("this is no address of a server"), typed, _("Write it as https://class.example.org"))
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def is_exposed(server: str) -> bool:
    """Whether what is said to this server can be read on the way."""
    parts = urlsplit(server)
    return parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}


def is_near(server: str) -> bool:
    """Whether a server is on this machine or in a network of one's own, where many speak http alone."""
    from ipaddress import ip_address

    host = urlsplit(server).hostname or ""
    try:
        return ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith(".local")


def without_https(server: str) -> str:
    """What to do when https is not what a server speaks; nobody is led to a public one without encryption unawares."""
    plain = f"http://{server.partition('://')[2]}"
    if is_near(server):
        return _("Write http:// before the address: {address}").format(address=plain)
    return _("Look at the address: only if your teacher's begins with http:// write {address}; others can read along then.").format(address=plain)


def _speaks_plainly(error: BaseException | None) -> bool:
    """Whether a server answered https with something else."""
    import ssl

    while error is not None:
        if isinstance(error, ssl.SSLError) and any(word in str(error) for word in NO_TLS):
            return True
        error = error.__cause__ or error.__context__
    return False


def _trusted() -> ssl.SSLContext | bool:
    """The certificates to trust: those of KIT_CA_BUNDLE besides the usual ones. Raises KitError when that file is none."""
    bundle = os.environ.get("KIT_CA_BUNDLE")
    if not bundle:
        return True
    import httpx

    context = httpx.create_ssl_context()
    try:
        context.load_verify_locations(cafile=bundle)
    except OSError as error:
        raise KitError(
            _("these certificates cannot be read ({reason})").format(reason=error.strerror or error),
            bundle,
            _("Let KIT_CA_BUNDLE name a file of certificates in PEM form."),
        ) from error
    return context


def _untrusted(error: BaseException | None) -> str | None:
    """What is wrong with the server's certificate, when that is the cause."""
    import ssl

    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return str(getattr(error, "verify_message", "") or error)
        error = error.__cause__ or error.__context__
    return None


def _distrusted(server: str, reason: str) -> KitError:
    remedy = _("Look at the address; if your university has certificates of its own, set KIT_CA_BUNDLE to their file.")
    return KitError(_("the server's certificate cannot be trusted ({reason})").format(reason=reason), server, remedy)


def _reason(error: Exception) -> str:
    """What went wrong on the way, in few words."""
    import httpx

    if isinstance(error, httpx.TimeoutException):
        return _("no answer in time")
    reason = (str(error) or type(error).__name__).split("\n", 1)[0]
    return re.sub(r"^\[Errno -?\d+\] ", "", reason)

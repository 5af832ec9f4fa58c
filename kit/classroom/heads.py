"""HTTP with a bound on everything around the bodies: uvicorn's quick parser keeps a header without an end, and nobody else is heard meanwhile."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from typing import Literal

__all__ = ["LARGEST_HEAD", "bounded"]

LARGEST_HEAD = 64 * 1024  # bytes of a request line with its headers; as many around any part of a body, and behind it
SLICE = 16 * 1024  # bytes that are parsed at once: by so much more than LARGEST_HEAD may come
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def bounded() -> type[asyncio.Protocol] | Literal["h11"]:
    """What to give to uvicorn.Config as http. h11, which serves where the quick parser cannot be had, has such a bound of its own."""
    if find_spec("httptools") is None:
        return "h11"
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol  # noqa: PLC0415  # not on every system

    class Bounded(HttpToolsProtocol):
        """Closes a connection over which too much comes that is neither a whole head nor a body; counted anew for each request."""

        _waiting = 0  # bytes since the last head, part of a body or request that was complete

        def data_received(self, data: bytes) -> None:
            for start in range(0, len(data), SLICE):
                if self.transport.is_closing():
                    return
                part = data[start : start + SLICE]
                self._waiting += len(part)
                super().data_received(part)
                if self._waiting > LARGEST_HEAD:
                    self._refuse()

        def on_headers_complete(self) -> None:
            self._waiting = 0
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            self._waiting = 0
            super().on_body(body)

        def on_message_complete(self) -> None:
            self._waiting = 0
            super().on_message_complete()

        def _refuse(self) -> None:
            if not (self.cycle and not self.cycle.response_complete):  # else it would stand in the middle of another answer
                self.transport.write(TOO_LARGE)
            self.transport.close()

    return Bounded

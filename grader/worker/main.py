"""The worker's loop: a frame in, a frame out, until the judge hangs up."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from typing import Any

from grader import protocol as wire
from grader.packing import Packer
from grader.worker.session import Session


def serve(connection: socket.socket, *, device: str = "cpu", guard: Any = None, greeting: wire.Node = None) -> None:
    """Answer requests until the connection ends. greeting is sent first: the worker is ready."""
    channel = wire.Channel(connection)

    def exchange(message: wire.CallbackWanted, packer: Packer) -> tuple[wire.Request, bytearray]:
        _flush()
        channel.send(wire.frame(message, packer))
        while True:
            body, block = channel.receive()
            request = wire.decode_request(body)
            if isinstance(request, (wire.CallbackReturned, wire.CallbackRaised)):
                return request, block
            _answer(channel, session, request, block)

    session = Session(exchange, device=device, guard=guard)
    channel.send(wire.frame(wire.Value(greeting)))
    with contextlib.suppress(wire.ConnectionEnded):
        while True:
            body, block = channel.receive()
            _answer(channel, session, wire.decode_request(body), block)


def _answer(channel: wire.Channel, session: Session, request: wire.Request, block: bytearray) -> None:
    reply, packer = session.handle(request, block)
    if isinstance(request, wire.Released):
        return
    _flush()
    try:
        pieces = wire.frame(reply, packer)
    except wire.ProtocolError as error:
        pieces = wire.frame(wire.Raised(["ProtocolError"], str(error), []))
    channel.send(pieces)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def redirect_output(fd: int) -> None:
    """From now on everything printed here goes to fd; standard input is empty."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(fd, 1)
    os.dup2(fd, 2)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - lives as long as the process
    sys.stdout = open(1, "w", encoding="utf-8", errors="replace", closefd=False, buffering=1)  # noqa: SIM115 - lives as long as the process
    sys.stderr = open(2, "w", encoding="utf-8", errors="replace", closefd=False, buffering=1)  # noqa: SIM115 - the same

"""Whatever is no message ends in ProtocolError: never in a crash or a hang."""

import contextlib
import socket
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import packing
from grader import protocol as wire


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=300)
def test_random_bytes_are_no_message(data):
    for decode in (wire.decode_reply, wire.decode_request):
        with contextlib.suppress(wire.ProtocolError):
            decode(data)


def refuse(value):
    raise TypeError(type(value).__name__)


GOOD = b"".join(bytes(p) for p in wire.frame(wire.Value(wire.ListNode([1, wire.TupleNode(["a", 2.5, None]), wire.NumberNode("float32", b"1234")]))))[
    12:
]


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=6), st.integers(0, 20))
@settings(deadline=None, max_examples=500)
def test_mutated_messages_are_values_or_refused(changes, cut):
    data = bytearray(GOOD)
    for place, byte in changes:
        data[place] = byte
    with contextlib.suppress(wire.ProtocolError, ValueError):
        reply = wire.decode_reply(bytes(data[: len(data) - cut]))
        if isinstance(reply, wire.Value):
            packing.Unpacker(bytearray(), refuse).unpack(reply.value)


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_frame_too_large_is_refused_before_it_is_read(pair):
    ours, theirs = pair
    theirs.sendall(wire.HEADER.pack(4, wire.MAX_BLOCK + 1))
    with pytest.raises(wire.ProtocolError):
        wire.Channel(ours).receive(time.monotonic() + 5)


def test_a_frame_that_never_ends_meets_the_deadline(pair):
    ours, theirs = pair
    theirs.sendall(wire.HEADER.pack(100, 0) + b"only a part")
    with pytest.raises(wire.DeadlineReached):
        wire.Channel(ours).receive(time.monotonic() + 0.02)


def test_the_end_of_the_stream(pair):
    ours, theirs = pair
    theirs.close()
    with pytest.raises(wire.ConnectionEnded):
        wire.Channel(ours).receive()
    with pytest.raises(wire.ConnectionEnded):
        wire.Channel(ours).send([b"x" * 10_000_000])

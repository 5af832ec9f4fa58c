"""The hub: who is told what, when, and that nobody is kept waiting at the end."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kit.classroom.events import MOST_LISTENERS, MOST_OF_AN_ADDRESS, MOST_OF_ONE, MOST_STRANGERS, Hub
from kit.errors import KitError


class Revision:
    """What stands in the database, and how often it was read."""

    def __init__(self) -> None:
        self.value, self.readings, self.away = 7, 0, False

    def __call__(self) -> int:
        self.readings += 1
        if self.away:
            raise KitError("the database does not answer")
        return self.value


class Listener:
    """A browser at GET /events."""

    def __init__(self, hub: Hub, who: int | str = 1) -> None:
        self.got: asyncio.Queue[bytes] = asyncio.Queue()
        self.leave = asyncio.Event()
        self.status = 0
        self.task = asyncio.ensure_future(hub.listen(self._receive, self._send, who))

    async def _receive(self) -> dict[str, Any]:
        await self.leave.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message.get("body"):
            self.got.put_nowait(message["body"])

    async def next(self) -> bytes:
        return await asyncio.wait_for(self.got.get(), 5)


async def a_turn() -> None:
    """Let what is due in the event loop be done."""
    due = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(due.set_result, None)
    await due


def running(scenario: Callable[[Hub, Revision], Awaitable[None]], **times: float) -> None:
    """Play a scenario with a producer at work."""

    async def play() -> None:
        revision = Revision()
        hub = Hub(revision, **{"poll": 0.01, "pause": 0.0, **times})
        producer = asyncio.ensure_future(hub.run())
        try:
            await asyncio.wait_for(scenario(hub, revision), 10)
        finally:
            hub.close()
            await asyncio.wait_for(producer, 5)

    asyncio.run(play())


def test_listeners_hear_of_a_change_from_this_process_and_from_another():
    async def scenario(hub: Hub, revision: Revision) -> None:
        while await hub.revision() != 7 or hub._told != 7:
            await a_turn()
        listener = Listener(hub)
        assert b"event: board\ndata: 7\n\n" in await listener.next()
        revision.value = 8
        await asyncio.to_thread(hub.changed)
        assert await listener.next() == b"event: board\ndata: 8\n\n"
        revision.value = 9  # nobody says so: it is found by looking
        assert await listener.next() == b"event: board\ndata: 9\n\n"

    running(scenario)


def test_the_revision_is_read_once_for_all_and_again_after_a_change():
    async def scenario(hub: Hub, revision: Revision) -> None:
        assert await asyncio.gather(*(hub.revision() for _ in range(50))) == [7] * 50
        assert revision.readings <= 2
        revision.value = 8
        hub.changed()
        await a_turn()
        assert await hub.revision() == 8

    running(scenario, poll=60.0)


def test_a_reading_that_was_overtaken_is_not_remembered():
    async def scenario() -> None:
        begun, go_on = threading.Event(), threading.Event()
        values = iter([1, 2])

        def read() -> int:
            value = next(values)
            if value == 1:
                begun.set()
                go_on.wait(5)
            return value

        hub = Hub(read)
        first = asyncio.ensure_future(hub.revision())
        await asyncio.to_thread(begun.wait, 5)
        hub.changed()
        second = asyncio.ensure_future(hub.revision())
        assert await second == 2
        go_on.set()
        assert await first == 1
        assert hub.known == 2

    asyncio.run(scenario())


def test_a_database_that_is_away_is_asked_again():
    async def scenario(hub: Hub, revision: Revision) -> None:
        revision.away = True
        hub.changed()
        await a_turn()
        with pytest.raises(KitError):
            await hub.revision()
        revision.away, revision.value = False, 12
        listener = Listener(hub)
        while b"data: 12" not in await listener.next():
            pass
        assert hub.known == 12

    running(scenario)


def test_a_verdict_wakes_those_who_wait_for_it():
    async def scenario(hub: Hub, revision: Revision) -> None:
        with hub.awaiting(5) as mine, hub.awaiting(5) as again, hub.awaiting(6) as other:
            await asyncio.to_thread(hub.judged, 5)
            await asyncio.gather(mine.wait(), again.wait())
            assert not other.is_set()
        assert hub._verdicts == {}

    running(scenario)


def test_closing_lets_everybody_go():
    async def scenario(hub: Hub, revision: Revision) -> None:
        listeners = [Listener(hub) for _ in range(3)]
        for listener in listeners:
            await listener.next()
        with hub.awaiting(5) as waiting:
            await asyncio.to_thread(hub.close)
            await asyncio.gather(waiting.wait(), *(listener.task for listener in listeners))
        with hub.awaiting(6) as waiting:
            assert waiting.is_set()
        late = Listener(hub)
        await late.task
        assert late.status == 503
        assert hub.listeners == 0

    running(scenario, heartbeat=60.0)


def test_who_leaves_is_forgotten_and_who_stays_sees_life():
    async def scenario(hub: Hub, revision: Revision) -> None:
        listener = Listener(hub)
        await listener.next()
        while await listener.next() != b": still here\n\n":
            pass
        assert hub.listeners == 1
        listener.leave.set()
        await listener.task
        assert hub.listeners == 0

    running(scenario, heartbeat=0.01)


def test_too_many_are_asked_to_come_again():
    async def scenario(hub: Hub, revision: Revision) -> None:
        hub.listeners = MOST_LISTENERS
        listener = Listener(hub)
        await listener.task
        assert (listener.status, listener.got.qsize()) == (503, 0)

    running(scenario)


@pytest.mark.parametrize(("who", "most"), [(7, MOST_OF_ONE), ("192.0.2.1", MOST_OF_AN_ADDRESS)])
def test_nobody_has_all_the_places(who, most):
    async def scenario(hub: Hub, revision: Revision) -> None:
        theirs = [Listener(hub, who) for _page in range(most)]
        for each in theirs:
            await each.next()
        beyond, other = Listener(hub, who), Listener(hub, 8)
        await beyond.task
        await other.next()
        assert (beyond.status, other.status, hub.listeners) == (503, 200, most + 1)
        theirs[0].leave.set()
        await theirs[0].task
        again = Listener(hub, who)
        await again.next()
        assert again.status == 200

    running(scenario)


def test_strangers_leave_half_of_the_places_to_the_class():
    async def scenario(hub: Hub, revision: Revision) -> None:
        strangers = [Listener(hub, f"192.0.2.{number // 100}") for number in range(MOST_STRANGERS)]
        for each in strangers:
            await each.next()
        stranger, member = Listener(hub, "198.51.100.1"), Listener(hub, 1)
        await stranger.task
        await member.next()
        assert (stranger.status, member.status) == (503, 200)

    running(scenario)

"""Drives an engine that trades: what gateways hear goes in, requests go out, time passes.

Everything it does to the session happens in the core's turn. A request leaves only after the
facts that caused it are durable; while nothing can be written, only what gets out of risk leaves.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Protocol

import msgspec

from monitor.core.live import LiveSession
from monitor.engine.commands import Reply, accepted, refused
from monitor.engine.values import NS_PER_SECOND
from monitor.engine.venue import (
    KIND_OF,
    AnyRequest,
    CancelRequest,
    Instruction,
    PlaceRequest,
    RequestLost,
    VenueMessage,
)
from monitor.net.venues import VenueGateway

_MOST_AT_ONCE = 256
_LONGEST_SLEEP = 0.25
_PATIENCE_WITHOUT_DISK = 2.0
"""Seconds that a request which gets out of risk waits for a database that does not write."""

MakeGateway = Callable[[LiveSession, str, Callable[[VenueMessage], None]], VenueGateway]


class Stage(Protocol):
    """What a trader needs of the core it trades in."""

    @property
    def turn(self) -> asyncio.Lock: ...
    @property
    def store_error(self) -> str: ...
    def publish(self) -> object: ...


class _Leaving(msgspec.Struct):
    """Requests that wait until their facts are durable."""

    requests: list[Instruction]
    durable: asyncio.Future[None]


class Trader:
    def __init__(self, stage: Stage, make_gateway: MakeGateway) -> None:
        self._stage = stage
        self._make_gateway = make_gateway
        self._live: LiveSession | None = None
        self._gateways: dict[str, VenueGateway] = {}
        self._running: list[asyncio.Task[None]] = []
        self._heard: deque[VenueMessage] = deque()
        self._leaving: deque[_Leaving] = deque()
        self._wake = asyncio.Event()
        self._sending = asyncio.Event()

    # Sessions ------------------------------------------------------------------------------------
    async def take(self, live: LiveSession | None) -> None:
        """Another session is on the stage: its venues are called, those of the last one left."""
        await self.close()
        self._live = live
        if live is None:
            return
        for venue in live.trading.terms.venues:
            gateway = self._make_gateway(live, venue.name, self._hear)
            self._gateways[venue.name] = gateway
            self._running.append(asyncio.create_task(gateway.run(), name=f"venue {venue.name}"))
        self._running.append(asyncio.create_task(self._send_durable(), name="requests"))
        self._wake.set()

    async def close(self) -> None:
        """Leave the venues: what waits to be sent is not sent, and is looked up at the next start."""
        tasks, self._running = self._running, []
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._gateways.clear()
        self._heard.clear()
        self._leaving.clear()
        self._live = None

    def reconnect(self, venue: str) -> Reply:
        """Try again now, by hand; "" means every line."""
        chosen = [gateway for name, gateway in self._gateways.items() if venue in ("", name)]
        if not chosen:
            return refused(f"There is no venue {venue}." if venue else "There is no venue.", "unknown")
        for gateway in chosen:
            gateway.reconnect()
        return accepted()

    # Time ----------------------------------------------------------------------------------------
    async def drive(self) -> None:
        """Take in what was heard, and let time pass; never returns."""
        while True:
            with suppress(TimeoutError):  # not `wait_for`: it may swallow a cancellation on 3.11
                async with asyncio.timeout(self._pause()):
                    await self._wake.wait()
            self._wake.clear()
            if self._live is None:
                continue
            async with self._stage.turn:
                self._step()
            await asyncio.sleep(0)

    def _pause(self) -> float | None:
        if self._live is None:
            return None
        due = self._live.trading.due_ns()
        if due is None:
            return _LONGEST_SLEEP
        return min(_LONGEST_SLEEP, max(0.001, (due - time.time_ns()) / NS_PER_SECOND))

    def _step(self) -> None:
        live = self._live
        if live is None:
            return
        for _ in range(min(_MOST_AT_ONCE, len(self._heard))):
            live.trading.hear(self._heard.popleft(), time.time_ns())
        if self._heard:
            self._wake.set()
        live.trading.tick(time.time_ns())
        self._stage.publish()
        self._ask()

    def _ask(self) -> None:
        """Questions change nothing at the venue: they wait for no disk."""
        if self._live is not None:
            for question in self._live.trading.questions():
                self._send(question)

    def _hear(self, message: VenueMessage) -> None:
        self._heard.append(message)
        self._wake.set()

    # Requests ------------------------------------------------------------------------------------
    def dispatch(self, requests: Iterable[Instruction], durable: asyncio.Future[None]) -> None:
        """Send these, in this order, once `durable` is done."""
        waiting = list(requests)
        if waiting:
            self._leaving.append(_Leaving(waiting, durable))
            self._sending.set()

    async def _send_durable(self) -> None:
        while True:
            if not self._leaving:
                self._sending.clear()
                await self._sending.wait()
            leaving = self._leaving[0]
            if not await self._durable(leaving):
                continue
            self._leaving.popleft()
            for request in leaving.requests:
                self._send(request)

    async def _durable(self, leaving: _Leaving) -> bool:
        """Wait for the disk. While it fails, what gets out of risk leaves without it: after a crash
        the venue has an order or a cancel that we do not know of, which a comparison finds; nothing
        is sent twice, because nobody knows that it was sent at all."""
        done, _ = await asyncio.wait([leaving.durable], timeout=_PATIENCE_WITHOUT_DISK)
        if done and not leaving.durable.cancelled() and leaving.durable.exception() is None:
            return True
        if done or self._stage.store_error:
            self._go_without_disk()
        return bool(done)

    def _go_without_disk(self) -> None:
        """Everything that waits either leaves now or not at all. New risk does not, and its order is
        told: it must not leave minutes later, at other prices, when it was looked for in vain. A
        cancel of what did not leave has nothing to do at the venue."""
        withdrawn: set[str] = set()
        for leaving in self._leaving:
            requests, leaving.requests = leaving.requests, []
            for request in requests:
                if _reduces(request) and request.client_order_id not in withdrawn:
                    self._send(request)
                    continue
                if isinstance(request, PlaceRequest):
                    withdrawn.add(request.client_order_id)
                self._withdraw(request)

    def _withdraw(self, request: Instruction) -> None:
        self._hear(
            RequestLost(
                account_id=request.account_id,
                client_order_id=request.client_order_id,
                request=KIND_OF[type(request)],
                reason="it cannot be kept: the database is not written",
                never_sent=True,
                attempt=request.attempt if isinstance(request, PlaceRequest) else 0,
            )
        )

    def _send(self, request: AnyRequest) -> None:
        gateway = self._gateways.get(request.venue)
        if gateway is not None:
            gateway.send(request)


def _reduces(request: Instruction) -> bool:
    return isinstance(request, CancelRequest) or (isinstance(request, PlaceRequest) and request.reduce_only)

"""Drives an engine that trades: what gateways hear goes in, requests go out, time passes.

Everything it does to the session happens in the core's turn. A request leaves only after the
facts that caused it are durable; while nothing can be written, only what gets out of risk leaves.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Protocol

import msgspec

from monitor.core.live import LiveSession
from monitor.engine import events as ev
from monitor.engine.commands import Reply, accepted, refused
from monitor.engine.host import safe_text
from monitor.engine.trading.requests import request_of
from monitor.engine.values import NS_PER_SECOND, LinkSide, LinkState, LogLevel
from monitor.engine.venue import (
    KIND_OF,
    AnyRequest,
    CancelRefused,
    CancelRequest,
    Instruction,
    LinkReport,
    OrderReport,
    OrderUnknown,
    PlaceRequest,
    RequestLost,
    VenueMessage,
)
from monitor.net.venues import VenueGateway

log = logging.getLogger("monitor.core")

_MOST_AT_ONCE = 256
_LONGEST_SLEEP = 0.25
_PATIENCE_WITHOUT_DISK = 2.0
"""Seconds that a request which gets out of risk waits for a database that does not write."""
_LAST_MOMENT = 1.5
"""Seconds that the cancels of a core which ends by a failure have to be answered."""
GATEWAY_FAILED = "gateway failed"
"""The cause of the alert when a gateway ended by a bug."""
_AFTER_FAILURE = "the engine stopped after an error"
_OF_A_CANCEL = (OrderReport, CancelRefused, OrderUnknown, RequestLost)

MakeGateway = Callable[[LiveSession, str, Callable[[VenueMessage], None]], VenueGateway]


class Stage(Protocol):
    """What a trader needs of the core it trades in."""

    @property
    def turn(self) -> asyncio.Lock: ...
    @property
    def store_error(self) -> str: ...
    def publish(self) -> object: ...
    def fail(self, error: Exception) -> None: ...


class _Leaving(msgspec.Struct):
    """Requests that wait until their facts are durable."""

    requests: list[Instruction]
    durable: asyncio.Future[None]


class Trader:
    """`restart_s`: how long a gateway that ended by a bug rests before there is another."""

    def __init__(self, stage: Stage, make_gateway: MakeGateway, restart_s: float = 1.0) -> None:
        self._stage = stage
        self._make_gateway = make_gateway
        self._restart_s = restart_s
        self._live: LiveSession | None = None
        self._gateways: dict[str, VenueGateway] = {}
        self._running: list[asyncio.Task[None]] = []
        self._heard: deque[VenueMessage] = deque()
        self._failed: deque[tuple[str, str]] = deque()
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
            self._gateways[venue.name] = self._make_gateway(live, venue.name, self._hear)
            keeping = self._keep_line(live, venue.name)
            self._running.append(asyncio.create_task(keeping, name=f"venue {venue.name}"))
        sending = asyncio.create_task(self._send_durable(), name="requests")
        sending.add_done_callback(self._sending_ended)
        self._running.append(sending)
        self._wake.set()

    async def close(self) -> None:
        """Leave the venues: what waits to be sent is not sent, and is looked up at the next start."""
        tasks, self._running = self._running, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._gateways.clear()
        self._heard.clear()
        self._failed.clear()
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

    # Failures ------------------------------------------------------------------------------------
    async def _keep_line(self, live: LiveSession, venue: str) -> None:
        """A gateway never ends by itself. One that does has a bug: the line is lost, everybody is told,
        and another one takes its place."""
        while True:
            try:
                await self._gateways[venue].run()
                self._line_failed(venue, "it ended by itself", None)
            except Exception as error:  # noqa: BLE001 whatever it is, nobody else would notice
                self._line_failed(venue, _brief(error), error)
            self._gateways[venue] = self._make_gateway(live, venue, self._hear)
            await asyncio.sleep(self._restart_s)

    def _line_failed(self, venue: str, reason: str, error: Exception | None) -> None:
        said = f"the gateway failed: {reason}"
        log.error("%s: %s", venue, said, exc_info=error)
        for side in (LinkSide.ORDERS, LinkSide.MARKET):
            self._hear(LinkReport(venue=venue, side=side, state=LinkState.LOST, reason=said))
        self._failed.append((venue, said))

    def _tell_failed(self, live: LiveSession) -> None:
        """In the log each time; the alert stands until somebody takes note of it."""
        trading = live.trading
        while self._failed:
            venue, said = self._failed.popleft()
            message = f"{venue}: {said}. It is begun again."
            trading.note(LogLevel.ERROR, venue, message)
            standing = (a for a in trading.state.alerts.values() if a.settled_ns is None)
            if not any(a.cause == GATEWAY_FAILED and a.message.startswith(f"{venue}: ") for a in standing):
                trading.record(
                    ev.AlertRaised(
                        alert_id=trading.state.next_alert_id(),
                        level=LogLevel.ERROR,
                        cause=GATEWAY_FAILED,
                        message=message,
                        key=venue,
                    )
                )

    def _sending_ended(self, task: asyncio.Task[None]) -> None:
        """Nothing would leave any more, not even a cancel."""
        if not task.cancelled():
            error = task.exception()
            broken = error if isinstance(error, Exception) else RuntimeError("requests are sent no more")
            self._stage.fail(broken)

    def cancel_all(self) -> set[str]:
        """After a failure, past engine and disk: what works at the venues is to be cancelled, and
        nothing new leaves; the names of these orders. The next start finds what became of them."""
        withdrawn = self._go_without_disk()
        live, asked = self._live, set()
        if live is None:
            return set()
        state = live.trading.state
        for order_id in list(state.book.active):
            request = request_of(
                ev.CancelRequested(order_id=order_id, reason=_AFTER_FAILURE), state, live.journal.seq
            )
            if isinstance(request, CancelRequest) and request.client_order_id not in withdrawn:
                self._send(request)
                asked.add(request.client_order_id or request.venue_order_id)
        return asked

    async def get_out(self) -> None:
        """`cancel_all`, and a moment for it to reach the venues."""
        asked = self.cancel_all()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_MOMENT):
                while asked:
                    self._wake.clear()
                    while self._heard:
                        heard = self._heard.popleft()
                        if isinstance(heard, _OF_A_CANCEL):
                            asked -= {heard.client_order_id, getattr(heard, "venue_order_id", "")}
                    if asked:
                        await self._wake.wait()

    @property
    def reaches_venues(self) -> bool:
        return bool(self._gateways)

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
        return min(_LONGEST_SLEEP, max(0.001, (due - self._live.clock_ns()) / NS_PER_SECOND))

    def _step(self) -> None:
        live = self._live
        if live is None:
            return
        for _ in range(min(_MOST_AT_ONCE, len(self._heard))):
            live.trading.hear(self._heard.popleft(), live.clock_ns())
        if self._heard:
            self._wake.set()
        self._tell_failed(live)
        live.trading.tick(live.clock_ns())
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
        """Wait for the disk. While it fails or says nothing, what gets out of risk leaves without it:
        after a crash the venue has an order or a cancel that we do not know of, which a comparison
        finds; nothing is sent twice, because nobody knows that it was sent at all."""
        done, _ = await asyncio.wait([leaving.durable], timeout=_PATIENCE_WITHOUT_DISK)
        if done and not leaving.durable.cancelled() and leaving.durable.exception() is None:
            return True
        if done or self._stage.store_error:
            self._go_without_disk()
        else:
            self._get_past_disk()
        return bool(done)

    def _get_past_disk(self) -> None:
        """The disk is silent, which may be nothing but slow: new risk waits on, and so does a cancel
        of what waits; whatever else gets out of risk leaves."""
        waiting: set[str] = set()
        for leaving in self._leaving:
            requests, leaving.requests = leaving.requests, []
            for request in requests:
                if _reduces(request) and request.client_order_id not in waiting:
                    self._send(request)
                    continue
                if isinstance(request, PlaceRequest):
                    waiting.add(request.client_order_id)
                leaving.requests.append(request)

    def _go_without_disk(self) -> set[str]:
        """Everything that waits either leaves now or not at all. New risk does not, and its order is
        told: it must not leave minutes later, at other prices, when it was looked for in vain. A
        cancel of what did not leave has nothing to do at the venue. Names what did not leave."""
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
        return withdrawn

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


def _brief(error: BaseException) -> str:
    """Of a group the first that is none."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {safe_text(error)}"


def _reduces(request: Instruction) -> bool:
    return isinstance(request, CancelRequest) or (isinstance(request, PlaceRequest) and request.reduce_only)

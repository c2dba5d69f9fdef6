"""The driver of a line to a venue: connects, greets, writes requests, reads frames, keeps time-outs
and heartbeats, and tries again when the line is gone.

What leaves and what arrives is the codec's. Keeps no orders; lives on one event loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import NoReturn

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from monitor.engine.values import LinkState
from monitor.engine.venue import AnyRequest, QuoteReport, VenueMessage
from monitor.net.venues import OnMessage
from monitor.net.venues.frames import Malformed
from monitor.net.venues.link import Link
from monitor.net.venues.sim_codec import PROTOCOL, Greeted, Greeting, Received, SimCodec, lost
from monitor.net.venues.terms import GatewayTerms

_NS = 1_000_000_000
_LARGEST_FRAME = 16 << 20
_ALIVE = (LinkState.LIVE, LinkState.DEGRADED)
BY_HAND = "reconnect by hand"


class _LineEnded(Exception):  # noqa: N818 - not an error: lines end
    """Why."""


class _Outgoing:
    """A request on its way: `number` once it was handed to the socket."""

    __slots__ = ("number", "request", "settled")

    def __init__(self, request: AnyRequest) -> None:
        self.request = request
        self.number: int | None = None
        self.settled = False


class Gateway:
    """The line to a `monitor-venue/1`. `clock_ns` stamps what is received and asked."""

    def __init__(
        self,
        venue: str,
        url: str,
        accounts: tuple[str, ...],
        on_message: OnMessage,
        clock_ns: Callable[[], int],
        terms: GatewayTerms = GatewayTerms(),  # noqa: B008 - frozen
    ) -> None:
        self._venue = venue
        self._url = url
        self._accounts = accounts
        self._on_message = on_message
        self._clock_ns = clock_ns
        self._terms = terms
        self._codec = SimCodec(venue, accounts)
        self._link = Link(venue)
        self._outbox: deque[_Outgoing] = deque()
        self._news = asyncio.Event()
        self._by_hand = asyncio.Event()
        self._greeted: asyncio.Future[Greeted] | None = None
        self._in_a_row = 0
        self._live_since_s: float | None = None
        self._pong_s = 0.0
        self._ping_ns = 0
        self._ping_s = 0.0
        self._malformed_at_ping = 0

    @property
    def venue(self) -> str:
        return self._venue

    # From outside ----------------------------------------------------------------------------
    def send(self, request: AnyRequest) -> None:
        """Never blocks, never raises. What cannot leave comes back as `RequestLost` that was never
        sent, after this returned."""
        loop = asyncio.get_running_loop()
        refused = ""
        if self._link.state not in _ALIVE:
            refused = "there is no line to the venue"
        elif len(self._outbox) >= self._terms.most_waiting:
            refused = f"{self._terms.most_waiting} requests are waiting already"
        if refused:
            loop.call_soon(self._on_message, lost(request, refused, never_sent=True))
            return
        outgoing = _Outgoing(request)
        self._outbox.append(outgoing)
        self._news.set()
        loop.call_later(self._terms.request_timeout_s, self._time_out, outgoing)

    def reconnect(self) -> None:
        """Try now, and count the tries anew. Nothing happens to a line that is live."""
        if self._link.state not in _ALIVE:
            self._by_hand.set()

    async def run(self) -> None:
        """Connect and stay connected until cancelled."""
        tries = 0
        while True:
            self._tell(self._link.becomes(LinkState.CONNECTING, attempt=tries))
            reason = await self._live_and_die()
            if self._was_steady():
                tries = 0
            tries += 1
            if await self._pause(tries, reason):
                tries = 0

    def _was_steady(self) -> bool:
        since, self._live_since_s = self._live_since_s, None
        return since is not None and asyncio.get_running_loop().time() - since >= self._terms.steady_s

    async def _pause(self, tries: int, reason: str) -> bool:
        """Wait before the next try; whether somebody asked for it by hand."""
        waits = self._terms.reconnect_s
        wait_s = waits[tries - 1] if tries <= len(waits) else None
        if wait_s is None:
            self._tell(self._link.becomes(LinkState.LOST, f"{reason}; {BY_HAND}", attempt=len(waits)))
        else:
            next_ns = self._clock_ns() + int(wait_s * _NS)
            self._tell(self._link.becomes(LinkState.LOST, reason, attempt=tries, next_try_ns=next_ns))
        try:
            async with asyncio.timeout(wait_s):
                await self._by_hand.wait()
        except TimeoutError:
            return False
        self._by_hand.clear()
        return True

    # One line --------------------------------------------------------------------------------
    async def _live_and_die(self) -> str:
        """One connection from beginning to end; why it ended."""
        try:
            async with asyncio.timeout(self._terms.connect_timeout_s):
                socket = await connect(
                    self._url,
                    compression=None,
                    ping_interval=None,
                    open_timeout=None,
                    close_timeout=1,
                    proxy=None,
                    max_size=_LARGEST_FRAME,
                )
        except TimeoutError:
            return "no connection within the time-out"
        except (OSError, WebSocketException) as error:
            return f"no connection: {error}"
        reason = "stopped"
        try:
            reason = await self._use(socket)
        finally:
            socket.transport.abort()
            self._end(reason)
        await socket.wait_closed()
        return reason

    async def _use(self, socket: ClientConnection) -> str:
        self._in_a_row = 0
        reason = ""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read(socket), name=f"{self._venue} read")
                group.create_task(self._greet(socket, group), name=f"{self._venue} greeting")
        except* _LineEnded as ended:
            reason = f"{ended.exceptions[0]}"
        return reason

    def _end(self, reason: str) -> None:
        """Nothing more will be answered: tell of each request. The link is not alive from here on,
        so that whoever hears this and asks again is told at once."""
        if self._greeted is not None:
            self._greeted.cancel()
            self._greeted = None
        waiting, self._outbox = self._outbox, deque()
        under_way = self._codec.give_up_all()
        self._link.state = LinkState.LOST
        for request in under_way:
            if not isinstance(request, Greeting):
                self._on_message(lost(request, f"the line ended: {reason}", never_sent=False))
        for outgoing in waiting:
            outgoing.settled = True
            self._on_message(lost(outgoing.request, f"the line ended: {reason}", never_sent=True))

    # Out -------------------------------------------------------------------------------------
    async def _greet(self, socket: ClientConnection, group: asyncio.TaskGroup) -> None:
        """Say who we are, learn what there is, follow it; then the line is live."""
        await self._ask(socket, Greeting("hello", {"protocol": PROTOCOL, "client": "Trading Monitor"}))
        await self._ask(socket, Greeting("instruments", {}))
        symbols = self._codec.symbols if self._terms.symbols is None else self._terms.symbols
        await self._ask(socket, Greeting("subscribe", {"accounts": self._accounts, "symbols": symbols}))
        self._live_since_s = self._pong_s = asyncio.get_running_loop().time()
        self._by_hand.clear()
        self._tell(self._link.becomes(LinkState.LIVE))
        group.create_task(self._write(socket), name=f"{self._venue} requests")
        group.create_task(self._beat(socket), name=f"{self._venue} heartbeat")

    async def _ask(self, socket: ClientConnection, greeting: Greeting) -> None:
        """Ask and wait for the answer. The line ends where the venue does not agree."""
        self._greeted = asyncio.get_running_loop().create_future()
        await self._put(socket, greeting, self._clock_ns())
        try:
            async with asyncio.timeout(self._terms.request_timeout_s):
                greeted = await self._greeted
        except TimeoutError:
            self._give_up_line(f"no answer to {greeting.request}")
        if greeted.reason:
            self._give_up_line(f"{greeting.request} failed: {greeted.reason}")

    def _give_up_line(self, reason: str) -> NoReturn:
        raise _LineEnded(reason)

    async def _put(self, socket: ClientConnection, request: Greeting, now_ns: int) -> int:
        number, text = self._codec.encode(request, now_ns)
        await self._send_text(socket, text)
        return number

    async def _send_text(self, socket: ClientConnection, text: str) -> None:
        try:
            await socket.send(text)
        except ConnectionClosed as closed:
            raise _LineEnded(_why(closed)) from closed

    async def _write(self, socket: ClientConnection) -> None:
        while True:
            while self._outbox:
                outgoing = self._outbox.popleft()
                outgoing.number, text = self._codec.encode(outgoing.request, self._clock_ns())
                await self._send_text(socket, text)
            self._news.clear()
            await self._news.wait()

    def _time_out(self, outgoing: _Outgoing) -> None:
        if outgoing.settled:
            return
        reason = f"no answer within {self._terms.request_timeout_s:g} s"
        if outgoing.number is None:
            outgoing.settled = True
            self._outbox.remove(outgoing)
            self._on_message(lost(outgoing.request, reason, never_sent=True))
        elif self._codec.give_up(outgoing.number) is not None:
            self._on_message(lost(outgoing.request, reason, never_sent=False))

    async def _beat(self, socket: ClientConnection) -> None:
        """Ask for a sign of life. Whatever else arrives, a venue that does not answer is doubted."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._terms.ping_s)
            silent_s = loop.time() - self._pong_s
            if silent_s >= self._terms.cut_s:
                raise _LineEnded(f"no heartbeat was answered for {silent_s:.0f} s")
            if silent_s >= self._terms.degraded_s:
                self._tell(
                    self._link.becomes(LinkState.DEGRADED, f"no heartbeat answered for {silent_s:.0f} s")
                )
            self._malformed_at_ping = self._link.malformed
            self._ping_ns, self._ping_s = self._clock_ns(), loop.time()
            number = await self._put(socket, Greeting("ping", {}), self._ping_ns)
            loop.call_later(self._terms.cut_s, self._codec.give_up, number)

    # In --------------------------------------------------------------------------------------
    async def _read(self, socket: ClientConnection) -> None:
        while True:
            try:
                frame = await socket.recv()
            except ConnectionClosed as closed:
                raise _LineEnded(_why(closed)) from closed
            now_ns = self._clock_ns()
            received = self._codec.decode(frame, now_ns)
            self._link.heard(now_ns, quote=any(isinstance(one, QuoteReport) for one in received))
            if not any(isinstance(one, Malformed) for one in received):
                self._in_a_row = 0
            for one in received:
                self._take(one)

    def _take(self, one: Received) -> None:
        if isinstance(one, Malformed):
            self._doubt(one)
        elif isinstance(one, Greeted):
            self._hear_greeted(one)
        else:
            self._on_message(one)

    def _hear_greeted(self, greeted: Greeted) -> None:
        if greeted.request == "ping":
            self._hear_pong(greeted)
        elif self._greeted is not None and not self._greeted.done():
            self._greeted.set_result(greeted)

    def _hear_pong(self, pong: Greeted) -> None:
        """A heartbeat was answered, if late: a sign of life. The newest one tells the round trip, and
        makes the line sound again if all since it was asked could be read."""
        if pong.reason:
            return
        self._pong_s = asyncio.get_running_loop().time()
        if pong.asked_ns != self._ping_ns:
            return
        if self._link.state is LinkState.DEGRADED and self._link.malformed == self._malformed_at_ping:
            self._link.becomes(LinkState.LIVE)
        self._tell(self._link.beats((self._pong_s - self._ping_s) * 1000))

    def _doubt(self, malformed: Malformed) -> None:
        """A frame that cannot be read may have been a fill: doubted until a heartbeat is clean."""
        self._link.malformed += 1
        self._in_a_row += 1
        if self._in_a_row >= self._terms.malformed_in_a_row:
            raise _LineEnded(f"{self._in_a_row} frames in a row could not be read: {malformed.reason}")
        if self._link.state in _ALIVE:
            said = f"{self._link.malformed} frames could not be read, the last: {malformed.reason}"
            self._tell(self._link.becomes(LinkState.DEGRADED, said))

    def _tell(self, messages: Iterable[VenueMessage]) -> None:
        for message in messages:
            self._on_message(message)


def _why(closed: ConnectionClosed) -> str:
    close = closed.rcvd or closed.sent
    if close is None:
        return "the connection was cut"
    return f"the connection was closed: {close.code} {close.reason}".rstrip()

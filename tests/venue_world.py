"""A scripted venue for tests, in this process or as a child, and a gateway whose words are kept.

    async with venue_process("--manual") as venue, gateway_to(venue) as gateway:
        gateway.places("c1", price="100")
        await gateway.hears(OrderReport, client_order_id="c1")
        await venue.fills("c1", "0.4", at="101")
        assert (await venue.truth()).filled("c1") == Decimal("0.4")

Nothing sleeps: whoever waits is woken by what it waits for, or fails after PATIENCE_S.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from monitor.engine.values import LinkSide, LinkState, Offset, OrderType, Side, TimeInForce
from monitor.engine.venue import (
    AnyRequest,
    CancelRequest,
    LinkReport,
    LookUpRequest,
    PlaceRequest,
    ReplaceRequest,
    SnapshotRequest,
    VenueMessage,
    VenueSnapshot,
)
from monitor.net.venue_sim.script import NAMED, Script
from monitor.net.venue_sim.server import VenueServer
from monitor.net.venue_sim.terms import AccountTerms, VenueTerms
from monitor.net.venue_sim.venue import Venue
from monitor.net.venues.gateway import Gateway
from monitor.net.venues.terms import GatewayTerms

PATIENCE_S = 20.0
SYMBOL = "SIM.BTC-PERP"
GOLD = "SIM.au9999"
ACCOUNT = "acc"
TERMS = VenueTerms(accounts=(AccountTerms(account_id=ACCOUNT, currency="USD"),), pace_ms=20)
MANUAL = msgspec.structs.replace(TERMS, manual=True)
QUICK = GatewayTerms(
    request_timeout_s=PATIENCE_S,
    ping_s=0.1,
    degraded_s=PATIENCE_S,
    cut_s=PATIENCE_S,
    reconnect_s=(0.02,) * 1_000,  # a child process may take long to come back
    steady_s=0.0,
)
"""Tries again at once, and doubts nothing because a machine is slow."""
HASTY = msgspec.structs.replace(QUICK, request_timeout_s=1.0, degraded_s=0.35, cut_s=0.8)
"""For what is about time-outs and silence."""

M = TypeVar("M", bound=VenueMessage)


class Truth:
    """What the exchange knows, asked over its control connection."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.requests: list[dict[str, Any]] = said["requests"]
        self.orders: list[dict[str, Any]] = said["orders"]
        self.fills: list[dict[str, Any]] = said["fills"]
        self.accounts: dict[str, Any] = said["accounts"]
        self.connections: int = said["connections"]

    def received(self, request: str, client_order_id: str) -> int:
        """How often the exchange was asked this about an order."""
        return sum(
            one["request"] == request and one.get("client_order_id") == client_order_id
            for one in self.requests
        )

    def legs(self, client_order_id: str) -> list[dict[str, Any]]:
        return [one for one in self.orders if one["client_order_id"] == client_order_id]

    @property
    def live(self) -> list[dict[str, Any]]:
        return [one for one in self.orders if one["status"] in ("open", "triggered")]

    def filled(self, client_order_id: str) -> Decimal:
        mine = [one for one in self.fills if one["client_order_id"] == client_order_id]
        return sum((Decimal(one["volume"]) for one in mine), Decimal(0))

    def same_as(self, other: Truth) -> bool:
        """In what is so, whoever asked whatever for it."""
        return (self.orders, self.fills, self.accounts) == (other.orders, other.fills, other.accounts)


class VenueControl:
    """The hands on a venue's control connection. Commands raise AssertionError when refused."""

    url: str
    control_url: str

    async def asks(self, do: str, **given: Any) -> dict[str, Any]:
        """One command and its answer; Decimals and None are taken as meant."""
        said = {name: f"{one:f}" if isinstance(one, Decimal) else one for name, one in given.items()}
        command = {"do": do, **{name: one for name, one in said.items() if one is not None}}
        async with (
            asyncio.timeout(PATIENCE_S),
            connect(self.control_url, proxy=None, max_size=None) as socket,
        ):
            await socket.send(json.dumps(command))
            answer: dict[str, Any] = json.loads(await socket.recv())
        assert answer["ok"], answer["error"]
        result: dict[str, Any] = answer["result"]
        return result

    async def fills(
        self, order: str, volume: str | None = None, *, at: str | None = None, trade_id: str = ""
    ) -> dict[str, Any]:
        return await self.asks("fill", order=order, volume=volume, price=at, trade_id=trade_id)

    async def refuses_next(self, times: int = 1, *, code: str = "rejected", retryable: bool = False) -> None:
        await self.asks("reject_next", times=times, code=code, retryable=retryable)

    async def rejects(self, order: str) -> None:
        await self.asks("reject", order=order)

    async def cancels(self, order: str) -> None:
        await self.asks("cancel", order=order)

    async def expires(self, order: str) -> None:
        await self.asks("expire", order=order)

    async def quotes(self, symbol: str, bid: str, ask: str, last: str | None = None) -> None:
        await self.asks("quote", symbol=symbol, bid=bid, ask=ask, last=last)

    async def plays(self, script: Script | str) -> None:
        await self.asks("script", script=script if isinstance(script, str) else msgspec.to_builtins(script))

    async def halts(self) -> None:
        await self.asks("halt")

    async def cuts(self) -> int:
        return int((await self.asks("cut"))["lines"])

    async def truth(self) -> Truth:
        return Truth(await self.asks("truth"))


class VenueHere(VenueControl):
    """In this process, on this loop."""

    def __init__(self, server: VenueServer) -> None:
        self.server = server
        self.url, self.control_url = server.url, server.control_url


@asynccontextmanager
async def venue_here(
    terms: VenueTerms = MANUAL, script: Script | str = "calm", seed: int = 1
) -> AsyncIterator[VenueHere]:
    played = NAMED[script] if isinstance(script, str) else script
    server = VenueServer(Venue(terms), script=played, seed=seed)
    await server.start()
    try:
        yield VenueHere(server)
    finally:
        await server.stop()


class VenueProcess(VenueControl):
    """`monitor venue-sim` as a child. A restart takes the same port."""

    def __init__(self, *options: str) -> None:
        self._options = options
        self._port = "0"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "monitor", "venue-sim", "--port", self._port, *self._options),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        async with asyncio.timeout(PATIENCE_S):
            line = (await self._process.stdout.readline()).decode()
        found = re.search(r"at (ws://127\.0\.0\.1:(\d+)/), its control at (\S+)", line)
        if not found:
            raise AssertionError(f"{line}{(await self._process.stderr.read()).decode()}")
        self.url, self._port, self.control_url = found.groups()

    async def ends(self, how: signal.Signals = signal.SIGKILL) -> int:
        """The exit code. `SIGKILL` is the plug pulled."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(how)
        async with asyncio.timeout(PATIENCE_S):
            await self._process.communicate()
        code = self._process.returncode
        assert code is not None
        return code


@asynccontextmanager
async def venue_process(*options: str) -> AsyncIterator[VenueProcess]:
    """With the account `acc` unless options say otherwise."""
    named = () if {"--account", "--terms"} & set(options) else ("--account", ACCOUNT)
    venue = VenueProcess(*named, *options)
    await venue.start()
    try:
        yield venue
    finally:
        await venue.ends()


# Our side ------------------------------------------------------------------------------------
class Listening:
    """A gateway under way, all it has said, and short ways to ask it."""

    def __init__(
        self, url: str, terms: GatewayTerms, venue: str = "sim", accounts: tuple[str, ...] = (ACCOUNT,)
    ) -> None:
        self.said: list[VenueMessage] = []
        self._news = asyncio.Event()
        self._read = 0
        self.gateway = Gateway(venue, url, accounts, self._hear, time.time_ns, terms)

    def _hear(self, message: VenueMessage) -> None:
        self.said.append(message)
        self._news.set()

    def of(self, kind: type[M]) -> list[M]:
        return [one for one in self.said if isinstance(one, kind)]

    async def until(self, so: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Until something is so, looked at whenever something is said."""
        try:
            async with asyncio.timeout(patience_s):
                while not so():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"never so; the last said: {self.said[-5:]}") from None

    async def hears(self, kind: type[M], after: int = 0, **fields: Any) -> M:
        """The first message of this kind with these values, from number `after` on."""
        found: list[M] = []

        def so() -> bool:
            found.extend(
                one
                for one in self.said[after:]
                if isinstance(one, kind)
                and all(getattr(one, name) == value for name, value in fields.items())
            )
            return bool(found)

        await self.until(so)
        return found[0]

    @property
    def line_up(self) -> bool:
        """Whether requests can leave now, as far as was said."""
        links = (one for one in reversed(self.said) if isinstance(one, LinkReport))
        return next((one.state in (LinkState.LIVE, LinkState.DEGRADED) for one in links), False)

    async def is_live(self, after: int = 0) -> LinkReport:
        return await self.hears(LinkReport, after, side=LinkSide.ORDERS, state=LinkState.LIVE)

    def asks(self, request: AnyRequest) -> int:
        """Send it; how many messages there were before, to hear only later ones."""
        before = len(self.said)
        self.gateway.send(request)
        return before

    def places(self, client_order_id: str, price: str | None = "100.0", **fields: Any) -> int:
        return self.asks(place(client_order_id, price, **fields))

    def cancels(self, client_order_id: str) -> int:
        return self.asks(CancelRequest(venue="sim", account_id=ACCOUNT, client_order_id=client_order_id))

    def replaces(self, client_order_id: str, **changed: Decimal) -> int:
        request = ReplaceRequest(venue="sim", account_id=ACCOUNT, client_order_id=client_order_id, **changed)
        return self.asks(request)

    def looks_up(self, client_order_id: str) -> int:
        return self.asks(LookUpRequest(venue="sim", account_id=ACCOUNT, client_order_id=client_order_id))

    async def snapshot(self, fills_since_ns: int | None = None) -> VenueSnapshot:
        request = SnapshotRequest(venue="sim", account_id=ACCOUNT, fills_since_ns=fills_since_ns)
        return await self.hears(VenueSnapshot, self.asks(request))


def place(client_order_id: str, price: str | None = "100.0", **fields: Any) -> PlaceRequest:
    usual: dict[str, Any] = {
        "symbol": SYMBOL,
        "side": Side.BUY,
        "offset": Offset.OPEN,
        "type": OrderType.MARKET if price is None else OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "quantity": Decimal(1),
    }
    exact = None if price is None else Decimal(price)
    return PlaceRequest(
        venue="sim", account_id=ACCOUNT, client_order_id=client_order_id, price=exact, **{**usual, **fields}
    )


@asynccontextmanager
async def gateway_to(
    venue: VenueControl, terms: GatewayTerms = QUICK, *, live: bool = True
) -> AsyncIterator[Listening]:
    """Running, and (unless told otherwise) live."""
    listening = Listening(venue.url, terms)
    running = asyncio.create_task(listening.gateway.run())
    try:
        if live:
            await listening.is_live()
        yield listening
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class RawClient:
    """What somebody else would write from the document: a WebSocket and JSON."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.pushes: list[dict[str, Any]] = []
        self._number = 0

    async def ask(self, request: str, **fields: Any) -> dict[str, Any]:
        self._number += 1
        await self.socket.send(json.dumps({"id": self._number, "request": request, **fields}))
        while True:
            frame = await self.hear()
            if frame.get("id") == self._number:
                return frame
            self.pushes.append(frame)

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            frame: dict[str, Any] = json.loads(await self.socket.recv())
        return frame

    async def is_cut_off(self) -> None:
        """Until the connection is gone, whatever comes before."""
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await self.socket.recv()


@asynccontextmanager
async def raw_client(venue: VenueControl) -> AsyncIterator[RawClient]:
    async with connect(venue.url, proxy=None) as socket:
        yield RawClient(socket)

"""Asking a venue what it is and what it offers, before there is a session with it.

One short connection; the gateway's own comes later.
"""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from monitor.engine.ledger import PositionMode
from monitor.engine.values import ZERO, OrderType, World
from monitor.net.venues import frames
from monitor.net.venues.frames import Malformed
from monitor.net.venues.sim_codec import PROTOCOL

_PATIENCE_S = 5.0
_ZONE = "Asia/Shanghai"
"""Of a venue that does not tell."""
_LARGEST_FRAME = 16 << 20


class VenueError(Exception):
    """The venue cannot be used; the text says why, for the user."""


class OfferedAccount(msgspec.Struct, frozen=True, kw_only=True):
    account_id: str
    currency: str
    mode: PositionMode
    balance: Decimal = ZERO


class VenueHello(msgspec.Struct, frozen=True, kw_only=True):
    """`native`: the order types that it takes itself. `zone` is the IANA zone of its days."""

    venue: str
    world: World
    accounts: tuple[OfferedAccount, ...]
    native: frozenset[OrderType]
    zone: str


async def ask_hello(url: str) -> VenueHello:
    """Raises VenueError."""
    try:
        async with (
            asyncio.timeout(_PATIENCE_S),
            connect(url, max_size=_LARGEST_FRAME, open_timeout=_PATIENCE_S, proxy=None) as socket,
        ):
            hello = await _ask(socket)
    except TimeoutError as error:
        raise VenueError(f"{url} does not answer within {_PATIENCE_S:g} s.") from error
    except (OSError, WebSocketException, ValueError) as error:
        raise VenueError(f"{url} cannot be reached: {error}.") from error
    if hello.protocol != PROTOCOL:
        raise VenueError(f"{url} speaks {hello.protocol}, not {PROTOCOL}.")
    try:
        world = World(hello.world)
    except ValueError as error:
        raise VenueError(f"{url} is of the world {hello.world!r}, which is not known here.") from error
    return VenueHello(
        venue=hello.venue,
        world=world,
        accounts=tuple(_account(offered) for offered in hello.accounts),
        native=frozenset(OrderType(word) for word in hello.capabilities.native if word in set(OrderType)),
        zone=hello.zone or _ZONE,
    )


async def _ask(socket: ClientConnection) -> frames.HelloFrame:
    await socket.send(
        json.dumps({"id": 1, "request": "hello", "protocol": PROTOCOL, "client": "Trading Monitor"})
    )
    async for text in socket:
        outside = frames.outside(text)
        if isinstance(outside, Malformed) or outside.id != 1:
            continue
        if not outside.ok:
            error = frames.read(outside.error, frames.VenueError)
            why = error.reason if isinstance(error, Malformed) else error.message or error.code
            raise VenueError(f"The venue refuses to greet: {why}.")
        hello = frames.read(outside.result, frames.HelloFrame)
        if isinstance(hello, Malformed):
            raise VenueError(f"Its greeting cannot be read: {hello.reason}.")
        return hello
    raise VenueError("It hung up without a greeting.")


def _account(offered: frames.AccountFrame) -> OfferedAccount:
    return OfferedAccount(
        account_id=offered.account_id,
        currency=offered.currency,
        mode=PositionMode.HEDGING if offered.hedged else PositionMode.NETTING,
    )

"""Accounts by their names inside a session of several venues, and whose prices and lists are told.

Two venues may both have an account `sim-1`; inside, the second one's is `sim2:sim-1`. This is the
only place where the one becomes the other. Pure, but for the gateway it stands before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from monitor.engine.venue import (
    AnyRequest,
    InstrumentReport,
    LinkReport,
    QuoteReport,
    SettlementReport,
    VenueMessage,
    VenueSnapshot,
)
from monitor.net.venues import OnMessage, VenueGateway


def names_inside(venue: str, accounts: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """What accounts of a venue are called inside, by what it calls them: the same, unless that name
    is `taken`."""
    known = set(taken)
    names: dict[str, str] = {}
    for account_id in accounts:
        inside = account_id if account_id not in known else f"{venue}:{account_id}"
        while inside in known:
            inside = f"{venue}:{inside}"
        known.add(inside)
        names[account_id] = inside
    return names


class NamedGateway:
    """A `VenueGateway` of a session with several venues. `inside` as of `names_inside`; `make` gets
    where the real one is to say what it hears."""

    def __init__(
        self,
        venue: str,
        inside: Mapping[str, str],
        on_message: OnMessage,
        make: Callable[[OnMessage], VenueGateway],
    ) -> None:
        self._venue = venue
        self._inside = dict(inside)
        self._there = {name: account_id for account_id, name in inside.items()}
        self._on_message = on_message
        self._gateway = make(self._hear)

    @property
    def venue(self) -> str:
        return self._venue

    async def run(self) -> None:
        await self._gateway.run()

    def send(self, request: AnyRequest) -> None:
        there = self._there.get(request.account_id, request.account_id)
        if there != request.account_id:
            request = msgspec.structs.replace(request, account_id=there)
        self._gateway.send(request)

    def reconnect(self) -> None:
        self._gateway.reconnect()

    def _hear(self, message: VenueMessage) -> None:
        self._on_message(self._told(message))

    def _told(self, message: VenueMessage) -> VenueMessage:
        if isinstance(message, QuoteReport | InstrumentReport):
            return msgspec.structs.replace(message, venue=self._venue)
        if isinstance(message, LinkReport | SettlementReport):
            return message
        if isinstance(message, VenueSnapshot):
            message = msgspec.structs.replace(
                message,
                open_orders=tuple(map(self._renamed, message.open_orders)),
                fills=tuple(map(self._renamed, message.fills)),
            )
        renamed: VenueMessage = self._renamed(message)
        return renamed

    def _renamed(self, message: Any) -> Any:
        inside = self._inside.get(message.account_id, message.account_id)
        if inside == message.account_id:
            return message
        return msgspec.structs.replace(message, account_id=inside)

"""Gateways: our side of the line to a venue. One interface for all of them, `VenueGateway`.

A gateway is a sans-I/O codec (frames to `VenueMessage`s, requests to frames) and a driver that
owns the socket, time-outs, heartbeats and reconnecting. It keeps no orders: what it hears it
passes on, in the order of arrival, and what it cannot know it says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from monitor.engine.venue import AnyRequest, VenueMessage

OnMessage: TypeAlias = Callable[[VenueMessage], None]


class VenueGateway(Protocol):
    """What the core needs of a venue. Everything happens on one event loop."""

    @property
    def venue(self) -> str: ...

    async def run(self) -> None:
        """Connect, stay connected, tell `on_message`. Until cancelled."""
        ...

    def send(self, request: AnyRequest) -> None:
        """Never blocks, never raises, never calls `on_message` before it returns. Each request
        is answered by messages of its kind, or by one `RequestLost`."""
        ...

    def reconnect(self) -> None:
        """By hand: now, and with all tries again. Without effect on a line that is live."""
        ...

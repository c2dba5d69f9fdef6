"""What is known about the line to a venue, and how it is told: the indicator that never lies.

Plain state, changed by the gateway. Both sides live on one line; each has its own last message.
"""

from __future__ import annotations

from collections.abc import Iterator

from monitor.engine.values import LinkSide, LinkState
from monitor.engine.venue import LinkReport


class Link:
    """`malformed` counts frames that could not be read, since the program began."""

    def __init__(self, venue: str) -> None:
        self.state = LinkState.CONNECTING
        self.malformed = 0
        self._venue = venue
        self._reason = ""
        self._attempt = 0
        self._next_try_ns: int | None = None
        self._round_trip_ms: float | None = None
        self._last_ns: dict[LinkSide, int | None] = {LinkSide.ORDERS: None, LinkSide.MARKET: None}

    def heard(self, now_ns: int, *, quote: bool) -> None:
        self._last_ns[LinkSide.ORDERS] = now_ns
        if quote:
            self._last_ns[LinkSide.MARKET] = now_ns

    def becomes(
        self, state: LinkState, reason: str = "", *, attempt: int = 0, next_try_ns: int | None = None
    ) -> Iterator[LinkReport]:
        self.state, self._reason = state, reason
        self._attempt, self._next_try_ns = attempt, next_try_ns
        if state in (LinkState.CONNECTING, LinkState.LOST):
            self._round_trip_ms = None
        return self.reports()

    def beats(self, round_trip_ms: float) -> Iterator[LinkReport]:
        """A heartbeat was answered."""
        self._round_trip_ms = round_trip_ms
        return self.reports()

    def reports(self) -> Iterator[LinkReport]:
        for side in (LinkSide.ORDERS, LinkSide.MARKET):
            yield LinkReport(
                venue=self._venue,
                side=side,
                state=self.state,
                reason=self._reason,
                attempt=self._attempt,
                last_message_ns=self._last_ns[side],
                round_trip_ms=self._round_trip_ms,
                next_try_ns=self._next_try_ns,
            )

"""Which lines to venues are lost, since when, and whose prices are old because of it.

Owns the moments; told rows of links and of executions, which say where an account trades.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from monitor.engine.rows import ExecutionRow, LinkRow
from monitor.engine.values import LinkSide, LinkState


class Lost(msgspec.Struct, frozen=True):
    """A venue that is not reached on these sides, since the earliest moment; None when unknown."""

    venue: str
    sides: frozenset[LinkSide]
    since_ns: int | None


class Lines:
    """A line that is being tried again is still lost; one that never was there is not yet."""

    def __init__(self) -> None:
        self._links: dict[str, LinkRow] = {}
        self._since: dict[str, int | None] = {}
        self._venue_of: dict[str, str] = {}

    def clear(self) -> None:
        for store in (self._links, self._since, self._venue_of):
            store.clear()

    def take(self, links: Iterable[LinkRow], now_ns: int | None) -> bool:
        """Take changed rows; whether other lines are lost than before."""
        before = set(self._since)
        for row in links:
            self._links[row.link_id] = row
            if not self._is_lost(row):
                self._since.pop(row.link_id, None)
            elif row.link_id not in self._since:
                self._since[row.link_id] = now_ns if row.last_message_ns is None else row.last_message_ns
        return before != set(self._since)

    def trades_at(self, executions: Iterable[ExecutionRow]) -> None:
        for row in executions:
            self._venue_of[row.account_id] = row.venue

    def lost(self) -> tuple[Lost, ...]:
        """The venues that lack a line, by name."""
        found: dict[str, list[LinkRow]] = {}
        for link_id in self._since:
            row = self._links[link_id]
            found.setdefault(row.venue, []).append(row)
        return tuple(
            Lost(venue, frozenset(row.side for row in rows), self._earliest(rows))
            for venue, rows in sorted(found.items())
        )

    def no_prices(self, account_id: str) -> bool:
        """Whether the prices of what an account holds are old: its venue sends none. While it is not
        known where the account trades, one of several venues says nothing."""
        if not self._since:
            return False
        market = {row.venue: link_id for link_id, row in self._links.items() if row.side is LinkSide.MARKET}
        venue = self._venue_of.get(account_id) or (next(iter(market), "") if len(market) == 1 else "")
        return market.get(venue) in self._since

    def _is_lost(self, row: LinkRow) -> bool:
        begun = row.link_id in self._since or row.last_message_ns is not None
        return row.state is LinkState.LOST or (row.state is LinkState.CONNECTING and begun)

    def _earliest(self, rows: Iterable[LinkRow]) -> int | None:
        moments = (self._since[row.link_id] for row in rows)
        return min((ns for ns in moments if ns is not None), default=None)

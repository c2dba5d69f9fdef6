"""Which held orders must be looked at because of what happened: a price, a fact, or the time.

Keeps nothing that a restart would miss: it is filled by the same facts, and everybody is looked
at once at first.
"""

from __future__ import annotations

import heapq

from monitor.engine.waiting.entry import Entry

_NOBODY: dict[int, None] = {}


class Watch:
    """`every_ns`: how long conditions may go without being evaluated."""

    def __init__(self, every_ns: int) -> None:
        self._every_ns = every_ns
        self._awake: dict[int, None] = {}
        self._watched: dict[int, Entry] = {}
        self._by_symbol: dict[str, dict[int, None]] = {}
        self._followers: dict[int, None] = {}
        self._listeners: dict[int, None] = {}
        self._looked_ns: int | None = None
        self._moments: list[tuple[int, int]] = []

    def add(self, entry: Entry) -> None:
        order_id = entry.order_id
        self._watched[order_id] = entry
        for symbol in entry.symbols:
            self._by_symbol.setdefault(symbol, {})[order_id] = None
        if entry.follows_all:
            self._followers[order_id] = None
        if entry.follows_facts:
            self._listeners[order_id] = None
        for moment_ns in entry.moments:
            heapq.heappush(self._moments, (moment_ns, order_id))
        self._awake[order_id] = None

    def remove(self, entry: Entry) -> None:
        order_id = entry.order_id
        if self._watched.pop(order_id, None) is None:
            return
        for symbol in entry.symbols:
            self._by_symbol[symbol].pop(order_id, None)
            if not self._by_symbol[symbol]:
                del self._by_symbol[symbol]
        for mine in (self._followers, self._listeners, self._awake):
            mine.pop(order_id, None)

    def wake(self, order_id: int) -> None:
        if order_id in self._watched:
            self._awake[order_id] = None

    def market_moved(self, symbol: str) -> None:
        self._awake.update(self._by_symbol.get(symbol, _NOBODY))
        self._awake.update(self._followers)

    @property
    def listening(self) -> bool:
        """Whether anybody waits for facts about orders."""
        return bool(self._listeners)

    def order_heard(self) -> None:
        """A fact about some order: what looks at orders is asked again."""
        self._awake.update(self._listeners)

    def time_passed(self, now_ns: int) -> None:
        """Wake whose time has come, and everybody when nobody was looked at for too long."""
        while self._moments and self._moments[0][0] <= now_ns:
            self.wake(heapq.heappop(self._moments)[1])
        if self._watched and (self._looked_ns is None or now_ns >= self._looked_ns + self._every_ns):
            self._looked_ns = now_ns
            self._awake.update(dict.fromkeys(self._watched))

    def next_awake(self) -> int | None:
        """One that must be looked at, once."""
        if not self._awake:
            return None
        order_id = next(iter(self._awake))
        del self._awake[order_id]
        return order_id

    def due_ns(self) -> int | None:
        while self._moments and self._moments[0][1] not in self._watched:
            heapq.heappop(self._moments)
        dues = [self._moments[0][0]] if self._moments else []
        if any(entry.conditional or entry.local for entry in self._watched.values()):
            dues.append(0 if self._looked_ns is None else self._looked_ns + self._every_ns)
        return min(dues, default=None)

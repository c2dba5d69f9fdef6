"""Evidence that nobody owns yet: under which name it is kept, and when it is looked at again.

Folded from facts. Indexed by what can make it somebody's, so that nothing searches all of it;
knows no orders.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import TypeAlias

from monitor.engine.tracker.schedule import NEVER
from monitor.engine.tracker.shown import Shown
from monitor.engine.tracker.waiting import Times
from monitor.engine.tracker.watch import Held
from monitor.engine.venue import FillReport, OrderReport

Key: TypeAlias = tuple[str, str, str]
"""Account, the venue's id and, where the venue told none, the client's."""
Symbol: TypeAlias = tuple[str, str]


def key_of(message: OrderReport | FillReport, venue_order_id: str = "") -> Key:
    """`venue_order_id` is the name that it goes by here, when that is another than the message's."""
    vid = venue_order_id or message.venue_order_id
    return message.account_id, vid, "" if vid else message.client_order_id


class Holding:
    """`known` is all that is held; `owned` that of it which has an owner, and is claimed soon;
    `claimed` what was, until its facts are made. `due_ns` is when `due` has something to say."""

    def __init__(self, times: Times, shown: Shown) -> None:
        self._times = times
        self._shown = shown
        self.known: dict[Key, Held] = {}
        self.owned: dict[Key, int] = {}
        self.claimed: dict[int, list[OrderReport | FillReport]] = {}
        self.due_ns = NEVER
        self._of_symbol: dict[Symbol, dict[Key, None]] = {}
        self._landed: dict[Symbol, None] = {}
        self._adoptions: list[tuple[int, int, Held]] = []
        self._rows: list[tuple[int, int, Held]] = []
        self._pushed = 0

    def hold(self, message: OrderReport | FillReport, time_ns: int) -> Held:
        key = key_of(message)
        held = self.known.get(key)
        if held is None:
            held = self.known[key] = Held(*key, time_ns)
        before = held.adoptable
        held.add(message)
        if not held.adoptable:
            if not held.until_ns:
                self._push(self._rows, time_ns + self._times.remember, held)
            held.until_ns = time_ns + self._times.remember
        elif not before:
            held.until_ns = held.since_ns + self._times.grace
            self._push(self._adoptions, held.until_ns, held)
            self._of_symbol.setdefault((held.account_id, held.symbol), {})[key] = None
        return held

    def own(self, key: Key, order_id: int) -> None:
        """What is held under this name has an owner now: it is claimed, at the latest in `decide`."""
        if key in self.known:
            self.owned[key] = order_id

    def claim(self, key: Key, order_id: int) -> None:
        self.owned.pop(key, None)
        held = self.known.pop(key, None)
        if held is None:
            return
        self.claimed.setdefault(order_id, []).extend(held.messages)
        self._shown.released(held)
        if held.adoptable:
            symbol = held.account_id, held.symbol
            of_symbol = self._of_symbol[symbol]
            del of_symbol[key]
            if not of_symbol:
                del self._of_symbol[symbol]

    def landed(self, account_id: str, symbol: str) -> None:
        """No order of ours in this symbol is on its way any more: what is held of it is not ours."""
        if (account_id, symbol) in self._of_symbol:
            self._landed[account_id, symbol] = None
            self.due_ns = 0

    def due(self, now_ns: int, may_own: Callable[[str, str], bool]) -> list[Key]:
        """What waits for an order of ours no longer. Rows of what nobody can name end meanwhile; what was
        said is kept."""
        ready: dict[Key, None] = {}
        for symbol in self._landed:
            if not may_own(*symbol):
                ready |= self._of_symbol.get(symbol, {})
        self._landed.clear()
        while self._adoptions and self._adoptions[0][0] <= now_ns:
            held = heappop(self._adoptions)[2]
            if self.known.get(held.key) is held:
                ready[held.key] = None
        self._end_rows(now_ns)
        self.due_ns = min((heap[0][0] for heap in (self._adoptions, self._rows) if heap), default=NEVER)
        return list(ready)

    def _end_rows(self, now_ns: int) -> None:
        while self._rows and self._rows[0][0] <= now_ns:
            held = heappop(self._rows)[2]
            if self.known.get(held.key) is not held or held.adoptable:
                continue
            if held.until_ns > now_ns:
                self._push(self._rows, held.until_ns, held)
            else:
                held.until_ns = 0
                self._shown.released(held)

    def _push(self, heap: list[tuple[int, int, Held]], until_ns: int, held: Held) -> None:
        self._pushed += 1
        heappush(heap, (until_ns, self._pushed, held))
        self.due_ns = min(self.due_ns, until_ns)

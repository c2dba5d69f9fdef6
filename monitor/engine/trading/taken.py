"""Which commands were carried out, by their idempotency keys, and the orders that they made.

A fold over facts: whoever sends a command again, because the answer was lost in a crash, gets the
same orders and no new ones. Only the newest keys are remembered.
"""

from __future__ import annotations

from collections import OrderedDict

MOST_KEYS = 1_000


class Taken:
    def __init__(self) -> None:
        self._orders: OrderedDict[str, list[int]] = OrderedDict()
        self._key = ""
        self._time_ns = -1

    def begin(self, key: str, time_ns: int) -> None:
        """A command was taken: the orders that follow in the same input are its."""
        self._key, self._time_ns = key, time_ns
        if key:
            self._orders[key] = []
            if len(self._orders) > MOST_KEYS:
                self._orders.popitem(last=False)

    def made(self, order_id: int, time_ns: int) -> None:
        if self._key and time_ns == self._time_ns:
            self._orders[self._key].append(order_id)

    def orders_of(self, key: str) -> tuple[int, ...] | None:
        """None when it was not taken, or too long ago."""
        found = self._orders.get(key) if key else None
        return None if found is None else tuple(found)

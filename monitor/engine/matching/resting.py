"""What a matcher keeps of an order, and what it tells: venue messages, nothing else.

Prices here are whole units (integers), so every comparison is exact. Matchers know no money,
no strategies and no journal; they see bars and speak to a `Floor`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

import msgspec

from monitor.engine.strategy import Bar
from monitor.engine.values import OrderType, TimeInForce


class Resting(msgspec.Struct, kw_only=True, eq=False):
    """An order at the simulated exchange. `fresh` until the first bar that can fill it.

    `limit` and `trigger` are in units; a market order has neither. `trail` is a distance in
    units, followed from `watermark` on.
    """

    order_id: int
    is_buy: bool
    type: OrderType
    time_in_force: TimeInForce
    closing: bool
    reduce_only: bool = False
    remaining: Decimal
    limit: int | None = None
    trigger: int | None = None
    trail: int | None = None
    watermark: int | None = None
    fresh: bool = True
    placed: bool = False


class Floor(Protocol):
    """Where a matcher's messages go, in the order it sends them. Each may call back into
    `add` and `cancel` before it returns: a strategy reacts inside the bar."""

    def placed(self, order_id: int) -> None: ...
    def triggered(self, order_id: int) -> None: ...
    def trigger_moved(self, order_id: int, units: int) -> None: ...
    def allowed(self, order: Resting, units: int, volume: Decimal) -> Decimal:
        """How much of it may be filled now: position and margin decide. 0 ends the order (the
        floor has said so already)."""
        ...

    def filled(self, order_id: int, units: int, volume: Decimal) -> None: ...
    def canceled(self, order_id: int, reason: str) -> None: ...


class Matcher(Protocol):
    @property
    def working(self) -> bool:
        """Whether a bar has to be looked at at all."""
        ...

    def add(self, order: Resting) -> None: ...
    def cancel(self, order_id: int, reason: str) -> None:
        """Take it away and say so, at once or when the bar under way is done."""
        ...

    def remove(self, order_id: int) -> None:
        """Take it away without a word; not while a bar is under way."""
        ...

    def match(self, bar: Bar) -> None: ...


class Book:
    """Limits and stops by price bounds: most bars cross nothing, and that is seen in four
    comparisons however many orders rest."""

    __slots__ = ("buy_limit", "buy_stop", "orders", "sell_limit", "sell_stop", "stale", "urgent")

    def __init__(self) -> None:
        self.orders: dict[int, Resting] = {}
        self.stale = False
        self._forget()

    def _forget(self) -> None:
        self.buy_limit = -(1 << 62)
        self.sell_limit = 1 << 62
        self.buy_stop = 1 << 62
        self.sell_stop = -(1 << 62)
        self.urgent = False

    def add(self, order: Resting) -> None:
        self.orders[order.order_id] = order
        self._bound(order)

    def remove(self, order_id: int) -> None:
        if self.orders.pop(order_id, None) is not None:
            self.stale = True

    def refresh(self) -> None:
        """Bounds anew, after orders left or changed."""
        self.stale = False
        self._forget()
        for order in self.orders.values():
            self._bound(order)

    def crossed_by(self, bar: Bar) -> bool:
        """False only when the bar cannot touch any order."""
        if self.stale:
            self.refresh()
        return (
            self.urgent
            or bar.low_units <= self.buy_limit
            or bar.high_units >= self.sell_limit
            or bar.high_units >= self.buy_stop
            or bar.low_units <= self.sell_stop
        )

    def _bound(self, order: Resting) -> None:
        trigger, limit = order.trigger, order.limit
        if order.fresh or order.trail is not None or (trigger is None and limit is None):
            self.urgent = True
        elif trigger is not None:
            if order.is_buy:
                self.buy_stop = min(self.buy_stop, trigger)
            else:
                self.sell_stop = max(self.sell_stop, trigger)
        elif limit is not None:
            if order.is_buy:
                self.buy_limit = max(self.buy_limit, limit)
            else:
                self.sell_limit = min(self.sell_limit, limit)

"""vn.py's conventions on bars, so that its back-tests are reproduced trade by trade.

All limits in order of sending, then all stops: a buy limit at or above the low trades at the
better of limit and open; a stop at or inside the range trades at the worse of trigger and
open. Whole volumes, no participation limit, no margin check; only what a person's close may
fill is bounded by the position (vn.py has no such orders). A stop sent while the limits are
crossed is seen by the same bar. A cancel sent while a bar is being crossed comes too late for
that bar (its loop runs over a copy), which venues do as well.
"""

from __future__ import annotations

from monitor.engine.matching.resting import Book, Floor, Resting
from monitor.engine.strategy import Bar


class VnpyMatcher:
    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._limits = Book()
        self._stops = Book()
        self._crossing: set[int] = set()
        self._late_cancels: dict[int, str] = {}

    @property
    def working(self) -> bool:
        return bool(self._limits.orders or self._stops.orders)

    def add(self, order: Resting) -> None:
        (self._limits if order.trigger is None else self._stops).add(order)

    def cancel(self, order_id: int, reason: str) -> None:
        if order_id in self._crossing:
            self._late_cancels[order_id] = reason
        else:
            self.remove(order_id)
            self._floor.canceled(order_id, reason)

    def match(self, bar: Bar) -> None:
        if self._limits.orders and self._limits.crossed_by(bar):
            self._cross(self._limits, bar)
        if self._stops.orders and self._stops.crossed_by(bar):
            self._cross(self._stops, bar)

    def _cross(self, book: Book, bar: Bar) -> None:
        orders = list(book.orders.values())
        self._crossing.update(order.order_id for order in orders)
        for order in orders:
            if order.fresh:
                order.fresh = False
                self._floor.placed(order.order_id)
            price = _trade_price(order, bar)
            if price is not None:
                self._fill(order, price)
        self._crossing.clear()
        for order_id, reason in self._late_cancels.items():
            self.remove(order_id)
            self._floor.canceled(order_id, reason)
        self._late_cancels.clear()
        book.refresh()

    def _fill(self, order: Resting, units: int) -> None:
        self.remove(order.order_id)
        self._late_cancels.pop(order.order_id, None)
        if order.trigger is not None:
            self._floor.triggered(order.order_id)
        volume = order.remaining
        if order.reduce_only:
            volume = self._floor.allowed(order, units, volume)
        if volume > 0:
            self._floor.filled(order.order_id, units, volume)
            if volume < order.remaining:
                self._floor.canceled(order.order_id, "there is nothing left to close")

    def remove(self, order_id: int) -> None:
        self._limits.remove(order_id)
        self._stops.remove(order_id)


def _trade_price(order: Resting, bar: Bar) -> int | None:
    """The price this bar fills the order at, or None."""
    if order.trigger is not None:
        return _stop_price(order.is_buy, order.trigger, bar)
    if order.limit is None:
        return bar.open_units
    if order.is_buy:
        return min(order.limit, bar.open_units) if order.limit >= bar.low_units else None
    return max(order.limit, bar.open_units) if order.limit <= bar.high_units else None


def _stop_price(is_buy: bool, trigger: int, bar: Bar) -> int | None:
    if is_buy:
        return max(trigger, bar.open_units) if trigger <= bar.high_units else None
    return min(trigger, bar.open_units) if trigger >= bar.low_units else None

"""Our conventions on bars: the price walks open, nearer extreme, other extreme, close.

Orders meet the price in the order in which the walk reaches them; an order born on the walk
sees only the rest of it. Limits need the price to trade through them by a tick (`touch`
relaxes that), gaps fill at the open, stops at the worse of trigger and price, a share of the
bar's volume bounds all fills together. Rules and case letters: order model, 2.2 and 2.1.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from monitor.engine.matching.resting import Book, Floor, Resting
from monitor.engine.strategy import Bar
from monitor.engine.values import ZERO, OrderType, TimeInForce

_STOPS = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING})
_MOST_BORN = 1_000  # orders that a strategy may give inside one bar; what is more meets the next
_FOK = TimeInForce.FOK
_AT_ONCE = frozenset({TimeInForce.IOC, _FOK})


class Ambiguity(msgspec.Struct, frozen=True):
    """A bar that reached a closing stop and a closing limit: only the assumed path decided.

    The stop was taken first; `gain_units` x `volume` is what the limit would have made more.
    """

    time_ns: int
    gain_units: int
    volume: Decimal


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """`tick` and `slippage` in units; `participation` a fraction of a bar's volume."""

    tick: int
    slippage: int
    participation: Decimal
    lot: Decimal
    touch: bool = False


class StandardMatcher:
    def __init__(self, floor: Floor, rules: Rules) -> None:
        self._floor = floor
        self._rules = rules
        self._book = Book()
        self._born: list[Resting] = []
        self._late: list[Resting] = []
        self._held: set[int] = set()
        self._counted: set[int] = set()
        self._moved: set[int] = set()
        self._ahead: list[int] = []
        self._walking = False
        self._admitted = 0
        self._price = 0
        self._low = self._high = 0
        self._budget = ZERO
        self.ambiguous: list[Ambiguity] = []

    @property
    def working(self) -> bool:
        return bool(self._book.orders)

    def add(self, order: Resting) -> None:
        self._book.add(order)
        if self._walking:
            self._born.append(order)

    def cancel(self, order_id: int, reason: str) -> None:
        self.remove(order_id)
        self._floor.canceled(order_id, reason)

    def match(self, bar: Bar) -> None:
        if not self._book.crossed_by(bar):
            return
        self._walking = True
        resting = list(self._book.orders.values())
        for order in resting:
            if order.order_id in self._book.orders:
                self._acknowledge(order)
        if bar.volume > 0:
            self._budget = self._bar_budget(bar.volume)
            self._low, self._high = bar.low_units, bar.high_units
            self._ahead = list(_path(bar))
            self._open(resting, bar)
            while self._ahead:
                self._walk(self._ahead[0], bar)
        self._walking = False
        self._finish()

    # The open ------------------------------------------------------------------------------
    def _open(self, resting: list[Resting], bar: Bar) -> None:
        """The first price: gaps and newly active orders; stops before limits, then by age."""
        self._price = bar.open_units
        for order in sorted(resting, key=lambda order: order.trigger is None):
            if order.order_id in self._book.orders:
                self._activate(order, resting=not order.fresh)
        self._admit_born(bar)
        self._find_ambiguity(bar)

    def _activate(self, order: Resting, *, resting: bool) -> None:
        """Meet the present price: what is due is filled, immediate-or-cancel ends here."""
        order.fresh = False
        if order.time_in_force is _FOK and not self._fills_whole(order):
            self.cancel(order.order_id, "fill or kill: not fillable at once")
            return
        self._meet(order, resting=resting)
        if order.time_in_force in _AT_ONCE and order.order_id in self._book.orders:
            self.cancel(order.order_id, "immediate or cancel: the rest")

    def _meet(self, order: Resting, *, resting: bool) -> None:
        if order.trigger is not None:
            if not _beyond(order.is_buy, self._price, order.trigger):
                return
            self._pull(order)
            if order.order_id not in self._book.orders:
                return  # its strategy took it back when it heard of the trigger
            if order.limit is not None and not _marketable(order, self._price):
                return
            self._fill(order, self._price if order.limit is not None else self._slipped(order))
        elif order.limit is None:
            self._fill(order, self._slipped(order))
        elif self._through(order, self._price) if resting else _marketable(order, self._price):
            self._fill(order, self._price)

    def _fills_whole(self, order: Resting) -> bool:
        due = order.limit is None or _marketable(order, self._price)
        return due and order.trigger is None and self._budget >= order.remaining

    # The walk ------------------------------------------------------------------------------
    def _walk(self, target: int, bar: Bar) -> None:
        """Move to `target`, meeting orders by price on the way."""
        up = target > self._price
        while (order := self._next_on_way(target, up)) is not None:
            price = order.trigger if order.trigger is not None else order.limit
            self._price = price if price is not None else target
            if order.trigger is not None:
                self._meet(order, resting=True)
            else:
                self._fill(order, self._price)
            self._admit_born(bar)
        self._price = target
        del self._ahead[0]
        self._follow()
        late, self._late = self._late, []
        for order in late:
            if order.order_id in self._book.orders:
                self._activate(order, resting=False)
        self._admit_born(bar)

    def _next_on_way(self, target: int, up: bool) -> Resting | None:
        """The order that the price meets first; at one price stops before limits, then by age."""
        best: Resting | None = None
        best_key = (0, False)
        for order in self._book.orders.values():
            price = self._meeting_price(order, target, up)
            if price is not None:
                key = (abs(price - self._price), order.trigger is None)
                if best is None or key < best_key:
                    best, best_key = order, key
        return best

    def _meeting_price(self, order: Resting, target: int, up: bool) -> int | None:
        if order.fresh:
            return None
        if order.trigger is not None:
            ahead = self._price <= order.trigger <= target if up else target <= order.trigger <= self._price
            return order.trigger if ahead and order.is_buy is up else None
        if order.limit is None or order.is_buy is up or self._budget <= 0:
            return None
        if order.order_id in self._held or not self._through(order, target):
            return None
        ahead = order.limit >= self._price if up else order.limit <= self._price
        return order.limit if ahead else None

    def _admit_born(self, bar: Bar) -> None:
        """Orders given while the bar is under way: they see the rest of the walk."""
        if not self._born:
            return
        while self._born and self._admitted < _MOST_BORN:
            self._admitted += 1
            order = self._born.pop(0)
            if order.order_id in self._book.orders:
                self._acknowledge(order)
            if order.order_id not in self._book.orders:
                continue
            if order.trigger is None and order.limit is None:
                self._late.append(order)  # a market order meets the next point of the path
            else:
                self._activate(order, resting=False)
        self._find_ambiguity(bar)

    def _follow(self) -> None:
        """Trailing stops follow a favourable extreme; the new trigger counts from here on."""
        for order in self._book.orders.values():
            if order.trail is None or order.trigger is None or order.watermark is None or order.fresh:
                continue
            better = min if order.is_buy else max
            watermark = better(order.watermark, self._price)
            if watermark != order.watermark:
                order.watermark = watermark
                order.trigger = watermark + (order.trail if order.is_buy else -order.trail)
                self._moved.add(order.order_id)

    # Fills ---------------------------------------------------------------------------------
    def _fill(self, order: Resting, units: int) -> None:
        volume = min(order.remaining, self._budget)
        if volume <= 0:
            return
        volume = self._floor.allowed(order, units, volume)
        if volume <= 0:
            self.remove(order.order_id)
            return
        if order.time_in_force is _FOK and volume < order.remaining:
            self.cancel(order.order_id, "fill or kill: not fillable at once")
            return
        self._budget -= volume
        order.remaining -= volume
        if order.remaining <= 0:
            self.remove(order.order_id)
        if order.closing and order.type in _STOPS:
            self._held.clear()
        self._floor.filled(order.order_id, units, volume)

    def _pull(self, order: Resting) -> None:
        """A stop is triggered: from now on a market order or, with a limit, a limit order."""
        order.trigger = order.trail = None
        self._book.stale = True
        self._floor.triggered(order.order_id)

    def _slipped(self, order: Resting) -> int:
        """Adverse slippage, never outside the bar."""
        if order.is_buy:
            return min(self._price + self._rules.slippage, max(self._high, self._price))
        return max(self._price - self._rules.slippage, min(self._low, self._price))

    def _through(self, order: Resting, price: int) -> bool:
        """Whether trading at `price` is enough to fill a resting limit."""
        needed = 0 if self._rules.touch else self._rules.tick
        limit = order.limit or 0
        return price <= limit - needed if order.is_buy else price >= limit + needed

    def _bar_budget(self, volume: float) -> Decimal:
        lots = Decimal(repr(volume)) * self._rules.participation // self._rules.lot
        return lots * self._rules.lot

    # Ends ----------------------------------------------------------------------------------
    def _acknowledge(self, order: Resting) -> None:
        if not order.placed:
            order.placed = True
            self._floor.placed(order.order_id)

    def remove(self, order_id: int) -> None:
        self._book.remove(order_id)

    def _finish(self) -> None:
        self._held.clear()
        self._counted.clear()
        self._late.clear()
        self._born.clear()  # what came after the close meets the next bar
        self._admitted = 0
        for order_id in sorted(self._moved):
            order = self._book.orders.get(order_id)
            if order is not None and order.trigger is not None:
                self._floor.trigger_moved(order_id, order.trigger)
        self._moved.clear()
        self._book.stale = True

    def _find_ambiguity(self, bar: Bar) -> None:
        """A closing stop and a closing limit both in reach of the walk that is left: the stop
        first (cases E, E2). Asked at the open, and again when orders were born on the way."""
        low, high = min((*self._ahead, self._price)), max((*self._ahead, self._price))
        for is_buy in (True, False):
            far, near = (high, low) if is_buy else (low, high)
            closing = [o for o in self._book.orders.values() if o.closing and o.is_buy is is_buy]
            stops = [o for o in closing if o.trigger is not None and _beyond(is_buy, far, o.trigger)]
            limits = [o for o in closing if o.trigger is None and o.limit is not None]
            for limit in limits if stops else []:
                if limit.order_id in self._counted or not self._through(limit, near):
                    continue
                self._held.add(limit.order_id)
                self._counted.add(limit.order_id)
                gain = abs((limit.limit or 0) - (stops[0].trigger or 0))
                volume = min(limit.remaining, stops[0].remaining)
                self.ambiguous.append(Ambiguity(bar.time_ns, gain, volume))


def _path(bar: Bar) -> tuple[int, int, int]:
    """After the open: the nearer extreme, the other one, the close; a tie goes down first."""
    open_, high, low = bar.open_units, bar.high_units, bar.low_units
    if high - open_ < open_ - low:
        return high, low, bar.close_units
    return low, high, bar.close_units


def _beyond(is_buy: bool, price: int, trigger: int) -> bool:
    """Whether a stop with this trigger has been reached by `price` (inclusive)."""
    return price >= trigger if is_buy else price <= trigger


def _marketable(order: Resting, price: int) -> bool:
    limit = order.limit or 0
    return limit >= price if order.is_buy else limit <= price

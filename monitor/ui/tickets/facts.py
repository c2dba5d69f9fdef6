"""What a ticket's answer depends upon, and what of it is different by now.

`Facts` are the rows somebody had before their eyes; `differences` compares them with the
newest. Pure: no clock is read and no widget known.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from monitor.engine.closing import quote_is_stale, see, ticks_moved
from monitor.engine.commands import SeenPosition
from monitor.engine.rows import OrderRow, PositionRow, StrategyRow
from monitor.engine.values import NS_PER_SECOND
from monitor.models import format
from monitor.ui.tickets import words

NONE = "none"


class Guard(StrEnum):
    """Why a ticket was disarmed; the engine refuses by the same words."""

    MOVED = "moved"
    STALE = "stale"
    CHANGED = "changed"


class Difference(msgspec.Struct, frozen=True):
    """One thing that is no longer as it was read: shown as `what`: `old` → `new`. `about` is the
    position that it belongs to, "" when to none."""

    guard: Guard
    what: str
    old: str
    new: str
    about: str = ""


class Leg(msgspec.Struct, frozen=True):
    """One position to be closed, with the working orders that go with it."""

    position: PositionRow
    working: tuple[OrderRow, ...] = ()

    def seen(self) -> SeenPosition:
        return see(self.position, self.working)


class Facts(msgspec.Struct, frozen=True):
    """`legs` are watched for price and volume, `orders` for how far they are filled,
    `strategies` for which of them run, `held` are positions watched for their volume only."""

    legs: tuple[Leg, ...] = ()
    orders: tuple[OrderRow, ...] = ()
    strategies: tuple[StrategyRow, ...] = ()
    held: tuple[PositionRow, ...] = ()

    def order_ids(self) -> tuple[int, ...]:
        return tuple(sorted(order.order_id for order in self.orders))


def differences(
    seen: Facts, latest: Facts, engine_now_ns: int, max_ticks: int, stale_ns: int
) -> tuple[Difference, ...]:
    """Everything that must be shown before `seen` may be acted upon."""
    found: list[Difference] = []
    before = {leg.position.position_id: leg for leg in seen.legs}
    after = {leg.position.position_id: leg for leg in latest.legs}
    for position_id in before.keys() | after.keys():
        old, new = before.get(position_id), after.get(position_id)
        if old is None or new is None:
            found.append(_appeared_or_gone(old, new))
        else:
            of_leg = _position_changes(old.position, new.position)
            of_leg += _order_changes(old.working, new.working)
            of_leg += _price_changes(old.position, new.position, engine_now_ns, max_ticks, stale_ns)
            found += [msgspec.structs.replace(item, about=position_id) for item in of_leg]
    found += _order_changes(seen.orders, latest.orders)
    found += _strategy_changes(seen.strategies, latest.strategies)
    found += _held_changes(seen.held, latest.held)
    return tuple(sorted(found, key=lambda item: (item.what, item.guard)))


def kept(latched: tuple[Difference, ...], exact: tuple[Difference, ...]) -> tuple[Difference, ...]:
    """Differences that were found once, with what they have become by now (`exact` are the
    present differences with no tolerance at all). Of a position that is gone by now, that it is
    gone says all."""
    present = {(item.guard, item.what): item for item in exact}
    gone = {item.about for item in exact if item.new == NONE and item.about}
    told = (item for item in latched if item.about not in gone or (item.guard, item.what) in present)
    return tuple(
        present.get((item.guard, item.what)) or Difference(item.guard, item.what, item.old, "as it was")
        for item in told
    )


def _appeared_or_gone(old: Leg | None, new: Leg | None) -> Difference:
    leg = old or new
    assert leg is not None
    what = _name(leg.position)
    return Difference(Guard.CHANGED, what, _held(old), _held(new), leg.position.position_id)


def _held(leg: Leg | None) -> str:
    return NONE if leg is None else format.volume(leg.position.volume)


def _name(row: PositionRow) -> str:
    return f"{row.symbol} {row.direction.lower()}"


def _position_changes(old: PositionRow, new: PositionRow) -> list[Difference]:
    """A new version alone is a change, even when every number shown is as before."""
    if old.version == new.version and old.volume == new.volume:
        return []
    digits = old.price_digits
    pairs = (
        (_name(old), format.volume(old.volume), format.volume(new.volume)),
        (
            f"{_name(old)} cost",
            format.price(old.average_price, digits),
            format.price(new.average_price, digits),
        ),
        (f"{_name(old)} frozen", format.volume(old.frozen), format.volume(new.frozen)),
    )
    found = [Difference(Guard.CHANGED, what, was, now) for what, was, now in pairs if was != now]
    version = Difference(Guard.CHANGED, f"{_name(old)} version", str(old.version), str(new.version))
    return found or [version]


def _price_changes(
    old: PositionRow, new: PositionRow, engine_now_ns: int, max_ticks: int, stale_ns: int
) -> list[Difference]:
    found = []
    moved = ticks_moved(old.last_price, new.last_price, old.tick)
    if old.last_price != new.last_price and (moved is None or moved > max_ticks):
        digits = old.price_digits
        prices = (format.price(old.last_price, digits), format.price(new.last_price, digits))
        found.append(Difference(Guard.MOVED, f"{old.symbol} price", *prices))
    if quote_is_stale(new, engine_now_ns, stale_ns):
        age = None if new.quote_ns is None else engine_now_ns - new.quote_ns
        limit = f"at most {format.volume(Decimal(stale_ns) / NS_PER_SECOND)} s old"
        found.append(Difference(Guard.STALE, f"{old.symbol} quote", limit, words.age(age)))
    return found


def _order_changes(old: tuple[OrderRow, ...], new: tuple[OrderRow, ...]) -> list[Difference]:
    before = {row.order_id: row for row in old}
    after = {row.order_id: row for row in new}
    found = []
    for order_id in before.keys() | after.keys():
        was, now = before.get(order_id), after.get(order_id)
        if was is now:
            continue  # the same row: with thousands of orders no text is made for nothing
        told = (_working(was) if was else "not there", _working(now) if now else "no longer working")
        if told[0] != told[1]:
            found.append(Difference(Guard.CHANGED, f"order {order_id}", *told))
    return found


def _working(row: OrderRow) -> str:
    """An order as far as it matters here: becoming Placed changes nothing one asked about, nor
    does a trailing stop that trails."""
    at = "" if row.price is None else f" at {format.price(row.price)}"
    return f"{format.volume(row.filled_quantity)} of {format.volume(row.quantity)} filled{at}"


def _held_changes(old: tuple[PositionRow, ...], new: tuple[PositionRow, ...]) -> list[Difference]:
    before = {row.position_id: row for row in old}
    after = {row.position_id: row for row in new}
    found = []
    for position_id in before.keys() | after.keys():
        was, now = before.get(position_id), after.get(position_id)
        told = tuple(NONE if row is None else format.volume(row.volume) for row in (was, now))
        if told[0] != told[1]:
            row = was or now
            assert row is not None
            found.append(Difference(Guard.CHANGED, _name(row), told[0], told[1]))
    return found


def _strategy_changes(old: tuple[StrategyRow, ...], new: tuple[StrategyRow, ...]) -> list[Difference]:
    before = {row.strategy_id: row for row in old}
    after = {row.strategy_id: row for row in new}
    return [
        Difference(
            Guard.CHANGED,
            f"strategy {(before.get(key) or after[key]).name}",
            "running" if key in before else "stopped",
            "running" if key in after else "stopped",
        )
        for key in before.keys() ^ after.keys()
    ]

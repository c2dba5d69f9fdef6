"""The guards of a close: pure predicates over what the asker saw and what is so now.

The ticket in the window checks them while it is shown, the engine again when the command
arrives; both through these functions, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from monitor.engine.commands import Reply, SeenPosition, accepted, refused
from monitor.engine.rows import OrderRow, PositionRow
from monitor.engine.values import NS_PER_SECOND, Offset

STALE_NS = 2 * NS_PER_SECOND


def competing_orders(position: PositionRow, orders: Iterable[OrderRow]) -> tuple[int, ...]:
    """Ids of the working orders that would close this position: a close cancels them first."""
    return tuple(
        sorted(
            order.order_id
            for order in orders
            if order.status.active
            and order.account_id == position.account_id
            and order.symbol == position.symbol
            and order.side is position.direction.closing_side
            and order.offset is not Offset.OPEN
        )
    )


def see(position: PositionRow, orders: Iterable[OrderRow]) -> SeenPosition:
    """What a ticket shows, as the command carries it."""
    return SeenPosition(
        position_id=position.position_id,
        version=position.version,
        volume=position.volume,
        price=position.last_price,
        working_orders=competing_orders(position, orders),
    )


def ticks_moved(seen: Decimal | None, now: Decimal | None, tick: Decimal) -> Decimal | None:
    """By how many ticks the price moved, None when either is unknown."""
    if seen is None or now is None:
        return None
    return abs(now - seen) / tick


def quote_is_stale(position: PositionRow, now_ns: int, limit_ns: int = STALE_NS) -> bool:
    """Whether the last price is missing or older than the limit, on the engine's clock."""
    return position.quote_ns is None or now_ns - position.quote_ns > limit_ns


def check_close(
    seen: SeenPosition,
    position: PositionRow | None,
    orders: Iterable[OrderRow],
    *,
    max_ticks: int,
    now_ns: int,
) -> Reply:
    """Accepted, or refused with what changed: "gone", "changed", "stale" or "moved"."""
    if position is None or not position.volume:
        return refused("The position is gone.", "gone")
    if position.volume != seen.volume:
        return refused(f"The position changed: {seen.volume} → {position.volume}.", "changed")
    if position.version != seen.version:
        return refused("The position was traded meanwhile, or a trading day began.", "changed")
    if competing_orders(position, orders) != seen.working_orders:
        return refused("Its working orders changed.", "changed")
    if quote_is_stale(position, now_ns):
        return refused("The last price is older than 2 seconds.", "stale")
    moved = ticks_moved(seen.price, position.last_price, position.tick)
    if moved is None or moved > max_ticks:
        return refused(f"The price moved: {seen.price} → {position.last_price}.", "moved")
    return accepted()

"""Closing positions at a venue: the guards of a close again, then orders that only reduce.

Exchanges that part today's lots from yesterday's get one order for each.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from monitor.engine import commands as cmd
from monitor.engine.closing import check_close, competing_orders
from monitor.engine.commands import OrderRequest, Reply, accepted, refused
from monitor.engine.exchange_rules import offsets_to_close, rules_of
from monitor.engine.orderplan import OrderPlan
from monitor.engine.rows import OrderRow, PositionRow
from monitor.engine.trading.ordering import create, objection_to
from monitor.engine.trading.readside import position_rows
from monitor.engine.values import OrderType, TimeInForce, sane

if TYPE_CHECKING:
    from monitor.engine.trading.trading import Trading

Cancel = Callable[["Trading", int, str], None]
AT_ONCE = OrderPlan(execute_immediately=True)


def close_one(
    trading: Trading, command: cmd.ClosePosition, take: Callable[[], None], cancel: Cancel
) -> Reply:
    row, refusal = _checked(trading, command.seen, command.max_ticks)
    if row is None:
        return refusal
    wrong = _objection(trading, command)
    if wrong:
        return refused(wrong)
    requests = _requests(trading, row, command.volume, command.type, command.price)
    for request in requests:
        if (objection := objection_to(trading, request)) is not None:
            return objection
    take()
    return accepted(*_close_now(trading, row, requests, cancel))


def close_all(
    trading: Trading, command: cmd.CloseAllPositions, take: Callable[[], None], cancel: Cancel
) -> Reply:
    """All that was seen, or nothing."""
    if not command.seen:
        return refused("No position was named.")
    held = {row.position_id for row in position_rows(trading.state) if row.volume}
    if {seen.position_id for seen in command.seen} != held:
        return refused("The positions changed: others are open by now.", "changed")
    closes: list[tuple[PositionRow, list[OrderRequest]]] = []
    for seen in command.seen:
        row, refusal = _checked(trading, seen, command.max_ticks)
        if row is None:
            return refusal
        requests = _requests(trading, row, row.volume, OrderType.MARKET, None)
        for request in requests:
            if (objection := objection_to(trading, request)) is not None:
                return objection
        closes.append((row, requests))
    take()
    made = [order_id for row, requests in closes for order_id in _close_now(trading, row, requests, cancel)]
    return accepted(*made)


def _checked(trading: Trading, seen: cmd.SeenPosition, max_ticks: int) -> tuple[PositionRow | None, Reply]:
    state = trading.state
    row = next((r for r in position_rows(state) if r.position_id == seen.position_id), None)
    verdict = check_close(seen, row, _working(trading), max_ticks=max_ticks, now_ns=state.now_ns)
    return (row if verdict.accepted else None), verdict


def _working(trading: Trading) -> list[OrderRow]:
    return [order.row() for order in trading.state.book.active.values()]


def _objection(trading: Trading, command: cmd.ClosePosition) -> str:
    if not sane(command.volume) or not 0 < command.volume <= command.seen.volume:
        return f"Closing {command.volume} of {command.seen.volume}."
    if command.type not in {OrderType.MARKET, OrderType.LIMIT}:
        return f"A close is a market or a limit order, not {command.type}."
    if (command.type is OrderType.LIMIT) is not (command.price is not None):
        return "A limit needs a price, a market order has none."
    return ""


def _requests(
    trading: Trading, row: PositionRow, volume: Decimal, type_: OrderType, price: Decimal | None
) -> list[OrderRequest]:
    rules = rules_of(trading.state.instruments[row.symbol].exchange)
    older = row.volume - row.volume_today
    return [
        OrderRequest(
            symbol=row.symbol,
            side=row.direction.closing_side,
            offset=offset,
            type=type_,
            quantity=part,
            price=price,
            time_in_force=TimeInForce.GTC,
            reduce_only=True,
            account_id=row.account_id,
            plan=AT_ONCE,
        )
        for offset, part in offsets_to_close(rules, volume, row.volume_today, older)
    ]


def _close_now(trading: Trading, row: PositionRow, requests: list[OrderRequest], cancel: Cancel) -> list[int]:
    for order_id in competing_orders(row, _working(trading)):
        cancel(trading, order_id, "position is being closed")
    return [create(trading, request, row.strategy_id) for request in requests]

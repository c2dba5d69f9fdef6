"""Closing positions at a venue: the guards of a close again, then orders that only reduce.

Exchanges that part today's lots from yesterday's get one order for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from monitor.engine import commands as cmd
from monitor.engine.closing import check_close, competing_orders
from monitor.engine.commands import OrderRequest, Reply, accepted, refused
from monitor.engine.exchange_rules import offsets_to_close, rules_of
from monitor.engine.guards import Assessment, assess, gather
from monitor.engine.orderplan import OrderPlan
from monitor.engine.rows import OrderRow, PositionRow
from monitor.engine.trading.ordering import create, objection_to, refused_by_guard, tell_guards
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
    verdicts = _judged(trading, requests)
    if isinstance(verdicts, Reply):
        return verdicts
    take()
    made = _close_now(trading, row, requests, verdicts, cancel)
    return accepted(*made, reason=_told(verdicts))


def close_all(
    trading: Trading, command: cmd.CloseAllPositions, take: Callable[[], None], cancel: Cancel
) -> Reply:
    """All that was seen, or nothing."""
    if not command.seen:
        return refused("No position was named.")
    held = {row.position_id for row in position_rows(trading.state) if row.volume}
    if {seen.position_id for seen in command.seen} != held:
        return refused("The positions changed: others are open by now.", "changed")
    closes: list[tuple[PositionRow, list[OrderRequest], list[Assessment]]] = []
    for seen in command.seen:
        row, refusal = _checked(trading, seen, command.max_ticks)
        if row is None:
            return refusal
        requests = _requests(trading, row, row.volume, OrderType.MARKET, None)
        verdicts = _judged(trading, requests)
        if isinstance(verdicts, Reply):
            return verdicts
        closes.append((row, requests, verdicts))
    take()
    made = [order_id for close in closes for order_id in _close_now(trading, *close, cancel)]
    return accepted(*made, reason=_told(v for _, _, verdicts in closes for v in verdicts))


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


def _judged(trading: Trading, requests: list[OrderRequest]) -> list[Assessment] | Reply:
    """What the guards say to each, or why one of them is refused. A close is not cut: the position was
    seen, and all of it or the part that was asked for is closed."""
    verdicts = []
    for request in requests:
        if (objection := objection_to(trading, request)) is not None:
            return objection
        verdict = assess(request, gather(trading.state, request), trading.guards, cuts=False)
        if verdict.refusals:
            return refused_by_guard(trading, verdict, request)
        verdicts.append(verdict)
    return verdicts


def _told(verdicts: Iterable[Assessment]) -> str:
    return " ".join(dict.fromkeys(w.message for verdict in verdicts for w in verdict.warnings))


def _close_now(
    trading: Trading,
    row: PositionRow,
    requests: list[OrderRequest],
    verdicts: list[Assessment],
    cancel: Cancel,
) -> list[int]:
    for order_id in competing_orders(row, _working(trading)):
        cancel(trading, order_id, "position is being closed")
    made = []
    for request, verdict in zip(requests, verdicts, strict=True):
        made.append(create(trading, request, row.strategy_id))
        tell_guards(trading, verdict, made[-1], request.symbol)
    return made

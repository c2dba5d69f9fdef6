"""Two engines of one session at a venue held against each other, and an engine against itself.

Owns what of an engine follows from facts: prices that were only quoted, and what the clock alone
changes, are not compared. Reads no database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from monitor.engine.accounts import identities
from monitor.engine.rows import AccountRow, PositionRow
from monitor.engine.trading.readside import account_row, position_rows
from monitor.engine.trading.trading import Trading
from monitor.journal.findings import row_differences

OF_POSITION_MARKS = frozenset(
    {"last_price", "unrealised_profit", "margin", "quote_ns", "close_commission", "version"}
)
"""Fields that follow the market, not the facts; a version only counts changes since a start."""
OF_ACCOUNT_MARKS = frozenset(
    {
        "balance",
        "available",
        "margin",
        "frozen",
        "unrealised_profit",
        "today_profit",
        "risk_ratio",
        "updated_ns",
    }
)
_OF_EVALUATION = frozenset({"evaluated_ns", "truth", "detail", "error"})
_NUMBERS = ("last_order", "last_trade", "last_signal", "last_alert", "engine_state", "transferred")


def account_rows(trading: Trading) -> dict[str, AccountRow]:
    state = trading.state
    return {name: account_row(state, account) for name, account in state.accounts.items()}


def positions_held(trading: Trading) -> dict[str, PositionRow]:
    return {row.position_id: row for row in position_rows(trading.state) if row.volume}


def broken_identities(trading: Trading) -> Iterator[str]:
    """Every accounting identity that does not hold now."""
    state = trading.state
    for account_id, account in state.accounts.items():
        for text in identities(account, state.frozen(account)):
            yield f"account {account_id}: {text}"


def state_differences(full: Trading, other: Trading, where: str) -> Iterator[str]:
    """What of `other`, which began at a checkpoint, is not as in `full`, folded from the first fact.
    Orders that ended long ago may be forgotten; nothing else may."""
    yield from _orders_differ(full, other, where)
    for table, ours, theirs, passed in (
        ("positions", positions_held(full), positions_held(other), OF_POSITION_MARKS),
        ("accounts", account_rows(full), account_rows(other), OF_ACCOUNT_MARKS),
        ("waiting", full.room.all_rows(), other.room.all_rows(), _OF_EVALUATION),
    ):
        yield from _rows_differ(table, ours, theirs, where, passed)
    for name in _NUMBERS:
        one, two = getattr(full.state, name), getattr(other.state, name)
        if one != two:
            yield f"{name.replace('_', ' ')} is {two} {where}, {one} by the facts"
    yield from _records_differ(full, other, where)
    for broken in broken_identities(other):
        yield f"{broken} {where}"


def _rows_differ(
    table: str, ours: Mapping[Any, Any], theirs: Mapping[Any, Any], where: str, passed: Collection[str] = ()
) -> Iterator[str]:
    for key in {**ours, **theirs}:
        one, two = ours.get(key), theirs.get(key)
        yield from row_differences(f"{table} {key}", one, two, where=where, passed=passed)


def _orders_differ(full: Trading, other: Trading, where: str) -> Iterator[str]:
    ours, theirs = full.state, other.state
    for order_id in {**theirs.book.orders, **ours.book.active}:
        one, two = ours.book.orders.get(order_id), theirs.book.orders.get(order_id)
        rows = (order.row() if order is not None else None for order in (one, two))
        yield from row_differences(f"orders {order_id}", *rows, where=where)
    for trade_id, trade in theirs.trades.items():
        yield from row_differences(f"trades {trade_id}", ours.trades.get(trade_id), trade, where=where)
    standing = {i: alert for i, alert in ours.alerts.items() if alert.settled_ns is None}
    for alert_id in {**standing, **theirs.alerts}:
        alerts = (ours.alerts.get(alert_id), theirs.alerts.get(alert_id))
        yield from row_differences(f"alerts {alert_id}", *alerts, where=where)


def _records_differ(full: Trading, other: Trading, where: str) -> Iterator[str]:
    if full.records.next_id != other.records.next_id:
        yield (
            f"the next position record is {other.records.next_id} {where}, "
            f"{full.records.next_id} by the facts"
        )
    ours = {row.record_id: row for row in full.records.current()}
    theirs = {row.record_id: row for row in other.records.current()}
    yield from _rows_differ("records", ours, theirs, where)
    for account_id, curve in full.state.equity.curves.items():
        kept = other.state.equity.curves.get(account_id)
        if kept is None or kept.total != curve.total:
            there = 0 if kept is None else kept.total
            yield f"equity of {account_id} has {there} samples {where}, {curve.total} by the facts"

"""The rows of a database held against rows that should be there: the first that differs.

Owns what can be said of rows by the facts alone: the orders and fills are a fold over them.
Knows neither databases nor runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isnan
from typing import Any, get_args

import msgspec

from monitor.engine import events as ev
from monitor.engine.changes import Changes, EquityChunk
from monitor.engine.journal import JournalRecord
from monitor.engine.klines.report import counted
from monitor.engine.orders import Book
from monitor.store.queries import LATEST

_ORDER_EVENTS = get_args(ev.OrderEvent)
_TABLES = {
    "orders": "order",
    "trades": "trade",
    "positions": "position",
    "accounts": "account",
    "strategies": "strategy",
    "triggers": "trigger",
}
# Of these only the latest are read back.
_GROWING = {
    "signals": "signal",
    "executions": "execution",
    "records": "position record",
    "alerts": "alert",
}
_NAMES = _TABLES | _GROWING
_FILL_FIELDS = (
    "order_id",
    "venue_trade_id",
    "price",
    "volume",
    "commission",
    "slippage",
    "fee_currency",
    "direction",
)


class RowDifference(msgspec.Struct, frozen=True):
    """`seq` is the last fact that led to the row, where it can be named."""

    text: str
    seq: int | None = None


class Facts:
    """What facts that hold say of orders and fills, and which fact said it last.

    `wrong` is the first fact that cannot be, after those before it.
    """

    def __init__(self, records: Iterable[JournalRecord]) -> None:
        self.book = Book()
        self.fills: dict[int, ev.TradeExecuted] = {}
        self.wrong: JournalRecord | None = None
        self._seqs: dict[tuple[str, Any], int] = {}
        for record in records:
            self._take(record, ev.DECODER.decode(record.payload))

    def _take(self, record: JournalRecord, event: ev.AnyEvent) -> None:
        if isinstance(event, ev.StrategyTriggered):
            self._seqs["triggers", event.trigger_id] = record.seq
        if not isinstance(event, _ORDER_EVENTS):
            return
        self._seqs["orders", event.order_id] = record.seq
        if isinstance(event, ev.TradeExecuted):
            self._seqs["trades", event.trade_id] = record.seq
            self.fills.setdefault(event.trade_id, event)
        try:
            self.book.apply(event, record.time_ns)
        except (ValueError, KeyError):
            self.wrong = self.wrong or record

    def rows(self) -> Changes:
        """The orders; fills are compared by themselves, as profit is not in the facts."""
        return Changes(orders={order.order_id: order.row() for order in self.book.orders.values()})

    def seq_of(self, table: str, key: object) -> int | None:
        return self._seqs.get((table, key))


def row_counts(rows: Changes) -> str:
    counts = [counted(len(getattr(rows, table)), name) for table, name in _TABLES.items() if name[-1] != "y"]
    counts += [
        counted(count, name) for table, name in _GROWING.items() if (count := len(getattr(rows, table)))
    ]
    samples = sum(len(chunk) for chunk in rows.equity)
    return f"{', '.join(counts)} and {counted(samples, 'equity sample')}"


def first_difference(expected: Changes, found: Changes, facts: Facts, *, whole: bool) -> RowDifference | None:
    """Where `found` is not as expected. Without `whole` only orders and fills are looked at."""
    if not whole:
        fills = {i: _fill_of(trade) for i, trade in found.trades.items()}
        said = {i: _fill_of(fill) for i, fill in facts.fills.items()}
        return _of_table("orders", expected.orders, found.orders, facts) or _of_table(
            "trades", said, fills, facts
        )
    for table in _TABLES:
        if different := _of_table(table, getattr(expected, table), getattr(found, table), facts):
            return different
    for table in _GROWING:
        there = getattr(found, table)
        if different := _of_table(table, _read(getattr(expected, table), there), there, facts):
            return different
    return _of_curves(expected.equity, found.equity)


def _fill_of(fill: Any) -> dict[str, Any]:
    return {field: getattr(fill, field) for field in _FILL_FIELDS}


def _read(expected: Mapping[int, Any], found: Mapping[int, Any]) -> Mapping[int, Any]:
    """Of many only those that were read."""
    return {key: expected[key] for key in expected if len(found) < LATEST or key in found}


def _of_table(
    table: str, expected: Mapping[Any, Any], found: Mapping[Any, Any], facts: Facts
) -> RowDifference | None:
    wrong = [key for key in {**expected, **found} if expected.get(key) != found.get(key)]
    if not wrong:
        return None
    numbered = [(seq, key) for key in wrong if (seq := facts.seq_of(table, key)) is not None]
    seq, key = min(numbered) if numbered else (None, wrong[0])
    text = f"{_NAMES[table]} {key} {_how(expected.get(key), found.get(key))}"
    more = f"; {len(wrong) - 1:,} more {table} differ" if len(wrong) > 1 else ""
    return RowDifference(f"{text}{more}", seq)


def _how(expected: Any, found: Any) -> str:
    if found is None:
        return "is missing in the database"
    if expected is None:
        return "is in the database, but never was"
    one, other = _fields(expected), _fields(found)
    field = next(name for name in one if one[name] != other[name])
    return f"has {field} {_shown(other[field])} in the database, it is {_shown(one[field])}"


def _fields(row: Any) -> dict[str, Any]:
    return row if isinstance(row, dict) else msgspec.structs.asdict(row)


def _shown(value: Any) -> str:
    return "empty" if value is None or value == "" else str(value)


def _of_curves(expected: list[EquityChunk], found: list[EquityChunk]) -> RowDifference | None:
    want, have = _samples(expected), _samples(found)
    for account_id in {**want, **have}:
        one, other = want.get(account_id, {}), have.get(account_id, {})
        if one == other:
            continue
        sample = min(key for key in {**one, **other} if one.get(key) != other.get(key))
        return RowDifference(f"equity sample {sample} of {account_id} is not that of the run")
    return None


def _samples(chunks: list[EquityChunk]) -> dict[str, dict[int, tuple[int, float | None]]]:
    """By account and number; NaN as None, because it equals nothing."""
    result: dict[str, dict[int, tuple[int, float | None]]] = {}
    for chunk in chunks:
        known = (None if isnan(value) else value for value in chunk.equity.tolist())
        pairs = zip(chunk.time_ns.tolist(), known, strict=True)
        result.setdefault(chunk.account_id, {}).update(enumerate(pairs, chunk.start))
    return result

"""Reads rows back: whole sessions after a restart, pages of history for tables and REST.

Owns the SQL of reading. Every function takes a connection in a transaction, so that what it
reads in several statements belongs together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, TypeVar

import msgspec
import numpy as np
from sqlalchemy import ColumnElement, Select, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.boundary import OrderPage, OrderQuery, TradePage, TradeQuery
from monitor.engine.changes import Changes, EquityChunk
from monitor.engine.journal import JournalRecord
from monitor.engine.rows import (
    AccountRow,
    AlertRow,
    ExecutionRow,
    OperationRow,
    OrderRow,
    PositionRecordRow,
    PositionRow,
    SignalRow,
    StrategyRow,
    TradeRow,
    TriggerRow,
)
from monitor.engine.values import OrderStatus
from monitor.store import tables
from monitor.store.faults import StoreError
from monitor.store.statements import last_seq

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")

# Decoded at once; the loop gets its turn between two parts.
PART_ROWS = 500
# Of what only grows; the rest is for pages.
LATEST = 500
FINISHED = [status.value for status in OrderStatus if not status.active]


async def read_journal(connection: AsyncConnection, session_id: int, from_seq: int) -> list[JournalRecord]:
    """Records from `from_seq` on. StoreError when one is missing: a journal with a gap must
    not be replayed."""
    columns = tables.journal.c
    statement = (
        select(columns.seq, columns.time_ns, columns.bar, columns.kind, columns.payload)
        .where(columns.session_id == session_id, columns.seq >= from_seq)
        .order_by(columns.seq)
    )
    records = await _collect(connection, statement, lambda row: JournalRecord(*row))
    _verify_gapless(records, session_id, max(from_seq, 1))
    return records


def _verify_gapless(records: list[JournalRecord], session_id: int, first: int) -> None:
    for expected, record in enumerate(records, first):
        if record.seq != expected:
            missing = f"{expected}" if record.seq == expected + 1 else f"{expected} to {record.seq - 1}"
            raise StoreError(f"The journal of session {session_id} has a gap: {missing} is missing.")


async def read_rows(connection: AsyncConnection, session_id: int) -> Changes:
    """What the session showed last, of what only grows the latest; `seq` is that of its last record."""

    async def every(table: Table, kind: type[R], key: str) -> dict[Any, R]:
        return {getattr(row, key): row for row in await _all(connection, session_id, table, kind)}

    async def latest(table: Table, kind: type[R], key: str) -> dict[Any, R]:
        return {getattr(row, key): row for row in await _latest(connection, session_id, table, kind, key)}

    operations = await latest(tables.operations, OperationRow, "operation_id")
    return Changes(
        seq=await last_seq(connection, session_id),
        orders=await every(tables.orders, OrderRow, "order_id"),
        trades=await every(tables.trades, TradeRow, "trade_id"),
        positions=await every(tables.positions, PositionRow, "position_id"),
        accounts=await every(tables.accounts, AccountRow, "account_id"),
        strategies=await every(tables.strategies, StrategyRow, "strategy_id"),
        triggers=await every(tables.triggers, TriggerRow, "trigger_id"),
        signals=await latest(tables.signals, SignalRow, "signal_id"),
        executions=await latest(tables.executions, ExecutionRow, "order_id"),
        records=await latest(tables.position_records, PositionRecordRow, "record_id"),
        alerts=await latest(tables.alerts, AlertRow, "alert_id"),
        equity=await _equity(connection, session_id),
        operations=list(operations.values()),
    )


async def finished_orders(connection: AsyncConnection, session_id: int, query: OrderQuery) -> OrderPage:
    """Newest first by the time of the last change, which is when they finished."""
    columns = tables.orders.c
    status = [query.status.value] if query.status else FINISHED
    conditions = [
        columns.session_id == session_id,
        columns.status.in_(FINISHED),
        columns.status.in_(status),
        *_equal(columns.strategy_id, query.strategy_id),
        *_equal(columns.symbol, query.symbol),
        *_between(columns.updated_ns, query.from_ns, query.to_ns),
    ]
    every = _rows_of(tables.orders, OrderRow).where(*conditions)
    newest_first = every.order_by(columns.updated_ns.desc(), columns.order_id.desc())
    total, rows = await _page(connection, newest_first, query, OrderRow)
    return OrderPage(orders=rows, total=total, page=query.page, size=query.size)


async def trades(connection: AsyncConnection, session_id: int, query: TradeQuery) -> TradePage:
    columns = tables.trades.c
    conditions = [
        columns.session_id == session_id,
        *_equal(columns.strategy_id, query.strategy_id),
        *_equal(columns.order_id, query.order_id),
        *_equal(columns.symbol, query.symbol),
        *_between(columns.time_ns, query.from_ns, query.to_ns),
    ]
    every = _rows_of(tables.trades, TradeRow).where(*conditions)
    newest_first = every.order_by(columns.time_ns.desc(), columns.trade_id.desc())
    total, rows = await _page(connection, newest_first, query, TradeRow)
    return TradePage(trades=rows, total=total, page=query.page, size=query.size)


async def _page(
    connection: AsyncConnection, every: Select[Any], query: OrderQuery | TradeQuery, kind: type[R]
) -> tuple[int, list[R]]:
    """How many there are of `every` row asked for, and those of the query's page."""
    if query.page < 1 or query.size < 1:
        raise ValueError(f"pages start at 1 and hold at least one row, not {query.page} of {query.size}")
    count = select(func.count()).select_from(every.order_by(None).subquery())
    total = (await connection.execute(count)).scalar_one()
    part = every.limit(query.size).offset((query.page - 1) * query.size)
    return total, await _collect(connection, part, _decoder(kind))


def _equal(column: ColumnElement[Any], value: object) -> list[ColumnElement[bool]]:
    return [] if value is None else [column == value]


def _between(column: ColumnElement[Any], low: int | None, high: int | None) -> list[ColumnElement[bool]]:
    lower = [] if low is None else [column >= low]
    return lower if high is None else [*lower, column <= high]


def _rows_of(table: Table, kind: type[msgspec.Struct]) -> Select[Any]:
    """The columns of `table` in the order of the fields of `kind`."""
    return select(*(table.c[field] for field in kind.__struct_fields__))


def _decoder(kind: type[R]) -> Callable[[Sequence[Any]], R]:
    fields = kind.__struct_fields__
    return lambda row: msgspec.convert(dict(zip(fields, row, strict=True)), kind)


async def _all(connection: AsyncConnection, session_id: int, table: Table, kind: type[R]) -> list[R]:
    mine = _rows_of(table, kind).where(table.c.session_id == session_id)
    return await _collect(connection, mine.order_by(*table.primary_key), _decoder(kind))


async def _latest(
    connection: AsyncConnection, session_id: int, table: Table, kind: type[R], key: str
) -> list[R]:
    """Those with the highest numbers, the lowest of them first; alerts that still stand before all."""
    mine = _rows_of(table, kind).where(table.c.session_id == session_id)
    standing = [table.c.settled_ns.is_not(None)] if "settled_ns" in table.c else []
    latest = mine.order_by(*standing, table.c[key].desc()).limit(LATEST)
    found = await _collect(connection, latest, _decoder(kind))
    return sorted(found, key=attrgetter(key))


async def _equity(connection: AsyncConnection, session_id: int) -> list[EquityChunk]:
    columns = tables.equity.c
    statement = (
        select(columns.account_id, columns.sample, columns.time_ns, columns.equity)
        .where(columns.session_id == session_id)
        .order_by(columns.account_id, columns.sample)
    )
    samples = await _collect(connection, statement, tuple)
    by_account = groupby(samples, key=itemgetter(0))
    return [chunk for account_id, rows in by_account for chunk in _curves(account_id, list(rows))]


def _curves(account_id: str, samples: list[tuple[Any, ...]]) -> list[EquityChunk]:
    """One chunk per run of consecutive samples: normally one."""
    index = np.array([sample[1] for sample in samples], dtype=np.int64)
    time_ns = np.array([sample[2] for sample in samples], dtype=np.int64)
    equity = np.array([sample[3] for sample in samples], dtype=np.float64)
    ends = [*(np.flatnonzero(np.diff(index) != 1) + 1).tolist(), len(samples)]
    starts = [0, *ends[:-1]]
    return [
        EquityChunk(account_id, int(index[start]), time_ns[start:end], equity[start:end])
        for start, end in zip(starts, ends, strict=True)
    ]


async def _collect(
    connection: AsyncConnection, statement: Select[Any], decode: Callable[[Sequence[Any]], T]
) -> list[T]:
    """Every row of a result of any size, without holding the loop for long."""
    found: list[T] = []
    async with connection.stream(statement) as result:
        async for part in result.partitions(PART_ROWS):
            found.extend(map(decode, part))
    return found

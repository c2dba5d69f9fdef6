"""Reads rows back: what a session showed last, after a restart.

Owns how a row of a table becomes one of the engine's again. Every function takes a connection in
a transaction, so that what it reads in several statements belongs together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, TypeVar

import msgspec
import numpy as np
from sqlalchemy import CompoundSelect, Select, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.engine.changes import Changes, EquityChunk
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
from monitor.store import tables
from monitor.store.statements import last_seq

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")

# Decoded at once; the loop gets its turn between two parts.
PART_ROWS = 500
# Of what only grows; the rest is for pages.
LATEST = 500


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


def rows_of(table: Table, kind: type[msgspec.Struct]) -> Select[Any]:
    """The columns of `table` in the order of the fields of `kind`."""
    return select(*(table.c[field] for field in kind.__struct_fields__))


def decoder(kind: type[R]) -> Callable[[Sequence[Any]], R]:
    fields = kind.__struct_fields__
    return lambda row: msgspec.convert(dict(zip(fields, row, strict=True)), kind)


async def _all(connection: AsyncConnection, session_id: int, table: Table, kind: type[R]) -> list[R]:
    mine = rows_of(table, kind).where(table.c.session_id == session_id)
    return await collect(connection, mine.order_by(*table.primary_key), decoder(kind))


async def _latest(
    connection: AsyncConnection, session_id: int, table: Table, kind: type[R], key: str
) -> list[R]:
    """Those with the highest numbers, the lowest of them first; alerts that still stand before all."""
    mine = rows_of(table, kind).where(table.c.session_id == session_id)
    standing = [table.c.settled_ns.is_not(None)] if "settled_ns" in table.c else []
    latest = mine.order_by(*standing, table.c[key].desc()).limit(LATEST)
    found = await collect(connection, latest, decoder(kind))
    return sorted(found, key=attrgetter(key))


async def _equity(connection: AsyncConnection, session_id: int) -> list[EquityChunk]:
    columns = tables.equity.c
    statement = (
        select(columns.account_id, columns.sample, columns.time_ns, columns.equity)
        .where(columns.session_id == session_id)
        .order_by(columns.account_id, columns.sample)
    )
    samples = await collect(connection, statement, tuple)
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


async def collect(
    connection: AsyncConnection,
    statement: Select[Any] | CompoundSelect[Any],
    decode: Callable[[Sequence[Any]], T],
) -> list[T]:
    """Every row of a result of any size, without holding the loop for long."""
    found: list[T] = []
    async with connection.stream(statement) as result:
        async for part in result.partitions(PART_ROWS):
            found.extend(map(decode, part))
    return found

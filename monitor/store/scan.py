"""Any table of a session's rows as a whole, in the order of its key and in parts of bounded size.

Owns which tables there are for somebody who reads all of one, and what can be asked of each by its
columns. Knows no meaning of a row. Every function takes a connection in a transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Iterable
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Table, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

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
from monitor.store.checkpoints import Head
from monitor.store.queries import collect, decoder, rows_of

PART_ROWS = 1_000


class EquitySample(msgspec.Struct, frozen=True):
    """`equity` None is unknown."""

    account_id: str
    sample: int
    time_ns: int
    equity: float | None


class RowTable(msgspec.Struct, frozen=True):
    """`time` is the column by which a row is of a moment, "" when it has none. `archive` is where old
    ones were moved."""

    table: Table
    kind: type[msgspec.Struct]
    time: str = "time_ns"
    archive: Table | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Of a row within its session."""
        return tuple(column.name for column in self.table.primary_key if column.name != "session_id")


ROW_TABLES = {
    "orders": RowTable(tables.orders, OrderRow, "updated_ns"),
    "trades": RowTable(tables.trades, TradeRow),
    "positions": RowTable(tables.positions, PositionRow, "updated_ns"),
    "accounts": RowTable(tables.accounts, AccountRow, "updated_ns"),
    "strategies": RowTable(tables.strategies, StrategyRow, ""),
    "triggers": RowTable(tables.triggers, TriggerRow),
    "signals": RowTable(tables.signals, SignalRow),
    "executions": RowTable(tables.executions, ExecutionRow, "updated_ns"),
    "records": RowTable(tables.position_records, PositionRecordRow, archive=tables.position_records_archive),
    "alerts": RowTable(tables.alerts, AlertRow),
    "operations": RowTable(tables.operations, OperationRow),
    "equity": RowTable(tables.equity, EquitySample),
}


class RowQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows: all conditions together, limits included; `from_key` and `to_key` are of tables with
    a number for a key. `archived`: also what retention has moved."""

    order_id: int | None = None
    account_id: str | None = None
    symbol: str | None = None
    strategy_id: int | None = None
    from_ns: int | None = None
    to_ns: int | None = None
    from_key: int | None = None
    to_key: int | None = None
    archived: bool = False


FIELDS = ("order_id", "account_id", "symbol", "strategy_id")


async def rows(
    connection: AsyncConnection, session_id: int, name: str, query: RowQuery
) -> AsyncGenerator[list[Any]]:
    """The rows asked for in lists of at most PART_ROWS, by their keys. A row that is in the archive as
    well as in its table is given once, as it is in its table. It may be left before its end."""
    source = ROW_TABLES[name]
    places = [source.table, *([source.archive] if query.archived and source.archive is not None else [])]
    last: tuple[Any, ...] | None = None
    while True:
        parts = [await _part(connection, session_id, source, table, query, last) for table in places]
        part = _merged(parts, source.keys) if len(parts) > 1 else parts[0]
        if part:
            yield part
            last = _key(part[-1], source.keys)
        if len(part) < PART_ROWS:
            return


async def _part(
    connection: AsyncConnection,
    session_id: int,
    source: RowTable,
    table: Table,
    query: RowQuery,
    last: tuple[Any, ...] | None,
) -> list[Any]:
    columns = [table.c[key] for key in source.keys]
    conditions = [table.c.session_id == session_id, *_asked(source, table, query)]
    if last is not None:
        conditions.append(columns[0] > last[0] if len(last) == 1 else tuple_(*columns) > last)
    statement = rows_of(table, source.kind).where(*conditions).order_by(*columns).limit(PART_ROWS)
    return await collect(connection, statement, decoder(source.kind))


def _asked(source: RowTable, table: Table, query: RowQuery) -> list[ColumnElement[bool]]:
    asked = {field: getattr(query, field) for field in FIELDS if getattr(query, field) is not None}
    conditions = [table.c[field] == value for field, value in asked.items()]
    key, time = table.c[source.keys[-1]], table.c[source.time] if source.time else None
    if query.from_key is not None:
        conditions.append(key >= query.from_key)
    if query.to_key is not None:
        conditions.append(key <= query.to_key)
    if time is not None and query.from_ns is not None:
        conditions.append(time >= query.from_ns)
    if time is not None and query.to_ns is not None:
        conditions.append(time <= query.to_ns)
    return conditions


def _merged(parts: Iterable[list[Any]], keys: tuple[str, ...]) -> list[Any]:
    """The first PART_ROWS of both; of the same key the one of the earlier part."""
    found: dict[tuple[Any, ...], Any] = {}
    for part in parts:
        for row in part:
            found.setdefault(_key(row, keys), row)
    return [found[key] for key in sorted(found)][:PART_ROWS]


def _key(row: Any, keys: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(row, key) for key in keys)


async def checkpoint_heads(connection: AsyncConnection, session_id: int) -> list[Head]:
    """Of every checkpoint kept, the oldest first, whether or not it can be read."""
    columns = tables.checkpoints.c
    fields = [columns[field] for field in Head.__struct_fields__]
    mine = select(*fields).where(columns.session_id == session_id).order_by(columns.seq)
    return [Head(*row) for row in (await connection.execute(mine)).all()]


async def checkpoint_payload(connection: AsyncConnection, session_id: int, head: Head) -> bytes | None:
    """What was kept under it; None when that is not what its digest says."""
    columns = tables.checkpoint_parts.c
    mine = select(columns.payload).where(columns.session_id == session_id, columns.seq == head.seq)
    payload = bytearray()
    for number in range(head.parts):
        payload += (await connection.execute(mine.where(columns.part == number))).scalar() or b""
    return bytes(payload) if hashlib.sha256(payload).hexdigest() == head.digest else None

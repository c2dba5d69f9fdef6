"""Pages of history for tables and REST, newest first, and position records of any number in parts.

Owns the SQL of asking for some of many. Every function takes a connection in a transaction, so
that the total belongs to the page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import msgspec
from sqlalchemy import ColumnElement, CompoundSelect, Select, Table, func, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.boundary import (
    AlertPage,
    AlertQuery,
    ExecutionPage,
    ExecutionQuery,
    OrderPage,
    OrderQuery,
    RecordPage,
    RecordQuery,
    SignalPage,
    SignalQuery,
    TradePage,
    TradeQuery,
)
from monitor.engine.rows import (
    AlertRow,
    ExecutionRow,
    OrderRow,
    PositionRecordRow,
    SignalRow,
    TradeRow,
)
from monitor.engine.values import OrderStatus
from monitor.store import tables
from monitor.store.queries import collect, decoder, rows_of

R = TypeVar("R", bound=msgspec.Struct)
Conditions = list[ColumnElement[bool]]

FINISHED = [status.value for status in OrderStatus if not status.active]
PART_RECORDS = 2_000


class Query(Protocol):
    """What every question for a page has."""

    @property
    def page(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def from_ns(self) -> int | None: ...
    @property
    def to_ns(self) -> int | None: ...


async def finished_orders(connection: AsyncConnection, session_id: int, query: OrderQuery) -> OrderPage:
    """By the time of the last change, which is when they finished."""
    wanted = [query.status.value] if query.status else FINISHED
    status = tables.orders.c.status
    conditions = [
        status.in_(FINISHED),
        status.in_(wanted),
        *_equal(tables.orders, query, "strategy_id", "order_id", "symbol"),
    ]
    orders = _Listing(tables.orders, OrderRow, "updated_ns", "order_id")
    total, rows = await orders.page(connection, session_id, query, conditions)
    return OrderPage(orders=rows, total=total, page=query.page, size=query.size)


async def trades(connection: AsyncConnection, session_id: int, query: TradeQuery) -> TradePage:
    conditions = _equal(tables.trades, query, "strategy_id", "order_id", "symbol")
    listing = _Listing(tables.trades, TradeRow, "time_ns", "trade_id")
    total, rows = await listing.page(connection, session_id, query, conditions)
    return TradePage(trades=rows, total=total, page=query.page, size=query.size)


async def signals(connection: AsyncConnection, session_id: int, query: SignalQuery) -> SignalPage:
    conditions = _equal(tables.signals, query, "order_id", "account_id", "symbol", "kind")
    listing = _Listing(tables.signals, SignalRow, "time_ns", "signal_id")
    total, rows = await listing.page(connection, session_id, query, conditions)
    return SignalPage(signals=rows, total=total, page=query.page, size=query.size)


async def executions(connection: AsyncConnection, session_id: int, query: ExecutionQuery) -> ExecutionPage:
    conditions = _equal(tables.executions, query, "order_id", "account_id", "symbol", "venue")
    listing = _Listing(tables.executions, ExecutionRow, "updated_ns", "order_id")
    total, rows = await listing.page(connection, session_id, query, conditions)
    return ExecutionPage(executions=rows, total=total, page=query.page, size=query.size)


async def alerts(connection: AsyncConnection, session_id: int, query: AlertQuery) -> AlertPage:
    conditions = _equal(tables.alerts, query, "level", "cause", "order_id", "account_id", "symbol")
    if query.standing is not None:
        settled = tables.alerts.c.settled_ns
        conditions.append(settled.is_(None) if query.standing else settled.is_not(None))
    listing = _Listing(tables.alerts, AlertRow, "time_ns", "alert_id")
    total, rows = await listing.page(connection, session_id, query, conditions)
    return AlertPage(alerts=rows, total=total, page=query.page, size=query.size)


async def position_records(connection: AsyncConnection, session_id: int, query: RecordQuery) -> RecordPage:
    if not query.include_archive:
        listing = _Listing(tables.position_records, PositionRecordRow, "time_ns", "record_id")
        conditions = _of_record(tables.position_records, query)
        total, rows = await listing.page(connection, session_id, query, conditions)
    else:
        both = _both(session_id, query)
        newest_first = both.order_by(
            both.selected_columns.time_ns.desc(), both.selected_columns.record_id.desc()
        )
        total, rows = await _page(connection, newest_first, query, PositionRecordRow)
    return RecordPage(records=rows, total=total, page=query.page, size=query.size)


async def records_after(
    connection: AsyncConnection, session_id: int, query: RecordQuery, last: PositionRecordRow | None
) -> list[PositionRecordRow]:
    """The next PART_RECORDS of those asked for after `last`, oldest first; the page is ignored."""
    every: list[Select[Any]] = []
    for table in _record_tables(query):
        columns = table.c
        conditions = _conditions(table, session_id, query, "time_ns", _of_record(table, query))
        if last is not None:
            # The first says it to indexes, the second exactly.
            conditions.append(columns.time_ns >= last.time_ns)
            conditions.append(tuple_(columns.time_ns, columns.record_id) > (last.time_ns, last.record_id))
        part = rows_of(table, PositionRecordRow).where(*conditions)
        every.append(part.order_by(columns.time_ns, columns.record_id).limit(PART_RECORDS))
    found = [row for part in every for row in await collect(connection, part, decoder(PositionRecordRow))]
    return sorted(found, key=lambda row: (row.time_ns, row.record_id))[:PART_RECORDS]


def _record_tables(query: RecordQuery) -> list[Table]:
    archive = [tables.position_records_archive] if query.include_archive else []
    return [tables.position_records, *archive]


def _both(session_id: int, query: RecordQuery) -> CompoundSelect[Any]:
    return union_all(
        *(
            rows_of(table, PositionRecordRow).where(
                *_conditions(table, session_id, query, "time_ns", _of_record(table, query))
            )
            for table in _record_tables(query)
        )
    )


def _of_record(table: Table, query: RecordQuery) -> Conditions:
    return _equal(table, query, "account_id", "symbol", "strategy_id", "order_id", "type")


class _Listing:
    """Rows of one table, the newest by `time` first, those of one moment by their number."""

    def __init__(self, table: Table, kind: type[R], time: str, key: str) -> None:
        self._table, self._kind, self._time, self._key = table, kind, time, key

    async def page(
        self, connection: AsyncConnection, session_id: int, query: Query, conditions: Conditions
    ) -> tuple[int, list[Any]]:
        columns = self._table.c
        every = rows_of(self._table, self._kind).where(
            *_conditions(self._table, session_id, query, self._time, conditions)
        )
        newest_first = every.order_by(columns[self._time].desc(), columns[self._key].desc())
        return await _page(connection, newest_first, query, self._kind)


async def _page(
    connection: AsyncConnection, every: Select[Any] | CompoundSelect[Any], query: Query, kind: type[R]
) -> tuple[int, list[R]]:
    """How many there are of `every` row asked for, and those of the query's page."""
    if query.page < 1 or query.size < 1:
        raise ValueError(f"pages start at 1 and hold at least one row, not {query.page} of {query.size}")
    count = select(func.count()).select_from(every.order_by(None).subquery())
    total = (await connection.execute(count)).scalar_one()
    part = every.limit(query.size).offset((query.page - 1) * query.size)
    return total, await collect(connection, part, decoder(kind))


def _conditions(table: Table, session_id: int, query: Query, time: str, further: Conditions) -> Conditions:
    limits: tuple[tuple[int | None, Callable[[int], ColumnElement[bool]]], ...] = (
        (query.from_ns, table.c[time].__ge__),
        (query.to_ns, table.c[time].__le__),
    )
    between = [compare(limit) for limit, compare in limits if limit is not None]
    return [table.c.session_id == session_id, *between, *further]


def _equal(table: Table, query: Query, *fields: str) -> Conditions:
    """What is named in the query, in columns of the same names."""
    asked = {field: getattr(query, field) for field in fields}
    return [table.c[field] == value for field, value in asked.items() if value is not None]

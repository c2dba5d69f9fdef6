"""The rows of a session at a venue held against the engine that its facts make.

What only grows (signals, position records, equity samples) is compared stretch by stretch while
facts are folded, so that a long session needs no more memory than its orders do; the rest at
the end. Owns no verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import aclosing
from decimal import Decimal
from math import isclose
from typing import Any

from monitor.engine.changes import Changes, EquityChunk
from monitor.engine.records import verify
from monitor.engine.rows import AccountRow, ExecutionRow, PositionRecordRow
from monitor.engine.trading.trading import Trading
from monitor.engine.values import NS_PER_SECOND, SignalKind
from monitor.journal.findings import Finding, Wrongs, row_differences
from monitor.journal.venue_states import (
    OF_ACCOUNT_MARKS,
    OF_POSITION_MARKS,
    account_rows,
    positions_held,
)
from monitor.store.archive import Archive
from monitor.store.scan import RowQuery

_SMALLEST = Decimal("1E-6")
"""Rows are told with eight decimals."""


class Growing:
    """A table with a number for a key whose rows are written once: the next stretch of it."""

    def __init__(self, archive: Archive, session_id: int, table: str, wrongs: Wrongs) -> None:
        self._archive, self._session_id = archive, session_id
        self._table, self._wrongs = table, wrongs
        self._next = 0
        self.count = 0

    async def compare(self, expected: dict[int, Any]) -> list[Any]:
        """These are the next ones. Gives what the database has instead."""
        if not expected:
            return []
        self.count += len(expected)
        last = max(expected)
        found = await self._read(last)
        there = {_key(row): row for row in found}
        for key in sorted({*expected, *there}):
            name = f"{self._table} {key}"
            self._wrongs.add_all(row_differences(name, expected.get(key), there.get(key)))
        self._next = last + 1
        return found

    async def end(self) -> None:
        """There may be no more."""
        for row in await self._read(None):
            self._wrongs.add_all(row_differences(f"{self._table} {_key(row)}", None, row))

    async def _read(self, last: int | None) -> list[Any]:
        query = RowQuery(from_key=self._next, to_key=last, archived=True)
        return [row async for row in every_row(self._archive, self._session_id, self._table, query)]


def _key(row: Any) -> int:
    number: int = getattr(row, row.__struct_fields__[0])
    return number


class RowCheck:
    """Fed with the engine's changes as facts are folded; `finish` compares what is left."""

    def __init__(self, archive: Archive, session_id: int) -> None:
        self._archive, self._session_id = archive, session_id
        self.rows, self.records, self.signals = Wrongs("rows"), Wrongs("records"), Wrongs("signals")
        self._signals = Growing(archive, session_id, "signals", self.signals)
        self._records = Growing(archive, session_id, "records", self.records)
        self._last_records: dict[tuple[str, str, str], PositionRecordRow] = {}
        self._executions: dict[int, ExecutionRow] = {}
        self._finished: Counter[int] = Counter()
        self._samples: dict[str, int] = {}
        self._counts: Counter[str] = Counter()

    async def take(self, changes: Changes) -> None:
        """What a stretch of facts has changed."""
        self._executions.update(changes.executions)
        self._finished.update(
            signal.order_id for signal in changes.signals.values() if signal.kind is SignalKind.FINISHED
        )
        await self._signals.compare(changes.signals)
        self._trail(await self._records.compare(changes.records))
        for chunk in changes.equity:
            await self._equity(chunk)

    def _trail(self, found: list[PositionRecordRow]) -> None:
        """Whether the records of each position add up, whatever the facts say."""
        before = sorted(self._last_records.values(), key=lambda row: row.record_id)
        self.records.add_all(verify([*before, *found], whole=False))
        for row in found:
            self._last_records[row.account_id, row.symbol, row.direction] = row

    async def _equity(self, chunk: EquityChunk) -> None:
        self._samples[chunk.account_id] = chunk.start + len(chunk)
        last = chunk.start + len(chunk) - 1
        query = RowQuery(account_id=chunk.account_id, from_key=chunk.start, to_key=last)
        found = {row.sample: row async for row in every_row(self._archive, self._session_id, "equity", query)}
        pairs = zip(chunk.time_ns.tolist(), chunk.equity.tolist(), strict=True)
        for sample, (time_ns, equity) in enumerate(pairs, chunk.start):
            name, row = f"equity {chunk.account_id} {sample}", found.get(sample)
            if row is None:
                self.rows.add(f"{name} is missing in the database")
            elif row.time_ns != time_ns:
                self.rows.add(f"{name}: time_ns is {row.time_ns} in the database, {time_ns} by the facts")
            elif row.equity is None or not isclose(row.equity, equity, rel_tol=1e-12):
                self.rows.add(f"{name}: equity is {row.equity} in the database, {equity} by the facts")

    # The end -------------------------------------------------------------------------------------
    async def finish(self, trading: Trading) -> list[Finding]:
        """The rows that are as the last fact left them, and the findings of all."""
        state = trading.state
        await self._signals.end()
        await self._records.end()
        orders = state.book.orders
        await self._whole("orders", lambda key: orders[key].row() if key in orders else None, orders)
        await self._whole("trades", state.trades.get, state.trades)
        await self._whole("alerts", state.alerts.get, state.alerts)
        await self._whole("executions", self._executions.get, self._executions)
        positions, accounts = positions_held(trading), account_rows(trading)
        await self._whole("positions", positions.get, positions, OF_POSITION_MARKS)
        await self._whole("accounts", accounts.get, accounts, OF_ACCOUNT_MARKS)
        await self._further_equity()
        self.signals.add_all(self._unfinished(trading))
        counts = ", ".join(f"{count:,} {table}" for table, count in self._counts.items())
        return [
            *self.rows.findings(f"{counts} and {sum(self._samples.values()):,} equity samples follow"),
            *self.records.findings(f"{self._records.count:,} follow and add up"),
            *self.signals.findings(f"{self._signals.count:,} follow, one finished for each order that ended"),
        ]

    async def _whole(
        self, table: str, expected: Callable[[Any], Any], keys: Collection[Any], passed: Collection[str] = ()
    ) -> None:
        found = set()
        async for row in every_row(self._archive, self._session_id, table, RowQuery()):
            key = getattr(row, row.__struct_fields__[0])
            found.add(key)
            self.rows.add_all(row_differences(f"{table} {key}", expected(key), row, passed=passed))
            if isinstance(row, AccountRow):
                self.rows.add_all(_sums(row))
        for key in keys:
            if key not in found:
                self.rows.add(f"{table} {key} is missing in the database")
        self._counts[table] = len(found)

    async def _further_equity(self) -> None:
        """Samples that no fact has made."""
        async for row in every_row(self._archive, self._session_id, "equity", RowQuery()):
            if row.sample >= self._samples.get(row.account_id, 0):
                self.rows.add(f"equity {row.account_id} {row.sample} is in the database, but never was")

    def _unfinished(self, trading: Trading) -> Iterator[str]:
        """An order that ended has one finished signal. While fills of it may still come it has none,
        but no longer than the tracker waits for them at the most."""
        times = trading.terms.tracker
        patience_ns = round((times.remember_s + times.sweep_s) * NS_PER_SECOND)
        for order_id, order in trading.state.book.orders.items():
            said = self._finished[order_id]
            if said > 1:
                yield f"orders {order_id} has {said} finished signals"
            if said or order.status.active or order.dossier.merged_into is not None:
                continue
            if order.complete or trading.now_ns - order.updated_ns > patience_ns:
                yield f"orders {order_id} is {order.status}, but has no finished signal"


def _sums(row: AccountRow) -> Iterator[str]:
    """What must hold within one row, whatever the prices are."""
    parts = row.static_balance + row.realised_profit + row.unrealised_profit - row.commission - row.slippage
    if abs(parts - row.balance) > _SMALLEST:
        yield f"accounts {row.account_id}: balance is {row.balance} in the database, its parts are {parts}"
    free = row.balance - row.margin - row.frozen
    if abs(free - row.available) > _SMALLEST:
        yield f"accounts {row.account_id}: available is {row.available} in the database, it should be {free}"


async def every_row(archive: Archive, session_id: int, table: str, query: RowQuery) -> AsyncIterator[Any]:
    async with aclosing(archive.table(session_id, table, query)) as parts:
        async for part in parts:
            for row in part:
                yield row

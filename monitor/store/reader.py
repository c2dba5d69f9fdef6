"""Everything a store can be asked: rows, pages, stretches of a journal, checkpoints, sessions.

Owns that each answer is of one moment and that a long one is given in parts, between which
others get theirs. Writes nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from sqlalchemy import ScalarSelect, func, select

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
from monitor.engine.changes import Changes
from monitor.engine.journal import JournalRecord
from monitor.engine.rows import PositionRecordRow
from monitor.store import checkpoints, pages, queries, tables, timeline
from monitor.store.checkpoints import Checkpoint
from monitor.store.database import Database
from monitor.store.timeline import JournalSpan


class SessionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A session in a list. `first_ns` and `last_ns` are the times of its first and its last fact,
    None while there is none; `last_seq` the number of the last, 0 for none."""

    session_id: int
    created_ns: int
    world: str
    title: str
    state: str
    ended_cleanly: bool
    first_ns: int | None
    last_ns: int | None
    last_seq: int


class Reader:
    """The reading half of a `Store`. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sessions(self) -> list[SessionEntry]:
        """All sessions, the one begun last first."""
        columns = tables.sessions.c
        fields = ("session_id", "created_ns", "world", "title", "state", "ended_cleanly")
        statement = select(
            *(columns[field] for field in fields),
            _journal_end("time_ns", newest=False).label("first_ns"),
            _journal_end("time_ns", newest=True).label("last_ns"),
            func.coalesce(_journal_end("seq", newest=True), 0).label("last_seq"),
        )
        async with self._database.reading() as connection:
            found = await connection.execute(statement.order_by(columns.session_id.desc()))
            return [SessionEntry(**row._asdict()) for row in found]

    async def last_operation(self, session_id: int) -> int:
        """The id of the session's last operation, 0 for none."""
        newest = func.max(tables.operations.c.operation_id)
        statement = select(newest).where(tables.operations.c.session_id == session_id)
        async with self._database.reading() as connection:
            return int((await connection.execute(statement)).scalar() or 0)

    async def rows(self, session_id: int) -> Changes:
        """The durable rows: orders, trades, positions held, accounts, strategies, triggers and
        curves; the latest 500 each of operations, signals, executions, position records and
        alerts, those that still stand before others. `cleared` is not set."""
        async with self._database.reading() as connection:
            return await queries.read_rows(connection, session_id)

    # The journal -----------------------------------------------------------------------------
    async def journal(
        self, session_id: int, from_seq: int = 1, to_seq: int | None = None
    ) -> list[JournalRecord]:
        """The durable records from `from_seq` to `to_seq`. StoreError names the gap, if there is one."""
        async with self._database.reading() as connection:
            return await timeline.read(connection, session_id, from_seq, to_seq)

    async def journal_parts(
        self, session_id: int, from_seq: int = 1, to_seq: int | None = None
    ) -> AsyncGenerator[list[JournalRecord], None]:
        """Likewise in lists of at most 5,000, for a journal of any length; what becomes durable
        after the first part was asked for is not among them. It may be left before its end."""
        ends = await self.journal_span(session_id)
        last = ends.last_seq if ends else 0
        end = last if to_seq is None else min(to_seq, last)
        start = max(from_seq, 1)
        while start <= end:
            stop = min(start + timeline.PART_RECORDS - 1, end)
            part = await self.journal(session_id, start, stop)
            timeline.verify_end(part, session_id, start, stop)
            yield part
            start = stop + 1

    async def journal_span(self, session_id: int) -> JournalSpan | None:
        """Its first and its last record; None while nothing was recorded."""
        async with self._database.reading() as connection:
            return await timeline.span(connection, session_id)

    async def seq_at(self, session_id: int, time_ns: int) -> int:
        """The number of the last record at or before a moment; 0 when there is none so early. Where
        the clock of a journal went back (a replay's does), one of the records that fit."""
        async with self._database.reading() as connection:
            return await timeline.seq_at(connection, session_id, time_ns)

    async def latest_checkpoint(
        self, session_id: int, at_or_before_seq: int | None = None, *, format: int = 1
    ) -> Checkpoint | None:
        """The newest one of that format; one that is damaged, or ahead of the journal, is passed
        over for the one before it. None when there is none: then the journal is read from 1."""
        async with self._database.reading() as connection:
            return await checkpoints.latest(connection, session_id, at_or_before_seq, format)

    # Pages, newest first ---------------------------------------------------------------------
    async def finished_orders(self, session_id: int, query: OrderQuery) -> OrderPage:
        """Finished orders, the one that finished last first; times are those of finishing."""
        async with self._database.reading() as connection:
            return await pages.finished_orders(connection, session_id, query)

    async def trades(self, session_id: int, query: TradeQuery) -> TradePage:
        async with self._database.reading() as connection:
            return await pages.trades(connection, session_id, query)

    async def signals(self, session_id: int, query: SignalQuery) -> SignalPage:
        async with self._database.reading() as connection:
            return await pages.signals(connection, session_id, query)

    async def executions(self, session_id: int, query: ExecutionQuery) -> ExecutionPage:
        """The one that changed last first; times are those of the last change."""
        async with self._database.reading() as connection:
            return await pages.executions(connection, session_id, query)

    async def alerts(self, session_id: int, query: AlertQuery) -> AlertPage:
        async with self._database.reading() as connection:
            return await pages.alerts(connection, session_id, query)

    async def position_records(self, session_id: int, query: RecordQuery) -> RecordPage:
        async with self._database.reading() as connection:
            return await pages.position_records(connection, session_id, query)

    async def all_position_records(
        self, session_id: int, query: RecordQuery
    ) -> AsyncGenerator[list[PositionRecordRow], None]:
        """All records asked for, whatever the page, oldest first, in lists of at most 2,000: for
        statistics. What is written or archived meanwhile is found once, unless it is archived
        and the archive was not asked for. It may be left before its end."""
        last: PositionRecordRow | None = None
        while True:
            async with self._database.reading() as connection:
                part = await pages.records_after(connection, session_id, query, last)
            if part:
                yield part
                last = part[-1]
            if len(part) < pages.PART_RECORDS:
                return


def _journal_end(column: str, *, newest: bool) -> ScalarSelect[Any]:
    """Of the session's first or last record: a step into the primary key, whatever its length."""
    journal = tables.journal.c
    mine = select(journal[column]).where(journal.session_id == tables.sessions.c.session_id)
    order = journal.seq.desc() if newest else journal.seq
    return mine.order_by(order).limit(1).correlate(tables.sessions).scalar_subquery()

"""The database as somebody reads it who may neither write nor wait: beside a running program.

Owns the read-only connection and the streaming of a journal of any length. Makes nothing,
migrates nothing, holds no lock: all it reads is one state of everything.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, ColumnElement, Connection, Select, event, func, select
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from monitor.engine import events as ev
from monitor.engine.changes import Changes
from monitor.engine.journal import JournalRecord
from monitor.store import queries, scan, tables
from monitor.store.address import understand
from monitor.store.checkpoints import Head
from monitor.store.database import open_database
from monitor.store.faults import StoreError, reason
from monitor.store.scan import RowQuery
from monitor.store.schema import require_current

PART_ROWS = 1_000
LOCK_WAIT_S = 2.0


class FactQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which facts: all conditions together, limits included. No `kinds` means every kind."""

    kinds: tuple[str, ...] = ()
    from_seq: int | None = None
    from_bar: int | None = None
    to_bar: int | None = None
    from_ns: int | None = None
    to_ns: int | None = None


class SessionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it is in the database. `bars` is how far its replay had come, `facts` how
    many records its journal has, `last_seq` the number of the last, 0 for none."""

    session_id: int
    created_ns: int
    world: str
    title: str
    config: bytes
    state: str
    ended_cleanly: bool
    bars: int
    facts: int
    last_seq: int


class Archive:
    """Made by `open_archive`. Every method may raise StoreError."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def sessions(self) -> list[SessionSummary]:
        """All sessions, the one begun last at the end."""
        statement = select(tables.sessions).order_by(tables.sessions.c.session_id)
        with _as_store_errors():
            found = (await self._connection.execute(statement)).all()
            return [await self._summary(row) for row in found]

    async def _summary(self, row: Any) -> SessionSummary:
        columns = tables.journal.c
        mine = columns.session_id == row.session_id
        counted = select(func.count(), func.max(columns.seq)).where(mine)
        facts, last_seq = (await self._connection.execute(counted)).one()
        return SessionSummary(
            **row._asdict(), bars=await self._bars(mine), facts=facts, last_seq=last_seq or 0
        )

    async def _bars(self, mine: ColumnElement[bool]) -> int:
        """What `journal.reached_bar` says, without reading the journal."""
        columns = tables.journal.c
        rewound = (
            select(columns.seq, columns.bar)
            .where(mine, columns.kind == ev.Rewound.__name__)
            .order_by(columns.seq.desc())
            .limit(1)
        )
        seq, bar = (await self._connection.execute(rewound)).first() or (0, 0)
        replayed = select(func.max(columns.bar)).where(
            mine, columns.kind == ev.BarsReplayed.__name__, columns.seq > seq
        )
        return max(bar, (await self._connection.execute(replayed)).scalar() or 0)

    async def records(
        self, session_id: int, query: FactQuery, *, newest_first: bool = False
    ) -> AsyncGenerator[JournalRecord, None]:
        """The facts asked for, in the order of their numbers, a part at a time: a million of them
        need no more memory than a few hundred. Gaps are not looked for. It may be left before its
        end: every part is a question of its own, as a cursor left half-way would block others."""
        statement = _records(session_id, query, newest_first=newest_first)
        seq, part = tables.journal.c.seq, statement
        while True:
            with _as_store_errors():
                rows = (await self._connection.execute(part.limit(PART_ROWS))).all()
            for row in rows:
                yield JournalRecord(*row)
            if len(rows) < PART_ROWS:
                return
            part = statement.where(seq < rows[-1].seq if newest_first else seq > rows[-1].seq)

    async def rows(self, session_id: int) -> Changes:
        """What `Store.rows` gives."""
        with _as_store_errors():
            return await queries.read_rows(self._connection, session_id)

    async def table(self, session_id: int, name: str, query: RowQuery) -> AsyncGenerator[list[Any], None]:
        """Rows of one of `scan.ROW_TABLES`, whole and by their keys, in lists. It may be left before
        its end."""
        with _as_store_errors():
            async with aclosing(scan.rows(self._connection, session_id, name, query)) as parts:
                async for part in parts:
                    yield part

    async def checkpoint_heads(self, session_id: int) -> list[Head]:
        """Of every checkpoint kept, the oldest first, whether or not it can be read."""
        with _as_store_errors():
            return await scan.checkpoint_heads(self._connection, session_id)

    async def checkpoint(self, session_id: int, head: Head) -> bytes | None:
        """What is kept under it; None when it is damaged."""
        with _as_store_errors():
            return await scan.checkpoint_payload(self._connection, session_id, head)


def _records(session_id: int, query: FactQuery, *, newest_first: bool) -> Select[Any]:
    columns = tables.journal.c
    limits = (
        (query.from_seq, columns.seq.__ge__),
        (query.from_bar, columns.bar.__ge__),
        (query.to_bar, columns.bar.__le__),
        (query.from_ns, columns.time_ns.__ge__),
        (query.to_ns, columns.time_ns.__le__),
    )
    conditions = [compare(limit) for limit, compare in limits if limit is not None]
    if query.kinds:
        conditions.append(columns.kind.in_(query.kinds))
    return (
        select(columns.seq, columns.time_ns, columns.bar, columns.kind, columns.payload)
        .where(columns.session_id == session_id, *conditions)
        .order_by(columns.seq.desc() if newest_first else columns.seq)
    )


@asynccontextmanager
async def open_archive(url: str) -> AsyncIterator[Archive]:
    """One consistent view of an existing database, until the block ends. StoreError when there
    is none, or it cannot be read by this version of the program."""
    engine = _engine(url)
    try:
        with _as_store_errors():
            connection = await engine.connect()
        try:
            with _as_store_errors():
                await connection.begin()
                await require_current(connection)
            yield Archive(connection)
        finally:
            await connection.close()
    finally:
        await engine.dispose()


def _engine(url: str) -> AsyncEngine:
    try:
        address = understand(url)
        if address.get_backend_name() == "sqlite":
            return _file_engine(Path(str(address.database)))
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreError(f"The address cannot be used as a database: {reason(error)}.") from error
    return open_database(url, lock_wait_s=LOCK_WAIT_S, answer_s=15.0).engine


def _file_engine(path: Path) -> AsyncEngine:
    """Read-only for SQLite itself. In a folder where nothing may be written there is no place for
    the index of its write-ahead log; without a log none is needed, as nobody can be writing."""
    if not path.is_file():
        raise StoreError(f"There is no database yet at {path}.")
    query = {"uri": "true", "mode": "ro"}
    if not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists():
        query["immutable"] = "1"
    address = URL.create("sqlite+aiosqlite", database=path.absolute().as_uri(), query=query)
    engine = create_async_engine(address)
    # The driver's own transactions begin with the first write, that is never.
    event.listen(engine.sync_engine, "connect", _leave_transactions_to_us)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _leave_transactions_to_us(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {int(LOCK_WAIT_S * 1000)}")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


@contextmanager
def _as_store_errors() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, OSError, msgspec.ValidationError) as error:
        raise StoreError(f"The database cannot be read: {reason(error)}.") from error

"""Puts a group of batches into the database: inserts, upserts and deletes in small chunks.

Owns the SQL of writing, in any dialect. Knows neither transactions nor retries: whoever calls
has begun a transaction and commits it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from math import isnan
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Table, bindparam, case, delete, func, insert, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Insert

from monitor.engine.changes import Changes, EquityChunk
from monitor.engine.journal import JournalRecord
from monitor.store import tables
from monitor.store.batch import Batch, fold

# Binding parameters holds the interpreter: 200 rows of the widest table take about 2 ms.
CHUNK_ROWS = 200

Values: TypeAlias = dict[str, Any]

POSITION_GONE = delete(tables.positions).where(
    tables.positions.c.session_id == bindparam("session"),
    tables.positions.c.position_id == bindparam("gone"),
)


@cache
def upsert(dialect: str, table: Table) -> Insert:
    """Insert, or replace every other column where the primary key is already there. What is
    there under another primary key is refused by the database."""
    keys = [column.name for column in table.primary_key]
    rest = [column.name for column in table.columns if column.name not in keys]
    if dialect in ("mysql", "mariadb"):
        return _upsert_of_mariadb(table, keys, rest)
    statement: Any = sqlite.insert(table)
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        statement = postgresql.insert(table)
    return statement.on_conflict_do_update(  # type: ignore[no-any-return]
        index_elements=keys, set_={name: statement.excluded[name] for name in rest}
    )


def _upsert_of_mariadb(table: Table, keys: list[str], rest: list[str]) -> Insert:
    """It takes any unique index for the one that was meant, and would quietly put a second signal
    in place of the first: so a key that would change becomes NULL, which it refuses."""
    from sqlalchemy.dialects import mysql  # each costs start-up time, one is needed

    ours = mysql.insert(table)
    unique = any(index.unique for index in table.indexes)
    same: dict[str, Any] = {
        name: case((table.c[name] == ours.inserted[name], table.c[name])) for name in keys if unique
    }
    return ours.on_duplicate_key_update({**same, **{name: ours.inserted[name] for name in rest}})


def chunks(values: Iterable[Values]) -> Iterator[list[Values]]:
    """Lazily, so that the loop gets its turn between making one chunk and the next."""
    rest = iter(values)
    while chunk := list(islice(rest, CHUNK_ROWS)):
        yield chunk


async def put(connection: AsyncConnection, group: Sequence[Batch], *, doubtful: bool, resumed: bool) -> None:
    """Write a group of one session.

    `doubtful`: an earlier try may have been committed although it reported a failure, so
    records that are there already are passed over. `resumed`: the first write since this
    program read the session, which is no longer a cleanly ended one.
    """
    session_id = group[0].session_id
    if resumed:
        await connection.execute(
            update(tables.sessions)
            .where(tables.sessions.c.session_id == session_id)
            .values(state="open", ended_cleanly=False)
        )
    stored = await _stored(connection, session_id, group) if doubtful else 0
    records = (_record(session_id, r) for batch in group for r in batch.records if r.seq > stored)
    await _execute_all(connection, insert(tables.journal), records)
    await _put_changes(connection, session_id, fold(group))


class ForeignRecordError(ValueError):
    """The journal holds a record under our number that is not ours."""


async def _stored(connection: AsyncConnection, session_id: int, group: Sequence[Batch]) -> int:
    """The last number that is there already. ForeignRecordError when that is somebody else's
    record: while we could not reach the database another program went on with the session."""
    stored = await last_seq(connection, session_id)
    ours = {record.seq: record for batch in group for record in batch.records if record.seq <= stored}
    if ours:
        columns = tables.journal.c
        found = await connection.execute(
            select(columns.seq, columns.time_ns, columns.bar, columns.payload).where(
                columns.session_id == session_id, columns.seq.between(min(ours), max(ours))
            )
        )
        for seq, time_ns, bar, payload in found:
            record = ours.get(seq)
            if record is None or (record.time_ns, record.bar, record.payload) != (time_ns, bar, payload):
                raise ForeignRecordError("another program has gone on with this session meanwhile")
    return stored


async def last_seq(connection: AsyncConnection, session_id: int) -> int:
    """The number of the session's last journal record, 0 when there is none."""
    statement = select(func.max(tables.journal.c.seq)).where(tables.journal.c.session_id == session_id)
    return (await connection.execute(statement)).scalar() or 0


async def _put_changes(connection: AsyncConnection, session_id: int, changes: Changes) -> None:
    if changes.cleared:
        for table in tables.CLEARED:
            await connection.execute(delete(table).where(table.c.session_id == session_id))
    held = [row for row in changes.positions.values() if row.volume]
    gone = [
        {"session": session_id, "gone": row.position_id}
        for row in changes.positions.values()
        if not row.volume
    ]
    rows: dict[Table, Iterable[msgspec.Struct]] = {
        tables.orders: changes.orders.values(),
        tables.trades: changes.trades.values(),
        tables.positions: held,
        tables.accounts: changes.accounts.values(),
        tables.strategies: changes.strategies.values(),
        tables.triggers: changes.triggers.values(),
        tables.signals: changes.signals.values(),
        tables.executions: changes.executions.values(),
        tables.position_records: changes.records.values(),
        tables.alerts: changes.alerts.values(),
        tables.operations: changes.operations,
    }
    for table, values in rows.items():
        encoded = (_values(session_id, row) for row in values)
        await _execute_all(connection, upsert(connection.dialect.name, table), encoded)
    await _execute_all(connection, POSITION_GONE, gone)
    samples = _samples(session_id, changes.equity)
    await _execute_all(connection, upsert(connection.dialect.name, tables.equity), samples)


async def _execute_all(connection: AsyncConnection, statement: Any, values: Iterable[Values]) -> None:
    for chunk in chunks(values):
        await connection.execute(statement, chunk)


def _record(session_id: int, record: JournalRecord) -> Values:
    return {
        "session_id": session_id,
        "seq": record.seq,
        "time_ns": record.time_ns,
        "bar": record.bar,
        "kind": record.kind,
        "payload": record.payload,
    }


def _values(session_id: int, row: msgspec.Struct) -> Values:
    values = msgspec.structs.asdict(row)
    values["session_id"] = session_id
    return values


def _samples(session_id: int, chunks_of_equity: Iterable[EquityChunk]) -> Iterator[Values]:
    """A row per sample, in order: where chunks overlap the later one wins."""
    for chunk in chunks_of_equity:
        pairs = zip(chunk.time_ns.tolist(), chunk.equity.tolist(), strict=True)
        for sample, (time_ns, equity) in enumerate(pairs, chunk.start):
            yield {
                "session_id": session_id,
                "account_id": chunk.account_id,
                "sample": sample,
                "time_ns": time_ns,
                "equity": None if isnan(equity) else equity,
            }

"""A session's journal as a line: its ends, any stretch of it, and where on it a moment is.

Owns the SQL of reading facts. Every question is answered by the primary key, however long the
journal is. Every function takes a connection in a transaction.
"""

from __future__ import annotations

from typing import Any, NoReturn

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.engine.journal import JournalRecord
from monitor.store import tables
from monitor.store.faults import StoreError
from monitor.store.queries import collect

PART_RECORDS = 5_000

_JOURNAL = tables.journal.c
_EVERY = select(_JOURNAL.seq, _JOURNAL.time_ns, _JOURNAL.bar, _JOURNAL.kind, _JOURNAL.payload)


class JournalSpan(msgspec.Struct, frozen=True, kw_only=True):
    """The ends of a journal, both included."""

    first_seq: int
    first_ns: int
    last_seq: int
    last_ns: int


async def read(
    connection: AsyncConnection, session_id: int, from_seq: int, to_seq: int | None = None
) -> list[JournalRecord]:
    """Records from `from_seq` to `to_seq`. StoreError when one between them is missing: a journal
    with a gap must not be replayed."""
    statement = _EVERY.where(_JOURNAL.session_id == session_id, _JOURNAL.seq >= from_seq)
    if to_seq is not None:
        statement = statement.where(_JOURNAL.seq <= to_seq)
    records = await collect(connection, statement.order_by(_JOURNAL.seq), lambda row: JournalRecord(*row))
    _verify_gapless(records, session_id, max(from_seq, 1))
    return records


def _verify_gapless(records: list[JournalRecord], session_id: int, first: int) -> None:
    for expected, record in enumerate(records, first):
        if record.seq != expected:
            _complain(session_id, expected, record.seq - 1)


def verify_end(records: list[JournalRecord], session_id: int, first: int, last: int) -> None:
    """StoreError unless a part that was found gapless so far reaches `last`."""
    reached = records[-1].seq if records else first - 1
    if reached < last:
        _complain(session_id, reached + 1, last)


def _complain(session_id: int, first: int, last: int) -> NoReturn:
    missing = f"{first}" if last == first else f"{first} to {last}"
    raise StoreError(f"The journal of session {session_id} has a gap: {missing} is missing.")


async def span(connection: AsyncConnection, session_id: int) -> JournalSpan | None:
    """None while nothing was recorded."""
    first = (await connection.execute(_at_end(session_id).order_by(_JOURNAL.seq))).first()
    last = (await connection.execute(_at_end(session_id).order_by(_JOURNAL.seq.desc()))).first()
    if first is None or last is None:
        return None
    return JournalSpan(first_seq=first[0], first_ns=first[1], last_seq=last[0], last_ns=last[1])


def _at_end(session_id: int) -> Select[Any]:
    return select(_JOURNAL.seq, _JOURNAL.time_ns).where(_JOURNAL.session_id == session_id).limit(1)


async def seq_at(connection: AsyncConnection, session_id: int, time_ns: int) -> int:
    """The number of the last record at or before a moment; 0 when there is none so early. By halving
    instead of by an index, which every fact would have to pay for: a million facts are 20 questions.
    Where the clock of a journal went back (a replay's does), one of the records that fit."""
    ends = await span(connection, session_id)
    if ends is None or time_ns < ends.first_ns:
        return 0
    low, high = ends.first_seq, ends.last_seq + 1
    while high - low > 1:
        middle = (low + high) // 2
        seq, at_ns = await _first_from(connection, session_id, middle)
        if at_ns <= time_ns:
            low = seq
        else:
            high = middle
    return low


async def _first_from(connection: AsyncConnection, session_id: int, seq: int) -> tuple[int, int]:
    """The record of that number, or the next one there is: a gap is not this question's business."""
    statement = _at_end(session_id).where(_JOURNAL.seq >= seq).order_by(_JOURNAL.seq)
    found = (await connection.execute(statement)).one()
    return found[0], found[1]

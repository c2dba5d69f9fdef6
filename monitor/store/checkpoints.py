"""Checkpoints: what a session's state was after a fact, so that a start need not read all before it.

Owns how they are kept (in parts, under a digest), which of them stay, and which is good enough to
be given back. What is in them is the caller's business. They can always be made again from the
journal, so losing one costs time and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import msgspec
from sqlalchemy import Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.store import tables
from monitor.store.statements import last_seq, upsert

# Small enough for any server's packet, and to let the journal's groups through between two.
PART_BYTES = 512 * 1024

NEWEST = 3
STRETCH_FACTS = 100_000
MOST_STRETCHES = 32

_HEADS, _PARTS = tables.checkpoints.c, tables.checkpoint_parts.c


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """`payload` is what `put_checkpoint` was given for the state after record `seq`."""

    seq: int
    time_ns: int
    payload: bytes


class Head(msgspec.Struct, frozen=True):
    """What is written last. `digest` is the SHA-256 of the whole payload."""

    seq: int
    time_ns: int
    format: int
    parts: int
    digest: str


def parts_of(payload: bytes) -> Iterator[bytes]:
    return (payload[start : start + PART_BYTES] for start in range(0, len(payload), PART_BYTES))


def staying(seqs: Iterable[int]) -> set[int]:
    """Which of a session's checkpoints stay: the newest three, for the next start; and the first of
    every stretch of 100,000 facts, for looking back, so that no moment is further than about that
    from one before it. A stretch grows twofold whenever the journal has more than 32 of them, so
    there are never more than 35."""
    newest_first = sorted(seqs, reverse=True)
    if not newest_first:
        return set()
    stretch = STRETCH_FACTS
    while newest_first[0] // stretch >= MOST_STRETCHES:
        stretch *= 2
    firsts = {seq // stretch: seq for seq in newest_first}
    return {*newest_first[:NEWEST], *firsts.values()}


async def begin(connection: AsyncConnection, session_id: int, seq: int) -> None:
    """Take away what is there of that number: while its parts are written it is none."""
    await _forget(connection, session_id, [seq])


async def put_part(connection: AsyncConnection, session_id: int, seq: int, part: int, payload: bytes) -> None:
    values = {"session_id": session_id, "seq": seq, "part": part, "payload": payload}
    await connection.execute(upsert(connection.dialect.name, tables.checkpoint_parts), values)


async def finish(connection: AsyncConnection, session_id: int, head: Head) -> None:
    """From now on it is one. Those that need not stay go, with what was never finished."""
    values = {"session_id": session_id, **msgspec.structs.asdict(head)}
    await connection.execute(upsert(connection.dialect.name, tables.checkpoints), values)
    heads = await _seqs(connection, tables.checkpoints, session_id)
    every = heads | await _seqs(connection, tables.checkpoint_parts, session_id)
    await _forget(connection, session_id, sorted(every - staying(heads)))


async def _seqs(connection: AsyncConnection, table: Table, session_id: int) -> set[int]:
    statement = select(table.c.seq).distinct().where(table.c.session_id == session_id)
    return set((await connection.execute(statement)).scalars())


async def _forget(connection: AsyncConnection, session_id: int, seqs: list[int]) -> None:
    for table in (tables.checkpoints, tables.checkpoint_parts):
        columns = table.c
        await connection.execute(delete(table).where(columns.session_id == session_id, columns.seq.in_(seqs)))


async def latest(
    connection: AsyncConnection, session_id: int, at_or_before_seq: int | None, format: int
) -> Checkpoint | None:
    """The newest sound one of that format, none that is ahead of the journal. One that is damaged
    is passed over for the one before."""
    end = await last_seq(connection, session_id)
    limit = end if at_or_before_seq is None else min(end, at_or_before_seq)
    mine = select(_HEADS.seq, _HEADS.time_ns, _HEADS.parts, _HEADS.digest).where(
        _HEADS.session_id == session_id, _HEADS.seq <= limit, _HEADS.format == format
    )
    for seq, time_ns, parts, digest in (await connection.execute(mine.order_by(_HEADS.seq.desc()))).all():
        payload, found = await _read(connection, session_id, seq, parts)
        if found == digest:
            return Checkpoint(seq=seq, time_ns=time_ns, payload=payload)
    return None


async def _read(connection: AsyncConnection, session_id: int, seq: int, parts: int) -> tuple[bytes, str]:
    """What is there of it, and the digest of that; a part at a time, so that the loop gets its turn."""
    statement = select(_PARTS.payload).where(_PARTS.session_id == session_id, _PARTS.seq == seq)
    found, digest = bytearray(), hashlib.sha256()
    for number in range(parts):
        part = (await connection.execute(statement.where(_PARTS.part == number))).scalar() or b""
        digest.update(part)
        found += part
    return bytes(found), digest.hexdigest()

"""Position records that are old enough to be put away, and the sessions that may be forgotten.

Owns what is old and what is never touched: records are moved, not deleted, and those that somebody
audits stay where they are. Of sessions only replays are forgotten: what was traded is kept. Every
function takes a connection in a transaction and does a bounded part, so that the journal's groups
get their turn between two.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.engine.rows import PositionRecordRow
from monitor.engine.values import RecordType, World
from monitor.store import tables

PART_RECORDS = 500
NS_PER_DAY = 86_400 * 1_000_000_000
KEPT_DAYS = 90

AUDITED = (RecordType.ADJUSTMENT, RecordType.CORRECTION)

_RECORDS, _ARCHIVE = tables.position_records, tables.position_records_archive
_FIELDS = ("session_id", *PositionRecordRow.__struct_fields__)


async def trading_sessions(connection: AsyncConnection) -> list[int]:
    """Those whose times are of this world: a replay's are those of its data."""
    columns = tables.sessions.c
    statement = select(columns.session_id).where(columns.world != World.REPLAY.value)
    return list((await connection.execute(statement.order_by(columns.session_id))).scalars())


async def archive_part(connection: AsyncConnection, session_id: int, before_ns: int) -> int:
    """Move the oldest that may be moved, at most PART_RECORDS; how many those were."""
    columns = _RECORDS.c
    old = (
        select(columns.record_id)
        .where(
            columns.session_id == session_id,
            columns.time_ns < before_ns,
            columns.type.not_in([kind.value for kind in AUDITED]),
        )
        .order_by(columns.time_ns, columns.record_id)
        .limit(PART_RECORDS)
    )
    ids = list((await connection.execute(old)).scalars())
    if not ids:
        return 0
    # One that was written anew after it had been moved takes the place of the older word.
    await connection.execute(delete(_ARCHIVE).where(*_these(_ARCHIVE, session_id, ids)))
    moved: Select[Any] = select(*(columns[field] for field in _FIELDS)).where(
        *_these(_RECORDS, session_id, ids)
    )
    await connection.execute(insert(_ARCHIVE).from_select(list(_FIELDS), moved))
    await connection.execute(delete(_RECORDS).where(*_these(_RECORDS, session_id, ids)))
    return len(ids)


def _these(table: Any, session_id: int, ids: list[int]) -> tuple[Any, Any]:
    return table.c.session_id == session_id, table.c.record_id.in_(ids)


async def old_replays(connection: AsyncConnection, keep: int) -> list[int]:
    """All replays but the `keep` newest."""
    columns = tables.sessions.c
    statement = select(columns.session_id).where(columns.world == World.REPLAY.value)
    newest_first = statement.order_by(columns.session_id.desc())
    return list((await connection.execute(newest_first.offset(keep).limit(1000))).scalars())

"""`monitor journal`: chooses the session, carries out the action, gives the exit code.

Owns the tables that are printed. Everything is read in one consistent view of the database.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from typing import TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from monitor.engine.events import KINDS
from monitor.engine.journal import JournalRecord
from monitor.engine.values import World
from monitor.errors import UserError
from monitor.journal.export import export
from monitor.journal.export_rows import export_rows
from monitor.journal.findings import Finding
from monitor.journal.selection import decoded, orders_of, selected
from monitor.journal.venue_fold import check_at_venue
from monitor.journal.verify import Kept, check, read_kept, tell
from monitor.journal.wording import one_line, sentence
from monitor.journal.zones import shown
from monitor.journal_options import JournalRequest
from monitor.settings import Settings
from monitor.store.archive import Archive, SessionSummary, open_archive

_KIND_WIDTH = max(map(len, KINDS))
_HEAD = f"{'seq':>9} {'bar':>9}  {'time':<23}  {'kind':<{_KIND_WIDTH}} {'order':>6}  what happened"


Verified: TypeAlias = tuple[SessionSummary, list[Finding]]


class _Terms(msgspec.Struct):
    zone: str = "UTC"


class _Place(msgspec.Struct):
    """What of a session's making a table needs; `terms` of one at a venue."""

    zone: str = "UTC"
    terms: _Terms | None = None


def run_journal(settings: Settings, request: JournalRequest) -> int:
    """0, or 1 when `verify` found something wrong. UserError and StoreError are sentences."""
    file = settings.database_file
    if file is not None and not file.exists():
        raise UserError(
            f"there is no database yet at {file}: start Trading Monitor first, or name its folder "
            "with --data-dir"
        )
    code = asyncio.run(_carried_out(settings.database, request))
    sys.stdout.flush()
    return code


async def _carried_out(url: str, request: JournalRequest) -> int:
    """The exit code."""
    looked = await _read(url, request)
    if looked is None:
        return 0
    if isinstance(looked, Kept):
        return tell(looked.session, check(looked))
    return tell(*looked)


async def _read(url: str, request: JournalRequest) -> Kept | Verified | None:
    """Carry out what reads only. A replay that is to be verified is given back, read whole: making its
    run again needs no database any more. A session at a venue is verified while it is read."""
    async with open_archive(url) as archive:
        sessions = await archive.sessions()
        if request.sessions:
            _print_sessions(sessions)
            return None
        session = _chosen(sessions, request.session)
        if request.action == "verify":
            if session.world == World.REPLAY:
                return await read_kept(archive, session)
            return session, await check_at_venue(archive, session, request.every_facts)
        zone = zone_of(session)
        if request.action == "export":
            await (export_rows if request.rows else export)(archive, session.session_id, zone, request)
        elif request.limit is None:
            await _print_all(archive, session, zone, request)
        else:
            await _print_latest(archive, session, zone, request, request.limit)
    return None


def _chosen(sessions: list[SessionSummary], session_id: int | None) -> SessionSummary:
    """The session asked for, or the last. UserError when there is none."""
    if not sessions:
        raise UserError("the database holds no session yet: start Trading Monitor first")
    if session_id is None:
        return sessions[-1]
    for session in sessions:
        if session.session_id == session_id:
            return session
    known = ", ".join(str(session.session_id) for session in sessions)
    raise UserError(f"there is no session {session_id}; there are {known}")


def zone_of(session: SessionSummary) -> ZoneInfo:
    """The zone of its data; UTC when that cannot be read any more."""
    try:
        place = msgspec.json.decode(session.config, type=_Place)
        return ZoneInfo(place.zone if place.terms is None else place.terms.zone)
    except (ValueError, LookupError, OSError):
        return ZoneInfo("UTC")


# Tables -------------------------------------------------------------------------------------


def _print_sessions(sessions: list[SessionSummary]) -> None:
    if not sessions:
        print("No session was recorded yet.")
        return
    print(f"{'id':>5}  {'begun (UTC)':<19}  {'bars':>9} {'facts':>9}  {'ended':<11}  {'world':<9}  title")
    for session in sessions:
        begun = shown(session.created_ns, ZoneInfo("UTC"))[:19]
        bars = f"{session.bars:,}" if session.world == World.REPLAY else "-"
        print(
            f"{session.session_id:>5}  {begun}  {bars:>9} {session.facts:>9,}  "
            f"{_ending(session):<11}  {one_line(session.world):<9}  {one_line(session.title)}"
        )


def _ending(session: SessionSummary) -> str:
    """An open one is in use, or the program was killed: the database cannot tell which."""
    if session.state == "open":
        return "open"
    return "cleanly" if session.ended_cleanly else "not cleanly"


async def _print_all(
    archive: Archive, session: SessionSummary, zone: ZoneInfo, request: JournalRequest
) -> None:
    count = 0
    async with aclosing(selected(archive, session.session_id, zone, request)) as records:
        async for record in records:
            if not count:
                _print_head(session, zone)
            print(line(record, zone))
            count += 1
    if not count:
        print(_nothing(session))


async def _print_latest(
    archive: Archive, session: SessionSummary, zone: ZoneInfo, request: JournalRequest, limit: int
) -> None:
    """Read backwards, so that the end of a long journal is found at once."""
    found: list[JournalRecord] = []
    backwards = selected(archive, session.session_id, zone, request, newest_first=True)
    async with aclosing(backwards) as records:
        async for record in records:
            found.append(record)
            if len(found) > limit:
                break
    if not found:
        print(_nothing(session))
        return
    _print_head(session, zone)
    for record in reversed(found[:limit]):
        print(line(record, zone))
    if len(found) > limit:
        print(f"There are earlier ones: --all shows them, --limit {2 * limit} more of them.")


def _print_head(session: SessionSummary, zone: ZoneInfo) -> None:
    print(f"Session {session.session_id}: {one_line(session.title)}, times of {zone.key}")
    print(_HEAD)


def _nothing(session: SessionSummary) -> str:
    if not session.facts:
        return f"Session {session.session_id} has no facts yet."
    return f"None of the {session.facts:,} facts of session {session.session_id} is like that."


def line(record: JournalRecord, zone: ZoneInfo) -> str:
    """One fact; one that cannot be read is shown as that."""
    event = decoded(record)
    orders = orders_of(event)
    order = str(orders[0]) if len(orders) == 1 else ""
    text = "cannot be read: see monitor journal verify" if event is None else sentence(event)
    return (
        f"{record.seq:>9} {record.bar:>9}  {shown(record.time_ns, zone)}  "
        f"{one_line(record.kind):<{_KIND_WIDTH}} {order:>6}  {text}"
    )

"""`monitor journal export`: facts as JSON lines or CSV, exactly, however many there are.

Owns the shape of both files. JSON lines have the fact as it is in the journal, with amounts as
numbers; CSV has a column for every field of every kind, empty where a kind has none.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import msgspec

from monitor.engine import events as ev
from monitor.engine.journal import JournalRecord
from monitor.engine.klines.report import counted
from monitor.errors import UserError
from monitor.journal.selection import decoded, selected
from monitor.journal.zones import iso
from monitor.journal_options import STDOUT, JournalRequest
from monitor.store.archive import Archive
from monitor.wholefile import check_writable, whole_file

JSON = msgspec.json.Encoder(decimal_format="number")
_FLUSH = 1 << 16

# The record's own columns; a fact's field of the same name is told apart.
_RECORD = ("session", "seq", "bar", "time", "time_ns", "kind")
_FIELDS = tuple(dict.fromkeys(field for kind in ev.KINDS.values() for field in kind.__struct_fields__))
CSV_COLUMNS = (*_RECORD, *(f"fact_{field}" if field in _RECORD else field for field in _FIELDS))

Form = Callable[[int, JournalRecord, ev.AnyEvent, ZoneInfo], bytes]


async def export(archive: Archive, session_id: int, zone: ZoneInfo, request: JournalRequest) -> None:
    """Write `request.out`, whole or not at all. UserError names a fact that cannot be read."""
    as_csv = request.out.suffix.lower() == ".csv"
    count = 0
    with target(request.out) as file:
        if as_csv:
            file.write(csv_head())
        async with aclosing(selected(archive, session_id, zone, request)) as records:
            async for part, many in _parts(records, session_id, zone, csv_line if as_csv else json_line):
                file.write(part)
                count += many
    if request.out != STDOUT:
        print(f"{counted(count, 'fact')} of session {session_id} written to {request.out}")


@contextmanager
def target(out: Path) -> Iterator[IO[bytes]]:
    if out == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    check_writable(out)
    with whole_file(out) as file:
        yield file


async def _parts(
    records: AsyncIterator[JournalRecord], session_id: int, zone: ZoneInfo, form: Form
) -> AsyncIterator[tuple[bytes, int]]:
    """Some 64 kB at a time, with how many facts they are."""
    part, many = bytearray(), 0
    async for record in records:
        event = decoded(record)
        if event is None:
            raise UserError(
                f"fact {record.seq} of session {session_id} cannot be read, nothing was exported: "
                "monitor journal verify tells more"
            )
        part += form(session_id, record, event, zone)
        many += 1
        if len(part) >= _FLUSH:
            yield bytes(part), many
            part, many = bytearray(), 0
    yield bytes(part), many


def json_line(session_id: int, record: JournalRecord, event: ev.AnyEvent, zone: ZoneInfo) -> bytes:
    """One object and a line feed; `fact` is the journal's own, amounts as exact numbers."""
    return (
        JSON.encode(
            {
                "session": session_id,
                "seq": record.seq,
                "bar": record.bar,
                "time": iso(record.time_ns, zone),
                "time_ns": record.time_ns,
                "kind": record.kind,
                "fact": event,
            }
        )
        + b"\n"
    )


def csv_head(columns: tuple[str, ...] = CSV_COLUMNS) -> bytes:
    """With the mark by which Excel knows UTF-8."""
    return b"\xef\xbb\xbf" + csv_row(columns)


def csv_line(session_id: int, record: JournalRecord, event: ev.AnyEvent, zone: ZoneInfo) -> bytes:
    time = iso(record.time_ns, zone)
    own = (session_id, record.seq, record.bar, time, record.time_ns, record.kind)
    return csv_row((*own, *(cell(getattr(event, field, None)) for field in _FIELDS)))


def cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, msgspec.Struct):
        return JSON.encode(value).decode()
    return str(value) if isinstance(value, str | int | Decimal) else JSON.encode(value).decode()


def csv_row(cells: tuple[Any, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()

"""`monitor journal export --rows TABLE`: the rows of a table as JSON lines or CSV, exactly.

Owns the shape of both files. JSON lines have the row as the mirror tells it, with amounts as numbers;
CSV has a column for every field.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any
from zoneinfo import ZoneInfo

from monitor.engine.klines.report import counted
from monitor.errors import UserError
from monitor.journal.export import JSON, cell, csv_head, csv_row, target
from monitor.journal.selection import row_query_of
from monitor.journal.zones import iso
from monitor.journal_options import STDOUT, JournalRequest
from monitor.store.archive import Archive
from monitor.store.scan import FIELDS, ROW_TABLES, RowQuery, RowTable

_OPTIONS = {
    "order_id": "--order",
    "account_id": "--account",
    "symbol": "--symbol",
    "strategy_id": "--strategy",
}


async def export_rows(archive: Archive, session_id: int, zone: ZoneInfo, request: JournalRequest) -> None:
    """Write `request.out`, whole or not at all. UserError for a filter that the table cannot have."""
    assert request.rows is not None
    name, as_csv = request.rows, request.out.suffix.lower() == ".csv"
    source, query = ROW_TABLES[name], row_query_of(request, zone)
    _check(name, source, query)
    form = _Form(name, source, session_id, zone)
    count = 0
    with target(request.out) as file:
        if as_csv:
            file.write(csv_head(form.columns))
        async for rows in _parts(archive, session_id, name, query):
            file.write(b"".join(map(form.csv if as_csv else form.json, rows)))
            count += len(rows)
    if request.out != STDOUT:
        what = counted(count, "row")
        print(f"{what} of {name} of session {session_id} written to {request.out}")


def _check(name: str, source: RowTable, query: RowQuery) -> None:
    for field in FIELDS:
        if getattr(query, field) is not None and field not in source.kind.__struct_fields__:
            raise UserError(f"{_OPTIONS[field]} cannot be asked of {name}: they have none")
    if not source.time and (query.from_ns is not None or query.to_ns is not None):
        raise UserError(f"--from and --to cannot be asked of {name}: they have no time")


async def _parts(archive: Archive, session_id: int, name: str, query: RowQuery) -> AsyncIterator[list[Any]]:
    async with aclosing(archive.table(session_id, name, query)) as parts:
        async for part in parts:
            yield part


class _Form:
    """One table's lines. `time` is that of the column by which a row is of a moment."""

    def __init__(self, name: str, source: RowTable, session_id: int, zone: ZoneInfo) -> None:
        self._name, self._source, self._session_id, self._zone = name, source, session_id, zone
        self._fields = source.kind.__struct_fields__
        self.columns = ("session", "table", "time", *self._fields)

    def json(self, row: Any) -> bytes:
        head = {"session": self._session_id, "table": self._name, "time": self._time(row)}
        return JSON.encode({**head, "row": row}) + b"\n"

    def csv(self, row: Any) -> bytes:
        cells = (cell(getattr(row, field)) for field in self._fields)
        return csv_row((self._session_id, self._name, self._time(row) or "", *cells))

    def _time(self, row: Any) -> str | None:
        return iso(getattr(row, self._source.time), self._zone) if self._source.time else None

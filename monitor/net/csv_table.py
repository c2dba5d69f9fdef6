"""Rows as CSV (RFC 4180) for spreadsheets: the wire's names as header, times as ISO 8601.

A text that a spreadsheet would take for a formula is quoted with an apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

NS_PER_US = 1_000


def csv_table(kind: type[msgspec.Struct], rows: Sequence[msgspec.Struct]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    names = kind.__struct_fields__
    writer.writerow([name.removesuffix("_ns") for name in names])
    for row in rows:
        writer.writerow([_cell(name, getattr(row, name)) for name in names])
    return out.getvalue()


def _cell(name: str, value: object) -> object:
    if value is None:
        return ""
    if name.endswith("_ns") and isinstance(value, int):
        moment = datetime.fromtimestamp(value // 1_000_000_000, UTC)
        return moment.replace(microsecond=value % 1_000_000_000 // NS_PER_US).isoformat()
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{value}"
    return value

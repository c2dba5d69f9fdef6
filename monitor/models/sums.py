"""What selected rows come to together: their number and the sums of columns that can be added.

Pure over columns. A sum with an unknown part is unknown: a dash, never a part of the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from monitor.models import format as fmt
from monitor.models.columns import TableSpec

MOST = 5_000
"""Rows above which only their number is told: adding them would take longer than a frame."""


def sums_text(spec: TableSpec, rows: Sequence[Any], count: int | None = None) -> str:
    """One line: "3 selected · volume 7 · unrealised +1,234.00". `count` is given instead of rows
    where there are more of them than are added up."""
    parts = [f"{len(rows) if count is None else count:,} selected"]
    for column in spec.columns:
        if column.amount is not None and rows:
            total = _total([column.amount(row) for row in rows])
            text = fmt.volume(total) if column.counted else fmt.signed(total)
            parts.append(f"{column.title} {text}")
    return " · ".join(parts)


def _total(values: Sequence[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if len(known) == len(values) else None

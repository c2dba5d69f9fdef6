"""Times of K-line files as nanoseconds UTC: whole numbers in s, ms, µs or ns, and text with or
without a zone. One bad cell raises `ValueError`; where it stands is the caller's business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from monitor.engine.klines.series import IntArray

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_YEAR, LAST_YEAR = 1970, 2261
QUARTER_NS = 900_000_000_000
SUFFIXES = {"_ns": 1, "_nano": 1, "_us": 1_000, "_ms": 1_000_000}
LATEST_S = 10**11
"""Whole numbers below this count seconds (until the year 5138), x 1000 milliseconds, and so on."""


def is_count(cell: str) -> bool:
    """The cell counts time since 1970, unlike 20190705, 201907050906 and 20190705090600."""
    match = re.fullmatch(r"(\d+)(\.\d*)?(e\+?\d+)?", cell.strip(), re.I)
    if match is None:
        return False
    return match[3] is not None or len(match[1]) not in (4, 5, 6, 7, 8, 12, 14)


def unit_ns(name: str, largest: float) -> int:
    """Nanoseconds of one step of a time column: by its name, otherwise by its size."""
    for suffix, unit in SUFFIXES.items():
        if name.endswith(suffix):
            return unit
    unit = 1_000_000_000
    while unit > 1 and largest >= LATEST_S:
        largest /= 1000
        unit //= 1000
    return unit


def parse_texts(cells: Sequence[str], zone: str) -> tuple[IntArray, bool]:
    """Text times as nanoseconds UTC, and whether any was without a zone and so read in `zone`."""
    moments = [moment(cell) for cell in cells]
    naive = [m.tzinfo is None for m in moments]
    if not any(naive):
        return np.array([since_epoch(m) for m in moments], dtype=np.int64), False
    if all(naive):
        local = np.array(moments, dtype="datetime64[us]").astype(np.int64) * 1000
        return from_local(local, zone), True
    place = ZoneInfo(zone)
    whole = [m.replace(tzinfo=place) if m.tzinfo is None else m for m in moments]
    return np.array([since_epoch(m) for m in whole], dtype=np.int64), True


def moment(cell: str) -> datetime:
    """One text time; ISO first because that is quick, then the forms of other programs."""
    try:
        found = datetime.fromisoformat(tidy(cell) if cell.isdigit() else cell)
    except ValueError:
        found = datetime.fromisoformat(tidy(cell))
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"'{cell}' is out of range")
    return found


def tidy(cell: str) -> str:
    """`2019/7/5 9:06`, `2019.07.05 09:06`, `20190705 090600`, `…:00.000000000` and `… UTC` as ISO."""
    text = cell.strip().strip("\"'").replace(" UTC", "Z").replace(" GMT", "Z")
    match = re.fullmatch(
        r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?"
        r"(?:[T ]*(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,](\d+))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?",
        text,
    )
    if match is None:
        raise ValueError(f"'{cell}' is not a time")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    return (
        f"{year}-{int(month):02}-{int(day):02}T{int(hour or 0):02}:{minute or '00'}:{second or '00'}"
        f".{(fraction or '0')[:6]:0<6}{zone or ''}"
    )


def since_epoch(time: datetime) -> int:
    return (time - EPOCH) // timedelta(microseconds=1) * 1000


def from_local(local_ns: IntArray, zone: str) -> IntArray:
    """Wall-clock times of a zone as UTC. Offsets are looked up once per quarter of an hour, which
    is as fine as zones change; a wall time that occurs twice is read as the earlier one."""
    keys, index = np.unique(local_ns // QUARTER_NS, return_inverse=True)
    place = ZoneInfo(zone)
    offsets = [offset_ns(key * QUARTER_NS, place) for key in keys.tolist()]
    shifted: IntArray = local_ns - np.array(offsets, dtype=np.int64)[index]
    return shifted


def offset_ns(local_ns: int, zone: ZoneInfo) -> int:
    wall = datetime(1970, 1, 1, tzinfo=zone) + timedelta(microseconds=local_ns // 1000)
    offset = wall.utcoffset() or timedelta(0)
    return offset // timedelta(microseconds=1) * 1000


def local_days(time_ns: IntArray, zone: str) -> IntArray:
    """The natural date of each moment in a zone, as days since 1970-01-01."""
    keys, index = np.unique(time_ns // QUARTER_NS, return_inverse=True)
    place = ZoneInfo(zone)
    moments = [datetime.fromtimestamp(key * QUARTER_NS // 1_000_000_000, place) for key in keys.tolist()]
    days = [moment.toordinal() - EPOCH.toordinal() for moment in moments]
    found: IntArray = np.array(days, dtype=np.int64)[index]
    return found

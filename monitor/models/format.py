"""How numbers and times look on the screen: padded, grouped, with a real minus sign.

Unknown is a dash, never 0. A zone None is the machine's own. Knows nothing of rows or Qt.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.engine.values import NS_PER_SECOND

Number: TypeAlias = Decimal | float | int

MINUS = "\u2212"
DASH = "\u2013"


@lru_cache(maxsize=32)
def zone(name: str) -> tzinfo:
    """The zone of an IANA name; UTC when the name is unknown here."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def number(value: Number | None, digits: int = 2) -> str:
    """Grouped, with exactly `digits` decimals: 12,345.60. Rounded to zero has no sign."""
    if value is None:
        return DASH
    text = f"{value:,.{digits}f}"
    if text[0] != "-":
        return text
    return MINUS + text[1:] if text.strip("-0.,") else text[1:]


def signed(value: Number | None, digits: int = 2) -> str:
    """Like `number`, with a plus before gains: a change, a profit."""
    text = number(value, digits)
    if value is None or value <= 0 or not text.strip("0.,"):
        return text
    return "+" + text


def money(value: Number | None) -> str:
    return number(value, 2)


def price(value: Number | None, digits: int | None = None) -> str:
    """Padded to `digits`, or to the digits that the price itself was quantised to."""
    if value is None:
        return DASH
    return number(value, digits_of(value) if digits is None else digits)


def volume(value: Number | None) -> str:
    """Lots without padding: 3, 0.5, 1,200. Lots are counted, so no false precision."""
    if value is None:
        return DASH
    text = number(value, digits_of(value))
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(fraction: float | None, digits: int = 2) -> str:
    """A fraction in per cent: 0.0125 is 1.25 %."""
    return DASH if fraction is None else f"{number(fraction * 100, digits)} %"


def digits_of(value: Number) -> int:
    """Decimals that a value carries: 2 for Decimal('752.30'), 0 for a whole number."""
    if isinstance(value, int):
        return 0
    exponent = (value if isinstance(value, Decimal) else Decimal(repr(value))).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def clock(ns: int | None, where: tzinfo | None) -> str:
    """Time of day to the millisecond: 10:30:02.005."""
    return DASH if ns is None else f"{_moment(ns, where):%H:%M:%S}.{_milliseconds(ns):03d}"


def dated(ns: int, where: tzinfo | None) -> str:
    """Time of day with the day: 06-12 10:30:02.005."""
    return f"{_moment(ns, where):%m-%d %H:%M:%S}.{_milliseconds(ns):03d}"


def iso(ns: int | None, where: tzinfo | None) -> str:
    """Everything, by ISO 8601: 2019-06-12 10:30:02.005+08:00."""
    if ns is None:
        return DASH
    full = _moment(ns, where).replace(microsecond=_milliseconds(ns) * 1000)
    return (full if full.tzinfo else full.astimezone()).isoformat(" ", "milliseconds")


def day_of(ns: int, where: tzinfo | None) -> tuple[int, int]:
    """First nanosecond of the calendar day that holds a moment, and of the next day."""
    start = _moment(ns, where).replace(hour=0, minute=0, second=0)
    first, after = (int(at.timestamp()) * NS_PER_SECOND for at in (start, start + timedelta(days=1)))
    return first, after


def moment(ns: int | None, where: tzinfo) -> str:
    """Date and time to the millisecond: 2019-06-12 10:30:02.005."""
    return DASH if ns is None else f"{_moment(ns, where):%Y-%m-%d %H:%M:%S}.{_milliseconds(ns):03d}"


def minute(ns: int | None, where: tzinfo) -> str:
    """Date and time to the second, for bars and axes: 2019-06-12 10:30:00."""
    return DASH if ns is None else f"{_moment(ns, where):%Y-%m-%d %H:%M:%S}"


def age(ns: int | None) -> str:
    """How long ago: 58 s, 4 min, 2 h 05, 3 d. A clock that ran ahead counts as 0 s."""
    if ns is None:
        return DASH
    seconds = max(0, ns) // NS_PER_SECOND
    if seconds < 100:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d}" if hours < 48 else f"{hours // 24} d"


def seconds(value: float | None) -> str:
    """A duration that was measured: 35 ms, 1.20 s, 75 s, 12 min."""
    if value is None:
        return DASH
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.2f} s" if value < 10 else age(int(value * NS_PER_SECOND))


def words(value: str) -> str:
    """An enumeration's value as a word to read: CLOSE_TODAY is close today."""
    return value.replace("_", " ").lower()


def _moment(ns: int, where: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(ns // NS_PER_SECOND, where)


def _milliseconds(ns: int) -> int:
    return ns % NS_PER_SECOND // 1_000_000

"""Times of a session: between integer nanoseconds UTC and what people read and write.

Owns the exactness of that: no float is used on the way.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from monitor.engine.values import NS_PER_SECOND

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LIMIT = 2**63 - 1


def nanoseconds(time: dt.datetime, zone: ZoneInfo) -> int:
    """A time without a zone is one of `zone`. What no database could hold is brought to its edge."""
    aware = time if time.tzinfo is not None else time.replace(tzinfo=zone)
    past = aware - _EPOCH
    exact = (past.days * 86_400 + past.seconds) * NS_PER_SECOND + past.microseconds * 1_000
    return max(-_LIMIT, min(_LIMIT, exact))


def _moment(time_ns: int, zone: ZoneInfo) -> tuple[dt.datetime, int]:
    """The second, and the nanoseconds in it."""
    seconds, rest = divmod(time_ns, NS_PER_SECOND)
    return (_EPOCH + dt.timedelta(seconds=seconds)).astimezone(zone), rest


def iso(time_ns: int, zone: ZoneInfo) -> str:
    """ISO 8601 with the offset; with nine decimals unless it is a whole second."""
    time, rest = _moment(time_ns, zone)
    text = time.isoformat()
    return f"{text[:19]}.{rest:09}{text[19:]}" if rest else text


def shown(time_ns: int, zone: ZoneInfo) -> str:
    """For a table: as wide for every time."""
    time, rest = _moment(time_ns, zone)
    return f"{time:%Y-%m-%d %H:%M:%S}.{rest // 1_000_000:03}"

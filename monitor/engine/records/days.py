"""The trading day of a moment. On Chinese futures exchanges a night session belongs to the next
one; holidays are not known here: who knows them (the session's `DayRolled`) says the day itself.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.engine.terms import CHINESE_EXCHANGES, SHANGHAI
from monitor.engine.values import NS_PER_SECOND, Instrument

_NIGHT = 18
_SATURDAY = 5


def trading_day(time_ns: int, symbol: str, instrument: Instrument | None) -> str:
    """Such as "2026-11-20". Without an instrument its zone is Shanghai's on a Chinese exchange
    and UTC elsewhere."""
    chinese = symbol.partition(".")[0] in CHINESE_EXCHANGES and "." in symbol
    zone = instrument.zone if instrument else SHANGHAI if chinese else "UTC"
    local = datetime.fromtimestamp(time_ns // NS_PER_SECOND, ZoneInfo(zone))
    day = local.date()
    return (_after_night(local) if chinese else day).isoformat()


def _after_night(local: datetime) -> date:
    day = local.date()
    if local.hour >= _NIGHT:
        day += timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return day

"""Trading days: on Chinese futures exchanges a night belongs to the next day, elsewhere the date counts."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from monitor.engine.calendar import day_starts, local_time_ns
from monitor.engine.klines.series import BarSeries
from monitor.engine.values import Instrument

SHANGHAI = "Asia/Shanghai"


def starts(symbol: str, zone: str, *times: str) -> list[str]:
    """The times, of those given in this zone, at which a trading day begins."""
    stamps = [dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)) for text in times]
    ones = np.ones(len(times))
    series = BarSeries.from_arrays(
        symbol=symbol,
        time_ns=[int(stamp.timestamp()) * 1_000_000_000 for stamp in stamps],
        open=ones,
        high=ones,
        low=ones,
        close=ones,
        volume=ones,
    )
    return [times[index] for index in sorted(day_starts(series, Instrument(symbol=symbol, zone=zone)))]


NIGHT = [
    "2019-07-04 14:59",
    "2019-07-04 21:00",  # Thursday's night is Friday's trading day
    "2019-07-05 02:29",
    "2019-07-05 09:00",
    "2019-07-05 14:59",
    "2019-07-05 21:00",  # Friday's night is Monday's
    "2019-07-06 02:29",
    "2019-07-08 09:00",
]


def test_a_night_session_belongs_to_the_next_trading_day() -> None:
    assert starts("SHFE.au1912", SHANGHAI, *NIGHT) == ["2019-07-04 21:00", "2019-07-05 21:00"]


def test_without_a_night_session_a_day_begins_in_the_morning() -> None:
    times = [
        "2020-02-03 09:00",
        "2020-02-03 14:59",
        "2020-02-04 09:00",
        "2020-02-04 11:29",
        "2020-02-04 13:30",
    ]
    assert starts("SHFE.cu2003", SHANGHAI, *times) == ["2020-02-04 09:00"]


def test_a_break_at_noon_is_no_new_day() -> None:
    assert starts("CFFEX.IF2003", SHANGHAI, "2020-02-03 11:29", "2020-02-03 13:00") == []


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_elsewhere_the_date_of_the_zone_counts(zone: str) -> None:
    times = ["2019-07-04 21:00", "2019-07-04 23:59", "2019-07-05 00:00", "2019-07-05 09:00"]
    assert starts("BINANCE.BTCUSDT", zone, *times) == ["2019-07-05 00:00"]


def test_wall_clocks_follow_summer_time() -> None:
    new_york = ZoneInfo("America/New_York")
    moments = [dt.datetime(2019, 3, 10, hour, 30, tzinfo=dt.UTC) for hour in (6, 7)]  # 01:30, 03:30
    stamps = np.array([int(m.timestamp()) * 1_000_000_000 for m in moments], dtype=np.int64)
    hours = local_time_ns(stamps, str(new_york)) // 3_600_000_000_000 % 24
    assert hours.tolist() == [1, 3]

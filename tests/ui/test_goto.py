"""What may be typed in the go-to field, and which place it means."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from driver import BEGIN, MINUTE, moment, replay

from monitor.ui.goto import Place, reach_of_replay, read_place

SHANGHAI = ZoneInfo("Asia/Shanghai")
AT_START = reach_of_replay(replay(0, time_ns=None))


def at(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("1200", Place(1_200)),
        ("1,200", Place(1_200)),
        ("40 %", Place(4_086)),
        ("2019-07-01 10:31", Place(time_ns=at("2019-07-01 10:31"))),
        ("07-01 10:31", Place(time_ns=at("2019-07-01 10:31"))),
        ("2019-07-01", Place(time_ns=at("2019-07-01 00:00"))),
        ("  10:31 ", Place(time_ns=at("2019-06-12 10:31"))),
    ],
)
def test_a_place_anywhere_in_the_data_before_anything_was_replayed(typed: str, place: Place) -> None:
    assert read_place(typed, AT_START, SHANGHAI) == place


def test_a_bare_clock_is_of_the_day_where_the_replay_stands() -> None:
    there = reach_of_replay(replay(4_213))
    day = datetime.fromtimestamp(moment(4_213) / 1e9, SHANGHAI)
    assert read_place("14:00", there, SHANGHAI).time_ns == at(f"{day:%Y-%m-%d} 14:00")


def test_the_first_day_begins_with_its_first_bar() -> None:
    assert read_place("2019-06-12", AT_START, SHANGHAI) == Place(time_ns=BEGIN)


@pytest.mark.parametrize("typed", ["2019-06-12 09:00", "2019-06-11", "2031-01-01 09:30", "2019-07-28"])
def test_outside_the_data_the_range_is_told(typed: str) -> None:
    problem = read_place(typed, AT_START, SHANGHAI).problem
    assert "2019-06-12 09:01" in problem
    assert "2019-07-27 10:31" in problem


def test_the_ends_of_the_data_are_in_it() -> None:
    assert read_place("2019-06-12 09:01", AT_START, SHANGHAI).time_ns == BEGIN
    assert read_place("2019-07-27 10:31", AT_START, SHANGHAI).time_ns == AT_START.last_ns
    assert AT_START.last_ns % MINUTE == 0


@pytest.mark.parametrize("typed", ["soon", "2019-13-40", "25:00", "-3", "12.5"])
def test_what_is_no_place_is_answered_with_what_would_be_one(typed: str) -> None:
    assert "Type a bar" in read_place(typed, AT_START, SHANGHAI).problem


def test_a_bar_beyond_the_last_is_refused() -> None:
    assert "10,215 bars" in read_place("10216", AT_START, SHANGHAI).problem

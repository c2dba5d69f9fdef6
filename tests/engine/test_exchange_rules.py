"""Which lots an order may close, and which it does, exchange by exchange."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from monitor.engine.exchange_rules import (
    RULES,
    LotOrder,
    MarginBasis,
    closable,
    offsets_to_close,
    rules_of,
    today_part,
)
from monitor.engine.values import Offset

CLOSE, TODAY, YESTERDAY = Offset.CLOSE, Offset.CLOSE_TODAY, Offset.CLOSE_YESTERDAY
CLOSES = st.sampled_from([CLOSE, TODAY, YESTERDAY])
volumes = st.integers(0, 20).map(Decimal)
exchanges = st.sampled_from([*RULES, "", "BINANCE"])


@pytest.mark.parametrize(
    ("exchange", "offset", "may"),
    [
        ("SHFE", CLOSE, 3),  # CTP: Close is yesterday's there
        ("SHFE", YESTERDAY, 3),
        ("INE", TODAY, 2),
        ("DCE", CLOSE, 5),
        ("CZCE", TODAY, 5),  # not told apart: the counter makes it CLOSE
        ("CFFEX", YESTERDAY, 5),
        ("HYPERLIQUID", CLOSE, 5),
        ("SHFE", Offset.OPEN, 0),
        ("DCE", Offset.OPEN, 0),
    ],
)
def test_what_an_offset_may_close_of_two_lots_of_today_and_three_older(
    exchange: str, offset: Offset, may: int
) -> None:
    assert closable(rules_of(exchange), offset, Decimal(2), Decimal(3)) == may


@pytest.mark.parametrize(
    ("exchange", "offset", "of_today"),
    [
        ("SHFE", TODAY, 2),
        ("SHFE", CLOSE, 1),  # the venue closed more than three older lots: we missed a day's end
        ("DCE", CLOSE, 1),
        ("GFEX", TODAY, 1),
        ("CFFEX", CLOSE, 2),  # counted for its fee: first what was opened on the day
        ("", CLOSE, 1),
    ],
)
def test_how_many_of_four_closed_lots_are_todays(exchange: str, offset: Offset, of_today: int) -> None:
    assert today_part(rules_of(exchange), offset, Decimal(4), Decimal(2), Decimal(3)) == of_today


@given(exchanges, CLOSES, volumes, volumes, st.data())
def test_what_is_closed_is_there(
    exchange: str, offset: Offset, today: Decimal, yesterday: Decimal, data: st.DataObject
) -> None:
    volume = Decimal(data.draw(st.integers(0, int(today + yesterday))))
    part = today_part(rules_of(exchange), offset, volume, today, yesterday)
    assert 0 <= part <= today
    assert 0 <= volume - part <= yesterday


@given(exchanges, CLOSES, volumes, volumes)
def test_closing_all_that_an_offset_may_takes_the_lots_it_names(
    exchange: str, offset: Offset, today: Decimal, yesterday: Decimal
) -> None:
    rules = rules_of(exchange)
    volume = closable(rules, offset, today, yesterday)
    part = today_part(rules, offset, volume, today, yesterday)
    if rules.splits:
        assert part == (today if offset is TODAY else 0)
    else:
        assert part == today


@given(exchanges, st.integers(0, 50).map(Decimal), volumes, volumes)
def test_orders_that_close_a_position_are_all_accepted(
    exchange: str, volume: Decimal, today: Decimal, yesterday: Decimal
) -> None:
    rules = rules_of(exchange)
    orders = offsets_to_close(rules, volume, today, yesterday)
    assert sum(part for _, part in orders) == min(volume, today + yesterday)
    assert all(0 < part <= closable(rules, offset, today, yesterday) for offset, part in orders)


def test_shanghai_is_closed_with_two_orders_oldest_lots_first() -> None:
    shanghai = rules_of("SHFE")
    assert offsets_to_close(shanghai, Decimal(4), Decimal(2), Decimal(3)) == [(YESTERDAY, 3), (TODAY, 1)]
    assert offsets_to_close(shanghai, Decimal(2), Decimal(2), Decimal(3)) == [(YESTERDAY, 2)]
    assert offsets_to_close(rules_of("DCE"), Decimal(4), Decimal(2), Decimal(3)) == [(CLOSE, 4)]


def test_the_table_says_what_each_exchange_is_known_for() -> None:
    assert {name for name, rules in RULES.items() if rules.splits} == {"SHFE", "INE"}
    assert {name for name, rules in RULES.items() if rules.lots is LotOrder.TODAY_FIRST} == {"CFFEX"}
    assert {name for name, rules in RULES.items() if rules.margin is MarginBasis.LAST} == {
        "DERIBIT",
        "HYPERLIQUID",
    }
    assert not rules_of("BINANCE").settled

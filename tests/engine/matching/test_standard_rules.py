"""Rules of our matching: how long orders work, what they share, what strategies do inside a bar."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from market import MINUTE, bar, fills, flat, order, plan, scripted, series_of, status, trade

from monitor.engine.events import OrderCreated
from monitor.engine.values import Offset, OrderStatus, OrderType, Side, TimeInForce

NINE = 1_562_288_400_000_000_000  # Friday, 2019-07-05 09:00 in Shanghai


# Time in force ------------------------------------------------------------------------------
def test_an_immediate_limit_that_is_not_marketable_ends_at_the_next_open() -> None:
    run = trade([flat(100), bar(100, 101, 98, 99)], {0: lambda s: s.buy(99, time_in_force=TimeInForce.IOC)})
    assert fills(run) == []
    assert status(run) is OrderStatus.CANCELED


@pytest.mark.parametrize(("volume", "filled"), [(40, True), (41, False)])
def test_fill_or_kill_is_all_or_nothing(volume: int, filled: bool) -> None:
    run = trade(
        [flat(100), flat(99, volume=400), flat(99)],
        {0: lambda s: s.buy(99.5, volume, time_in_force=TimeInForce.FOK)},
        participation="0.1",
    )
    assert fills(run) == ([(1, "buy", 99, volume)] if filled else [])
    assert status(run) is (OrderStatus.FILLED if filled else OrderStatus.CANCELED)


def test_fill_or_kill_never_closes_a_part() -> None:
    def close_twice(s: Any) -> None:
        s.sell(stop=99, volume=2)
        s.sell(volume=3, time_in_force=TimeInForce.FOK)

    run = trade([flat(100), flat(100), flat(98), flat(98)], {0: lambda s: s.buy(volume=3), 1: close_twice})
    assert fills(run)[1:] == [(2, "sell", 98, 2)]
    assert status(run, 3) is OrderStatus.CANCELED


def test_an_immediate_order_waits_for_a_bar_in_which_anything_trades() -> None:
    run = trade(
        [flat(100), flat(100, volume=0), flat(101)], {0: lambda s: s.buy(time_in_force=TimeInForce.IOC)}
    )
    assert fills(run) == [(2, "buy", 101, 1)]


def test_a_day_order_ends_with_the_trading_day_and_others_do_not() -> None:
    def two(s: Any) -> None:
        s.buy(90, time_in_force=TimeInForce.DAY)
        s.buy(91)

    night = series_of(
        [flat(100)] * 4, symbol="SHFE.x1", start_ns=NINE, interval_ns=6 * 60 * MINUTE
    )  # 09:00, 15:00, then 21:00 of the next trading day
    run = plan(night, scripted({0: two})).run()
    run.start()
    run.advance(2)
    assert status(run, 1) is OrderStatus.PLACED
    run.advance(3)
    assert (status(run, 1), status(run, 2)) == (OrderStatus.EXPIRED, OrderStatus.PLACED)
    assert order(run, 1).reason == "the trading day ended"


def test_a_dated_order_ends_at_its_date() -> None:
    run = plan([flat(100)] * 5, scripted({})).run()
    run.start()
    run.advance(1)
    deadline = run.time_ns + 2 * MINUTE
    run.submit(
        OrderCreated(
            order_id=run.next_order_id(),
            strategy_id=1,
            account_id="sim-1",
            symbol="TEST.x1",
            side=Side.BUY,
            offset=Offset.OPEN,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTD,
            quantity=Decimal(1),
            price=Decimal(90),
            expires_ns=deadline,
        )
    )
    run.advance(3)
    assert status(run) is OrderStatus.PLACED
    run.advance(4)
    assert status(run) is OrderStatus.EXPIRED


# Trailing stops -----------------------------------------------------------------------------
def long_with_trail(*bars: Any, distance: float = 3) -> Any:
    return trade([flat(100), flat(100), *bars], {0: lambda s: s.buy(), 1: lambda s: s.sell(trail=distance)})


def test_a_trailing_stop_follows_the_high_that_came_before_the_low() -> None:
    run = long_with_trail(bar(104, 105, 101, 101))  # up to 105 first: the stop is at 102 afterwards
    assert fills(run)[1:] == [(2, "sell", 102, 1)]


def test_a_trailing_stop_does_not_know_the_high_that_comes_after_the_low() -> None:
    run = long_with_trail(bar(100, 106, 99, 105))  # down to 99 first: the stop still is at 97
    assert fills(run)[1:] == []
    assert order(run, 2).trigger_price == 103


def test_a_trailing_stop_never_goes_back() -> None:
    run = long_with_trail(flat(110), flat(108), bar(108, 108, 107, 107))
    assert fills(run)[1:] == [(4, "sell", 107, 1)]


def test_a_trailing_stop_of_a_short_mirrors_it() -> None:
    run = trade(
        [flat(100), flat(100), bar(96, 99, 95, 99)],
        {0: lambda s: s.short(), 1: lambda s: s.cover(trail=3)},
    )
    assert fills(run)[1:] == [(2, "buy", 98, 1)]


def test_a_trailing_stop_given_inside_a_bar_starts_from_the_fill_not_from_the_last_close() -> None:
    run = trade(
        [flat(100), bar(80, 84, 79, 83)],
        {0: lambda s: s.buy()},
        on_trade=lambda s, t: s.sell(trail=5) if t.offset is Offset.OPEN else None,
    )
    assert fills(run) == [(1, "buy", 80, 1)]  # from 100 it would stand at 95 and sell at once
    assert order(run, 2).trigger_price == 79


@pytest.mark.parametrize("hedging", [True, False])
def test_a_trailing_stop_without_a_price_to_follow_is_refused(hedging: bool) -> None:
    run = trade([flat(100), flat(100)], on_start=lambda s: s.buy(trail=3), hedging=hedging)
    assert fills(run) == []
    assert status(run) is OrderStatus.REJECTED


# Volume and order of events -----------------------------------------------------------------
def test_two_orders_share_one_bar() -> None:
    def two(s: Any) -> None:
        s.buy(volume=30)
        s.buy(volume=30)

    run = trade([flat(100), flat(100, volume=400), flat(100)], {0: two}, participation="0.1")
    assert fills(run)[:2] == [(1, "buy", 100, 30), (1, "buy", 100, 10)]


def test_a_bar_without_volume_fills_nothing_but_acknowledges() -> None:
    run = trade([flat(100), bar(100, 110, 90, 100, volume=0)], {0: lambda s: s.buy()})
    assert fills(run) == []
    assert status(run) is OrderStatus.PLACED


def test_the_share_of_a_bar_is_whole_lots() -> None:
    run = trade([flat(100), flat(100, volume=19)], {0: lambda s: s.buy(volume=5)}, participation="0.1")
    assert fills(run) == [(1, "buy", 100, 1)]


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("beyond", [0, 1])
def test_stops_at_the_same_price_are_all_triggered(count: int, beyond: int) -> None:
    def sells(s: Any) -> None:
        for _ in range(count):
            s.short(stop=98)

    def buys(s: Any) -> None:
        for _ in range(count):
            s.buy(stop=102)

    run = trade([flat(100), flat(100), bar(100, 100.5, 98 - beyond, 99)], {0: sells})
    assert fills(run) == [(2, "sell", 98, 1)] * count
    run = trade([flat(100), flat(100), bar(100, 102 + beyond, 99.5, 101)], {0: buys})
    assert fills(run) == [(2, "buy", 102, 1)] * count


def test_orders_are_met_in_the_order_of_the_path_not_of_sending() -> None:
    def two(s: Any) -> None:
        s.buy(97)
        s.buy(99)

    run = trade([flat(100), flat(100), bar(100, 101, 96, 98)], {0: two})
    assert [price for _, _, price, _ in fills(run)] == [99, 97]


def test_at_one_price_stops_go_before_limits() -> None:
    def two(s: Any) -> None:
        s.buy(99)
        s.short(stop=99)

    run = trade([flat(100), flat(100), bar(100, 100.5, 98, 99)], {0: two})
    assert [side for _, side, _, _ in fills(run)] == ["sell", "buy"]


@pytest.mark.parametrize("ticks", [0, 2, 1000])
def test_slippage_of_market_orders_is_adverse_and_stays_inside_the_bar(ticks: int) -> None:
    def both(s: Any) -> None:
        s.buy()
        s.short()

    run = trade([flat(100), bar(100, 100.5, 99.4, 100)], {0: both}, slippage=str(ticks))
    slipped = Decimal(ticks) / 10
    assert [price for _, _, price, _ in fills(run)] == [
        float(min(100 + slipped, Decimal("100.5"))),
        float(max(100 - slipped, Decimal("99.4"))),
    ]


# Inside a bar -------------------------------------------------------------------------------
def test_an_order_born_in_a_bar_sees_only_the_rest_of_the_path() -> None:
    run = trade(
        [flat(100), flat(100), bar(100, 110, 99, 105)],
        {0: lambda s: s.buy(stop=108)},
        on_trade=lambda s, t: s.buy(99.5) if s.position == 1 else None,
    )
    assert fills(run) == [(2, "buy", 108, 1)]  # 99 was before 108: the low is over


def test_a_market_order_born_in_a_bar_meets_the_next_point_of_the_path() -> None:
    run = trade(
        [flat(100), flat(100), bar(100, 110, 99, 105)],
        {0: lambda s: s.buy(stop=108)},
        on_trade=lambda s, t: s.sell() if s.position == 1 and t.offset is Offset.OPEN else None,
    )
    assert fills(run) == [(2, "buy", 108, 1), (2, "sell", 110, 1)]


def test_what_is_given_at_the_last_point_of_a_bar_meets_the_next_open() -> None:
    run = trade(
        [flat(100), flat(100), bar(100, 101, 99, 101), flat(103)],
        {0: lambda s: s.buy(stop=101)},
        on_trade=lambda s, t: s.buy() if t.trade_id < 3 else None,
    )
    # the stop on the way up to the high, its child at the high, and the child's child at the close
    assert fills(run) == [(2, "buy", 101, 1), (2, "buy", 101, 1), (2, "buy", 101, 1)]
    late = trade(
        [flat(100), flat(100), bar(100, 101, 99, 101), flat(103)],
        {0: lambda s: s.buy(stop=101)},
        on_trade=lambda s, t: s.buy() if t.trade_id < 4 else None,
    )
    assert fills(late)[-1] == (3, "buy", 103, 1)


def test_canceling_an_order_inside_the_bar_takes_it_away_at_once() -> None:
    def two(s: Any) -> None:
        s.buy(99)
        s.buy(97)

    run = trade([flat(100), flat(100), bar(100, 101, 96, 98)], {0: two}, on_trade=lambda s, t: s.cancel(2))
    assert fills(run) == [(2, "buy", 99, 1)]
    assert status(run, 2) is OrderStatus.CANCELED


def test_an_order_taken_back_when_it_is_acknowledged_is_not_filled() -> None:
    def take_back(s: Any, row: Any) -> None:
        if row.status is OrderStatus.PLACED:
            s.cancel(row.order_id)

    run = trade([flat(100), flat(100)], {0: lambda s: s.buy()}, on_order=take_back)
    assert fills(run) == []
    born = trade(
        [flat(100), flat(100), bar(100, 101, 96, 98)],
        {0: lambda s: s.buy(99)},
        on_trade=lambda s, t: s.buy(99),
        on_order=lambda s, row: take_back(s, row) if row.order_id > 1 else None,
    )
    assert fills(born) == [(2, "buy", 99, 1)]
    assert status(born, 2) is OrderStatus.CANCELED


def test_a_stop_taken_back_when_it_triggers_is_not_filled() -> None:
    def take_back(s: Any, row: Any) -> None:
        if any(heard.status is OrderStatus.PLACED for heard in s.heard[:-1]):
            s.cancel(row.order_id)

    run = trade(
        [flat(100), flat(100), bar(100, 101, 96, 98)], {0: lambda s: s.buy(stop=101)}, on_order=take_back
    )
    assert fills(run) == []
    assert status(run) is OrderStatus.CANCELED
    assert run.notes == []


def test_an_order_given_when_another_is_acknowledged_is_acknowledged_too() -> None:
    run = trade(
        [flat(100), flat(100)],
        {0: lambda s: s.buy(90)},
        on_order=lambda s, row: s.buy(89) if len(s.heard) == 1 else None,
    )
    assert [status(run, n) for n in (1, 2)] == [OrderStatus.PLACED] * 2


# Money and positions ------------------------------------------------------------------------
@pytest.mark.parametrize("hedging", [True, False])
def test_closing_more_than_is_held_is_refused(hedging: bool) -> None:
    run = trade(
        [flat(100)] * 4, {0: lambda s: s.buy(volume=2), 1: lambda s: s.sell(volume=3)}, hedging=hedging
    )
    assert fills(run) == [(1, "buy", 100, 2)]
    assert order(run, 2).reason == "closing 3 of 2 that can be closed"


def test_volume_that_another_order_is_closing_cannot_be_closed_again() -> None:
    def close(s: Any) -> None:
        s.sell(110, volume=2)
        s.sell(111, volume=1)

    run = trade([flat(100)] * 3, {0: lambda s: s.buy(volume=2), 1: close})
    assert order(run, 3).reason == "closing 1 of 0 that can be closed"


@pytest.mark.parametrize("hedging", [True, False])
def test_stop_and_target_together_never_turn_the_position(hedging: bool) -> None:
    def protect(s: Any) -> None:
        s.sell(104, volume=2)
        s.sell(stop=98, volume=2)

    run = trade(
        [flat(100), flat(100), bar(100, 105, 97, 103), bar(103, 106, 97, 103)],
        {0: lambda s: s.buy(volume=2), 1: protect},
        hedging=hedging,
    )
    assert fills(run)[1:] == [(2, "sell", 98, 2)]
    assert run.ledger.net_volume("TEST.x1") == 0
    assert order(run, 2).reason == "there is nothing left to close"


@pytest.mark.parametrize("hedging", [True, False])
def test_an_opening_without_money_for_its_margin_is_canceled_by_the_venue(hedging: bool) -> None:
    # one lot binds 100 x 10 x 0.1 = 100
    run = trade([flat(100)] * 3, {0: lambda s: [s.buy(volume=2), s.buy()]}, capital="250", hedging=hedging)
    assert fills(run) == [(1, "buy", 100, 2)]
    assert order(run, 2).reason == "not enough money for the margin"


def test_turning_a_netted_position_needs_margin_for_what_it_opens_only() -> None:
    run = trade(
        [flat(100)] * 3,
        {0: lambda s: s.buy(volume=2), 1: lambda s: s.short(volume=4)},
        capital="250",
        hedging=False,
    )
    assert fills(run) == [(1, "buy", 100, 2), (2, "sell", 100, 4)]
    refused = trade(
        [flat(100)] * 3,
        {0: lambda s: s.buy(volume=2), 1: lambda s: s.short(volume=5)},
        capital="250",
        hedging=False,
    )
    assert fills(refused)[1:] == [(2, "sell", 100, 2)]  # what it closes is closed


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (lambda s: s.buy(99, volume=0), "volume 0 is not above 0"),
        (lambda s: s.buy(99, volume=-1), "volume -1 is not above 0"),
        (lambda s: s.buy(99, volume=1.5), "volume 1.5 is not a multiple of the lot 1"),
        (lambda s: s.buy(99, volume=2_000_000_000), "volume 2000000000 is above 1,000,000,000"),
        (lambda s: s.sell(99), "closing 1 of 0 that can be closed"),
        (lambda s: s.sell(stop=99), "there is no position to close"),
        (lambda s: s.buy(trail=-1), "a trailing stop needs a distance above 0 and a last price"),
        (
            lambda s: s.buy(99, time_in_force=TimeInForce.GTD),
            "a date to expire at belongs to GTD orders, and only to them",
        ),
    ],
)
def test_what_a_venue_would_refuse_is_refused_with_a_sentence(act: Any, reason: str) -> None:
    run = trade([flat(100), flat(100)], {0: act})
    found = order(run, max(run.book.orders))
    assert (found.status, found.reason) == (OrderStatus.REJECTED, reason)


def test_prices_are_rounded_to_the_nearest_tick() -> None:
    run = trade(
        [flat(100), flat(100)], {0: lambda s: [s.buy(98.96), s.buy(98.94), s.buy(stop=Decimal("101.27"))]}
    )
    assert [order(run, n).price or order(run, n).trigger_price for n in (1, 2, 3)] == [
        Decimal("99.0"),
        Decimal("98.9"),
        Decimal("101.3"),
    ]

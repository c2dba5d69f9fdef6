"""vn.py's conventions, one by one; the whole reference result is in test_vnpy_reference.py."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from market import bar, fills, flat, order, status, trade as trade_of

from monitor.engine.options import Matching
from monitor.engine.values import Offset, OrderStatus, TimeInForce


def trade(*args: Any, **terms: Any) -> Any:
    return trade_of(*args, matching=Matching.VNPY, hedging=False, **terms)


@pytest.mark.parametrize(
    ("act", "bar_", "price"),
    [
        (lambda s: s.buy(99), bar(100, 101, 99, 100), 99),  # touching is enough
        (lambda s: s.buy(99), bar(100, 101, 99.1, 100), None),
        (lambda s: s.buy(99), bar(98, 101, 97, 100), 98),  # the better of limit and open
        (lambda s: s.short(101), bar(100, 101, 99, 100), 101),
        (lambda s: s.short(101), bar(100, 100.9, 99, 100), None),
        (lambda s: s.short(101), bar(102, 103, 99, 100), 102),
        (lambda s: s.buy(stop=101), bar(100, 101, 99, 100), 101),
        (lambda s: s.buy(stop=101), bar(100, 100.9, 99, 100), None),
        (lambda s: s.buy(stop=101), bar(102, 103, 99, 100), 102),  # the worse of trigger and open
        (lambda s: s.short(stop=99), bar(100, 101, 99, 100), 99),
        (lambda s: s.short(stop=99), bar(98, 101, 97, 100), 98),
        (lambda s: s.short(stop=99), bar(100, 101, 99.1, 100), None),
        (lambda s: s.buy(), bar(102, 103, 101, 102), 102),
    ],
)
def test_one_order_and_the_next_bar(act: Any, bar_: Any, price: float | None) -> None:
    run = trade([flat(100), bar_], {0: act})
    assert [found[2] for found in fills(run)] == ([] if price is None else [price])


def test_volume_is_no_limit_and_a_bar_without_volume_fills_too() -> None:
    run = trade([flat(100), flat(100, volume=0)], {0: lambda s: s.buy(volume=900)})
    assert fills(run) == [(1, "buy", 100, 900)]


def test_volumes_and_positions_are_not_checked() -> None:
    run = trade([flat(100), flat(100)], {0: lambda s: s.sell(volume=0.5)}, capital="1")
    assert fills(run) == [(1, "sell", 100, 0.5)]
    assert run.ledger.net_volume("TEST.x1") == Decimal("-0.5")


def test_limits_are_crossed_before_stops_and_both_in_the_order_of_sending() -> None:
    def three(s: Any) -> None:
        s.sell(stop=99)
        s.sell(104)
        s.sell(103)

    run = trade([flat(100), bar(100, 105, 98, 100)], {0: three})
    assert [price for _, _, price, _ in fills(run)] == [104, 103, 99]


def test_a_stop_sent_when_a_limit_trades_is_seen_by_the_same_bar() -> None:
    run = trade(
        [flat(100), bar(100, 101, 96, 100), flat(100)],
        {0: lambda s: s.buy(99)},
        on_trade=lambda s, t: s.sell(stop=97) if t.offset is Offset.OPEN else None,
    )
    assert fills(run) == [(1, "buy", 99, 1), (1, "sell", 97, 1)]


def test_a_limit_sent_when_a_limit_trades_waits_for_the_next_bar() -> None:
    run = trade(
        [flat(100), bar(100, 105, 96, 100), bar(100, 105, 99, 100)],
        {0: lambda s: s.buy(99)},
        on_trade=lambda s, t: s.sell(104) if t.offset is Offset.OPEN else None,
    )
    assert fills(run) == [(1, "buy", 99, 1), (2, "sell", 104, 1)]


def test_a_stop_sent_when_a_stop_trades_waits_for_the_next_bar() -> None:
    run = trade(
        [flat(100), bar(100, 102, 96, 100), bar(100, 102, 96, 100)],
        {0: lambda s: s.buy(stop=101)},
        on_trade=lambda s, t: s.sell(stop=97) if t.offset is Offset.OPEN else None,
    )
    assert fills(run) == [(1, "buy", 101, 1), (2, "sell", 97, 1)]


def two_limits(s: Any) -> None:
    s.buy(99)
    s.buy(98)


def test_a_cancel_inside_the_crossing_comes_too_late_for_it() -> None:
    run = trade([flat(100), bar(100, 101, 97, 100)], {0: two_limits}, on_trade=lambda s, t: s.cancel(2))
    assert fills(run) == [(1, "buy", 99, 1), (1, "buy", 98, 1)]
    assert status(run, 2) is OrderStatus.FILLED
    assert OrderStatus.CANCELED not in {row.status for row in run.hosts[1].strategy.heard}


def test_a_late_cancel_of_what_was_not_crossed_holds_after_the_bar() -> None:
    run = trade(
        [flat(100), bar(100, 101, 99, 100), bar(100, 101, 97, 100)],
        {0: two_limits},
        on_trade=lambda s, t: s.cancel(2),
    )
    assert fills(run) == [(1, "buy", 99, 1)]
    assert status(run, 2) is OrderStatus.CANCELED


def test_a_stop_canceled_while_limits_are_crossed_does_not_trade() -> None:
    def limit_and_stop(s: Any) -> None:
        s.buy(99)
        s.short(stop=98)

    run = trade([flat(100), bar(100, 101, 97, 100)], {0: limit_and_stop}, on_trade=lambda s, t: s.cancel(2))
    assert fills(run) == [(1, "buy", 99, 1)]
    assert status(run, 2) is OrderStatus.CANCELED


def test_slippage_is_a_cost_beside_the_price() -> None:
    run = trade([flat(100), flat(100)], {0: lambda s: s.buy(volume=3)}, slippage="0.2", rate="0.001")
    (found,) = run.trades
    assert (found.price, found.slippage, found.commission) == (100, Decimal("6.0"), Decimal("3.000"))
    run.mark()
    assert run.ledger.balance() == Decimal(1_000_000) - 9


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (lambda s: s.buy(99, stop=98), "vn.py's matching has no STOP_LIMIT orders"),
        (lambda s: s.buy(trail=2), "vn.py's matching has no TRAILING orders"),
        (lambda s: s.buy(99, time_in_force=TimeInForce.IOC), "vn.py's matching has no IOC orders"),
        (lambda s: s.buy(99, time_in_force=TimeInForce.FOK), "vn.py's matching has no FOK orders"),
    ],
)
def test_what_vnpy_does_not_have_is_refused_instead_of_filled_wrongly(act: Any, reason: str) -> None:
    run = trade([flat(100), bar(100, 110, 90, 100)], {0: act})
    assert fills(run) == []
    assert (status(run), order(run).reason) == (OrderStatus.REJECTED, reason)

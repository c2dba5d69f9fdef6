"""What front ends are told of positions and the account, and only what changed of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from market import flat, plan, scripted, series_of

from monitor.engine.readside import ReadSide
from monitor.engine.rows import AccountRow, PositionRow
from monitor.engine.simulation import Simulation
from monitor.engine.values import Direction


def reading(bars: list[Any], at: Any, **terms: Any) -> tuple[Simulation, ReadSide]:
    run = plan(bars, scripted(at), **terms).run()
    run.start()
    return run, ReadSide(run)


def position(side: ReadSide) -> PositionRow:
    (row,) = side.snapshot().positions.values()
    return row


def account(side: ReadSide) -> AccountRow:
    (row,) = side.snapshot().accounts.values()
    return row


def test_a_position_is_valued_at_the_last_close() -> None:
    run, side = reading([flat(100), flat(100), flat(102)], {0: lambda s: s.short(volume=2)})
    run.advance(3)
    row = position(side)
    assert (row.position_id, row.direction) == ("sim-1.TEST.x1.SHORT", Direction.SHORT)
    assert (row.volume, row.volume_today, row.average_price, row.last_price) == (2, 2, 100, 102)
    assert (row.unrealised_profit, row.margin) == (-40, 200)
    assert (row.quote_ns, row.price_digits) == (run.time_ns, 1)


def test_volume_that_closing_orders_hold_is_frozen_stops_do_not_hold_it() -> None:
    def protect(s: Any) -> None:
        s.sell(110, volume=2)
        s.sell(stop=90, volume=3)

    run, side = reading([flat(100)] * 4, {0: lambda s: s.buy(volume=3), 2: protect})
    run.advance(2)
    assert position(side).frozen == 0
    run.advance(4)
    assert position(side).frozen == 2


def test_money_for_working_openings_is_frozen_and_not_available() -> None:
    def rest(s: Any) -> None:
        s.buy(90, volume=2)  # 90 x 2 x 10 x 0.1
        s.buy(stop=120)  # 120 x 10 x 0.1

    run, side = reading([flat(100)] * 3, {0: rest})
    run.advance(3)
    row = account(side)
    assert (row.frozen, row.margin, row.balance) == (300, 0, 1_000_000)
    assert row.available == 1_000_000 - 300


def test_todays_profit_begins_at_the_days_start_and_drawdown_at_the_peak() -> None:
    day = 24 * 60 * 60 * 1_000_000_000
    bars = series_of([flat(100), flat(100), flat(110), flat(105)], symbol="X.y", interval_ns=day)
    run, side = reading(bars, {0: lambda s: s.buy()}, capital="1000")  # type: ignore[arg-type]
    run.advance(4)
    side.take()
    row = account(side)
    assert row.balance == 1050
    assert row.today_profit == -50
    assert row.drawdown == row.max_drawdown == pytest.approx(50 / 1100)
    assert row.risk_ratio == pytest.approx(100 / 1050)


def test_only_what_changed_is_told() -> None:
    run, side = reading([flat(100)] * 5, {0: lambda s: [s.buy(90), s.buy(91)], 2: lambda s: s.cancel(1)})
    run.advance(2)
    assert set(side.take().orders) == {1, 2}
    run.advance(3)
    assert set(side.take().orders) == {1}
    run.advance(4)
    told = side.take()
    assert (told.orders, told.trades) == ({}, {})
    assert len(told.equity[0]) == 1
    nothing = side.take()
    told_again = (nothing.orders, nothing.positions, nothing.accounts, nothing.equity)
    assert not any(told_again)


def test_a_position_that_is_gone_is_told_once_with_volume_0() -> None:
    run, side = reading([flat(100)] * 6, {0: lambda s: s.buy(), 2: lambda s: s.sell()})
    run.advance(2)
    assert [row.volume for row in side.take().positions.values()] == [1]
    run.advance(4)
    assert [row.volume for row in side.take().positions.values()] == [0]
    run.advance(5)
    assert side.take().positions == {}


def test_a_position_opened_and_closed_between_two_looks_was_never_there() -> None:
    run, side = reading([flat(100)] * 6, {0: lambda s: s.buy(), 2: lambda s: s.sell()})
    side.take()
    run.advance(5)
    told = side.take()
    assert told.positions == {}
    assert len(told.trades) == 2


def test_an_average_price_is_shown_of_what_was_paid() -> None:
    buys = dict.fromkeys((0, 1), lambda s: s.buy())
    run, side = reading([flat(100), flat(100), flat(103)], buys)
    run.advance(3)
    assert position(side).average_price == Decimal("101.5")

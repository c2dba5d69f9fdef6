"""A replay through trading days: what closing today's lots costs, and positions settled each evening."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from market import MINUTE, BarOf, bar, bar_of, order, plan, scripted, series_of

from monitor.engine.events import OrderCreated
from monitor.engine.options import Matching
from monitor.engine.readside import ReadSide, position_row
from monitor.engine.rows import AccountRow, TradeRow
from monitor.engine.session import ReplaySession
from monitor.engine.simulation import Simulation
from monitor.engine.values import Direction, Offset, OrderStatus, OrderType, Side, TimeInForce

NINE = 1_562_288_400_000_000_000  # Friday, 2019-07-05 09:00 in Shanghai
SIX_HOURS = 360 * MINUTE
"""Bars at 09:00 and 15:00; from 21:00 on it is the next trading day, which has four of them."""
FEES = {"rate": "0.0001", "per_lot": "2", "today_rate": "0.0005", "today_per_lot": "0"}


def run_of(bars: list[BarOf], symbol: str = "SHFE.x1", **terms: Any) -> Simulation:
    series = series_of(bars, symbol=symbol, start_ns=NINE, interval_ns=SIX_HOURS)
    run = plan(series, scripted(), **terms).run()
    run.start()
    return run


def at(price: float, volume: float = 10_000) -> BarOf:
    return bar(price, price, price, price, volume)


def give(run: Simulation, side: Side, offset: Offset, volume: int) -> int:
    """A market order; it fills in the next bar, or is refused."""
    number = run.next_order_id()
    run.submit(
        OrderCreated(
            order_id=number,
            strategy_id=1,
            account_id="sim-1",
            symbol=run.instrument.symbol,
            side=side,
            offset=offset,
            type=OrderType.MARKET,
            time_in_force=TimeInForce.GTC,
            quantity=Decimal(volume),
        )
    )
    return number


def next_bar(run: Simulation, *orders: tuple[Side, Offset, int]) -> None:
    for one in orders:
        give(run, *one)
    run.advance(run.bar + 1)


def day_of(run: Simulation, trade: TradeRow) -> int:
    return sum(start <= bar_of(run, trade.time_ns) for start in run.day_starts)


class Lots:
    """Which lots a close takes, lot by lot: the rule of the exchanges, told another way."""

    def __init__(self, symbol: str, *, hedging: bool) -> None:
        self.today_first = symbol.startswith("CFFEX")
        self.splits = symbol.startswith("SHFE")
        self.hedging = hedging
        self.held: dict[Side, list[int]] = {Side.BUY: [], Side.SELL: []}

    def take(self, trade: TradeRow, day: int) -> int:
        """How many lots of this trade close what was opened the same day."""
        own, other = self.held[trade.side], self.held[trade.side.opposite]
        opens = self.hedging and trade.offset is Offset.OPEN
        today = 0
        for _ in range(int(trade.volume)):
            if opens or not other:
                own.append(day)
                continue
            newest = self.hedging and (
                self.today_first or (self.splits and trade.offset is Offset.CLOSE_TODAY)
            )
            today += other.pop(-1 if newest else 0) == day
        return today


ORDERS = st.tuples(st.sampled_from(Side), st.sampled_from(Offset), st.integers(1, 4))
DAYS = st.lists(st.lists(ORDERS, max_size=2), min_size=4, max_size=14)


@given(DAYS, st.sampled_from(["SHFE.x1", "DCE.x1", "CFFEX.x1", "X.y"]), st.booleans(), st.booleans())
@settings(max_examples=120, deadline=None)
def test_each_lot_costs_what_its_age_says(
    days: list[list[tuple[Side, Offset, int]]], symbol: str, hedging: bool, settles: bool
) -> None:
    run = run_of([at(100)] * (len(days) + 1), symbol, hedging=hedging, settles=settles, **FEES)
    for orders in days:
        next_bar(run, *orders)
    run.advance(len(run.series))
    lots = Lots(symbol, hedging=hedging)
    for trade in run.trades:
        today = lots.take(trade, day_of(run, trade))
        usual = trade.volume - today
        money = 1000 * Decimal("0.0001") + 2
        assert trade.commission == usual * money + today * 1000 * Decimal("0.0005"), trade


def test_closing_the_same_day_has_its_own_fee_and_the_next_day_the_usual_one() -> None:
    run = run_of([at(100)] * 6, **FEES)
    next_bar(run)
    next_bar(run, (Side.BUY, Offset.OPEN, 3))
    next_bar(run, (Side.BUY, Offset.OPEN, 1))
    next_bar(run, (Side.SELL, Offset.CLOSE_TODAY, 1))
    next_bar(run, (Side.SELL, Offset.CLOSE, 3))
    assert [trade.commission for trade in run.trades] == [
        Decimal("6.3"),
        Decimal("2.1"),
        Decimal("0.5"),
        Decimal("6.3"),
    ]
    assert run.ledger.commission == Decimal("15.2")


def test_what_closing_would_cost_now_is_told_of_todays_and_older_lots() -> None:
    run = run_of([at(100)] * 4, **FEES)
    next_bar(run)
    next_bar(run, (Side.BUY, Offset.OPEN, 3))
    next_bar(run, (Side.BUY, Offset.OPEN, 2))
    row = position_row(run, run.ledger.position(run.instrument, Direction.LONG))
    assert (row.volume, row.volume_today) == (5, 2)
    assert row.close_commission == 3 * Decimal("2.1") + 2 * Decimal("0.5")


def test_vnpys_matching_knows_one_fee_only() -> None:
    run = run_of([at(100)] * 4, matching=Matching.VNPY, hedging=False, **FEES)
    next_bar(run)
    next_bar(run, (Side.BUY, Offset.OPEN, 1))
    assert bar_of(run, run.trades[0].time_ns) == 1
    next_bar(run, (Side.SELL, Offset.CLOSE, 1))
    assert {trade.commission for trade in run.trades} == {Decimal("2.1")}


# Settlement ---------------------------------------------------------------------------------
def account(run: Simulation) -> AccountRow:
    (row,) = ReadSide(run).snapshot().accounts.values()
    return row


def test_an_evening_pays_out_at_the_settlement_price() -> None:
    """The first day closes at 100 and 104; the second begins with the bar at 21:00."""
    run = run_of([at(100, 300), bar(102, 104, 102, 104, 100), at(105), at(105)], settles=True, rate="0.001")
    next_bar(run)
    next_bar(run, (Side.BUY, Offset.OPEN, 2))
    before = account(run)
    assert (before.commission, before.unrealised_profit) == (Decimal("2.04"), 40)
    assert before.static_balance == 1_000_000
    next_bar(run)
    assert run.ledger.last_prices == {"SHFE.x1": 104}  # the last close, not the settlement price
    assert [(one.price, one.time_ns) for one in run.settlements] == [(101, NINE + 2 * SIX_HOURS)]
    row = position_row(run, run.ledger.position(run.instrument, Direction.LONG))
    assert (row.average_price, row.unrealised_profit, row.volume_today) == (102, 80, 0)
    found = account(run)
    assert found.static_balance == 1_000_000 - Decimal("2.04") - 20
    assert (found.commission, found.realised_profit, found.unrealised_profit) == (0, 0, 80)
    assert found.margin == 2 * 101
    assert (found.balance, found.today_profit) == (before.balance + 20, 80)
    assert run.hosts[1].row().net_profit == found.balance - 1_000_000


def test_without_the_option_nothing_is_paid_out() -> None:
    run = run_of([at(100), at(102), at(105), at(105)])
    next_bar(run)
    next_bar(run, (Side.BUY, Offset.OPEN, 2))
    next_bar(run)
    assert (run.settlements, run.ledger.static_balance) == ([], 1_000_000)


def test_each_evening_has_the_price_of_its_own_day() -> None:
    """Two bars of Friday, four of each trading day after it."""
    prices = [100, 102, 200, 202, 204, 206, 300, 300, 300, 304, 400]
    run = run_of([at(price) for price in prices], settles=True)
    run.advance(len(prices))
    assert [one.price for one in run.settlements] == [101, 203, 301]


MOVES = st.lists(
    st.tuples(st.integers(950, 1050), st.integers(0, 500), st.lists(ORDERS, max_size=2)),
    min_size=6,
    max_size=20,
)


def of_moves(moves: list[tuple[int, int, Any]]) -> list[BarOf]:
    """From close to close."""
    closes = [ticks / 10 for ticks, _, _ in moves]
    before = [closes[0], *closes]
    return [
        bar(o, max(o, c), min(o, c), c, volume)
        for o, c, (_, volume, _) in zip(before, closes, moves, strict=False)
    ]


@given(MOVES, st.sampled_from(["SHFE.x1", "CFFEX.x1", "DCE.x1"]), st.booleans())
@settings(max_examples=120, deadline=None)
def test_settling_changes_where_money_stands_and_not_what_it_is_worth(
    moves: list[tuple[int, int, list[tuple[Side, Offset, int]]]], symbol: str, hedging: bool
) -> None:
    plain = run_of(of_moves(moves), symbol, hedging=hedging, **FEES)
    settled = run_of(of_moves(moves), symbol, hedging=hedging, settles=True, **FEES)
    for _, _, orders in moves:
        for run in (plain, settled):
            next_bar(run, *orders)
        one, other = account(plain), account(settled)
        assert other.balance == pytest.approx(one.balance, abs=Decimal("1E-6"))
        parts = other.static_balance + other.realised_profit + other.unrealised_profit - other.commission
        assert other.balance == pytest.approx(parts, abs=Decimal("5E-8"))  # each is rounded for showing
        assert other.available == pytest.approx(
            other.balance - other.margin - other.frozen, abs=Decimal("5E-8")
        )
        for direction in Direction:
            mine, theirs = (run.ledger.position(run.instrument, direction) for run in (settled, plain))
            assert (mine.volume, mine.volume_today) == (theirs.volume, theirs.volume_today)
    assert [(t.price, t.volume, t.commission) for t in settled.trades] == [
        (t.price, t.volume, t.commission) for t in plain.trades
    ]
    assert len(settled.settlements) == sum(start < len(moves) for start in settled.day_starts)
    assert np.allclose(settled.equity_chunk(0).equity, plain.equity_chunk(0).equity, rtol=0, atol=1e-6)


@given(MOVES)
@settings(max_examples=80, deadline=None)
def test_the_moment_of_settlement_is_worth_nothing(
    moves: list[tuple[int, int, list[tuple[Side, Offset, int]]]],
) -> None:
    """Exactly: the bar after an evening begins with the money the last one ended with."""
    run = run_of(of_moves(moves), settles=True, **FEES)
    pay_out = run.ledger.settle
    paid: list[Decimal] = []

    def settle(prices: dict[str, Decimal], time_ns: int) -> None:
        before = run.ledger.balance()
        pay_out(prices, time_ns)
        assert run.ledger.unrealised() == 0
        assert run.ledger.balance() == run.ledger.static_balance == run.ledger.day_balance
        run.mark()
        assert run.ledger.balance() == before
        paid.append(before)

    run.ledger.settle = settle  # type: ignore[method-assign]
    for _, _, orders in moves:
        next_bar(run, *orders)
    assert len(paid) == len(run.settlements)


@given(MOVES, st.integers(0, 20), st.sampled_from(["SHFE.x1", "CFFEX.x1"]))
@settings(max_examples=60, deadline=None)
def test_a_settled_run_can_be_left_and_made_again_at_any_bar(
    moves: list[tuple[int, int, Any]], back: int, symbol: str
) -> None:
    made = plan(
        series_of(of_moves(moves), symbol=symbol, start_ns=NINE, interval_ns=SIX_HOURS),
        scripted({1: lambda s: s.buy(volume=3), 4: lambda s: s.sell(volume=1), 5: lambda s: s.short()}),
        settles=True,
        **FEES,
    )
    session, straight = ReplaySession(made), ReplaySession(made)
    session.advance(len(moves))
    back = min(back, len(moves))
    for _ in session.rewind(back):
        pass
    straight.advance(back)
    for one in (session, straight):
        one.advance(len(moves))
    assert account(session.run) == account(straight.run)
    assert session.run.settlements == straight.run.settlements
    assert session.run.equity_chunk(0).equity.tolist() == straight.run.equity_chunk(0).equity.tolist()


def test_an_order_for_the_day_ends_before_the_day_is_settled() -> None:
    settled: list[int] = []
    kind = scripted(
        {1: lambda s: s.buy(90, time_in_force="DAY")},
        on_order=lambda _, told: settled.append(len(run.settlements)) if not told.status.active else None,
    )
    series = series_of([at(100)] * 4, symbol="SHFE.x1", start_ns=NINE, interval_ns=SIX_HOURS)
    run = plan(series, kind, settles=True).run()
    run.start()
    run.advance(3)
    assert order(run).status is OrderStatus.EXPIRED
    assert (settled, len(run.settlements)) == ([0], 1)

"""Statistics of records against examples computed by hand, and the sums that must agree."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from record_words import GOLD, MINUTE, Trail

from monitor.engine.advanced_errors import AdvancedOrderError, PositionRecordingError
from monitor.engine.records import PositionRecords, RecordFigures, StatisticsFold, record_statistics
from monitor.engine.records.days import trading_day
from monitor.engine.records.holding import DIFFERENT_TIMES, HoldingTimes
from monitor.engine.records.lots import Lots
from monitor.engine.rows import PositionRecordRow
from monitor.engine.values import (
    NS_PER_SECOND,
    ContractKind,
    Direction,
    Instrument,
    RecordType,
)

MEAL = "DCE.m2601"
COIN = "BTC-PERPETUAL"
INSTRUMENTS = {
    GOLD: Instrument(symbol=GOLD, multiplier=Decimal(1000)),
    MEAL: Instrument(symbol=MEAL, multiplier=Decimal(10)),
    COIN: Instrument(
        symbol=COIN, multiplier=Decimal(10), contract=ContractKind.INVERSE, currency="BTC", zone="UTC"
    ),
}


def total(trail: Trail) -> RecordFigures:
    return record_statistics(trail.rows, INSTRUMENTS).total


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * NS_PER_SECOND


def test_two_rounds_of_gold_by_hand() -> None:
    """3 lots at 500, fee 30; 10 min later 1 out at 510 (+10,000, fee 10); 20 min later 2 out at 497
    (-6,000, fee 20); an hour later 1 lot in and, 5 min later, out without a change of price."""
    trail = Trail()
    trail.trade(3, price=500, fee=30)
    trail.wait(10).trade(-1, price=510, profit=10_000, fee=10)
    trail.wait(20).trade(-2, price=497, profit=-6_000, fee=20)
    trail.wait(60).trade(1, price=500, fee=10)
    trail.wait(5).trade(-1, price=500, fee=10)
    found = total(trail)
    assert (found.records, found.corrections, found.currency) == (5, 0, "CNY")
    assert (found.opened_lots, found.closed_lots, found.turnover_lots) == (4, 4, 8)
    assert found.turnover == (3 * 500 + 510 + 2 * 497 + 500 + 500) * 1000
    assert (found.realised_profit, found.commission) == (4_000, 80)
    assert found.win_rate == 0.25  # one lot of four
    assert found.profit_factor == pytest.approx(9_980 / (6_040 + 20))
    assert (found.round_trips, found.best, found.worst) == (2, 3_940, -20)
    assert found.average_held_s == 60 * (1 * 10 + 2 * 30 + 1 * 5) / 4
    assert found.median_held_s == 60 * 20  # of 5, 10, 30, 30 minutes
    assert found.longest_held_s == 60 * 30


def test_lots_are_closed_first_in_first_out() -> None:
    trail = Trail()
    trail.trade(1)
    trail.wait(10).trade(1)
    trail.wait(10).trade(-1)
    assert total(trail).longest_held_s == 20 * 60
    assert total(trail).round_trips == 0
    trail.wait(5).trade(-1)
    assert total(trail).average_held_s == 60 * (20 + 15) / 2


def test_closing_in_parts_does_not_change_the_rates() -> None:
    whole, parts = Trail(), Trail()
    for trail, sizes in ((whole, [4]), (parts, [1, 2, 1])):
        trail.trade(4)
        for size in sizes:
            trail.trade(-size, profit=100 * size)
        trail.trade(4)
        trail.trade(-4, profit=-100)
    assert total(whole).win_rate == total(parts).win_rate == 0.5
    assert total(whole).profit_factor == total(parts).profit_factor == 4
    assert (total(whole).best, total(whole).round_trips) == (total(parts).best, total(parts).round_trips)


def test_a_fee_at_the_opening_can_turn_a_gain_into_a_loss() -> None:
    trail = Trail()
    trail.trade(1, fee=15)
    trail.trade(-1, profit=20, fee=10)
    assert (total(trail).win_rate, total(trail).best, total(trail).profit_factor) == (0.0, -5, 0.0)


def test_what_a_correction_closed_is_neither_won_nor_lost_nor_traded() -> None:
    trail = Trail()
    trail.trade(2)
    trail.wait(1).trade(-2, type=RecordType.CORRECTION)
    found = total(trail)
    assert (found.corrections, found.closed_lots, found.turnover_lots) == (1, 0, 2)
    assert (found.win_rate, found.round_trips, found.longest_held_s) == (None, 0, None)


def test_what_a_correction_opened_has_a_result_but_no_holding_time() -> None:
    trail = Trail()
    trail.trade(2, type=RecordType.CORRECTION)
    trail.wait(1).trade(-2, profit=7)
    found = total(trail)
    assert (found.win_rate, found.realised_profit, found.round_trips, found.average_held_s) == (
        1.0,
        7,
        0,
        None,
    )


def test_records_may_begin_in_the_middle() -> None:
    trail = Trail()
    trail.trade(3)
    trail.wait(1).trade(1)
    trail.wait(1).trade(-4, profit=9)
    found = record_statistics(trail.rows[1:], INSTRUMENTS).total
    assert (found.closed_lots, found.round_trips, found.win_rate) == (4, 0, 1.0)
    assert found.average_held_s == 60  # of the one lot whose opening is known


def test_a_settlement_is_part_of_the_result_of_the_lots_it_settled() -> None:
    """Two lots gain 60 at settlement, then lose 40 and 10 against it: the round won 10."""
    trail = Trail()
    trail.trade(2)
    trail.wait(60).trade(0, profit=60, type=RecordType.SETTLEMENT)
    trail.wait(60).trade(-1, profit=-40)
    trail.trade(-1, profit=-10)
    found = total(trail)
    assert (found.realised_profit, found.best, found.round_trips) == (10, 10, 1)
    assert (found.win_rate, found.profit_factor) == (0.5, 2.0)  # 30 - 40 and 30 - 10
    assert found.longest_held_s == 2 * 3600


def test_a_settlement_of_nothing_is_no_round_trip() -> None:
    trail = Trail()
    trail.trade(0, type=RecordType.SETTLEMENT)
    assert total(trail).round_trips == 0


def test_records_out_of_order_or_doubled_are_a_mistake_of_the_caller() -> None:
    trail = Trail()
    rows = [trail.trade(1), trail.trade(-1)]
    for wrong in (rows[::-1], [rows[0], rows[0]]):
        with pytest.raises(PositionRecordingError, match="record 1 follows record"):
            record_statistics(wrong, INSTRUMENTS)
    assert issubclass(PositionRecordingError, AdvancedOrderError)


def test_currencies_are_not_added() -> None:
    trail = Trail()
    trail.trade(1)
    trail.trade(1, symbol=COIN, price=50_000)
    found = record_statistics(trail.rows, INSTRUMENTS)
    assert (found.total.currency, found.total.turnover, found.total.realised_profit) == ("", None, None)
    assert found.total.turnover_lots == 2
    assert found.by_symbol[COIN].turnover == Decimal(10) / 50_000
    assert (found.by_symbol[COIN].currency, found.by_symbol[GOLD].currency) == ("BTC", "CNY")


def test_turnover_in_money_is_unknown_without_the_instrument() -> None:
    trail = Trail()
    trail.trade(1, symbol="DCE.unheard")
    assert (total(trail).turnover, total(trail).turnover_lots) == (None, 1)


def test_a_closing_counts_for_its_own_day_and_strategy() -> None:
    trail = Trail(at("2026-11-20 02:00:00"))
    trail.trade(1, strategy=1)
    trail.wait(11 * 60).trade(-1, profit=5, strategy=2)  # 21:00 on Friday in Shanghai
    found = record_statistics(trail.rows, INSTRUMENTS)
    assert {day: figures.realised_profit for day, figures in found.by_day.items()} == {
        "2026-11-20": 0,
        "2026-11-23": 5,
    }
    assert (found.by_strategy[1].round_trips, found.by_strategy[2].round_trips) == (0, 1)
    own = record_statistics(trail.rows, INSTRUMENTS, day_of=lambda row: "one day")
    assert list(own.by_day) == ["one day"]


@pytest.mark.parametrize(
    ("moment", "symbol", "day"),
    [
        ("2026-11-19 06:59:00", GOLD, "2026-11-19"),  # Thursday 14:59 in Shanghai
        ("2026-11-19 13:00:00", GOLD, "2026-11-20"),  # Thursday 21:00
        ("2026-11-19 18:00:00", GOLD, "2026-11-20"),  # Friday 02:00
        ("2026-11-20 18:00:00", GOLD, "2026-11-23"),  # Saturday 02:00
        ("2026-11-20 13:00:00", COIN, "2026-11-20"),
        ("2026-11-21 13:00:00", "DERIBIT.ETH", "2026-11-21"),
    ],
)
def test_the_trading_day_of_a_moment(moment: str, symbol: str, day: str) -> None:
    assert trading_day(at(moment), symbol, INSTRUMENTS.get(symbol)) == day


@st.composite
def traded(draw: st.DrawFn) -> list[PositionRecordRow]:
    trail = Trail()
    held: dict[tuple[str, str, Direction], int] = {}
    for _ in range(draw(st.integers(1, 40))):
        key = (
            draw(st.sampled_from(["a1", "a2"])),
            draw(st.sampled_from([GOLD, MEAL])),
            draw(st.sampled_from(Direction)),
        )
        lots = draw(st.integers(-held.get(key, 0), 6).filter(bool))
        held[key] = held.get(key, 0) + lots
        trail.wait(draw(st.integers(0, 2000))).trade(
            lots,
            account=key[0],
            symbol=key[1],
            direction=key[2],
            strategy=draw(st.integers(1, 3)),
            fee=draw(st.integers(0, 9)),
            profit=draw(st.integers(-50, 50)) if lots < 0 else 0,
            price=draw(st.integers(100, 600)),
            type=draw(st.sampled_from([RecordType.EXECUTION] * 6 + [RecordType.CORRECTION])),
        )
    return trail.rows


ADDED = (
    "records",
    "corrections",
    "opened_lots",
    "closed_lots",
    "turnover_lots",
    "turnover",
    "realised_profit",
    "commission",
    "round_trips",
)


@given(traded())
def test_every_division_sums_to_the_total(rows: list[PositionRecordRow]) -> None:
    found = record_statistics(rows, INSTRUMENTS)
    for parts in (found.by_symbol, found.by_day, found.by_strategy, found.by_direction):
        figures = list(parts.values())
        for name in ADDED:
            assert sum(getattr(part, name) for part in figures) == getattr(found.total, name), name
        assert found.total.best == max((p.best for p in figures if p.best is not None), default=None)
        assert found.total.longest_held_s == max(
            (p.longest_held_s for p in figures if p.longest_held_s is not None), default=None
        )


@given(traded())
def test_flat_positions_of_trades_earn_what_their_round_trips_earn(rows: list[PositionRecordRow]) -> None:
    """Σ of results of rounds = profit less commission, once all is closed and nothing corrected."""
    if any(row.type is RecordType.CORRECTION for row in rows):
        return
    trail = Trail()
    trail.records = PositionRecords(next_id=len(rows) + 1)
    last = {(row.account_id, row.symbol, row.direction): row for row in rows}
    for (account, symbol, direction), row in last.items():
        if row.volume:
            trail.volumes[account, symbol, direction] = row.volume
            trail.trade(-row.volume, account=account, symbol=symbol, direction=direction, profit=3)
    fold = StatisticsFold(INSTRUMENTS)
    for row in [*rows, *trail.rows]:
        fold.add(row)
    sums = fold._total
    net = sums.realised - sums.commission
    assert abs(sums.gained - sums.lost - net) <= Decimal("1E-8")
    assert fold._open == {}


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 50)), min_size=1), st.data())
def test_lots_conserve_volume_and_money(openings: list[tuple[int, int]], data: st.DataObject) -> None:
    lots = Lots()
    for n, (volume, fee) in enumerate(openings):
        lots.open(Decimal(volume), n * MINUTE, Decimal(-fee))
    settled = data.draw(st.integers(-100, 100))
    lots.settle(Decimal(settled))
    left = sum(volume for volume, _ in openings)
    closed = []
    while left:
        size = data.draw(st.integers(1, left))
        parts = list(lots.close(Decimal(size), 1000 * MINUTE))
        assert sum(part.volume for part in parts) == size
        closed += parts
        left -= size
        assert lots.volume == left
    assert sum(part.carried for part in closed) == settled - sum(fee for _, fee in openings)
    held = [part.held_ns for part in closed if part.held_ns is not None]
    assert held == sorted(held, reverse=True)  # the oldest went first
    with pytest.raises(ValueError, match="closing 1 of 0"):
        list(lots.close(Decimal(1), 0))


@given(st.lists(st.tuples(st.integers(0, 10**15), st.integers(1, 5)), min_size=1))
def test_the_median_is_that_of_all_lots(times: list[tuple[int, int]]) -> None:
    found = HoldingTimes()
    for held_ns, volume in times:
        found.add(held_ns, Decimal(volume))
    every = sorted(held for held, volume in times for _ in range(volume))
    middle = len(every) // 2
    median = every[middle] if len(every) % 2 else (every[middle - 1] + every[middle]) / 2
    assert found.median_s == median / NS_PER_SECOND


def test_many_different_times_take_bounded_memory_and_keep_the_median_within_a_percent() -> None:
    found = HoldingTimes()
    for n in range(5 * DIFFERENT_TIMES):
        found.add(n * NS_PER_SECOND, Decimal(1))
    assert len(found._lots) <= DIFFERENT_TIMES
    assert found.median_s == pytest.approx(5 * DIFFERENT_TIMES / 2, rel=0.011)
    assert found.longest_s == 5 * DIFFERENT_TIMES - 1

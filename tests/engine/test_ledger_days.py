"""The ledger through days: today's and older lots, settlement, funding, and contracts that are
not linear."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from monitor.engine.ledger import Ledger, Position, PositionMode
from monitor.engine.values import (
    ContractKind,
    Direction,
    Instrument,
    MoneyKind,
    Offset,
    Side,
)

GOLD = Instrument(
    symbol="SHFE.au2012",
    tick=Decimal("0.02"),
    multiplier=Decimal(1000),
    margin_rate=Decimal("0.05"),
    commission_per_lot=Decimal(10),
    close_today_per_lot=Decimal(0),
)
INDEX = Instrument(
    symbol="CFFEX.IF2003",
    tick=Decimal("0.2"),
    multiplier=Decimal(300),
    commission_rate=Decimal("0.000023"),
    close_today_rate=Decimal("0.000345"),
)
QUANTO = Instrument(
    symbol="X.ETHUSD",
    multiplier=Decimal(1),
    currency="BTC",
    contract=ContractKind.QUANTO,
    quanto_rate=Decimal("0.000001"),
    margin_rate=Decimal("0.1"),
)
INVERSE = Instrument(symbol="X.BTCUSD", contract=ContractKind.INVERSE, currency="BTC")


def hedged(static: int = 1_000_000) -> Ledger:
    return Ledger("a1", Decimal(static), PositionMode.HEDGING)


def post(
    ledger: Ledger,
    side: Side,
    offset: Offset,
    price: str | int,
    volume: int,
    of: Instrument = GOLD,
    fee: int = 0,
) -> Decimal:
    return ledger.post(of, side, offset, Decimal(price), Decimal(volume), Decimal(fee), Decimal(0), 1)


def long(ledger: Ledger, of: Instrument = GOLD) -> Position:
    return ledger.position(of, Direction.LONG)


def test_each_offset_takes_its_own_lots_in_shanghai() -> None:
    ledger = hedged()
    post(ledger, Side.BUY, Offset.OPEN, 400, 3)
    ledger.new_day()
    post(ledger, Side.BUY, Offset.OPEN, 401, 2)
    may = [ledger.closable(GOLD, Side.SELL, offset) for offset in Offset]
    assert dict(zip(Offset, may, strict=True)) == {
        Offset.OPEN: 0,
        Offset.CLOSE: 3,
        Offset.CLOSE_TODAY: 2,
        Offset.CLOSE_YESTERDAY: 3,
    }
    assert ledger.closable(GOLD, Side.SELL) == 5
    post(ledger, Side.SELL, Offset.CLOSE_TODAY, 402, 1)
    assert (long(ledger).volume_today, long(ledger).volume_yesterday) == (1, 3)
    post(ledger, Side.SELL, Offset.CLOSE_YESTERDAY, 402, 3)
    assert (long(ledger).volume_today, long(ledger).volume_yesterday) == (1, 0)


def test_todays_lots_cost_what_was_paid_and_older_ones_the_settlement_price() -> None:
    ledger = hedged()
    post(ledger, Side.BUY, Offset.OPEN, 400, 2, fee=20)
    ledger.settle({GOLD.symbol: Decimal(405)}, 10)
    assert (ledger.static_balance, ledger.realised, ledger.commission) == (1_009_980, 0, 0)
    post(ledger, Side.BUY, Offset.OPEN, 407, 2)
    position = long(ledger)
    assert (position.average_price, position.cost_price) == (Decimal("403.5"), 406)
    assert ledger.margin() == (405 * 2 + 407 * 2) * 50
    assert post(ledger, Side.SELL, Offset.CLOSE_TODAY, 408, 1) == 1_000
    assert post(ledger, Side.SELL, Offset.CLOSE, 408, 1) == 3_000
    assert (position.average_price, position.cost_price) == (Decimal("403.5"), 406)
    ledger.last_prices[GOLD.symbol] = Decimal(409)
    assert ledger.unrealised() == 2_000 + 4_000  # today's position profit
    assert ledger.floating() == 2_000 + 9_000  # since they were opened
    assert ledger.balance() == 1_009_980 + 4_000 + 6_000


def test_a_position_without_a_settlement_price_only_grows_older() -> None:
    ledger = hedged()
    post(ledger, Side.BUY, Offset.OPEN, 400, 2)
    ledger.last_prices[GOLD.symbol] = Decimal(401)
    ledger.settle({}, 10)
    assert (ledger.static_balance, ledger.unrealised()) == (1_000_000, 2_000)
    assert long(ledger).volume_yesterday == 2


prices = st.integers(19_000, 21_000).map(lambda ticks: ticks * GOLD.tick)
deals = st.lists(
    st.tuples(st.sampled_from(Side), st.sampled_from(Offset), prices, st.integers(1, 5)), max_size=12
)


@given(deals, st.lists(prices, max_size=4), prices, st.data())
def test_settling_day_by_day_is_worth_what_never_settling_is(
    deals: list[tuple[Side, Offset, Decimal, int]],
    settlements: list[Decimal],
    last: Decimal,
    data: st.DataObject,
) -> None:
    """Only where the money stands changes: paid out into the static balance, or still in the position."""
    plain, settled = hedged(), hedged()
    ends = {data.draw(st.integers(0, len(deals))): price for price in settlements}
    for number in range(len(deals) + 1):
        if number in ends:
            settled.settle({GOLD.symbol: ends[number]}, number)
            plain.new_day()
        if number < len(deals):
            side, offset, price, volume = deals[number]
            held = plain.closable(GOLD, side)
            kind = offset if volume <= held else Offset.OPEN
            for ledger in (plain, settled):
                post(ledger, side, kind, str(price), volume, fee=3)
    for ledger in (plain, settled):
        ledger.last_prices[GOLD.symbol] = last
    assert settled.balance() == pytest.approx(plain.balance(), abs=Decimal("1E-6"))
    for direction in Direction:
        one, other = plain.position(GOLD, direction), settled.position(GOLD, direction)
        assert (one.volume, one.volume_today) == (other.volume, other.volume_today)


@given(deals, st.sets(st.integers(0, 12)), st.sampled_from([GOLD, INDEX]), st.sampled_from(PositionMode))
def test_what_closes_today_is_told_before_it_is_booked(
    deals: list[tuple[Side, Offset, Decimal, int]], evenings: set[int], of: Instrument, mode: PositionMode
) -> None:
    ledger = Ledger("a1", Decimal(1_000_000), mode)
    for number, (side, offset, price, volume) in enumerate(deals):
        if number in evenings:
            ledger.new_day()
        held = ledger.closable(of, side)
        kind = offset if volume <= held else Offset.OPEN
        closing = ledger.position(of, Direction.SHORT if side is Side.BUY else Direction.LONG)
        before = closing.volume_today
        told = ledger.closes_today(of, side, kind, Decimal(volume))
        post(ledger, side, kind, str(price), volume, of=of)
        assert told == before - closing.volume_today


def test_nothing_closes_today_where_nothing_is_held() -> None:
    ledger = hedged()
    assert ledger.closes_today(GOLD, Side.SELL, Offset.CLOSE_TODAY, Decimal(3)) == 0
    assert ledger.positions == {}


@given(deals, prices)
def test_right_after_settlement_nothing_is_unrealised_and_static_is_the_balance(
    deals: list[tuple[Side, Offset, Decimal, int]], price: Decimal
) -> None:
    ledger = hedged()
    for side, _, at, volume in deals:
        post(ledger, side, Offset.OPEN, str(at), volume, fee=3)
    ledger.last_prices[GOLD.symbol] = price
    before = ledger.balance()
    ledger.settle({GOLD.symbol: price}, 5)
    assert ledger.balance() == ledger.static_balance == ledger.day_balance == before
    assert ledger.unrealised() == ledger.today_profit() == ledger.realised == ledger.commission == 0


def test_money_of_each_kind_stands_where_it_belongs() -> None:
    ledger = hedged(0)
    for kind, amount in zip(MoneyKind, (100, -30, 7, -2, 5), strict=True):
        ledger.move(Decimal(amount), kind)
    assert (ledger.static_balance, ledger.day_flow) == (75, 75)
    assert (ledger.realised, ledger.funding, ledger.commission, ledger.charges) == (7, 7, 2, 2)
    assert (ledger.balance(), ledger.today_profit(), ledger.available(Decimal(10))) == (80, 5, 70)
    ledger.settle({}, 1)
    assert (ledger.static_balance, ledger.balance(), ledger.today_profit()) == (80, 80, 0)


def test_a_quanto_contract_earns_at_its_fixed_rate() -> None:
    ledger = hedged(1)
    post(ledger, Side.BUY, Offset.OPEN, 200, 50, of=QUANTO)
    ledger.last_prices[QUANTO.symbol] = Decimal(220)
    assert ledger.unrealised() == Decimal("0.001")
    assert ledger.margin() == Decimal("0.001")
    assert post(ledger, Side.SELL, Offset.CLOSE, 210, 50, of=QUANTO) == Decimal("0.0005")


def test_an_inverse_contract_is_worth_less_of_its_underlying_the_higher_the_price() -> None:
    assert INVERSE.notional(Decimal(20_000), Decimal(100)) == Decimal("0.005")
    position = Position(INVERSE, Direction.SHORT)
    position.open(Decimal(20_000), Decimal(100), 1)
    assert position.unrealised(Decimal(25_000)) == Decimal("-0.001")
    assert position.close(Decimal(16_000), Decimal(100), 2) == Decimal("0.00125")
    assert (position.cost, position.average_price) == (0, 0)


@pytest.mark.parametrize(
    ("of", "close_today", "fee"),
    [
        (GOLD, 0, "30"),
        (GOLD, 1, "20"),
        (GOLD, 3, "0"),
        (INDEX, 0, "82.8"),
        (INDEX, 3, "1242"),
        (INDEX, 1, "469.2"),
    ],
)
def test_closing_what_was_opened_today_costs_what_the_exchange_says(
    of: Instrument, close_today: int, fee: str
) -> None:
    assert of.commission(Decimal(4_000), Decimal(3), Decimal(close_today)) == Decimal(fee)


def test_margin_is_by_money_and_by_lot() -> None:
    per_lot = Instrument(
        symbol="DCE.m2005", multiplier=Decimal(10), margin_rate=Decimal(0), margin_per_lot=Decimal(1427)
    )
    ledger = hedged()
    post(ledger, Side.SELL, Offset.OPEN, 2771, 2, of=per_lot)
    assert ledger.margin() == 2 * 1427


def test_a_correction_shrinks_from_the_oldest_lots_and_grows_by_todays() -> None:
    ledger = hedged()
    post(ledger, Side.BUY, Offset.OPEN, 400, 3)
    ledger.settle({GOLD.symbol: Decimal(402)}, 1)
    post(ledger, Side.BUY, Offset.OPEN, 404, 2)
    position = long(ledger)
    position.correct(Decimal(3), None, 2)
    assert (position.volume_today, position.volume_yesterday, position.average_price) == (
        2,
        1,
        Decimal(1208) / 3,
    )
    position.correct(Decimal(4), Decimal(410), 3)
    assert (position.volume_today, position.volume_yesterday, position.average_price) == (3, 1, 410)
    position.correct(Decimal(0), None, 4)
    assert (position.volume, position.cost, position.shift, position.settled) == (0, 0, 0, False)

"""Money and positions: the identities hold after every fill, exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given, strategies as st

from monitor.engine.ledger import Ledger, PositionMode
from monitor.engine.values import Direction, Instrument, Offset, Side

GOLD = Instrument(
    symbol="SHFE.au1912",
    tick=Decimal("0.05"),
    multiplier=Decimal(1000),
    margin_rate=Decimal("0.08"),
)
STATIC = Decimal(1_000_000)


class Fill(NamedTuple):
    side: Side
    price: Decimal
    volume: Decimal
    offset: Offset = Offset.OPEN


def buy(price: str | int, volume: int = 1, offset: Offset = Offset.OPEN) -> Fill:
    return Fill(Side.BUY, Decimal(price), Decimal(volume), offset)


def sell(price: str | int, volume: int = 1, offset: Offset = Offset.OPEN) -> Fill:
    return Fill(Side.SELL, Decimal(price), Decimal(volume), offset)


def post(ledger: Ledger, fill: Fill, time_ns: int = 1, fee: str = "2.5", slippage: str = "0.1") -> Decimal:
    return ledger.post(
        GOLD, fill.side, fill.offset, fill.price, fill.volume, Decimal(fee), Decimal(slippage), time_ns
    )


def account(*fills: Fill, mode: PositionMode = PositionMode.NETTING, last: str | None = None) -> Ledger:
    ledger = Ledger("sim-1", STATIC, mode)
    for time_ns, fill in enumerate(fills, start=1):
        post(ledger, fill, time_ns, fee="0", slippage="0")
    if last is not None:
        ledger.last_prices[GOLD.symbol] = Decimal(last)
    return ledger


def volumes(ledger: Ledger) -> tuple[Decimal, Decimal]:
    return tuple(ledger.position(GOLD, direction).volume for direction in Direction)  # type: ignore[return-value]


prices = st.integers(5000, 7000).map(lambda ticks: ticks * GOLD.tick)
lots = st.integers(1, 7).map(Decimal)
fills = st.builds(Fill, st.sampled_from(Side), prices, lots)
histories = st.lists(fills, max_size=15)


@given(histories, prices)
def test_the_balance_is_the_sum_of_its_parts_after_every_fill(history: list[Fill], last: Decimal) -> None:
    ledger = Ledger("sim-1", STATIC, PositionMode.NETTING)
    ledger.last_prices[GOLD.symbol] = last
    realised = Decimal(0)
    for count, fill in enumerate(history, start=1):
        realised += post(ledger, fill)
        assert ledger.realised == realised
        assert (ledger.commission, ledger.slippage) == (Decimal("2.5") * count, Decimal("0.1") * count)
        assert ledger.balance() == STATIC + ledger.realised + ledger.unrealised() - ledger.commission - (
            ledger.slippage
        )
        assert ledger.realised == sum(p.realised for p in ledger.positions.values())
        assert ledger.margin() == sum(
            p.cost * GOLD.multiplier * GOLD.margin_rate for p in ledger.positions.values()
        )


@given(histories, prices)
def test_equity_is_what_was_paid_and_what_it_is_worth(history: list[Fill], last: Decimal) -> None:
    """Independent of any convention of cost: cash paid and received, and the net volume at the last price."""
    ledger = account(*history, last=str(last))
    flow = sum((f.price * f.volume * (-1 if f.side is Side.BUY else 1) for f in history), Decimal(0))
    net = ledger.net_volume(GOLD.symbol)
    expected = STATIC + (flow + net * last) * GOLD.multiplier
    assert ledger.balance() == pytest.approx(expected, abs=Decimal("1E-5"))


@given(histories)
def test_netting_holds_one_direction_only(history: list[Fill]) -> None:
    ledger = account(*history)
    signed = sum((f.volume if f.side is Side.BUY else -f.volume for f in history), Decimal(0))
    assert volumes(ledger) == (max(signed, Decimal(0)), max(-signed, Decimal(0)))
    for position in ledger.positions.values():
        if not position.volume:
            assert (position.cost, position.average_price, position.margin()) == (0, 0, 0)


@given(st.data(), st.lists(fills, min_size=1, max_size=6))
def test_when_all_is_flat_in_the_end_the_order_of_fills_did_not_matter(
    data: st.DataObject, history: list[Fill]
) -> None:
    net = sum((f.volume if f.side is Side.BUY else -f.volume for f in history), Decimal(0))
    if net:
        side = Side.SELL if net > 0 else Side.BUY
        history = [*history, Fill(side, data.draw(prices), abs(net))]
    shuffled = data.draw(st.permutations(history))
    one, other = account(*history), account(*shuffled)
    assert volumes(one) == volumes(other) == (0, 0)
    assert one.realised == pytest.approx(other.realised, abs=Decimal("1E-5"))


@given(prices, prices, st.lists(st.integers(1, 6), min_size=1, max_size=6), prices)
def test_closing_in_parts_gives_what_closing_at_once_gives(
    first: Decimal, second: Decimal, parts: list[int], out: Decimal
) -> None:
    total = sum(parts)
    opening = (
        Fill(Side.BUY, first, Decimal(1)),
        Fill(Side.BUY, second, Decimal(total - 1)) if total > 1 else Fill(Side.BUY, first, Decimal(1)),
    )
    if total == 1:
        opening = opening[:1]
    at_once = account(*opening, sell(str(out), total))
    in_parts = account(*opening, *(sell(str(out), part) for part in parts))
    assert in_parts.realised == at_once.realised
    assert volumes(in_parts) == (0, 0)


@pytest.mark.parametrize(
    ("opened", "closed", "profit"),
    [
        (buy("300.05"), sell("300.15"), Decimal("100.00")),
        (buy("300.15"), sell("300.05"), Decimal("-100.00")),
        (sell("300.15"), buy("300.05"), Decimal("100.00")),
        (sell("300.05"), buy("300.15"), Decimal("-100.00")),
    ],
)
def test_profit_is_exact_and_a_short_gains_when_the_price_falls(
    opened: Fill, closed: Fill, profit: Decimal
) -> None:
    ledger = account(opened, last=str(closed.price))
    assert ledger.unrealised() == profit
    assert post(ledger, closed) == profit
    assert (ledger.realised, ledger.unrealised()) == (profit, 0)


def test_a_fill_that_turns_the_position_is_split_at_zero() -> None:
    ledger = account(buy(300, 2), buy(302, 1), sell(310, 5))
    assert volumes(ledger) == (0, 2)
    short = ledger.position(GOLD, Direction.SHORT)
    assert short.average_price == 310  # the new position starts at the fill's own price
    assert short.opened_ns == 3
    assert ledger.realised == (310 * 3 - 902) * 1000


def test_hedging_keeps_long_and_short_apart() -> None:
    ledger = account(buy(300, 2), sell(310, 3), mode=PositionMode.HEDGING, last="305")
    assert volumes(ledger) == (2, 3)
    assert ledger.net_volume(GOLD.symbol) == -1
    assert ledger.unrealised() == (5 * 2 + 5 * 3) * 1000
    assert ledger.margin() == (300 * 2 + 310 * 3) * 1000 * GOLD.margin_rate
    assert post(ledger, buy(305, 1, Offset.CLOSE)) == 5000
    assert volumes(ledger) == (2, 2)


def test_hedging_and_netting_are_worth_the_same() -> None:
    moves = (buy(300, 2), sell(310, 3), buy(299, 4))
    hedged = account(*moves, mode=PositionMode.HEDGING, last="305")
    netted = account(*moves, last="305")
    assert hedged.balance() == netted.balance()
    assert hedged.net_volume(GOLD.symbol) == netted.net_volume(GOLD.symbol)


def test_closing_more_than_is_held_is_refused_and_books_nothing() -> None:
    ledger = account(buy(300, 2), mode=PositionMode.HEDGING)
    with pytest.raises(ValueError, match="closing 3 of 2 LONG"):
        post(ledger, sell(310, 3, Offset.CLOSE))
    assert volumes(ledger) == (2, 0)
    assert (ledger.realised, ledger.commission) == (0, 0)


def test_a_partial_close_keeps_the_average_of_the_rest() -> None:
    ledger = account(buy(300, 1), buy(301, 2), sell(305, 1))
    position = ledger.position(GOLD, Direction.LONG)
    assert position.average_price == pytest.approx(Decimal(902) / 3, abs=Decimal("1E-9"))
    assert position.cost + Decimal(902) / 3 == pytest.approx(902, abs=Decimal("1E-9"))


def test_a_position_without_a_price_counts_nothing_yet() -> None:
    assert account(buy(300)).unrealised() == 0


def test_each_change_makes_a_new_version_and_time() -> None:
    ledger = account(buy(300, 2), buy(301))
    position = ledger.position(GOLD, Direction.LONG)
    assert (position.version, position.opened_ns, position.updated_ns) == (2, 1, 2)


def test_a_new_day_makes_todays_volume_yesterdays() -> None:
    ledger = account(buy(300, 2))
    position = ledger.position(GOLD, Direction.LONG)
    ledger.new_day()
    assert (position.volume, position.volume_today) == (2, 0)
    post(ledger, buy(301, 1))
    assert (position.volume, position.volume_today) == (3, 1)
    post(ledger, sell(301, 3))
    assert position.volume_today == 0


@given(histories, prices)
def test_the_curve_is_the_balance_as_a_line(history: list[Fill], last: Decimal) -> None:
    ledger = account(*history, last=str(last))
    cash, slope, cost = ledger.exposure()
    assert cash + slope * float(last) - cost == pytest.approx(float(ledger.balance()), rel=1e-9, abs=1e-3)

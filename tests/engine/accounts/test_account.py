"""One account: what a fill does, what a late one, a day's end, a correction and money do."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from account_words import (
    GOLD,
    LONG,
    MEAL,
    PERPETUAL,
    SHORT,
    SUI,
    book,
    buy,
    correct,
    figures,
    hedged,
    lots,
    moved,
    netted,
    roll,
    sell,
    volumes,
)

from monitor.engine import events as ev
from monitor.engine.accounts import Fill, fill_of, identities
from monitor.engine.values import (
    Direction,
    FillDirection,
    MoneyKind,
    Offset,
    OrderType,
    Side,
    TimeInForce,
)


def test_a_fill_tells_what_it_did_to_the_position() -> None:
    account = netted()
    opened, closed = book(account, buy(400, 3, at=1, commission=6), sell(410, 2, at=2, commission=4))
    (change,) = opened.changes
    assert (change.direction, change.change, change.volume, change.average_price) == (LONG, 3, 3, 400)
    assert (change.commission, opened.profit) == (6, 0)
    (change,) = closed.changes
    assert (change.change, change.volume, change.realised_profit, change.commission) == (-2, 1, 20_000, 4)
    assert closed.profit == 20_000
    assert identities(account) == []


def test_a_fill_through_zero_is_two_changes_that_share_its_commission() -> None:
    account = netted()
    _, flip = book(account, buy(400, 1, at=1), sell(390, 3, at=2, commission="1.00"))
    closed, opened = flip.changes
    assert (closed.direction, closed.change, closed.volume, closed.average_price) == (LONG, -1, 0, None)
    assert (opened.direction, opened.change, opened.average_price) == (SHORT, 2, 390)
    assert closed.commission + opened.commission == 1
    assert closed.commission == pytest.approx(Decimal(1) / 3)
    assert (closed.realised_profit, opened.realised_profit) == (-10_000, 0)


def test_the_same_trade_again_changes_nothing() -> None:
    account = netted()
    fill = buy(400, at=1, commission=2)
    book(account, fill)
    before = figures(account)
    (again,) = book(account, fill)
    assert (again.profit, again.changes) == (0, ())
    assert figures(account) == before


def test_a_late_fill_gives_other_trades_the_profit_they_had_in_venue_order() -> None:
    account = netted()
    first, close, late = buy(400, at=10), sell(410, at=30), buy(404, at=20)
    book(account, first, close)
    assert account.profit_of(close.trade_id) == 10_000
    (booking,) = book(account, late)
    assert booking.reprofited == {close.trade_id: Decimal(8_000)}
    (change,) = booking.changes
    assert (change.change, change.volume, change.average_price) == (1, 1, 402)
    assert change.realised_profit == -2_000  # less than was told before
    assert (account.ledger.realised, booking.profit) == (8_000, 0)
    assert identities(account) == []


def test_a_fill_that_was_inferred_is_taken_out_and_the_real_one_takes_its_place() -> None:
    account, plain = netted(), netted()
    real = buy(401, 2, at=5, commission=3)
    inferred, close = buy(400, 2, at=4), sell(410, 1, at=9, commission=1)
    book(account, inferred, close)
    gone = account.void(inferred.trade_id)
    assert gone.reprofited == {close.trade_id: Decimal(0)}
    book(account, real)
    book(plain, real, close)
    assert figures(account) == figures(plain)
    assert account.void(12345).anomaly == "trade 12345 is not known"


def test_a_close_before_its_opening_is_visible_and_right_once_the_opening_came() -> None:
    account = hedged()
    late, close = buy(400, 2, at=1), sell(405, 2, at=2, offset=Offset.CLOSE_TODAY)
    (booking,) = book(account, close)
    assert booking.anomaly == "SHFE.au2012: 2 LONG closed beyond what is known to be held"
    assert (volumes(account), account.excess) == ((0, 0), {(GOLD.symbol, LONG): 2})
    assert identities(account) == []
    (booking,) = book(account, late)
    assert booking.reprofited == {close.trade_id: Decimal(10_000)}
    assert (volumes(account), account.excess, booking.anomaly) == ((0, 0), {}, "")


def test_fills_of_an_unknown_instrument_wait_for_it() -> None:
    account, plain = hedged(), hedged()
    fills = [buy(400, at=2, commission=3), buy(401, at=1)]
    for fill in fills:
        assert "waits for the instrument" in account.book(fill, None).anomaly
    assert (account.waiting, account.positions()) == ({GOLD.symbol: 2}, [])
    booked = account.list_instruments([MEAL, GOLD])
    assert set(booked) == {fill.trade_id for fill in fills}
    book(plain, *fills)
    assert figures(account) == figures(plain)


def test_a_fill_of_one_instrument_is_not_booked_by_the_terms_of_another() -> None:
    with pytest.raises(ValueError, match=r"DCE\.m2005 by the terms of SHFE\.au2012"):
        netted().book(buy(2700, at=1, of=MEAL), GOLD)


def test_shanghai_tells_todays_lots_from_yesterdays() -> None:
    account = hedged()
    book(account, buy(400, 3, at=1))
    roll(account, 10, au=402)
    book(account, buy(404, 2, at=11))
    assert lots(account, LONG) == (2, 3)
    book(account, sell(405, 1, at=12, offset=Offset.CLOSE_TODAY))
    assert lots(account, LONG) == (1, 3)
    book(account, sell(405, 2, at=13, offset=Offset.CLOSE))
    assert lots(account, LONG) == (1, 1)
    assert account.ledger.realised == (405 - 404) * 1000 + 2 * (405 - 402) * 1000


def test_the_venue_is_right_about_which_lots_it_closed_even_when_we_know_fewer() -> None:
    account = hedged()
    book(account, buy(400, 2, at=1), sell(401, 2, at=2, offset=Offset.CLOSE_YESTERDAY))
    assert (volumes(account), account.excess, account.ledger.realised) == ((0, 0), {}, 2_000)


def test_settlement_pays_out_and_keeps_both_costs() -> None:
    account = hedged()
    book(account, buy(400, 2, at=1, commission=20))
    account.mark(GOLD.symbol, Decimal(401))
    (change,) = roll(account, 10, au="402.5")
    ledger = account.ledger
    assert ledger.static_balance == 1_000_000 + 5_000 - 20
    assert (ledger.realised, ledger.commission, ledger.unrealised(), ledger.today_profit()) == (0, 0, 0, 0)
    assert (change.change, change.volume, change.average_price) == (0, 2, 400)
    assert (change.price, change.realised_profit) == (Decimal("402.5"), 5_000 - 20)
    position = account.position(GOLD.symbol, LONG)
    assert position is not None
    assert (position.average_price, position.cost_price) == (400, Decimal("402.5"))
    account.mark(GOLD.symbol, Decimal(403))
    assert (ledger.unrealised(), ledger.floating()) == (1_000, 6_000)
    assert ledger.margin() == Decimal("402.5") * 2 * 1000 * GOLD.margin_rate
    assert identities(account) == []


def test_a_day_ends_once_and_a_fill_from_before_it_is_of_the_old_day() -> None:
    account, plain = hedged(), hedged()
    early, late = buy(400, 2, at=1, commission=4), sell(401, 1, at=5, offset=Offset.CLOSE_TODAY, commission=2)
    book(account, early)
    roll(account, 10, au=402)
    roll(account, 11, au=500)
    book(account, late)
    book(plain, early, late)
    roll(plain, 10, au=402)
    assert figures(account) == figures(plain)
    assert (account.ledger.today_profit(), account.ledger.commission) == (0, 0)
    assert account.ledger.static_balance == 1_000_000 + 1_000 + 2_000 - 6


def test_a_symbol_first_heard_of_after_the_day_it_was_traded() -> None:
    account, plain = hedged(), hedged()
    fill = buy(400, 2, at=5)
    roll(account, 10, au=402)
    book(account, fill)
    book(plain, fill)
    roll(plain, 10, au=402)
    assert figures(account) == figures(plain)
    assert lots(account, LONG) == (0, 2)


def test_elsewhere_a_day_makes_lots_older_and_settles_nothing() -> None:
    account = netted("USDC")
    book(account, buy("1.5", 100, at=1, of=SUI), of=SUI)
    account.mark(SUI.symbol, Decimal("1.6"))
    assert account.ledger.today_profit() == 10
    roll(account, 10, sui="1.6")
    assert lots(account, LONG, SUI) == (0, 100)
    assert (account.ledger.static_balance, account.ledger.unrealised()) == (1_000_000, 10)
    assert account.ledger.today_profit() == 0


def test_a_day_without_settlement_prices_settles_nothing() -> None:
    account = hedged()
    book(account, buy(400, 2, at=1, commission=3))
    book(account, buy(2700, 1, at=2, of=MEAL), of=MEAL)
    roll(account, 10, m=2710)  # Dalian's only
    ledger = account.ledger
    assert (ledger.commission, ledger.static_balance, lots(account, LONG)) == (3, 1_000_100, (0, 2))
    roll(account, 20, day="2020-01-03", au=401)
    assert (ledger.commission, ledger.static_balance) == (0, 1_000_100 + 2_000 - 3)
    assert identities(account) == []


def test_what_is_forgotten_stays_in_every_figure() -> None:
    account = hedged()
    first, close = buy(400, 2, at=1), sell(402, 1, at=5, offset=Offset.CLOSE_TODAY)
    book(account, first, close, buy(404, at=9))
    told = account.ledger.balance(), volumes(account), account.ledger.realised
    assert account.forget(6) == 2
    assert (account.ledger.balance(), volumes(account), account.ledger.realised) == told
    assert account.void(first.trade_id).anomaly == f"trade {first.trade_id} is not known"
    assert account.profit_of(close.trade_id) is None
    assert identities(account) == []


def test_money_without_a_trade_is_booked_once_by_kind_and_id() -> None:
    account = netted("USDC")
    moved(account, 500, MoneyKind.DEPOSIT, name="D1")
    moved(account, 500, MoneyKind.DEPOSIT, name="D1")
    moved(account, -200, MoneyKind.WITHDRAWAL, name="D1")
    moved(account, "1.5", MoneyKind.FUNDING)
    moved(account, "-0.5", MoneyKind.FEE)
    ledger = account.ledger
    assert (ledger.static_balance, ledger.funding, ledger.charges) == (
        1_000_300,
        Decimal("1.5"),
        Decimal("0.5"),
    )
    assert (ledger.balance(), ledger.today_profit()) == (1_000_301, 1)
    assert identities(account) == []


def test_fees_in_another_currency_never_touch_the_accounts() -> None:
    account = netted("USDC")
    book(account, buy("1.5", 100, at=1, of=SUI, commission="0.02", fee_currency="HYPE"), of=SUI)
    book(account, sell("1.5", 100, at=2, of=SUI, commission="-0.01", fee_currency="USDC"), of=SUI)
    assert account.ledger.commission == Decimal("-0.01")  # a rebate keeps its sign
    assert account.ledger.balance() == Decimal("1000000.01")
    assert account.ledgers["HYPE"].balance() == Decimal("-0.02")
    assert identities(account) == []


def test_an_inverse_contract_earns_its_underlying() -> None:
    account = netted("BTC", capital=1)
    book(
        account, buy(10_000, 5_000, at=1, of=PERPETUAL), buy(12_500, 5_000, at=2, of=PERPETUAL), of=PERPETUAL
    )
    position = account.position(PERPETUAL.symbol, LONG)
    assert position is not None
    assert position.average_price == pytest.approx(Decimal(10_000) / Decimal("0.9"))  # harmonic
    book(account, sell(12_500, 10_000, at=3, of=PERPETUAL), of=PERPETUAL)
    assert account.ledger.realised == Decimal("0.9") - Decimal("0.8")
    assert identities(account) == []


def test_an_inverse_short_gains_when_the_price_falls_and_margin_follows_the_price() -> None:
    account = netted("BTC", capital=1)
    book(account, sell(10_000, 1_000, at=1, of=PERPETUAL), of=PERPETUAL)
    account.mark(PERPETUAL.symbol, Decimal(8_000))
    assert account.ledger.unrealised() == Decimal("0.025")
    assert account.ledger.margin() == Decimal(1_000) / 8_000 * PERPETUAL.margin_rate


def test_a_correction_is_what_the_venue_says_and_swallows_what_came_before() -> None:
    account = netted("USDC")
    lost, known = buy("1.2", 30, at=2, of=SUI), buy(1, 70, at=1, of=SUI)
    book(account, known, of=SUI)
    (change,) = correct(account, LONG, 100, "1.06", at=5, of=SUI)
    assert (change.change, change.volume, change.average_price) == (30, 100, Decimal("1.06"))
    book(account, lost, of=SUI)  # the venue had counted it already
    assert volumes(account, SUI) == (100, 0)
    book(account, sell("1.06", 100, at=6, of=SUI), of=SUI)
    assert (volumes(account, SUI), account.ledger.realised) == ((0, 0), 0)
    assert identities(account) == []


def test_a_correction_without_a_price_keeps_ours_or_counts_nothing() -> None:
    account = netted()
    book(account, buy(400, 2, at=1))
    correct(account, LONG, 3, None, at=2)
    assert account.ledger.margin() == 400 * 3 * 1000 * GOLD.margin_rate
    correct(account, SHORT, 2, None, at=3)
    assert volumes(account) == (0, 2)  # a netted account holds one direction
    account.mark(GOLD.symbol, Decimal(500))
    assert (account.ledger.unrealised(), account.ledger.margin()) == (0, 0)
    book(account, buy(500, 2, at=4))
    assert (volumes(account), account.ledger.realised) == ((0, 0), 0)
    assert identities(account) == []


def test_a_correction_after_a_settlement_does_not_pay_out_twice() -> None:
    account = hedged()
    book(account, buy(400, 2, at=1))
    roll(account, 10, au=402)
    correct(account, LONG, 1, "400", at=11)
    account.mark(GOLD.symbol, Decimal(402))
    assert (account.ledger.unrealised(), account.ledger.floating()) == (0, 2_000)


@pytest.mark.parametrize(
    ("direction", "ours", "meant"),
    [
        (None, Offset.CLOSE, Offset.CLOSE),
        (FillDirection.OPEN_LONG, Offset.CLOSE, Offset.OPEN),
        (FillDirection.CLOSE_LONG, Offset.OPEN, Offset.CLOSE),
        (FillDirection.CLOSE_LONG, Offset.CLOSE_TODAY, Offset.CLOSE_TODAY),
        (FillDirection.BUY, Offset.OPEN, Offset.OPEN),
    ],
)
def test_the_venues_word_on_what_a_fill_did_beats_ours(
    direction: FillDirection | None, ours: Offset, meant: Offset
) -> None:
    intent = ev.OrderCreated(
        order_id=1,
        strategy_id=1,
        account_id="a1",
        symbol=GOLD.symbol,
        side=Side.SELL,
        offset=ours,
        type=OrderType.MARKET,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal(1),
    )
    trade = ev.TradeExecuted(
        order_id=1,
        trade_id=7,
        venue_trade_id="x",
        price=Decimal(400),
        volume=Decimal(1),
        commission=Decimal(2),
        slippage=Decimal(0),
        direction=direction,
        venue_ns=5,
        chain="3",
    )
    assert fill_of(trade, intent, 9) == Fill(
        trade_id=7,
        symbol=GOLD.symbol,
        side=Side.SELL,
        offset=meant,
        price=Decimal(400),
        volume=Decimal(1),
        commission=Decimal(2),
        time_ns=5,
        chain="3",
        trade_key="x",
    )


def test_new_terms_count_for_margin_and_another_multiplier_for_all() -> None:
    account = hedged()
    book(account, buy(400, at=1), sell(410, at=2, offset=Offset.CLOSE_TODAY), buy(400, at=3))

    account.list_instruments([msgspec.structs.replace(GOLD, margin_rate=Decimal("0.1"))])
    assert account.ledger.margin() == 40_000
    account.list_instruments([msgspec.structs.replace(GOLD, multiplier=Decimal(10))])
    assert (account.ledger.realised, account.position(GOLD.symbol, Direction.LONG).average_price) == (
        100,
        400,
    )  # type: ignore[union-attr]

"""Rules of an account: the identities after each event of any history, and that only what the
venue did counts, never when we heard of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from account_words import (
    GOLD,
    LONG,
    MEAL,
    PERPETUAL,
    SHORT,
    SUI,
    correct,
    figures,
    fill,
    hedged,
    moved,
    netted,
)
from hypothesis import given, settings, strategies as st

from monitor.engine import events as ev
from monitor.engine.accounts import Account, AccountState, Fill, identities
from monitor.engine.values import Direction, Instrument, MoneyKind, Offset, Side

BY_SYMBOL = {of.symbol: of for of in (GOLD, MEAL, PERPETUAL, SUI)}
PRICES = {
    GOLD.symbol: (19_000, 21_000),
    MEAL.symbol: (2_600, 2_900),
    PERPETUAL.symbol: (5_000, 90_000),
    SUI.symbol: (8_000, 16_000),
}
QUANTO = msgspec.structs.replace(SUI, symbol="X.QUANTO", multiplier=Decimal(3), quanto_rate=Decimal("0.001"))
FUTURES, COINS = (GOLD, MEAL), (PERPETUAL, SUI)


@st.composite
def fills(draw: st.DrawFn, instruments: tuple[Instrument, ...], at: int | None = None) -> Fill:
    of = draw(st.sampled_from(instruments))
    low, high = PRICES[of.symbol]
    return fill(
        draw(st.sampled_from(Side)),
        draw(st.integers(low, high)) * of.tick,
        draw(st.integers(1, 9)) * of.lot,
        at=draw(st.integers(0, 50)) if at is None else at,
        of=of,
        offset=draw(st.sampled_from(Offset)),
        commission=draw(st.integers(-3, 9)) * Decimal("0.1"),
        fee_currency=draw(st.sampled_from(["", "", of.currency, "HYPE"])),
        chain=str(draw(st.integers(0, 3))) if of is not SUI else "",
    )


@st.composite
def days(draw: st.DrawFn, instruments: tuple[Instrument, ...]) -> dict[str, Decimal]:
    """Settlement prices of some of them."""
    return {
        of.symbol: draw(st.integers(*PRICES[of.symbol])) * of.tick
        for of in instruments
        if draw(st.booleans())
    }


def steps(instruments: tuple[Instrument, ...]) -> st.SearchStrategy[list[tuple[str, Any]]]:
    money = st.tuples(
        st.sampled_from(MoneyKind), st.integers(-999, 999), st.sampled_from(["", "BTC", "HYPE"])
    )
    corrections = st.tuples(
        st.sampled_from(instruments),
        st.sampled_from(Direction),
        st.integers(0, 9),
        st.sampled_from(["ours", "venue"]),
    )
    one = st.one_of(
        st.tuples(st.just("fill"), fills(instruments)),
        st.tuples(st.just("fill"), fills(instruments)),
        st.tuples(st.just("price"), fills(instruments)),
        st.tuples(st.just("roll"), days(instruments)),
        st.tuples(st.just("money"), money),
        st.tuples(st.just("correct"), corrections),
        st.tuples(st.just("void"), st.integers(0, 20)),
    )
    return st.lists(one, max_size=25)


STEPS = {these: steps(these) for these in (FUTURES, COINS, FUTURES + COINS)}


def take(account: Account, step: tuple[str, Any], now: int) -> None:
    kind, what = step
    if kind == "fill":
        account.book(what, BY_SYMBOL[what.symbol])
    elif kind == "price":
        account.mark(what.symbol, what.price)
    elif kind == "roll":
        account.roll(ev.DayRolled(day=f"day {now}", prices=what), now)
    elif kind == "money":
        moved(account, what[1], what[0], what[2])
    elif kind == "correct":
        instrument, direction, lots, whose = what
        price = PRICES[instrument.symbol][0] * instrument.tick if whose == "venue" else None
        correct(account, direction, lots * instrument.lot, price, at=now, of=instrument)  # type: ignore[arg-type]
    elif kind == "void":
        booked = [e.trade_id for h in account.histories.values() for e in h.entries if isinstance(e, Fill)]
        if booked:
            account.void(booked[what % len(booked)])


@pytest.mark.parametrize("start", [netted, hedged])
@pytest.mark.parametrize("instruments", [FUTURES, COINS, FUTURES + COINS], ids=["futures", "coins", "both"])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_identities_hold_after_every_event(start: Any, instruments: Any, data: st.DataObject) -> None:
    account = start()
    for now, step in enumerate(data.draw(STEPS[instruments]), start=20):
        take(account, step, now)
        assert identities(account) == []


@pytest.mark.parametrize("start", [netted, hedged])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_order_of_arrival_gives_the_account_of_venue_order(start: Any, data: st.DataObject) -> None:
    """Fills are delayed as they like, behind other fills and the ends of their days."""
    history = data.draw(st.lists(fills(FUTURES + COINS), max_size=14))
    settled = data.draw(days(FUTURES))
    arrived = data.draw(st.permutations(history))
    split = data.draw(st.integers(0, len(arrived)))
    ends = 25
    for one in history:  # prices are no facts of order: all have the same
        settled.setdefault(one.symbol, one.price)
    ordered, delayed = start(), start()
    in_order = sorted(history, key=lambda one: (one.time_ns > ends, one.time_ns))
    for one in in_order:
        if one.time_ns <= ends:
            _book(ordered, one)
    _mark(ordered, settled)
    _roll(ordered, settled, ends)
    for one in in_order:
        if one.time_ns > ends:
            _book(ordered, one)
    for one in arrived[:split]:
        _book(delayed, one)
    _mark(delayed, settled)
    _roll(delayed, settled, ends)
    for one in arrived[split:]:
        _book(delayed, one)
    told, expected = figures(delayed), figures(ordered)
    assert {key: told[key] for key in sorted(told)} == {key: expected[key] for key in sorted(expected)}
    assert identities(delayed) == []


def _book(account: Account, one: Fill) -> None:
    account.book(one, BY_SYMBOL[one.symbol])


def _mark(account: Account, prices: dict[str, Decimal]) -> None:
    for symbol, price in prices.items():
        account.mark(symbol, price)


def _roll(account: Account, prices: dict[str, Decimal], at: int) -> None:
    account.roll(ev.DayRolled(day="d", prices=prices), at)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_volume_cash_and_fees_never_depend_on_venue_order_either(data: st.DataObject) -> None:
    """Only average and realised profit do; with what is open at any price it comes to the same."""
    history = data.draw(st.lists(fills((GOLD, PERPETUAL)), max_size=10))
    times = data.draw(st.permutations([one.time_ns for one in history]))
    other = [msgspec.structs.replace(one, time_ns=at) for one, at in zip(history, times, strict=True)]
    accounts = []
    for version in (history, other):
        account = netted()
        for one in version:
            _book(account, one)
        _mark(account, {GOLD.symbol: Decimal(400), PERPETUAL.symbol: Decimal(40_000)})
        accounts.append(account)
    for currency in accounts[0].ledgers:
        one, two = (account.ledgers[currency] for account in accounts)
        assert one.commission == two.commission
        assert one.balance() == pytest.approx(two.balance(), abs=Decimal("1E-12"))
    for symbol in accounts[0].histories:
        assert [accounts[0].volume(symbol, d) for d in Direction] == [
            accounts[1].volume(symbol, d) for d in Direction
        ]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_hedged_view_nets_to_the_netted_view(data: st.DataObject) -> None:
    history = data.draw(st.lists(fills((GOLD, PERPETUAL)), max_size=12))
    history = [msgspec.structs.replace(one, offset=Offset.OPEN) for one in history]
    one, two = netted(), hedged()
    for account in (one, two):
        for each in history:
            _book(account, each)
        _mark(account, {GOLD.symbol: Decimal(400), PERPETUAL.symbol: Decimal(40_000)})
    for symbol in one.histories:
        net = [account.volume(symbol, LONG) - account.volume(symbol, SHORT) for account in (one, two)]
        assert net[0] == net[1]
    for currency in one.ledgers:
        balances = [account.ledgers[currency].balance() for account in (one, two)]
        assert balances[0] == pytest.approx(balances[1], abs=Decimal("1E-12"))


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([GOLD, PERPETUAL, SUI, QUANTO]),
    st.sampled_from(Side),
    st.lists(st.integers(1, 50), min_size=1, max_size=8),
    st.lists(st.integers(1, 99_999), min_size=2, max_size=2),
    st.integers(1, 99_999),
)
def test_closing_in_parts_makes_what_closing_at_once_makes(
    of: Instrument, side: Side, parts: list[int], opened: list[int], out: int
) -> None:
    """To 1E-18 of the underlying a part; what is linear, and what a settled average splits, to 1E-10
    of a price. Both are far below what a venue pays."""
    total = sum(parts) * of.lot
    at_once, in_parts = netted(of.currency), netted(of.currency)
    for account in (at_once, in_parts):
        for number, ticks in enumerate(opened):
            account.book(fill(side, ticks * of.tick, total / 2, at=number, of=of), of)
    price = out * of.tick
    at_once.book(fill(side.opposite, price, total, at=9, of=of), of)
    for number, part in enumerate(parts, start=9):
        in_parts.book(fill(side.opposite, price, part * of.lot, at=number, of=of), of)
    assert in_parts.ledger.realised == pytest.approx(at_once.ledger.realised, rel=0, abs=Decimal("1E-12"))
    assert in_parts.positions() == at_once.positions() == []


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(Direction), st.integers(10, 90_000), st.integers(10, 90_000), st.integers(1, 10_000))
def test_inverse_profit_is_amount_times_one_over_entry_less_one_over_exit(
    direction: Direction, entry: int, out: int, contracts: int
) -> None:
    account, amount = netted("BTC", capital=0), contracts * PERPETUAL.lot
    side = direction.closing_side.opposite
    account.book(fill(side, entry, amount, at=1, of=PERPETUAL), PERPETUAL)
    account.book(fill(side.opposite, out, amount, at=2, of=PERPETUAL), PERPETUAL)
    expected = amount * (Decimal(1) / entry - Decimal(1) / out) * direction.sign
    assert account.ledger.realised == pytest.approx(expected, rel=0, abs=Decimal("1E-18"))


@pytest.mark.parametrize("start", [netted, hedged])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_an_account_written_down_goes_on_as_if_it_had_not_been(start: Any, data: st.DataObject) -> None:
    before = data.draw(STEPS[FUTURES + COINS])
    after = data.draw(STEPS[FUTURES + COINS])
    account = start()
    for now, step in enumerate(before, start=20):
        take(account, step, now)
    if data.draw(st.booleans()):
        account.forget(data.draw(st.integers(0, 60)))
    line = msgspec.json.encode(account.state())
    again = Account.from_state(msgspec.json.decode(line, type=AccountState))
    assert figures(again) == figures(account)
    assert again.state() == account.state()
    for now, step in enumerate(after, start=60):
        take(account, step, now)
        take(again, step, now)
    assert figures(again) == figures(account)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_forgetting_changes_no_figure(data: st.DataObject) -> None:
    account = hedged()
    for now, step in enumerate(data.draw(STEPS[FUTURES + COINS]), start=20):
        take(account, step, now)
    told = figures(account)
    account.forget(data.draw(st.integers(0, 60)))
    now_told = figures(account)
    assert {k: v[:2] if isinstance(v, tuple) and len(v) == 3 else v for k, v in now_told.items()} == {
        k: v[:2] if isinstance(v, tuple) and len(v) == 3 else v for k, v in told.items()
    }
    assert identities(account) == []


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_walk_of_a_position_is_found_again_whatever_the_order(data: st.DataObject) -> None:
    """All fills bear one millisecond; only their start positions tell the order."""
    start = data.draw(st.integers(-5, 5))
    moves = data.draw(st.lists(st.integers(-6, 6).filter(bool), min_size=1, max_size=9))
    at, chain, walked = 7, Decimal(start), []
    for move in moves:
        side = Side.BUY if move > 0 else Side.SELL
        price = Decimal(data.draw(st.integers(8_000, 16_000))) * SUI.tick
        walked.append(fill(side, price, abs(move), at=at, of=SUI, chain=str(chain)))
        chain += move
    accounts = []
    for version in (walked, data.draw(st.permutations(walked))):
        account = netted("USDC")
        if start:
            correct(account, LONG if start > 0 else SHORT, abs(start), 1, at=1, of=SUI)
        for one in version:
            account.book(one, SUI)
        accounts.append(account)
    assert figures(accounts[0]) == figures(accounts[1])
    assert accounts[0].gaps == {}
    held = accounts[0].volume(SUI.symbol, LONG) - accounts[0].volume(SUI.symbol, SHORT)
    assert held == chain
    assert identities(accounts[1]) == []


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_walk_with_fills_missing_is_the_same_in_any_order_of_arrival(data: st.DataObject) -> None:
    chain, walked = Decimal(data.draw(st.integers(-3, 3))), []
    for move in data.draw(st.lists(st.integers(-3, 3).filter(bool), max_size=9)):
        side = Side.BUY if move > 0 else Side.SELL
        at, price = data.draw(st.integers(6, 7)), data.draw(st.integers(9_000, 9_001)) * SUI.tick
        if data.draw(st.booleans()):
            walked.append(fill(side, price, abs(move), at=at, of=SUI, chain=str(chain)))
        chain += move
    watched = data.draw(st.booleans())
    accounts = [netted("USDC", watched=watched), netted("USDC", watched=watched)]
    for account, version in zip(accounts, (walked, data.draw(st.permutations(walked))), strict=True):
        for one in version:
            account.book(one, SUI)
            assert identities(account) == []
    assert figures(accounts[0]) == figures(accounts[1])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_closed_in_the_instant_it_was_opened_is_not_missing(data: st.DataObject) -> None:
    """Trade ids are hashes and all have one time: round trips leave nothing behind, and what closes
    more than there is has opened nothing."""
    drawn = data.draw(st.lists(fills((GOLD, MEAL), at=5), max_size=9))
    names = data.draw(st.permutations(range(len(drawn))))
    history = [
        msgspec.structs.replace(one, chain="", trade_key=f"{name:x}f")
        for one, name in zip(drawn, names, strict=True)
    ]
    account = hedged()
    for one in data.draw(st.permutations(history)):
        _book(account, one)
        assert identities(account) == []
    for (symbol, direction), lots in account.excess.items():
        assert lots
        assert not account.volume(symbol, direction)


def test_the_identities_tell_of_lots_that_are_missing_and_held_at_once() -> None:
    account = hedged()
    _book(account, fill(Side.BUY, 400, at=1, of=GOLD, trade_key="b"))
    _book(account, fill(Side.SELL, 399, at=1, of=GOLD, offset=Offset.CLOSE, trade_key="a"))
    assert identities(account) == []
    history = account.histories[GOLD.symbol]
    history.excess[LONG] += 1
    history.long.volume += 1
    assert identities(account)[:2] == [
        "SHFE.au2012 LONG volume is 1, its parts make 0",
        "SHFE.au2012 LONG excess is 1, its parts make 0",
    ]


@pytest.mark.parametrize("start", [netted, hedged])
def test_the_identities_tell_of_a_volume_that_moved_after_a_correction(start: Any) -> None:
    account = start()
    correct(account, LONG, 3, 400, at=1, of=GOLD)
    _book(account, fill(Side.BUY, 400, at=2, of=GOLD))
    assert identities(account) == []
    account.histories[GOLD.symbol].long.volume += 1
    assert any("volume is 5, its parts make 4" in text for text in identities(account))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_watched_account_stands_where_its_last_fill_ends_whatever_was_missed(data: st.DataObject) -> None:
    """One fill an instant, some of them never heard of; written down in between, and gone on."""
    chain, walked = Decimal(data.draw(st.integers(-9, 9))), []
    for at, move in enumerate(data.draw(st.lists(st.integers(-6, 6).filter(bool), min_size=1, max_size=9))):
        side, price = Side.BUY if move > 0 else Side.SELL, data.draw(st.integers(9_000, 9_009)) * SUI.tick
        walked.append(fill(side, price, abs(move), at=at, of=SUI, chain=str(chain)))
        chain += move
    missed = data.draw(st.sets(st.integers(0, len(walked) - 2))) if len(walked) > 1 else set()
    heard = data.draw(st.permutations([one for i, one in enumerate(walked) if i not in missed]))
    account = netted("USDC", watched=True)
    for one in heard:
        account.book(one, SUI)
        assert identities(account) == []
        account = Account.from_state(account.state())
    assert account.volume(SUI.symbol, LONG) - account.volume(SUI.symbol, SHORT) == chain
    if not missed:
        assert account.gaps == {}
    started = Decimal(min(heard, key=lambda one: one.time_ns).chain)
    if not started and not missed:
        plain = netted("USDC")
        for one in walked:
            plain.book(one, SUI)
        assert figures(plain) == figures(account)


def test_what_a_watched_account_held_before_its_first_fill_has_no_price() -> None:
    account = netted("USDC", watched=True)
    closed = account.book(fill(Side.SELL, "1.6", 5, at=9, of=SUI, chain="5.0"), SUI)
    assert [(c.direction, c.change, c.volume, c.average_price) for c in closed.found] == [(LONG, 5, 5, None)]
    assert [(c.direction, c.change, c.volume) for c in closed.changes] == [(LONG, -5, 0)]
    assert (account.positions(), closed.profit, account.ledger.realised) == ([], 0, 0)
    account.book(fill(Side.BUY, "1.5", 3, at=2, of=SUI, chain="2.0"), SUI)  # the one before, late
    assert (account.positions(), account.gaps) == ([], {})
    assert identities(account) == []
    account.histories[SUI.symbol].long.volume += 1
    assert "HYPERLIQUID.SUI net volume is 1.0, its parts make 0.0" in identities(account)

"""A trading day ends for each symbol once, whoever tells its price, in however many messages."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from trading_world import OPEN_LIMITS, START, S

from monitor.engine import events as ev
from monitor.engine.journal import JournalRecord
from monitor.engine.ledger import PositionMode
from monitor.engine.trading.checkpoint import Checkpoint, compaction, decoded, encoded, load, take_present
from monitor.engine.trading.terms import AccountTerms, TradingTerms, VenueTerms
from monitor.engine.trading.trading import Trading
from monitor.engine.values import Direction, Instrument, Side
from monitor.engine.venue import FillReport, InstrumentReport, OrderReport, SettlementReport, VenueStatus

DAY, NEXT = "2023-11-15", "2023-11-16"
GOLD, SILVER, MEAL = "SHFE.au", "SHFE.ag", "DCE.m"
BOUGHT = {GOLD: 500, SILVER: 50, MEAL: 3000}
SETTLED = {GOLD: 510, SILVER: 49, MEAL: 3100}


class Exchanges:
    """One lot of each, at two venues; the account of each sees all days."""

    def __init__(self) -> None:
        accounts = (("a1", "v1"), ("a2", "v2"))
        self.terms = TradingTerms(
            prefix="t",
            venues=(VenueTerms(name="v1"), VenueTerms(name="v2")),
            accounts=tuple(
                AccountTerms(
                    account_id=name, venue=venue, balance=Decimal(1_000_000), mode=PositionMode.HEDGING
                )
                for name, venue in accounts
            ),
            guards=OPEN_LIMITS,
        )
        self.now_ns = START
        self.number = 0
        self.records: list[JournalRecord] = []
        self.trading = Trading(self.terms)
        self.trading.resume(START)
        listed = tuple(
            Instrument(symbol=s, currency="CNY", zone="UTC", multiplier=Decimal(10)) for s in BOUGHT
        )
        self.trading.hear(InstrumentReport(instruments=listed), START)
        for symbol, price in BOUGHT.items():
            self.buys(symbol, price)

    def account_of(self, symbol: str) -> str:
        return "a2" if symbol == MEAL else "a1"

    def buys(self, symbol: str, price: int) -> None:
        self.number += 1
        self.now_ns += S
        name, account_id = str(self.number), self.account_of(symbol)
        one = Decimal(1)
        self.trading.hear(
            OrderReport(
                account_id=account_id,
                status=VenueStatus.OPEN,
                venue_order_id=name,
                symbol=symbol,
                side=Side.BUY,
                quantity=one,
                time_ns=self.now_ns,
            ),
            self.now_ns,
        )
        self.trading.hear(
            FillReport(
                account_id=account_id,
                venue_order_id=name,
                venue_trade_id=f"t{name}",
                symbol=symbol,
                side=Side.BUY,
                price=Decimal(price),
                volume=one,
                fee=Decimal(0),
                time_ns=self.now_ns,
            ),
            self.now_ns,
        )

    def settles(self, symbols: Iterable[str], day: str = DAY, prices: dict[str, int] | None = None) -> None:
        told = {symbol: Decimal((prices or SETTLED)[symbol]) for symbol in symbols}
        self.now_ns += S
        self.trading.hear(SettlementReport(day=day, prices=told), self.now_ns)

    def figures(self) -> dict[str, tuple[Decimal, ...]]:
        found: dict[str, tuple[Decimal, ...]] = {}
        for account_id, account in self.trading.state.accounts.items():
            ledger = account.ledger
            found[account_id] = (ledger.static_balance, ledger.balance(), ledger.today_profit())
        for symbol in BOUGHT:
            position = self.trading.state.accounts[self.account_of(symbol)].position(symbol, Direction.LONG)
            assert position is not None
            found[symbol] = (position.volume, position.volume_today, position.unrealised(Decimal(1)))
        return found

    def keep(self) -> None:
        self.records += self.trading.take_records()

    def days(self) -> list[ev.DayRolled]:
        self.keep()
        facts = (ev.DECODER.decode(record.payload) for record in self.records)
        return [fact for fact in facts if isinstance(fact, ev.DayRolled)]


def test_each_of_two_venues_settles_its_own() -> None:
    there = Exchanges()
    there.settles([GOLD, SILVER])
    there.settles([MEAL])
    told = there.figures()
    assert told["a1"] == (1_000_090, 1_000_090, 0)
    assert told["a2"] == (1_001_000, 1_001_000, 0)
    assert [set(day.prices) for day in there.days()] == [{GOLD, SILVER}, {MEAL}]


def test_a_second_message_settles_only_what_the_first_did_not() -> None:
    there = Exchanges()
    there.settles([GOLD])
    there.settles([GOLD, SILVER], prices={GOLD: 1, SILVER: 49})
    assert there.figures()["a1"] == (1_000_090, 1_000_090, 0)
    assert [set(day.prices) for day in there.days()] == [{GOLD}, {SILVER}]


@given(st.permutations([GOLD, SILVER, MEAL]), st.lists(st.booleans(), min_size=2, max_size=2))
def test_in_however_many_messages_it_comes_to_the_same(order: list[str], cuts: list[bool]) -> None:
    whole, parts = Exchanges(), Exchanges()
    whole.settles(BOUGHT)
    messages: list[list[str]] = [[order[0]]]
    for symbol, cut in zip(order[1:], cuts, strict=True):
        if cut:
            messages.append([symbol])
        else:
            messages[-1].append(symbol)
    for message in messages:
        parts.settles(message)
    assert parts.figures() == whole.figures()


def test_lots_grow_older_once_with_the_word_of_their_own_venue() -> None:
    """Bought between the messages of two venues: for its own one the day had not ended yet."""
    there = Exchanges()
    there.settles([GOLD])
    there.buys(MEAL, 3050)
    there.buys(GOLD, 512)
    there.settles([MEAL])
    told = there.figures()
    assert told[MEAL][:2] == (2, 0)
    assert told[GOLD][:2] == (2, 1)
    there.buys(MEAL, 3100)
    there.settles([GOLD, MEAL])
    assert there.figures()[MEAL][:2] == (3, 1)


@pytest.mark.parametrize("checkpointed", [False, True])
def test_what_is_told_again_after_a_restart_settles_nothing_again(checkpointed: bool) -> None:
    there = Exchanges()
    there.settles([GOLD])
    there.settles([MEAL])
    before = there.figures()
    there.keep()
    again = Trading(there.terms)
    if checkpointed:
        present = take_present(there.trading)
        sorting = compaction(present)
        sorting.take_records(there.records)
        kept = Checkpoint(present=present, kept=tuple(sorting.kept()))
        for _ in load(again, decoded(encoded(kept))):
            pass
    else:
        for _ in again.restore(there.records):
            pass
    there.trading = again
    again.resume(there.now_ns)
    there.settles([GOLD, MEAL], prices={GOLD: 1, MEAL: 1})
    assert there.figures() == before
    there.settles([SILVER])
    there.settles(BOUGHT, day=NEXT)
    whole = Exchanges()
    whole.settles(BOUGHT)
    whole.settles(BOUGHT, day=NEXT)
    assert there.figures() == whole.figures()
    assert set(again.market.days.values()) == {NEXT}

"""The exchange's arithmetic against the engine's ledger: written apart, so agreement means something."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from monitor.engine.ledger import Ledger, PositionMode
from monitor.engine.values import ContractKind, Direction, Instrument, Offset, Side
from monitor.net.venue_sim.accounts import VenueAccount
from monitor.net.venue_sim.terms import COIN, GOLD, INVERSE, AccountTerms

ROUNDING = Decimal("0.00001")
SPLIT = msgspec.structs.replace(GOLD, symbol="SHFE.au9999")
TODAY_FIRST = msgspec.structs.replace(GOLD, symbol="CFFEX.IF9999")
UNSETTLED = msgspec.structs.replace(
    COIN, symbol="ELSEWHERE.BTC", contract=ContractKind.QUANTO, quanto_rate=Decimal(3)
)
INSTRUMENTS = (GOLD, COIN, INVERSE, SPLIT, TODAY_FIRST, UNSETTLED)

sides, offsets = st.sampled_from(Side), st.sampled_from(Offset)
fills = st.tuples(sides, offsets, st.integers(1, 9), st.integers(100, 300))
days = st.one_of(st.none(), st.integers(100, 300))


class Both:
    """One account in both books."""

    def __init__(self, instrument: Instrument, hedged: bool) -> None:
        self.instrument = instrument
        self.venue = VenueAccount(AccountTerms(account_id="acc", balance=Decimal(1000), hedged=hedged))
        self.ours = Ledger("acc", Decimal(1000), PositionMode.HEDGING if hedged else PositionMode.NETTING)

    def fill(self, side: Side, offset: Offset, lots: int, price: Decimal) -> None:
        volume = lots * self.instrument.lot
        if self.venue.terms.hedged and offset is not Offset.OPEN:
            left = self.venue.closable(self.instrument, side, offset)
            assert left == self.ours.closable(self.instrument, side, offset)
            volume = min(volume, left)
        if volume:
            booked = self.venue.book(self.instrument, side, offset, price, volume)
            self.ours.post(self.instrument, side, offset, price, volume, booked.fee, Decimal(0), 0)

    def ends_day(self, price: Decimal | None) -> None:
        prices = {} if price is None else {self.instrument.symbol: price}
        self.venue.end_day(prices)
        settled = self.ours.position(self.instrument, Direction.LONG).rules.settled
        self.ours.settle(prices if settled else {}, 0)

    def agree(self, last: Decimal) -> None:
        assert abs(self.venue.collateral - self.ours.cash()) < ROUNDING
        for long in (True, False):
            held = self.venue.holding(self.instrument, long)
            mine = self.ours.position(self.instrument, Direction.LONG if long else Direction.SHORT)
            assert (held.volume, held.today.volume) == (mine.volume, mine.volume_today)
            assert abs(held.average - mine.average_price) < ROUNDING
            assert abs(held.worth(last, long=long) - mine.unrealised(last)) < ROUNDING


@pytest.mark.parametrize("hedged", [True, False])
@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda one: one.symbol)
@settings(deadline=None)
@given(story=st.lists(st.one_of(fills, days), max_size=25))
def test_both_books_agree_after_every_event(instrument: Instrument, hedged: bool, story: list[Any]) -> None:
    both = Both(instrument, hedged)
    for event in story:
        if isinstance(event, tuple):
            side, offset, lots, price = event
            both.fill(side, offset, lots, Decimal(price))
        else:
            both.ends_day(None if event is None else Decimal(event))
        both.agree(Decimal(200))


def test_a_settlement_pays_profit_out_and_older_lots_count_from_its_price() -> None:
    both = Both(GOLD, hedged=True)
    both.fill(Side.BUY, Offset.OPEN, 1, Decimal(100))
    both.ends_day(Decimal(110))
    assert both.venue.collateral == 1000 + 10 * 1000 - 10  # ten a gram, a thousand grams, one fee
    both.fill(Side.SELL, Offset.CLOSE, 1, Decimal(105))
    assert both.venue.collateral == 1000 + 5 * 1000 - 20

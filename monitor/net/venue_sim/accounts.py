"""An account at the exchange: positions, profit, margin, balance. The exchange's own arithmetic,
so that a comparison with the engine's ledger means something.

`balance` is money without unrealised profit. Which lots a close takes, and whether a settlement pays
profit out, is the exchange's rule, looked up where the engine looks it up.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from monitor.engine.exchange_rules import closable, rules_of, today_part
from monitor.engine.values import ZERO, ContractKind, FillDirection, Instrument, Offset, Side
from monitor.net.venue_sim.orders import digits
from monitor.net.venue_sim.terms import AccountTerms

_CENT = Decimal("1E-8")


class Lots(msgspec.Struct):
    """Lots that count alike: at which price they were opened, and from which profit is counted
    (the settlement price, where there was one)."""

    volume: Decimal = ZERO
    opened: Decimal = ZERO
    basis: Decimal = ZERO


class Holding:
    """One direction of one symbol: today's lots and older ones. Before a settlement all share one
    average; after it each kind has its own."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.rules = rules_of(instrument.exchange)
        self.older, self.today = Lots(), Lots()
        self._settled = False

    @property
    def volume(self) -> Decimal:
        return self.older.volume + self.today.volume

    @property
    def average(self) -> Decimal:
        """At which it was opened."""
        return self._mean((self.older.opened, self.older.volume), (self.today.opened, self.today.volume))

    def add(self, price: Decimal, volume: Decimal) -> None:
        today = self.today
        today.opened = self._mean((today.opened, today.volume), (price, volume))
        today.basis = self._mean((today.basis, today.volume), (price, volume))
        today.volume += volume
        if not self._settled:
            average = self.average
            for lots in (self.older, self.today):
                lots.opened = lots.basis = average

    def take(self, volume: Decimal, offset: Offset | None) -> list[Lots]:
        """Close so much: the lots that go, older ones first in the list, today's second. Without an
        offset, as of a net position, the oldest go."""
        if offset is None:
            today = max(ZERO, volume - self.older.volume)
        else:
            today = today_part(self.rules, offset, volume, self.today.volume, self.older.volume)
        gone = []
        for lots, part in ((self.older, volume - today), (self.today, today)):
            gone.append(msgspec.structs.replace(lots, volume=part))
            lots.volume -= part
        if not self.older.volume:  # nothing that was settled is left
            self._settled = False
        return gone

    def closable(self, offset: Offset) -> Decimal:
        return closable(self.rules, offset, self.today.volume, self.older.volume)

    def worth(self, price: Decimal, *, long: bool) -> Decimal:
        """Unrealised profit at this price."""
        both = (self.older, self.today)
        return sum(
            (profit_of(self.instrument, one.basis, price, one.volume, long=long) for one in both), ZERO
        )

    def margin(self) -> Decimal:
        both = (self.older, self.today)
        return sum((margin_of(self.instrument, one.basis, one.volume) for one in both), ZERO)

    def end_day(self, price: Decimal | None, *, long: bool) -> Decimal:
        """Today's lots become older ones. Where the exchange settles, profit up to `price` is paid
        out, which is returned."""
        pays = price is not None and self.rules.settled and self.volume
        paid = self.worth(price, long=long) if price is not None and pays else ZERO
        bases = ((self.older.basis, self.older.volume), (self.today.basis, self.today.volume))
        basis = price if price is not None and pays else self._mean(*bases)
        self.older, self.today = Lots(self.volume, self.average, basis), Lots()
        self._settled = self._settled or bool(pays)
        return paid

    def _mean(self, *parts: tuple[Decimal, Decimal]) -> Decimal:
        """Of prices by volume; of an inverse contract the harmonic one."""
        there = [(price, volume) for price, volume in parts if volume]
        total = sum((volume for _, volume in there), ZERO)
        if len(there) < 2:
            return there[0][0] if there else ZERO
        if self.instrument.contract is ContractKind.INVERSE:
            return total / sum((volume / price for price, volume in there), ZERO)
        return sum((price * volume for price, volume in there), ZERO) / total


class Booked(msgspec.Struct, frozen=True):
    """What a fill did to an account."""

    direction: FillDirection
    fee: Decimal
    profit: Decimal | None


class VenueAccount:
    """Booked by the exchange only. `balance` is money of the account's currency, `foreign` that of
    other ones, which instruments pay and cost in."""

    def __init__(self, terms: AccountTerms) -> None:
        self.terms = terms
        self.balance = terms.balance
        self.foreign: dict[str, Decimal] = {}
        self.holdings: dict[tuple[str, bool], Holding] = {}

    def holding(self, instrument: Instrument, long: bool) -> Holding:
        key = (instrument.symbol, long)
        if key not in self.holdings:
            self.holdings[key] = Holding(instrument)
        return self.holdings[key]

    def closable(self, instrument: Instrument, side: Side, offset: Offset) -> Decimal:
        """What an order of this side could close."""
        held = self.holding(instrument, side is Side.SELL)
        return held.closable(offset) if self.terms.hedged else held.volume

    def closes(self, instrument: Instrument, side: Side, offset: Offset, volume: Decimal) -> Decimal:
        """The part of a volume that closes; the rest opens."""
        if self.terms.hedged:
            return ZERO if offset is Offset.OPEN else volume
        return min(volume, self.holding(instrument, side is Side.SELL).volume)

    def book(
        self, instrument: Instrument, side: Side, offset: Offset, price: Decimal, volume: Decimal
    ) -> Booked:
        """Take a fill in. The caller has seen to it that a close does not exceed what is held."""
        closing = self.closes(instrument, side, offset, volume)
        gone: list[Lots] = []
        if closing:
            held = self.holding(instrument, side is Side.SELL)
            gone = held.take(closing, offset if self.terms.hedged else None)
        if opening := volume - closing:
            self.holding(instrument, side is Side.BUY).add(price, opening)
        long = side is Side.SELL
        profits = [profit_of(instrument, one.basis, price, one.volume, long=long) for one in gone]
        fee = fee_of(instrument, price, volume, gone[1].volume if gone else ZERO)
        profit = sum(profits, ZERO) if gone else None
        self._gain(instrument, (profit or ZERO) - fee)
        return Booked(_direction(side, opening, closing), fee, profit)

    def unrealised(self, instrument: Instrument, last: Decimal) -> Decimal:
        both = (self.holding(instrument, long).worth(last, long=long) for long in (True, False))
        return sum(both, ZERO)

    def margin(self, instrument: Instrument) -> Decimal:
        return sum((self.holding(instrument, long).margin() for long in (True, False)), ZERO)

    def end_day(self, prices: dict[str, Decimal]) -> None:
        """A trading day ends at these settlement prices."""
        for (symbol, long), held in self.holdings.items():
            self._gain(held.instrument, held.end_day(prices.get(symbol), long=long))

    @property
    def collateral(self) -> Decimal:
        """All money, one to one: this exchange has no rates of currencies."""
        return self.balance + sum(self.foreign.values(), ZERO)

    def _gain(self, instrument: Instrument, amount: Decimal) -> None:
        currency = instrument.currency
        if currency == self.terms.currency:
            self.balance += amount
        else:
            self.foreign[currency] = self.foreign.get(currency, ZERO) + amount

    def positions(self) -> list[dict[str, Any]]:
        return [
            {
                "symbol": symbol,
                "long": long,
                "volume": digits(held.volume),
                "volume_today": digits(held.today.volume),
                "average_price": digits(held.average),
            }
            for (symbol, long), held in sorted(self.holdings.items())
            if held.volume
        ]


def money_of(instrument: Instrument, price: Decimal, volume: Decimal) -> Decimal:
    """What a volume is worth, in the instrument's currency."""
    if not volume:
        return ZERO
    units = volume * instrument.multiplier
    if instrument.contract is ContractKind.INVERSE:
        return units / price
    money = units * price
    return money * instrument.quanto_rate if instrument.contract is ContractKind.QUANTO else money


def margin_of(instrument: Instrument, price: Decimal, volume: Decimal) -> Decimal:
    """What a volume binds: a share of its worth, and money per lot beside it."""
    return money_of(instrument, price, volume) * instrument.margin_rate + volume * instrument.margin_per_lot


def profit_of(
    instrument: Instrument, entry: Decimal, exit_: Decimal, volume: Decimal, *, long: bool
) -> Decimal:
    if not volume:
        return ZERO
    gain = money_of(instrument, exit_, volume) - money_of(instrument, entry, volume)
    upwards = long is not (instrument.contract is ContractKind.INVERSE)
    return _rounded(gain if upwards else -gain)


def fee_of(instrument: Instrument, price: Decimal, volume: Decimal, today: Decimal) -> Decimal:
    """Of one fill, of which `today` closes what was opened the same day at its own rates."""
    rate, per_lot = instrument.commission_rate, instrument.commission_per_lot
    today_rate = rate if instrument.close_today_rate is None else instrument.close_today_rate
    today_lot = per_lot if instrument.close_today_per_lot is None else instrument.close_today_per_lot
    other = volume - today
    by_money = money_of(instrument, price, other) * rate + money_of(instrument, price, today) * today_rate
    return _rounded(by_money + other * per_lot + today * today_lot)


def _rounded(money: Decimal) -> Decimal:
    """To eight decimals, without zeros of the arithmetic."""
    rounded = money.quantize(_CENT).normalize()
    return rounded if rounded else ZERO


def _direction(side: Side, opening: Decimal, closing: Decimal) -> FillDirection:
    if opening and closing:  # through zero: no word for both
        return FillDirection.BUY if side is Side.BUY else FillDirection.SELL
    if opening:
        return FillDirection.OPEN_LONG if side is Side.BUY else FillDirection.OPEN_SHORT
    return FillDirection.CLOSE_SHORT if side is Side.BUY else FillDirection.CLOSE_LONG

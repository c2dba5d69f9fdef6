"""An account at the exchange: positions, profit, margin, balance. The exchange's own arithmetic,
so that a comparison with the engine's ledger means something.

`balance` is money without unrealised profit, measured against the opening average; a settlement
turns today's volume into yesterday's and moves no money.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from monitor.engine.values import ZERO, ContractKind, FillDirection, Instrument, Offset, Side
from monitor.net.venue_sim.orders import digits
from monitor.net.venue_sim.terms import AccountTerms

_CENT = Decimal("1E-8")
_CLOSING = frozenset({Offset.CLOSE, Offset.CLOSE_TODAY, Offset.CLOSE_YESTERDAY})


class Holding(msgspec.Struct):
    """One direction of one symbol. `today` is the part of `volume` opened this trading day."""

    volume: Decimal = ZERO
    today: Decimal = ZERO
    average: Decimal = ZERO

    def add(self, price: Decimal, volume: Decimal, inverse: bool) -> None:
        total = self.volume + volume
        if inverse:
            per = (self.volume / self.average if self.volume else ZERO) + volume / price
            self.average = total / per
        else:
            self.average = (self.average * self.volume + price * volume) / total
        self.volume, self.today = total, self.today + volume

    def take(self, volume: Decimal, offset: Offset) -> Decimal:
        """Close so much; the part of it that was today's."""
        if offset is Offset.CLOSE_TODAY:
            today = volume
        elif offset is Offset.CLOSE_YESTERDAY:
            today = ZERO
        else:
            today = max(ZERO, volume - (self.volume - self.today))
        self.volume, self.today = self.volume - volume, self.today - today
        return today

    def closable(self, offset: Offset) -> Decimal:
        if offset is Offset.CLOSE_TODAY:
            return self.today
        return self.volume - self.today if offset is Offset.CLOSE_YESTERDAY else self.volume


class Booked(msgspec.Struct, frozen=True):
    """What a fill did to an account."""

    direction: FillDirection
    fee: Decimal
    profit: Decimal | None


class VenueAccount:
    """Booked by the exchange only."""

    def __init__(self, terms: AccountTerms) -> None:
        self.terms = terms
        self.balance = terms.balance
        self.holdings: dict[tuple[str, bool], Holding] = {}

    def holding(self, symbol: str, long: bool) -> Holding:
        return self.holdings.setdefault((symbol, long), Holding())

    def closable(self, symbol: str, side: Side, offset: Offset) -> Decimal:
        """What an order of this side could close."""
        held = self.holding(symbol, side is Side.SELL)
        return held.closable(offset if self.terms.hedged else Offset.CLOSE)

    def closes(self, symbol: str, side: Side, offset: Offset, volume: Decimal) -> Decimal:
        """The part of a volume that closes; the rest opens."""
        if self.terms.hedged:
            return volume if offset in _CLOSING else ZERO
        return min(volume, self.holding(symbol, side is Side.SELL).volume)

    def book(
        self, instrument: Instrument, side: Side, offset: Offset, price: Decimal, volume: Decimal
    ) -> Booked:
        """Take a fill in. The caller has seen to it that a close does not exceed what is held."""
        closing = self.closes(instrument.symbol, side, offset, volume)
        profit, today = self._close(instrument, side, offset, price, closing) if closing else (None, ZERO)
        if opening := volume - closing:
            inverse = instrument.contract is ContractKind.INVERSE
            self.holding(instrument.symbol, side is Side.BUY).add(price, opening, inverse)
        fee = fee_of(instrument, price, volume, today)
        self.balance += (profit or ZERO) - fee
        return Booked(_direction(side, opening, closing), fee, profit)

    def _close(
        self, instrument: Instrument, side: Side, offset: Offset, price: Decimal, volume: Decimal
    ) -> tuple[Decimal, Decimal]:
        held = self.holding(instrument.symbol, side is Side.SELL)
        profit = profit_of(instrument, held.average, price, volume, long=side is Side.SELL)
        today = held.take(volume, offset if self.terms.hedged else Offset.CLOSE)
        return profit, today

    def unrealised(self, instrument: Instrument, last: Decimal) -> Decimal:
        return sum(
            (
                profit_of(instrument, held.average, last, held.volume, long=long)
                for (symbol, long), held in self.holdings.items()
                if symbol == instrument.symbol and held.volume
            ),
            ZERO,
        )

    def margin(self, instrument: Instrument) -> Decimal:
        return sum(
            (
                margin_of(instrument, held.average, held.volume)
                for (symbol, _), held in self.holdings.items()
                if symbol == instrument.symbol and held.volume
            ),
            ZERO,
        )

    def new_day(self) -> None:
        for held in self.holdings.values():
            held.today = ZERO

    def positions(self) -> list[dict[str, Any]]:
        return [
            {
                "symbol": symbol,
                "long": long,
                "volume": digits(held.volume),
                "volume_today": digits(held.today),
                "average_price": digits(held.average),
            }
            for (symbol, long), held in sorted(self.holdings.items())
            if held.volume
        ]


def money_of(instrument: Instrument, price: Decimal, volume: Decimal) -> Decimal:
    """What a volume is worth, in the instrument's currency."""
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

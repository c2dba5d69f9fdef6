"""One position: what is open in one direction of one instrument, what it cost, what it made.

Owns the formulas of linear, inverse and quanto contracts, and which lots a close takes. Cost is
kept as money (of inverse contracts in the underlying), so that profit is exact: average
prices are only shown.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from monitor.engine.exchange_rules import MarginBasis, rules_of, today_part
from monitor.engine.values import ZERO, ContractKind, Direction, Instrument, Offset

_COST_STEP = Decimal("1E-10")  # a partial close may split the cost inexactly; far below any currency
_INVERSE_STEP = Decimal("1E-18")
"""Of the underlying: what every worth of an inverse contract is a multiple of, so that sums are
exact and the same in any order. Closing in n parts is off by half of it a part, at most."""


# Bound once: to look a member up in its class is slow, and these are asked for per message.
_OPEN = Offset.OPEN


class PositionMode(StrEnum):
    """NETTING: a fill closes the opposite position first, whatever its offset says.
    HEDGING: the offset decides; long and short stand side by side."""

    NETTING = "netting"
    HEDGING = "hedging"


class PositionState(msgspec.Struct, frozen=True, gc=False):
    """All that a position is, to return to or to keep."""

    volume: Decimal = ZERO
    volume_today: Decimal = ZERO
    cost: Decimal = ZERO
    cost_today: Decimal = ZERO
    shift: Decimal = ZERO
    settled: bool = False
    unpriced: bool = False
    realised: Decimal = ZERO
    opened_ns: int = 0
    updated_ns: int = 0


class Position:
    """`cost` is what profit is counted from: price x volume of what is open (volume / price of an
    inverse contract), lots that went through a settlement at its price. `shift` makes it the
    cost of opening again: `cost + shift`. `realised` is profit before fees, of the day where
    the venue settles.

    Once settled, today's and older lots have costs of their own (`cost_today` of `cost`): a
    close makes profit against those it takes. Before, all lots share one average.

    `unpriced`: a correction put lots here whose price nobody knows; they count and bind
    nothing until the position is flat again.
    """

    __slots__ = (
        "cost",
        "cost_today",
        "direction",
        "instrument",
        "inverse",
        "opened_ns",
        "realised",
        "rules",
        "settled",
        "shift",
        "unit",
        "unpriced",
        "updated_ns",
        "version",
        "volume",
        "volume_today",
    )

    def __init__(self, instrument: Instrument, direction: Direction) -> None:
        self.direction = direction
        self.volume = ZERO
        self.volume_today = ZERO
        self.cost = ZERO
        self.cost_today = ZERO
        self.shift = ZERO
        self.settled = False
        self.unpriced = False
        self.realised = ZERO
        self.opened_ns = 0
        self.updated_ns = 0
        self.version = 0
        self.adopt(instrument)

    def adopt(self, instrument: Instrument) -> None:
        """Go on under these terms. `unit` is the money that one unit of value gains."""
        self.instrument = instrument
        self.rules = rules_of(instrument.exchange)
        self.inverse = instrument.contract is ContractKind.INVERSE
        self.unit = instrument.multiplier * self.direction.sign
        if self.inverse:
            self.unit = -self.unit
        elif instrument.contract is ContractKind.QUANTO:
            self.unit *= instrument.quanto_rate

    # What it is -----------------------------------------------------------------------------
    @property
    def volume_yesterday(self) -> Decimal:
        return self.volume - self.volume_today

    @property
    def average_price(self) -> Decimal:
        """At which it was opened; of an inverse contract the harmonic mean."""
        return self._price(self.cost + self.shift)

    @property
    def cost_price(self) -> Decimal:
        """From which the day's profit is counted: the settlement price of older lots."""
        return self._price(self.cost)

    def _price(self, cost: Decimal) -> Decimal:
        if not self.volume or not cost:
            return ZERO
        return self.volume / cost if self.inverse else cost / self.volume

    def unrealised(self, last: Decimal) -> Decimal:
        """(last - cost) x volume x multiplier, negative when a short's price rises."""
        if self.unpriced:
            return ZERO
        return (self.value(last, self.volume) - self.cost) * self.unit

    def floating(self, last: Decimal) -> Decimal:
        """As `unrealised`, but against the prices it was opened at, whatever was settled since."""
        return self.unrealised(last) - self.shift * self.unit

    def margin(self, last: Decimal | None = None) -> Decimal:
        """By the exchange's basis: cost, so that it does not move with the price, or the last."""
        cost = self.cost
        if last is not None and self.rules.margin is MarginBasis.LAST:
            cost = self.value(last, self.volume)
        instrument = self.instrument
        money = cost * instrument.multiplier
        if instrument.contract is ContractKind.QUANTO:
            money *= instrument.quanto_rate
        return instrument.margin(money, self.volume)

    def value(self, price: Decimal, volume: Decimal) -> Decimal:
        """In the unit of `cost`."""
        return inverse_value(price, volume) if self.inverse else price * volume

    def state(self) -> PositionState:
        return PositionState(
            self.volume,
            self.volume_today,
            self.cost,
            self.cost_today,
            self.shift,
            self.settled,
            self.unpriced,
            self.realised,
            self.opened_ns,
            self.updated_ns,
        )

    def restore(self, state: PositionState) -> None:
        for name in PositionState.__struct_fields__:
            setattr(self, name, getattr(state, name))
        self.version += 1

    # What happens to it ---------------------------------------------------------------------
    def open(self, price: Decimal, volume: Decimal, time_ns: int) -> None:
        if not self.volume:
            self.opened_ns = time_ns
        value = inverse_value(price, volume) if self.inverse else price * volume
        self.volume += volume
        self.volume_today += volume
        self.cost += value
        if self.settled:
            self.cost_today += value
        self.updated_ns = time_ns
        self.version += 1

    def close(self, price: Decimal, volume: Decimal, time_ns: int, today: Decimal | None = None) -> Decimal:
        """Close `volume` (at most what is open) and return the profit realised. `today` of them
        are today's lots; None: only those that older lots do not suffice for."""
        if volume > self.volume:
            raise ValueError(f"closing {volume} of {self.volume} {self.direction} {self.instrument.symbol}")
        if today is None:
            today = max(ZERO, volume - self.volume + self.volume_today)
        part = self._take(volume, today)
        value = inverse_value(price, volume) if self.inverse else price * volume
        profit = ZERO if self.unpriced else (value - part) * self.unit
        if not self.volume:
            self.unpriced = False
        self.realised += profit
        self.updated_ns = time_ns
        self.version += 1
        return profit

    def new_day(self) -> None:
        """What was opened before the trading day's start is yesterday's."""
        if self.volume_today:
            self.volume_today = ZERO
            self.cost_today = ZERO
            self.version += 1

    def settle(self, price: Decimal, time_ns: int) -> Decimal:
        """The day ends at this price: profit so far is paid out and returned, and counted from
        `price` on. What it was opened at stays known."""
        profit = self.unrealised(price)
        if self.volume and not self.unpriced:
            cost = self.value(price, self.volume)
            self.shift += self.cost - cost
            self.cost = cost
            self.settled = True
            self.updated_ns = time_ns
        self.volume_today = self.cost_today = self.realised = ZERO
        self.version += 1
        return profit

    def correct(self, volume: Decimal, average_price: Decimal | None, time_ns: int) -> None:
        """It is `volume` now, at this average; None keeps ours. Nothing is realised. Lots that
        appear are today's, lots that vanish the oldest. What was settled stays paid out."""
        grown = volume - self.volume
        if grown < 0:
            self._take(-grown, max(ZERO, -grown - self.volume_yesterday))
        elif grown:
            self._appear(grown, average_price, time_ns)
        if not volume:
            self.unpriced = False
        elif average_price is not None:
            cost = self.value(average_price, volume)
            if self.settled:
                self.shift = cost - self.cost
            else:
                self.cost = cost
            self.unpriced = False
        self.updated_ns = time_ns
        self.version += 1

    def _appear(self, grown: Decimal, average_price: Decimal | None, time_ns: int) -> None:
        price = average_price
        if price is None and self.volume:
            price = self.average_price
        if not self.volume:
            self.opened_ns = time_ns
        if price:
            value = self.value(price, grown)
            self.cost += value
            if self.settled:
                self.cost_today += value
        else:
            self.unpriced = True
        self.volume += grown
        self.volume_today += grown

    def _take(self, volume: Decimal, today: Decimal) -> Decimal:
        """These lots go, `today` of them today's; returns what they cost."""
        if self.settled:
            part = self._settled_part(volume, today)
        elif volume == self.volume:
            part = self.cost
        else:
            part = self._share(self.cost, volume, self.volume)
        self.cost -= part
        self.volume -= volume
        self.volume_today -= today
        if self.settled and self.volume == self.volume_today:  # nothing settled is left
            self.settled = False
            self.cost_today = self.shift = ZERO
        return part

    def _share(self, cost: Decimal, volume: Decimal, whole: Decimal) -> Decimal:
        return (cost * volume / whole).quantize(_INVERSE_STEP if self.inverse else _COST_STEP)

    def _settled_part(self, volume: Decimal, today: Decimal) -> Decimal:
        """The cost of the lots taken, each kind by its own average."""
        part = ZERO
        older = volume - today
        if today:
            share = self.cost_today
            if today != self.volume_today:
                share = self._share(share, today, self.volume_today)
            self.cost_today -= share
            part += share
        if older:
            yesterday = self.volume - self.volume_today
            cost = self.cost - part - self.cost_today
            shift = self.shift
            if older != yesterday:
                cost = self._share(cost, older, yesterday)
                shift = self._share(shift, older, yesterday)
            self.shift -= shift
            part += cost
        return part


def inverse_value(price: Decimal, volume: Decimal) -> Decimal:
    return (volume / price).quantize(_INVERSE_STEP)


def book_fill(
    opening: Position,
    closing: Position,
    offset: Offset | None,
    price: Decimal,
    volume: Decimal,
    time_ns: int,
) -> tuple[Decimal, Decimal, Decimal]:
    """Book one fill on both sides of an instrument: (profit, volume closed, volume left over).

    `offset` None is a netted account: what is open against it is closed, the rest opened, at
    the fill's price. With an offset a close takes what there is and opens nothing: what is
    left over is returned for somebody to look at.
    """
    if offset is None:
        held = closing.volume
        closed = held if held < volume else volume
        profit = closing.close(price, closed, time_ns) if closed else ZERO
        if volume > closed:
            opening.open(price, volume - closed, time_ns)
        return profit, closed, ZERO
    if offset is _OPEN:
        opening.open(price, volume, time_ns)
        return ZERO, ZERO, ZERO
    closed = min(volume, closing.volume)
    if not closed:
        return ZERO, ZERO, volume
    today = closing.volume_today
    part = today_part(closing.rules, offset, closed, today, closing.volume - today)
    return closing.close(price, closed, time_ns, part), closed, volume - closed

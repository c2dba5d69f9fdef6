"""Money and positions of one account in linear futures: a fold over its fills, in Decimal.

Owns cost, margin, commission, realised and unrealised profit. Knows no orders, venues or
clocks. Cost is kept as money (price x volume), so that profit is exact: average prices are
only shown.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from monitor.engine.values import ZERO, Direction, Instrument, Offset, Side

_COST_STEP = Decimal("1E-10")  # a partial close may split the cost inexactly; far below any currency


class PositionMode(StrEnum):
    """NETTING: a fill closes the opposite position first, whatever its offset says.
    HEDGING: the offset decides; long and short stand side by side."""

    NETTING = "netting"
    HEDGING = "hedging"


class Position:
    """`cost` is the sum of price x volume of what is open. `realised` is profit before fees."""

    __slots__ = (
        "cost",
        "direction",
        "instrument",
        "opened_ns",
        "realised",
        "updated_ns",
        "version",
        "volume",
        "volume_today",
    )

    def __init__(self, instrument: Instrument, direction: Direction) -> None:
        self.instrument = instrument
        self.direction = direction
        self.volume = ZERO
        self.volume_today = ZERO
        self.cost = ZERO
        self.realised = ZERO
        self.opened_ns = 0
        self.updated_ns = 0
        self.version = 0

    @property
    def average_price(self) -> Decimal:
        return self.cost / self.volume if self.volume else ZERO

    def open(self, price: Decimal, volume: Decimal, time_ns: int) -> None:
        if not self.volume:
            self.opened_ns = time_ns
        self.volume += volume
        self.volume_today += volume
        self.cost += price * volume
        self._touch(time_ns)

    def close(self, price: Decimal, volume: Decimal, time_ns: int) -> Decimal:
        """Close `volume` (at most what is open) and return the profit realised."""
        if volume > self.volume:
            raise ValueError(f"closing {volume} of {self.volume} {self.direction} {self.instrument.symbol}")
        whole = volume == self.volume
        part = self.cost if whole else (self.cost * volume / self.volume).quantize(_COST_STEP)
        profit = (price * volume - part) * self.instrument.multiplier * self.direction.sign
        self.cost -= part
        self.volume -= volume
        self.volume_today = min(self.volume_today, self.volume)
        self.realised += profit
        self._touch(time_ns)
        return profit

    def unrealised(self, last: Decimal) -> Decimal:
        """(last - cost) x volume x multiplier, negative when a short's price rises."""
        return (last * self.volume - self.cost) * self.instrument.multiplier * self.direction.sign

    def margin(self) -> Decimal:
        """By opening cost, so that it does not move with the price."""
        return self.cost * self.instrument.multiplier * self.instrument.margin_rate

    def _touch(self, time_ns: int) -> None:
        self.updated_ns = time_ns
        self.version += 1


class Ledger:
    """One account. `balance = static + realised + unrealised - commission - slippage`."""

    def __init__(self, account_id: str, static_balance: Decimal, mode: PositionMode) -> None:
        self.account_id = account_id
        self.static_balance = static_balance
        self.mode = mode
        self.positions: dict[tuple[str, Direction], Position] = {}
        self.last_prices: dict[str, Decimal] = {}
        self.commission = ZERO
        self.slippage = ZERO
        self.realised = ZERO

    def position(self, instrument: Instrument, direction: Direction) -> Position:
        key = (instrument.symbol, direction)
        found = self.positions.get(key)
        if found is None:
            found = self.positions[key] = Position(instrument, direction)
        return found

    def net_volume(self, symbol: str) -> Decimal:
        """Long minus short."""
        long = self.positions.get((symbol, Direction.LONG))
        short = self.positions.get((symbol, Direction.SHORT))
        return (long.volume if long else ZERO) - (short.volume if short else ZERO)

    def closable(self, instrument: Instrument, side: Side) -> Decimal:
        """How much an order of this side can close."""
        direction = Direction.SHORT if side is Side.BUY else Direction.LONG
        return self.position(instrument, direction).volume

    def post(
        self,
        instrument: Instrument,
        side: Side,
        offset: Offset,
        price: Decimal,
        volume: Decimal,
        commission: Decimal,
        slippage: Decimal,
        time_ns: int,
    ) -> Decimal:
        """Book one fill; returns the profit it realised, before fees.

        Raises ValueError when a HEDGING close exceeds the position: the venue must not have
        filled it, so nothing may be booked silently.
        """
        opening = Direction.LONG if side is Side.BUY else Direction.SHORT
        closing = Direction.SHORT if side is Side.BUY else Direction.LONG
        if self.mode is PositionMode.NETTING:
            close_volume = min(volume, self.position(instrument, closing).volume)
        else:
            close_volume = ZERO if offset is Offset.OPEN else volume
        profit = ZERO
        if close_volume:
            profit = self.position(instrument, closing).close(price, close_volume, time_ns)
        if volume > close_volume:
            self.position(instrument, opening).open(price, volume - close_volume, time_ns)
        self.realised += profit
        self.commission += commission
        self.slippage += slippage
        return profit

    def unrealised(self) -> Decimal:
        """At the last prices; a position without a price counts nothing yet."""
        total = ZERO
        for (symbol, _), position in self.positions.items():
            last = self.last_prices.get(symbol)
            if position.volume and last is not None:
                total += position.unrealised(last)
        return total

    def margin(self) -> Decimal:
        return sum((p.margin() for p in self.positions.values() if p.volume), ZERO)

    def cash(self) -> Decimal:
        """What stays when every position is worth its cost."""
        return self.static_balance + self.realised - self.commission - self.slippage

    def balance(self) -> Decimal:
        return self.cash() + self.unrealised()

    def exposure(self) -> tuple[float, float, float]:
        """(cash, slope, cost) with equity = cash + slope * price - cost, for one symbol.

        The crossing from money to measurement for the equity curve: between two fills the
        curve is this line, so a whole stretch of bars is computed at once.
        """
        slope = cost = ZERO
        for position in self.positions.values():
            if position.volume:
                unit = position.instrument.multiplier * position.direction.sign
                slope += position.volume * unit
                cost += position.cost * unit
        return float(self.cash()), float(slope), float(cost)

    def new_day(self) -> None:
        """What was opened before the trading day's start is yesterday's."""
        for position in self.positions.values():
            if position.volume_today:
                position.volume_today = ZERO
                position.version += 1

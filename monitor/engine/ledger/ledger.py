"""Money and positions of one account in one currency, in Decimal.

Owns cash, commission, funding, margin, realised and unrealised profit. Knows no orders,
venues or clocks, and takes fills in the order they are given.
"""

from __future__ import annotations

from decimal import Decimal

from monitor.engine.exchange_rules import closable, today_part
from monitor.engine.ledger.position import Position, PositionMode, book_fill
from monitor.engine.values import ZERO, Direction, Instrument, MoneyKind, Offset, Side

# Bound once: to look a member up in its class is slow, and these are asked for per message.
_LONG, _SHORT = Direction.LONG, Direction.SHORT
_BUY = Side.BUY
_NETTING = PositionMode.NETTING
_OPEN = Offset.OPEN


class Ledger:
    """One account. `balance = static + realised + unrealised - commission - slippage`.

    `static_balance` is money brought in, and what was made before the last settlement where
    the venue settles. `realised` has `funding` in it, `commission` has `charges` (fees
    without a trade). `day_balance` is the balance at the trading day's start, `day_flow` what
    was deposited and withdrawn since.
    """

    def __init__(self, account_id: str, static_balance: Decimal, mode: PositionMode) -> None:
        self.account_id = account_id
        self.static_balance = static_balance
        self.mode = mode
        self.positions: dict[tuple[str, Direction], Position] = {}
        self.last_prices: dict[str, Decimal] = {}
        self.commission = ZERO
        self.slippage = ZERO
        self.realised = ZERO
        self.funding = ZERO
        self.charges = ZERO
        self.day_balance = static_balance
        self.day_flow = ZERO

    # Positions -----------------------------------------------------------------------------
    def position(self, instrument: Instrument, direction: Direction) -> Position:
        key = (instrument.symbol, direction)
        found = self.positions.get(key)
        if found is None:
            found = self.positions[key] = Position(instrument, direction)
        return found

    def net_volume(self, symbol: str) -> Decimal:
        """Long minus short."""
        long = self.positions.get((symbol, _LONG))
        short = self.positions.get((symbol, _SHORT))
        return (long.volume if long else ZERO) - (short.volume if short else ZERO)

    def closable(self, instrument: Instrument, side: Side, offset: Offset | None = None) -> Decimal:
        """How much an order of this side can close: all, or what its offset may take."""
        direction = _SHORT if side is _BUY else _LONG
        position = self.position(instrument, direction)
        if offset is None:
            return position.volume
        return closable(position.rules, offset, position.volume_today, position.volume_yesterday)

    def closes_today(self, instrument: Instrument, side: Side, offset: Offset, volume: Decimal) -> Decimal:
        """How many lots that were opened this trading day a fill would close, if it were booked now:
        what a close-today commission is counted on. Changes nothing."""
        direction = _SHORT if side is _BUY else _LONG
        held = self.positions.get((instrument.symbol, direction))
        if held is None:
            return ZERO
        closed = min(volume, held.volume)
        if self.mode is _NETTING:
            return max(ZERO, closed - held.volume_yesterday)
        if offset is _OPEN:
            return ZERO
        return today_part(held.rules, offset, closed, held.volume_today, held.volume_yesterday)

    # What happens --------------------------------------------------------------------------
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
        if side is _BUY:
            opening = self.position(instrument, _LONG)
            closing = self.position(instrument, _SHORT)
        else:
            opening = self.position(instrument, _SHORT)
            closing = self.position(instrument, _LONG)
        netted = self.mode is _NETTING
        if not netted and offset is not _OPEN and volume > closing.volume:
            raise ValueError(f"closing {volume} of {closing.volume} {closing.direction} {instrument.symbol}")
        profit, _, _ = book_fill(opening, closing, None if netted else offset, price, volume, time_ns)
        self.realised += profit
        self.commission += commission
        self.slippage += slippage
        return profit

    def move(self, amount: Decimal, kind: MoneyKind) -> None:
        """Money came (or, negative, went) without a trade."""
        if kind is MoneyKind.FUNDING:
            self.funding += amount
            self.realised += amount
        elif kind is MoneyKind.FEE:
            self.charges -= amount
            self.commission -= amount
        else:
            self.static_balance += amount
            self.day_flow += amount

    def new_day(self) -> None:
        """What was opened before the trading day's start is yesterday's."""
        for position in self.positions.values():
            position.new_day()
        self.begin_day()

    def begin_day(self) -> None:
        """From now on profit counts as the new trading day's."""
        self.day_balance = self.balance()
        self.day_flow = ZERO

    def settle(self, prices: dict[str, Decimal], time_ns: int) -> None:
        """The trading day ends as Chinese futures exchanges end it: positions are paid out at
        the settlement prices, all of the day becomes static balance, and the figures of the
        day begin at zero. A position without a price only becomes yesterday's."""
        paid = ZERO
        for (symbol, _), position in self.positions.items():
            price = prices.get(symbol)
            if price is None:
                position.realised = ZERO
                position.new_day()
            else:
                paid += position.settle(price, time_ns)
                self.last_prices[symbol] = price
        self.static_balance += self.realised + paid - self.commission - self.slippage
        self.realised = self.commission = self.slippage = self.funding = self.charges = ZERO
        self.begin_day()

    # What it comes to ----------------------------------------------------------------------
    def unrealised(self) -> Decimal:
        """At the last prices; a position without a price counts nothing yet."""
        total = ZERO
        for (symbol, _), position in self.positions.items():
            last = self.last_prices.get(symbol)
            if position.volume and last is not None:
                total += position.unrealised(last)
        return total

    def floating(self) -> Decimal:
        """As `unrealised`, against opening prices: the whole life's profit of what is open."""
        total = ZERO
        for (symbol, _), position in self.positions.items():
            last = self.last_prices.get(symbol)
            if position.volume and last is not None:
                total += position.floating(last)
        return total

    def margin(self) -> Decimal:
        last_prices = self.last_prices
        return sum(
            (p.margin(last_prices.get(symbol)) for (symbol, _), p in self.positions.items() if p.volume),
            ZERO,
        )

    def cash(self) -> Decimal:
        """What stays when every position is worth its cost."""
        return self.static_balance + self.realised - self.commission - self.slippage

    def balance(self) -> Decimal:
        return self.cash() + self.unrealised()

    def available(self, frozen: Decimal = ZERO) -> Decimal:
        return self.balance() - self.margin() - frozen

    def today_profit(self) -> Decimal:
        """Since the trading day's start, fees included, deposits and withdrawals not."""
        return self.balance() - self.day_balance - self.day_flow

    def exposure(self) -> tuple[float, float, float]:
        """(cash, slope, cost) with equity = cash + slope * price - cost, for one symbol.

        The crossing from money to measurement for the equity curve: between two fills the
        curve is this line, so a whole stretch of bars is computed at once. Of linear contracts.
        """
        slope = cost = ZERO
        for position in self.positions.values():
            if position.volume:
                unit = position.unit
                slope += position.volume * unit
                cost += position.cost * unit
        return float(self.cash()), float(slope), float(cost)

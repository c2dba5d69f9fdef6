"""Breakout of a price channel: a stop order waits at each edge; a position gets a protective
stop at the middle and a target. Shows every kind of resting order, partial fills included.
"""

from __future__ import annotations

from decimal import Decimal

from monitor.engine.indicators import Channel
from monitor.engine.rows import TradeRow
from monitor.engine.strategy import Bar, Strategy, parameter
from monitor.engine.values import Offset


class ChannelBreakout(Strategy):
    title = "Channel breakout"

    window: int = parameter(30, minimum=2, about="bars of the channel")
    target: float = parameter(1.5, minimum=0.1, about="profit taken at this many channel heights")
    volume: int = parameter(3, minimum=1, about="lots of each entry")

    def on_start(self) -> None:
        self._channel = Channel(self.window)
        self._edges: tuple[int, int] | None = None
        self._entry = Decimal(0)
        self._protected = Decimal(0)

    def on_bar(self, bar: Bar) -> None:
        self._channel.push(bar.high_units, bar.low_units)
        if not self._channel.ready:
            return
        if self.position:
            self._protect()
        else:
            self._wait_at_edges()

    def on_trade(self, trade: TradeRow) -> None:
        if trade.offset is Offset.OPEN:
            self._entry = trade.price
        elif not self.position:
            self.cancel_all()
            self._edges = None
            self._protected = Decimal(0)

    def _wait_at_edges(self) -> None:
        edges = (self._channel.high, self._channel.low)
        if edges == self._edges and self.working_orders:
            return
        self.cancel_all()
        self._edges = edges
        tick = self.instrument.tick
        self.buy(stop=self._price(edges[0]) + tick, volume=self.volume, why="waits above the channel")
        self.short(stop=self._price(edges[1]) - tick, volume=self.volume, why="waits below the channel")

    def _protect(self) -> None:
        """A stop at the channel's middle and a target, for what is held now."""
        if self._protected == self.position:
            return
        self.cancel_all()
        self._protected = held = self.position
        high, low = self._edges or (self._channel.high, self._channel.low)
        middle = (self._price(high) + self._price(low)) / 2
        height = self._price(high) - self._price(low)
        reach = height * Decimal(repr(self.target))
        if held > 0:
            self.sell(self._entry + reach, held, why="target")
            self.sell(stop=middle, volume=held, why="protective stop")
        else:
            self.cover(self._entry - reach, -held, why="target")
            self.cover(stop=middle, volume=-held, why="protective stop")

    def _price(self, units: int) -> Decimal:
        return Decimal(units).scaleb(-self._desk.digits)

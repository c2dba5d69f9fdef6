"""Breakout of a price channel: a stop order waits at each edge; a position gets a protective
stop at the middle and a target. Shows every kind of resting order, partial fills included.
"""

from __future__ import annotations

from decimal import Decimal

from monitor.engine.indicators import Channel
from monitor.engine.rows import TradeRow
from monitor.engine.strategy import Bar, Strategy, parameter
from monitor.engine.values import Offset, Side


class ChannelBreakout(Strategy):
    title = "Channel breakout"

    window: int = parameter(30, minimum=2, about="bars of the channel")
    target: float = parameter(1.5, minimum=0.1, about="profit taken at this many channel heights")
    volume: int = parameter(3, minimum=1, about="lots of each entry")

    def on_start(self) -> None:
        self._channel = Channel(self.window)
        self._edges: tuple[int, int] | None = None
        self._entries: dict[Side, int] = {}
        self._entry = Decimal(0)
        self._protected = Decimal(0)

    def on_bar(self, bar: Bar) -> None:
        self._channel.push(bar.high_units, bar.low_units)
        if self.position:
            if not self._entry:  # it was there when we were started: count from here
                self._entry = self.instrument.price(bar.close)
            self._protect()
        elif self._channel.ready:
            self._wait_at_edges()

    def on_trade(self, trade: TradeRow) -> None:
        if trade.offset is Offset.OPEN:
            self._entry = trade.price
            self.cancel(self._entries.get(trade.side.opposite, 0))
        elif not self.position:
            self.cancel_all()
            self._edges = None
            self._entry = self._protected = Decimal(0)

    def _wait_at_edges(self) -> None:
        edges = (self._channel.high, self._channel.low)
        if edges == self._edges and self.working_orders:
            return
        self.cancel_all()
        self._edges = edges
        tick = self.instrument.tick
        above, below = self.price_of(edges[0]) + tick, self.price_of(edges[1]) - tick
        self._entries = {
            Side.BUY: self.buy(stop=above, volume=self.volume, why="waits above the channel"),
            Side.SELL: self.short(stop=below, volume=self.volume, why="waits below the channel"),
        }

    def _protect(self) -> None:
        """A stop at the channel's middle and a target, for what is held now."""
        if self._protected == self.position:
            return
        self.cancel_all()
        self._protected = held = self.position
        high, low = self._edges or (self._channel.high, self._channel.low)
        middle = (self.price_of(high) + self.price_of(low)) / 2
        height = max(self.price_of(high) - self.price_of(low), 10 * self.instrument.tick)
        reach = height * Decimal(repr(self.target))
        if held > 0:
            self.sell(self._entry + reach, held, why="target")
            self.sell(stop=middle, volume=held, why="protective stop")
        else:
            self.cover(self._entry - reach, -held, why="target")
            self.cover(stop=middle, volume=-held, why="protective stop")

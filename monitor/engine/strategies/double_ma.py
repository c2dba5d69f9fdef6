"""The double moving average of vn.py: always in the market once the averages have crossed.

Limits at the bar's close, all resting orders cancelled at each bar. Averages are compared as
whole price units, so a tie is a tie and no crossing (vn.py's floats make some of noise).
"""

from __future__ import annotations

from monitor.engine.indicators import RollingSum
from monitor.engine.strategy import Bar, Strategy, parameter

WARM_UP = 100  # bars before the first signal, as vn.py's array of 100 bars has it


class DoubleMa(Strategy):
    title = "Double moving average"

    fast_window: int = parameter(10, minimum=1, about="bars of the fast average")
    slow_window: int = parameter(20, minimum=2, about="bars of the slow average")
    volume: int = parameter(1, minimum=1, about="lots of each order")

    def on_start(self) -> None:
        self._fast = RollingSum(self.fast_window)
        self._slow = RollingSum(self.slow_window)
        self._bars = 0
        self._first = max(WARM_UP, self.fast_window + 1, self.slow_window + 1)

    def on_bar(self, bar: Bar) -> None:
        self.cancel_all()
        fast, slow = self._fast, self._slow
        fast.push(bar.close_units)
        slow.push(bar.close_units)
        self._bars += 1
        if self._bars < self._first:
            return
        now = fast.total * slow.window - slow.total * fast.window
        before = fast.previous * slow.window - slow.previous * fast.window
        if now > 0 > before:
            self._go_long(bar.close)
        elif now < 0 < before:
            self._go_short(bar.close)

    def _go_long(self, price: float) -> None:
        why = "fast average crosses above slow"
        if self.position < 0:
            self.cover(price, -self.position, why=why)
        if self.position <= 0:
            self.buy(price, self.volume, why=why)

    def _go_short(self, price: float) -> None:
        why = "fast average crosses below slow"
        if self.position > 0:
            self.sell(price, self.position, why=why)
        if self.position >= 0:
            self.short(price, self.volume, why=why)

"""Small exact helpers for strategies: sums and extremes over the last bars, in whole units.

Sums of integers do not drift, so averages that are equal compare equal (floats do not).
"""

from __future__ import annotations

from collections import deque


class RollingSum:
    """The sum of the last `window` values, and the same one value earlier."""

    __slots__ = ("_values", "previous", "total", "window")

    def __init__(self, window: int) -> None:
        self.window = window
        self.total = 0
        self.previous = 0
        self._values: deque[int] = deque(maxlen=window)

    def push(self, value: int) -> None:
        self.previous = self.total
        if len(self._values) == self.window:
            self.total -= self._values[0]
        self.total += value
        self._values.append(value)

    @property
    def ready(self) -> bool:
        return len(self._values) == self.window


class Channel:
    """Highest high and lowest low of the last `window` bars (Donchian)."""

    __slots__ = ("_highs", "_lows", "window")

    def __init__(self, window: int) -> None:
        self.window = window
        self._highs: deque[int] = deque(maxlen=window)
        self._lows: deque[int] = deque(maxlen=window)

    def push(self, high: int, low: int) -> None:
        self._highs.append(high)
        self._lows.append(low)

    @property
    def ready(self) -> bool:
        return len(self._highs) == self.window

    @property
    def high(self) -> int:
        return max(self._highs)

    @property
    def low(self) -> int:
        return min(self._lows)

"""How long lots were held: average, median and longest, in one pass and bounded memory.

The median is exact while few different times occur; beyond, times within 1 % are one.
"""

from __future__ import annotations

import math
from decimal import Decimal

from monitor.engine.values import NS_PER_SECOND, ZERO

DIFFERENT_TIMES = 4096
_GROWTH = math.log(1.01)


class HoldingTimes:
    """Weighted by lots. Answers are seconds, None while nothing was closed."""

    def __init__(self) -> None:
        self._lots: dict[int, Decimal] = {}
        self._coarse = False
        self._volume = ZERO
        self._weighted = ZERO
        self._longest: int | None = None

    def add(self, held_ns: int, volume: Decimal) -> None:
        self._volume += volume
        self._weighted += volume * held_ns
        self._longest = max(held_ns, self._longest or 0)
        key = _nearby(held_ns) if self._coarse else held_ns
        self._lots[key] = self._lots.get(key, ZERO) + volume
        if not self._coarse and len(self._lots) > DIFFERENT_TIMES:
            self._coarsen()

    @property
    def average_s(self) -> float | None:
        return float(self._weighted / self._volume) / NS_PER_SECOND if self._volume else None

    @property
    def longest_s(self) -> float | None:
        return None if self._longest is None else self._longest / NS_PER_SECOND

    @property
    def median_s(self) -> float | None:
        """The time by which half of the lots were closed; between two times, their middle."""
        half, passed = self._volume / 2, ZERO
        times = sorted(self._lots)
        for index, held_ns in enumerate(times):
            passed += self._lots[held_ns]
            if passed > half:
                return held_ns / NS_PER_SECOND
            if passed == half:
                return (held_ns + times[index + 1]) / 2 / NS_PER_SECOND
        return None

    def _coarsen(self) -> None:
        exact, self._lots, self._coarse = self._lots, {}, True
        for held_ns, volume in exact.items():
            key = _nearby(held_ns)
            self._lots[key] = self._lots.get(key, ZERO) + volume


def _nearby(held_ns: int) -> int:
    return round(math.exp(round(math.log(held_ns) / _GROWTH) * _GROWTH)) if held_ns else 0

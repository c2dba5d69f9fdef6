"""Closes of one-minute bars, from the prices that were marked: what indicators in conditions read.

A fold over `PricesMarked`, so it is the same after a restart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from decimal import Decimal
from itertools import islice

import msgspec

from monitor.engine.values import NS_PER_SECOND

MINUTE_NS = 60 * NS_PER_SECOND
MOST_KEPT = 1_500
"""A day and an hour."""


class MinutesState(msgspec.Struct, frozen=True):
    minute: int
    closes: tuple[float, ...]


class Minutes:
    """Of one symbol. The running minute's latest price is its close so far."""

    def __init__(self) -> None:
        self._minute = -1
        self._closes: deque[float] = deque(maxlen=MOST_KEPT)

    def mark(self, price: Decimal, time_ns: int) -> None:
        minute = time_ns // MINUTE_NS
        if minute == self._minute and self._closes:
            self._closes[-1] = float(price)
        else:
            self._closes.append(float(price))
        self._minute = minute

    def state(self) -> MinutesState:
        return MinutesState(minute=self._minute, closes=tuple(self._closes))

    @classmethod
    def from_state(cls, state: MinutesState) -> Minutes:
        minutes = cls()
        minutes._minute = state.minute
        minutes._closes.extend(state.closes)
        return minutes

    def closes(self, count: int) -> Sequence[float]:
        """The newest `count`, oldest first; fewer when there are fewer."""
        return list(islice(self._closes, max(0, len(self._closes) - count), None))

"""Equity curves of accounts that trade: one sample each time prices were marked.

A fold over `PricesMarked`. Keeps a bounded number of samples in memory and says which are new;
the older ones are in the database.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
import numpy as np

from monitor.engine.changes import EquityChunk

MOST_KEPT = 200_000
MOST_CARRIED = 10_000
"""Samples that a checkpoint carries, for a curve to be seen at once after a restart."""


class CurveState(msgspec.Struct, frozen=True):
    first: int
    times: tuple[int, ...]
    values: tuple[float, ...]
    peak: float
    drawdown: float
    max_drawdown: float
    moved: float = 0.0


class Curve:
    """Samples of one account from `first` on, with its peak and falls over all of them. The peak goes
    with money that comes or goes, so that neither hides a fall nor is one; `moved` is what did
    since the last sample."""

    def __init__(self) -> None:
        self.first = 0
        self.times: list[int] = []
        self.values: list[float] = []
        self.told = 0
        self.peak = float("-inf")
        self.drawdown = self.max_drawdown = 0.0
        self.moved = 0.0

    def move(self, amount: float) -> None:
        if not self.times:
            return
        before = self.values[-1] + self.moved
        after = before + amount
        self.moved += amount
        self.peak = self.peak * after / before if before > 0 and after > 0 else after

    def add(self, time_ns: int, equity: float) -> None:
        if self.times and time_ns <= self.times[-1]:
            return  # the clock stands: the next sample will tell
        self.times.append(time_ns)
        self.values.append(equity)
        self.moved = 0.0
        self.peak = max(self.peak, equity)
        self.drawdown = 1.0 - equity / self.peak if self.peak > 0 else 0.0
        self.max_drawdown = max(self.max_drawdown, self.drawdown)
        if len(self.times) > MOST_KEPT:
            drop = MOST_KEPT // 10
            del self.times[:drop], self.values[:drop]
            self.first += drop

    def chunk(self, account_id: str, start: int) -> EquityChunk | None:
        """Samples from number `start` on, as far as they are held."""
        start = max(start, self.first)
        offset = start - self.first
        if offset >= len(self.times):
            return None
        times = np.asarray(self.times[offset:], dtype=np.int64)
        return EquityChunk(account_id, start, times, np.asarray(self.values[offset:]))

    def state(self) -> CurveState:
        skipped = max(0, len(self.times) - MOST_CARRIED)
        times, values = tuple(self.times[skipped:]), tuple(self.values[skipped:])
        return CurveState(
            self.first + skipped, times, values, self.peak, self.drawdown, self.max_drawdown, self.moved
        )

    @classmethod
    def from_state(cls, state: CurveState) -> Curve:
        curve = cls()
        curve.first, curve.peak, curve.moved = state.first, state.peak, state.moved
        curve.times, curve.values = list(state.times), list(state.values)
        curve.drawdown, curve.max_drawdown = state.drawdown, state.max_drawdown
        curve.told = curve.total
        return curve

    @property
    def total(self) -> int:
        return self.first + len(self.times)


class Equity:
    def __init__(self) -> None:
        self.curves: dict[str, Curve] = {}

    def sample(self, account_id: str, time_ns: int, equity: Decimal) -> None:
        """The crossing from money to measurement."""
        self.curves.setdefault(account_id, Curve()).add(time_ns, float(equity))

    def move(self, account_id: str, amount: Decimal) -> None:
        """Money came or, below 0, went: no profit and no loss."""
        curve = self.curves.get(account_id)
        if curve is not None:
            curve.move(float(amount))

    def take(self, account_id: str, state: CurveState) -> None:
        self.curves[account_id] = Curve.from_state(state)

    def news(self) -> list[EquityChunk]:
        """Samples since the last call."""
        chunks = []
        for account_id, curve in self.curves.items():
            chunk = curve.chunk(account_id, curve.told)
            curve.told = curve.total
            if chunk is not None:
                chunks.append(chunk)
        return chunks

    def all(self) -> list[EquityChunk]:
        """Everything held. A curve whose beginning was dropped begins at its first sample held."""
        chunks = (curve.chunk(account_id, curve.first) for account_id, curve in self.curves.items())
        return [chunk for chunk in chunks if chunk is not None]

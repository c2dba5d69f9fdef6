"""Play, pause, speed: how many bars are due at a moment. Pure; the moment is told.

Moments are seconds of any monotonic clock. Speed 1 is ten bars a second; None is as fast as
possible, which means as many bars as the caller can do in one slice.
"""

from __future__ import annotations

from monitor.engine.values import ReplayState

BARS_PER_SECOND = 10.0
SPEEDS: tuple[float, ...] = (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64)
_RATE_WINDOW = 1.0


class ReplayControl:
    def __init__(self, speed: float | None) -> None:
        self.state = ReplayState.PAUSED
        self.speed = speed
        self._from = 0.0
        self._given = 0
        self._rate_from = 0.0
        self._rate_bars = 0
        self.bars_per_second = 0.0

    def play(self, now: float) -> None:
        self.state = ReplayState.PLAYING
        self._restart(now)
        self._rate_from, self._rate_bars = now, 0

    def pause(self) -> None:
        self.state = ReplayState.PAUSED
        self.bars_per_second = 0.0

    def finish(self) -> None:
        self.state = ReplayState.FINISHED
        self.bars_per_second = 0.0

    def set_speed(self, speed: float | None, now: float) -> None:
        self.speed = speed
        self._restart(now)

    def due(self, now: float, at_most: int) -> int:
        """Bars to replay now. They count as given."""
        if self.state is not ReplayState.PLAYING:
            return 0
        if self.speed is None:
            return at_most
        total = int((now - self._from) * self.speed * BARS_PER_SECOND)
        bars = min(total - self._given, at_most)
        self._given += bars
        if bars == at_most:
            self._restart(now)  # too slow a machine falls behind instead of bursting later
        return bars

    def next_due(self, now: float) -> float:
        """Seconds until the next bar is due."""
        if self.speed is None:
            return 0.0
        return max(0.0, self._from + (self._given + 1) / (self.speed * BARS_PER_SECOND) - now)

    def measured(self, bars: int, now: float) -> None:
        """Bars that were done, for the rate that is shown."""
        self._rate_bars += bars
        elapsed = now - self._rate_from
        if elapsed >= _RATE_WINDOW or (elapsed > 0.2 and not self.bars_per_second):
            self.bars_per_second = self._rate_bars / elapsed
            self._rate_from, self._rate_bars = now, 0

    def _restart(self, now: float) -> None:
        self._from, self._given = now, 0

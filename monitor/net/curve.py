"""One account's equity curve: appended to in constant time, cut by time, thinned for showing.

Owns the arrays. Knows nothing of clients or of what the samples mean beyond time and value.
"""

from __future__ import annotations

import numpy as np

from monitor.engine.changes import EquityChunk, FloatArray, IntArray

_FIRST_CAPACITY = 1024


class EquityCurve:
    """Samples `start .. end` of an account's curve. `epoch` grows when history was replaced:
    whoever remembers an index must then begin again."""

    def __init__(self) -> None:
        self.start = 0
        self.epoch = 0
        self._size = 0
        self._time: IntArray = np.empty(_FIRST_CAPACITY, np.int64)
        self._value: FloatArray = np.empty(_FIRST_CAPACITY, np.float64)

    def __len__(self) -> int:
        return self._size

    @property
    def end(self) -> int:
        """Index after the last sample, counted as `EquityChunk.start` counts."""
        return self.start + self._size

    def extend(self, chunk: EquityChunk) -> None:
        """Append a chunk. One that starts earlier replaces what followed; one that leaves a
        gap voids what was known, because a curve with a hole would lie."""
        kept = chunk.start - self.start
        if kept < 0 or kept > self._size or self._size == 0:
            self.start, kept = chunk.start, 0
            self.epoch += 1
        elif kept < self._size:
            self.epoch += 1
        self._reserve(kept + len(chunk), kept)
        self._time[kept : kept + len(chunk)] = chunk.time_ns
        self._value[kept : kept + len(chunk)] = chunk.equity
        self._size = kept + len(chunk)

    def since(self, index: int) -> tuple[IntArray, FloatArray]:
        """Samples from `index` on."""
        first = max(0, index - self.start)
        return self._time[first : self._size], self._value[first : self._size]

    def between(self, from_ns: int | None, to_ns: int | None) -> tuple[IntArray, FloatArray]:
        """Samples in a closed span of time; None is open."""
        times = self._time[: self._size]
        first = 0 if from_ns is None else int(np.searchsorted(times, from_ns, side="left"))
        last = self._size if to_ns is None else int(np.searchsorted(times, to_ns, side="right"))
        return times[first:last], self._value[first:last]

    def _reserve(self, size: int, kept: int) -> None:
        if size <= len(self._time):
            return
        capacity = max(size, 2 * len(self._time))
        times, values = np.empty(capacity, np.int64), np.empty(capacity, np.float64)
        times[:kept], values[:kept] = self._time[:kept], self._value[:kept]
        self._time, self._value = times, values


def thinned(values: FloatArray, points: int) -> IntArray:
    """Which samples to show: at most `points` (at least 4), first and last among them and,
    bucket by bucket, the lowest and the highest, so no peak or trough is lost to the eye."""
    size = len(values)
    points = max(points, 4)
    if size <= points:
        return np.arange(size, dtype=np.int64)
    buckets = (points - 2) // 2
    edges = np.linspace(0, size, buckets + 1).astype(np.int64)
    chosen = [0, size - 1]
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        span = values[low:high]
        chosen += [low + int(span.argmin()), low + int(span.argmax())]
    return np.unique(np.array(chosen, np.int64))

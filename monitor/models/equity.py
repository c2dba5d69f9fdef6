"""The equity curve of one account, and its drawdown: append-only, drawn from a min/max pyramid.

Ten million samples are shown by a few thousand points in which no extreme is lost. Pure numpy;
knows neither Qt nor where the samples come from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from monitor.engine.changes import EquityChunk, FloatArray, IntArray

FACTOR = 8  # samples of one level that one block of the next stands for

Slice: TypeAlias = Callable[[int, int], FloatArray]
Points: TypeAlias = tuple[IntArray, FloatArray]


class Drawdown(msgspec.Struct, frozen=True):
    """The deepest fall: `depth` a fraction <= 0, from the sample of the peak to the lowest one."""

    depth: float
    money: float
    peak: int
    trough: int


class Series:
    """A numpy array that grows at its end, doubling its room."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self._room: npt.NDArray[Any] = np.empty(1024, dtype)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, values: npt.NDArray[Any]) -> None:
        end = self._count + len(values)
        if end > len(self._room):
            grown = np.empty(max(end, 2 * len(self._room)), self._room.dtype)
            grown[: self._count] = self._room[: self._count]
            self._room = grown
        self._room[self._count : end] = values
        self._count = end

    @property
    def values(self) -> npt.NDArray[Any]:
        """A view, valid until the next append."""
        return self._room[: self._count]


class Pyramid:
    """Minimum and maximum of blocks of 8, 64, 512 ... samples of a growing sequence.

    Only whole blocks are kept; what is left at the end is read from the sequence itself, which
    `samples(start, stop)` gives.
    """

    def __init__(self, samples: Slice) -> None:
        self._samples = samples
        self._levels: list[tuple[Series, Series]] = []

    def grow(self, count: int) -> None:
        """Take in the samples up to `count`; costs only what is new."""
        level = 0
        while count >= FACTOR ** (level + 1):
            if level == len(self._levels):
                self._levels.append((Series(np.float64), Series(np.float64)))
            low, high = self._levels[level]
            start, stop = len(low) * FACTOR, count // FACTOR ** (level + 1) * FACTOR
            if stop > start:
                lower, upper = self._below(level, start, stop)
                low.append(lower.reshape(-1, FACTOR).min(axis=1))
                high.append(upper.reshape(-1, FACTOR).max(axis=1))
            level += 1

    def _below(self, level: int, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
        if level == 0:
            base = self._samples(start, stop)
            return base, base
        low, high = self._levels[level - 1]
        return low.values[start:stop], high.values[start:stop]

    def extremes(self, start: int, count: int, stride: int) -> tuple[FloatArray, FloatArray]:
        """Minimum and maximum of each bucket of `stride` samples in [start, count).

        `start` is a multiple of `stride`, and `stride` is k * 8**n with k <= 8; the last bucket
        may be shorter.
        """
        level = 0
        while stride % FACTOR ** (level + 1) == 0 and level < len(self._levels):
            level += 1
        block = FACTOR**level
        whole = count // block
        first, per = start // block, stride // block
        lower, upper = self._below(level, first, whole)
        if whole * block < count:
            tail = self._samples(whole * block, count)
            lower, upper = np.append(lower, tail.min()), np.append(upper, tail.max())
        cuts = np.arange(0, len(lower), per)
        return np.minimum.reduceat(lower, cuts), np.maximum.reduceat(upper, cuts)


def stride_for(samples: int, pixels: int) -> int:
    """Samples per bucket, k * 8**n with k <= 8, so that `samples` make at most `pixels` buckets."""
    wanted = -(-samples // max(1, pixels))
    block = 1
    while block * FACTOR < wanted:
        block *= FACTOR
    return block * -(-wanted // block)


class EquitySeries:
    """Samples by index 0 .. len - 1, which are numbers `first` and on of the account's curve. Positions
    on the x axis are these indexes; `time_ns[x]` says when. Drawdown is a fraction of the running
    peak, 0 or below."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.first = 0
        self._time = Series(np.int64)
        self._equity = Series(np.float64)
        self._peak = Series(np.float64)
        self._curve = Pyramid(lambda start, stop: self.equity[start:stop])
        self._falls = Pyramid(self._fall)
        self._worst: Drawdown | None = None

    def __len__(self) -> int:
        return len(self._equity)

    @property
    def time_ns(self) -> IntArray:
        return self._time.values

    @property
    def equity(self) -> FloatArray:
        return self._equity.values

    @property
    def max_drawdown(self) -> Drawdown | None:
        """The deepest fall so far; None while equity only rose."""
        return self._worst

    def append(self, chunk: EquityChunk) -> None:
        """Take the samples that are new. Ones already there are skipped; a gap is an error. A curve
        may begin later than its account: what was long ago is in the database."""
        if not len(self):
            self.first = chunk.start
        known = self.first + len(self) - chunk.start
        if known < 0:
            raise ValueError(f"equity samples {self.first + len(self)} to {chunk.start - 1} are missing")
        values = chunk.equity[known:]
        if not len(values):
            return
        start = len(self)
        self._time.append(chunk.time_ns[known:])
        self._equity.append(values)
        highest = np.maximum.accumulate(values)
        if start:
            np.maximum(highest, self._peak.values[-1], out=highest)
        self._peak.append(highest)
        self._note_worst(start)
        self._curve.grow(len(self))
        self._falls.grow(len(self))

    def view(self, first: int, last: int, pixels: int) -> Points:
        """Points (index, equity) that draw [first, last) like all its samples would.

        At most about 2 * pixels points: all samples when they are that few, else the extremes of
        whole buckets that touch the range, in the order of the bucket's trend.
        """
        return self._view(self._curve, lambda a, b: self.equity[a:b], first, last, pixels)

    def view_drawdown(self, first: int, last: int, pixels: int) -> Points:
        """Like `view`, for the drawdown as a fraction."""
        return self._view(self._falls, self._fall, first, last, pixels)

    def bounds(self, first: int, last: int) -> tuple[float, float] | None:
        """Lowest and highest equity in about [first, last), for the axis; None when empty."""
        y = self.view(first, last, 256)[1]
        return (float(y.min()), float(y.max())) if len(y) else None

    def index_at(self, time_ns: int) -> int:
        """The last sample at or before a time; 0 when it is before all."""
        return max(0, int(np.searchsorted(self.time_ns, time_ns, "right")) - 1)

    def drawdown_at(self, index: int) -> float:
        return float(self._fall(index, index + 1)[0])

    def _view(self, pyramid: Pyramid, samples: Slice, first: int, last: int, pixels: int) -> Points:
        first, last = max(0, first), min(len(self), last)
        if last - first <= 2 * max(1, pixels):
            last = max(first, last)
            return np.arange(first, last), samples(first, last).copy()
        stride = stride_for(last - first, pixels)
        start = first // stride * stride
        end = min(len(self), -(-last // stride) * stride)
        low, high = pyramid.extremes(start, end, stride)
        left = np.arange(start, end, stride)
        right = np.minimum(left + stride, end) - 1
        rising = self.equity[left] <= self.equity[right]
        x = np.column_stack((left, right)).ravel()
        y = np.column_stack((np.where(rising, low, high), np.where(rising, high, low))).ravel()
        return x, y

    def _fall(self, start: int, stop: int) -> FloatArray:
        """Drawdown of samples; 0 while the peak is not positive, since no fraction exists."""
        peak = self._peak.values[start:stop]
        safe = np.where(peak > 0, peak, 1.0)
        return np.where(peak > 0, self.equity[start:stop] / safe - 1.0, 0.0)

    def _note_worst(self, start: int) -> None:
        fall = self._fall(start, len(self))
        at = int(fall.argmin())
        depth = float(fall[at])
        if depth >= (self._worst.depth if self._worst else 0.0):
            return
        trough = start + at
        top = self._peak.values[trough]
        peak = int(np.searchsorted(self._peak.values[: trough + 1], top, "left"))
        self._worst = Drawdown(depth, float(self.equity[trough] - top), peak, trough)

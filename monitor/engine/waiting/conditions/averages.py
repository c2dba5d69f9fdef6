"""Indicators over the newest closes, oldest first. Exact: closes become Decimal by their shortest
form, so an average that equals a price compares equal. None while there are too few closes.

Each looks at a bounded number of closes, so the same bars give the same value whenever one
began to listen: exponential ones at five windows, Wilder's slower one at ten (what is older
weighs below 0.1 %).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Context, Decimal
from itertools import pairwise

from monitor.engine.waiting.conditions.tree import SeriesOf

_MEMORY = 5
_LONG_MEMORY = 10
_EXACT = Context(prec=28)
_FULL = Decimal(100)
_HALF = Decimal(50)


def closes_needed(of: SeriesOf, window: int) -> int:
    """How many of the newest closes to ask for."""
    if of is SeriesOf.EMA:
        return _MEMORY * window
    return _LONG_MEMORY * window + 1 if of is SeriesOf.RSI else window


def indicator(of: SeriesOf, window: int, closes: Sequence[float]) -> Decimal | None:
    exact = [Decimal(repr(float(close))) for close in closes]
    return _OF[of](exact, window)


def _average(closes: list[Decimal], window: int) -> Decimal | None:
    if len(closes) < window:
        return None
    return _EXACT.divide(sum(closes[-window:], Decimal(0)), Decimal(window))


def _exponential(closes: list[Decimal], window: int) -> Decimal | None:
    """Factor 2 / (window + 1), begun with the simple average of the oldest window."""
    if len(closes) < window:
        return None
    value = _EXACT.divide(sum(closes[:window], Decimal(0)), Decimal(window))
    factor = _EXACT.divide(Decimal(2), Decimal(window + 1))
    for close in closes[window:]:
        value = _EXACT.fma(factor, close - value, value)
    return value


def _highest(closes: list[Decimal], window: int) -> Decimal | None:
    return max(closes[-window:]) if len(closes) >= window else None


def _lowest(closes: list[Decimal], window: int) -> Decimal | None:
    return min(closes[-window:]) if len(closes) >= window else None


def _strength(closes: list[Decimal], window: int) -> Decimal | None:
    """Wilder's relative strength index (New Concepts in Technical Trading Systems, 1978). 50 when
    the price never moved."""
    if len(closes) <= window:
        return None
    moves = [after - before for before, after in pairwise(closes)]
    count = Decimal(window)
    gain = _EXACT.divide(sum((m for m in moves[:window] if m > 0), Decimal(0)), count)
    loss = _EXACT.divide(sum((-m for m in moves[:window] if m < 0), Decimal(0)), count)
    for move in moves[window:]:
        gain = _EXACT.divide(gain * (count - 1) + max(move, Decimal(0)), count)
        loss = _EXACT.divide(loss * (count - 1) + max(-move, Decimal(0)), count)
    if not gain and not loss:
        return _HALF
    return _EXACT.divide(_FULL * gain, gain + loss)


_OF: dict[SeriesOf, Callable[[list[Decimal], int], Decimal | None]] = {
    SeriesOf.MA: _average,
    SeriesOf.EMA: _exponential,
    SeriesOf.HIGHEST: _highest,
    SeriesOf.LOWEST: _lowest,
    SeriesOf.RSI: _strength,
}

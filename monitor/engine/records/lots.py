"""First in, first out: which lots of a position a closing closes, and what each carries with it.

A lot carries the commission of its opening and its share of settled profit, so that the result of
a round is exact. Knows no symbols and no accounts: one `Lots` is one position.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from monitor.engine.values import ZERO

_STEP = Decimal("1E-10")  # a part of a lot's money may not come out even; far below any currency


class Closed(msgspec.Struct, frozen=True, gc=False):
    """A part of a lot that was closed. `held_ns` None: when it was opened is not known.
    `carried` is money: what it had gained (settlements) or cost (its opening) before."""

    volume: Decimal
    held_ns: int | None
    carried: Decimal


class _Lot:
    __slots__ = ("carried", "opened_ns", "volume")

    def __init__(self, volume: Decimal, opened_ns: int | None, carried: Decimal) -> None:
        self.volume = volume
        self.opened_ns = opened_ns
        self.carried = carried


class Lots:
    """Memory is one entry per opening that is not wholly closed."""

    def __init__(self) -> None:
        self._lots: deque[_Lot] = deque()
        self.volume = ZERO

    def open(self, volume: Decimal, opened_ns: int | None, carried: Decimal = ZERO) -> None:
        self._lots.append(_Lot(volume, opened_ns, carried))
        self.volume += volume

    def close(self, volume: Decimal, time_ns: int) -> Iterator[Closed]:
        """Oldest first; together exactly `volume`. ValueError for more than is open."""
        if volume > self.volume:
            raise ValueError(f"closing {volume} of {self.volume}")
        self.volume -= volume
        while volume:
            lot = self._lots[0]
            part = min(volume, lot.volume)
            volume -= part
            yield self._take(lot, part, time_ns)

    def settle(self, profit: Decimal) -> None:
        """Spread what a settlement realised over what is open, by volume."""
        left, volume = profit, self.volume
        for lot in self._lots:
            share = left if lot.volume == volume else (left * lot.volume / volume).quantize(_STEP)
            lot.carried += share
            left -= share
            volume -= lot.volume

    def _take(self, lot: _Lot, part: Decimal, time_ns: int) -> Closed:
        whole = part == lot.volume
        carried = lot.carried if whole else (lot.carried * part / lot.volume).quantize(_STEP)
        if whole:
            self._lots.popleft()
        else:
            lot.volume -= part
            lot.carried -= carried
        held = None if lot.opened_ns is None else max(0, time_ns - lot.opened_ns)
        return Closed(part, held, carried)

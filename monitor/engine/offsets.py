"""Which lots an order and each of its fills took, when a venue tells it here and there.

Pure. Several words about one order weigh the same whatever order they were heard in.
"""

from __future__ import annotations

from monitor.engine import events as ev
from monitor.engine.values import FillDirection, Offset
from monitor.engine.venue import FillReport

_OF_DIRECTION: dict[FillDirection | None, Offset] = {
    FillDirection.OPEN_LONG: Offset.OPEN,
    FillDirection.OPEN_SHORT: Offset.OPEN,
    FillDirection.CLOSE_LONG: Offset.CLOSE,
    FillDirection.CLOSE_SHORT: Offset.CLOSE,
}
_SURENESS = {Offset.OPEN: 0, Offset.CLOSE: 1, Offset.CLOSE_YESTERDAY: 2, Offset.CLOSE_TODAY: 3}
"""OPEN is also what is supposed while nobody told; plain CLOSE may mean either kind of lots."""


def told_by(fill: ev.TradeExecuted | FillReport) -> Offset | None:
    """A fill's own word: its offset, else its direction's; None when it tells nothing."""
    return fill.offset if fill.offset is not None else _OF_DIRECTION.get(fill.direction)


def surer(known: Offset, told: Offset | None) -> Offset:
    """What two words about one order come to."""
    return known if told is None or _SURENESS[told] <= _SURENESS[known] else told


def offset_of(fill: ev.TradeExecuted, of_order: Offset) -> Offset:
    """The fill's own word, else its order's. Which kind of lots were closed may be told by either."""
    if fill.offset is None and fill.direction is None:
        return of_order
    told = told_by(fill)
    if told is None:
        return of_order
    return told if told is Offset.OPEN or of_order is Offset.OPEN else surer(of_order, told)

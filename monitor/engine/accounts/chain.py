"""Fills of one instant in the order in which they moved the position.

A venue that stamps many fills with one millisecond, and whose trade ids are hashes, tells the
position before each fill instead: the next one starts where the last one ended. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from monitor.engine.accounts.entries import Fill


def start_of(fill: Fill) -> Decimal | None:
    """The signed position before it, None when the venue did not tell."""
    try:
        return Decimal(fill.chain) if fill.chain else None
    except InvalidOperation:
        return None


def is_own_trade(one: Fill, other: Fill) -> bool:
    """Whether these are both sides of a trade with oneself: opposite, from the same start."""
    same = one.chain == other.chain and one.price == other.price and one.time_ns == other.time_ns
    return same and one.signed == -other.signed


def walk(fills: Sequence[Fill], position: Decimal | None) -> list[Fill]:
    """Order `fills` (given in the order of their keys) so that each starts where the one before
    ended, beginning at `position`; all of them, whatever is missing between them.

    It is a walk that uses each edge start -> end once (Hierholzer's). Where there is none, trades
    with oneself are looked for: two opposite fills from the same start, a loop that is walked
    before anything else there. Where a fill is missing the walk starts again at the first
    fill that nothing leads to.
    """
    plain = _walk(fills, position)
    if _unbroken(plain, position):
        return plain
    pairs, edges = _without_loops(fills)
    return _with_loops(_walk(edges, position), pairs) if pairs else plain


def _walk(edges: Sequence[Fill], position: Decimal | None) -> list[Fill]:
    waiting: dict[Decimal | None, list[Fill]] = {}
    for fill in reversed(edges):
        waiting.setdefault(start_of(fill), []).append(fill)
    ordered: list[Fill] = []
    place = position
    while any(waiting.values()):
        if not waiting.get(place):
            place = _source(edges, waiting)
        part = _trail(place, waiting)
        ordered += part
        place = _end(part[-1])
    return ordered


def starts_of(ordered: Sequence[Fill], position: Decimal | None) -> set[Decimal] | None:
    """Where these start, when there is only one way to walk them from `position`; else None."""
    starts = {start for fill in ordered if (start := start_of(fill)) is not None}
    return starts if len(starts) == len(ordered) and _unbroken(ordered, position) else None


def _unbroken(fills: Sequence[Fill], position: Decimal | None) -> bool:
    place = start_of(fills[0]) if position is None else position
    for fill in fills:
        if start_of(fill) != place:
            return False
        place = _end(fill)
    return True


def _end(fill: Fill) -> Decimal | None:
    start = start_of(fill)
    return None if start is None else start + fill.signed


def _without_loops(fills: Sequence[Fill]) -> tuple[list[list[Fill]], list[Fill]]:
    """(pairs of one trade with oneself, the rest), both in the order given. Of a pair the side
    that closes goes first, as Hyperliquid's own averages show."""
    alone: dict[tuple[Decimal, Decimal, Decimal], Fill] = {}
    pairs: list[list[Fill]] = []
    for fill in fills:
        start = start_of(fill)
        if start is None:
            continue
        partner = alone.pop((start, fill.price, -fill.signed), None)
        if partner is None:
            alone[start, fill.price, fill.signed] = fill
        else:
            pairs.append(sorted((partner, fill), key=_opens))
    paired = {fill.trade_id for pair in pairs for fill in pair}
    return pairs, [fill for fill in fills if fill.trade_id not in paired]


def _opens(fill: Fill) -> bool:
    return (start_of(fill) or 0) * fill.signed >= 0


def _source(edges: Sequence[Fill], waiting: dict[Decimal | None, list[Fill]]) -> Decimal | None:
    """Where to begin: a start with more fills leaving than arriving, else the first there is."""
    left = {id(fill) for fills in waiting.values() for fill in fills}
    rest = [fill for fill in edges if id(fill) in left]
    ends = [_end(fill) for fill in rest]
    for fill in rest:
        start = start_of(fill)
        if len(waiting[start]) > ends.count(start):
            return start
    return start_of(rest[0])


def _trail(place: Decimal | None, waiting: dict[Decimal | None, list[Fill]]) -> list[Fill]:
    """The longest walk from here that detours included leaves no fill behind on its way."""
    stack: list[tuple[Decimal | None, Fill | None]] = [(place, None)]
    trail: list[Fill] = []
    while stack:
        here, by = stack[-1]
        if waiting.get(here):
            fill = waiting[here].pop()
            stack.append((_end(fill), fill))
        else:
            stack.pop()
            if by is not None:
                trail.append(by)
    trail.reverse()
    return trail


def _with_loops(ordered: list[Fill], pairs: list[list[Fill]]) -> list[Fill]:
    """Each pair before the first fill that starts where it does, else at the end."""
    result: list[Fill] = []
    for fill in ordered:
        here = [pair for pair in pairs if start_of(pair[0]) == start_of(fill)]
        pairs = [pair for pair in pairs if pair not in here]
        result += [leg for pair in here for leg in pair]
        result.append(fill)
    return result + [leg for pair in pairs for leg in pair]

"""Contiguous runs of numbers: fewer, larger signals instead of one per cell or one for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def runs(places: Sequence[int]) -> list[tuple[int, int]]:
    """Contiguous runs, both ends included, of rising numbers."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and found[-1][1] == place - 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found


def bits(mask: int) -> list[int]:
    """The positions of the set bits, rising."""
    return [at for at in range(mask.bit_length()) if mask >> at & 1]


def masked_runs(masks: dict[int, int]) -> Iterator[tuple[int, int, int]]:
    """Contiguous places with equal masks as (first, last, mask); empty masks are left out."""
    first = last = -1
    current = 0
    for place in sorted(masks):
        if masks[place] == current and place == last + 1:
            last = place
            continue
        if current:
            yield first, last, current
        first = last = place
        current = masks[place]
    if current:
        yield first, last, current

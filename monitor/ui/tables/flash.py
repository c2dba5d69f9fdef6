"""Which cells are lit because they changed, and when that ends. Pure: time is handed in.

A cell lights at most once per half second, and none lights while the whole table changes too
fast for an eye to follow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable
from typing import TypeAlias

Cell: TypeAlias = tuple[Hashable, int]

LIT_SECONDS = 0.3
REST_SECONDS = 0.5
CHANGES_PER_SECOND = 20


class FlashBook:
    """Times are seconds of any clock that does not run backwards."""

    def __init__(self) -> None:
        self._lit: dict[Cell, float] = {}
        self._rows: deque[tuple[float, int]] = deque()
        self._count = 0

    def note(self, row_ids: list[Hashable], columns: Iterable[int], now: float) -> bool:
        """Cells of these rows changed; True when at least one lights up now."""
        self._rows.append((now, len(row_ids)))
        self._count += len(row_ids)
        while self._rows[0][0] <= now - 1.0:
            self._count -= self._rows.popleft()[1]
        if self._count > CHANGES_PER_SECOND:
            return False
        fresh = {
            (row_id, column): now
            for column in columns
            for row_id in row_ids
            if now - self._lit.get((row_id, column), now - REST_SECONDS) >= REST_SECONDS
        }
        self._lit.update(fresh)
        return bool(fresh)

    def is_lit(self, row_id: Hashable, column: int, now: float) -> bool:
        since = self._lit.get((row_id, column))
        return since is not None and now - since < LIT_SECONDS

    def __bool__(self) -> bool:
        """Whether any cell is lit or resting: whether asking makes sense at all."""
        return bool(self._lit)

    def faded(self, now: float) -> list[Cell]:
        """Cells that are not lit any more, to be drawn once; those that rested are forgotten."""
        over = [cell for cell, since in self._lit.items() if now - since >= LIT_SECONDS]
        for cell in over:
            if now - self._lit[cell] >= REST_SECONDS:
                del self._lit[cell]
        return over

    def clear(self) -> None:
        self._lit.clear()
        self._rows.clear()
        self._count = 0

"""Rows in displayed order beside their sort keys: where a row is, and how rows move.

Pure lists and dictionaries; the Qt signals around each change are `RowTable`'s business.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeAlias

from monitor.models.sorting import Key

Row: TypeAlias = Any
Id: TypeAlias = Hashable
Run: TypeAlias = list[tuple[Key, Row]]

FEW_MOVES = 48  # up to here taking rows out and putting them in beats sorting all


class RowList:
    """`rows` and `keys` are parallel and `keys` always sorted, so that bisect finds a row."""

    def __init__(self, id_of: Callable[[Any], Id]) -> None:
        self._id_of = id_of
        self.rows: list[Row] = []
        self.keys: list[Key] = []
        self.key_of: dict[Id, Key] = {}
        self._places: dict[Id, int] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, row_id: object) -> bool:
        return row_id in self.key_of

    def clear(self) -> None:
        for store in (self.rows, self.keys, self.key_of, self._places):
            store.clear()

    def place(self, row_id: Id) -> int:
        """Where a row is; remembered until rows come, go or move, or `forget_places`."""
        place = self._places.get(row_id)
        if place is None:
            place = self._places[row_id] = bisect_left(self.keys, self.key_of[row_id])
        return place

    def forget_places(self) -> None:
        """What was remembered about places is not needed any more."""
        self._places.clear()

    def chunks(self, keyed: Run) -> list[tuple[int, Run]]:
        """New rows, sorted, grouped by the place where they would go in."""
        if keyed:
            first, last = (bisect_left(self.keys, keyed[end][0]) for end in (0, -1))
            if first == last:
                return [(first, keyed)]
        chunks: list[tuple[int, Run]] = []
        for pair in keyed:
            at = bisect_left(self.keys, pair[0])
            if not chunks or chunks[-1][0] != at:
                chunks.append((at, []))
            chunks[-1][1].append(pair)
        return chunks

    def insert(self, at: int, run: Run) -> None:
        """Put a run in front of the row at `at`; its keys must belong there."""
        self._places.clear()
        self.keys[at:at] = [key for key, _ in run]
        self.rows[at:at] = [row for _, row in run]
        self.key_of.update((self._id_of(row), key) for key, row in run)

    def cut(self, first: int, last: int) -> list[Id]:
        """Take a run out, both ends included; gives its ids."""
        self._places.clear()
        ids = [self._id_of(row) for row in self.rows[first : last + 1]]
        for row_id in ids:
            del self.key_of[row_id]
        del self.keys[first : last + 1]
        del self.rows[first : last + 1]
        return ids

    def move(self, moves: dict[Id, Key]) -> None:
        """Give rows new keys and with them new places."""
        if len(moves) <= FEW_MOVES:
            self._move_few(moves)
        else:
            self._move_many(moves)
        self._places.clear()

    def gather(self, row_ids: Iterable[Id]) -> None:
        """Bring rows to the end in their order, to be cut there at once."""
        places = {self.place(row_id): row_id for row_id in row_ids}
        last = sorted(places)
        for place in last:
            row_id = places[place]
            self.keys[place] = self.key_of[row_id] = (2, *self.key_of[row_id])
        self._rearrange([at for at in range(len(self.keys)) if at not in places] + last)

    def _move_few(self, moves: dict[Id, Key]) -> None:
        taken: Run = []
        for row_id, key in moves.items():
            place = bisect_left(self.keys, self.key_of[row_id])
            taken.append((key, self.rows.pop(place)))
            del self.keys[place]
        for key, row in taken:
            place = bisect_left(self.keys, key)
            self.keys.insert(place, key)
            self.rows.insert(place, row)
        self.key_of.update(moves)

    def _move_many(self, moves: dict[Id, Key]) -> None:
        """Two sorted runs, those that stay and those that move, are what sorting is fastest at."""
        places = {self.place(row_id): key for row_id, key in moves.items()}
        for place, key in places.items():
            self.keys[place] = key
        self.key_of.update(moves)
        order = [at for at in range(len(self.keys)) if at not in places]
        order += sorted(places, key=self.keys.__getitem__)
        order.sort(key=self.keys.__getitem__)
        self._rearrange(order)

    def _rearrange(self, order: list[int]) -> None:
        self._places.clear()
        self.keys = [self.keys[at] for at in order]
        self.rows = [self.rows[at] for at in order]

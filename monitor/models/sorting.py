"""Sort keys of rows: flat tuples that bisect, unique by arrival, unknown values last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec

from monitor.models.columns import TableSpec
from monitor.models.context import Context

Key: TypeAlias = tuple[Any, ...]


class Sort(msgspec.Struct, frozen=True):
    """One level of a sort."""

    column: str
    descending: bool = False


class Descending:
    """Text that sorts backwards; numbers are negated instead."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __lt__(self, other: Descending) -> bool:
        return other.text < self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Descending) and other.text == self.text

    __hash__ = None  # type: ignore[assignment]


class Sorter:
    """Makes the keys of one order of rows.

    Equal rows keep the order of arrival, or the reverse of it when the last level descends,
    so that "newest first" is also right within one moment.
    """

    def __init__(self, spec: TableSpec, levels: Sequence[Sort], context: Context) -> None:
        self._context = context
        self.levels = tuple(level for level in levels if spec.index(level.column) is not None)
        columns = {column.id: column for column in spec.columns}
        self._getters = [(columns[level.column].sort, level.descending) for level in self.levels]
        self._backwards = bool(self.levels) and self.levels[-1].descending

    def key(self, row: Any, arrival: int) -> Key:
        """The key of a row; the leading 0 sorts it before rows that wait at the end."""
        parts: list[Any] = [0]
        for get, descending in self._getters:
            value = get(row, self._context)
            if value is None:
                parts += (True, 0)
            elif not descending:
                parts += (False, value)
            else:
                parts += (False, Descending(value) if isinstance(value, str) else -value)
        parts.append(-arrival if self._backwards else arrival)
        return tuple(parts)

    def moves(self, old: Any, row: Any) -> bool:
        """Whether a row's change may change its key: cheaper than making both."""
        context = self._context
        return any(get(old, context) != get(row, context) for get, _ in self._getters)

    @staticmethod
    def waiting(nth: int) -> Key:
        """The key of the nth row that came into sight while the others must stay where they are."""
        return (1, nth)

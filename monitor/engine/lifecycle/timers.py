"""Deadlines by key, the earliest first. Knows nothing of what they are for."""

from __future__ import annotations

from heapq import heapify, heappop, heappush


class Timers:
    """One time per key: setting it again moves it. All operations cost O(log n) at most, on
    average over many; a key that was moved or dropped leaves its heap entry behind until the
    entry's time comes or such entries are the majority."""

    __slots__ = ("_due", "_heap")

    def __init__(self) -> None:
        self._due: dict[int, int] = {}
        self._heap: list[tuple[int, int]] = []

    def set(self, key: int, when_ns: int) -> None:
        self._due[key] = when_ns
        heappush(self._heap, (when_ns, key))
        if len(self._heap) > 2 * len(self._due) + 64:
            self._heap = [(when, of) for of, when in self._due.items()]
            heapify(self._heap)

    def drop(self, key: int) -> None:
        self._due.pop(key, None)

    def when(self, key: int) -> int | None:
        return self._due.get(key)

    def next_ns(self) -> int | None:
        """When the earliest is due."""
        first = self._first()
        return first[0] if first is not None else None

    def due(self, now_ns: int) -> int | None:
        """The key that is due first, if its time has come. It stays due until moved or dropped."""
        first = self._first()
        return first[1] if first is not None and first[0] <= now_ns else None

    def __len__(self) -> int:
        return len(self._due)

    def _first(self) -> tuple[int, int] | None:
        heap, due = self._heap, self._due
        while heap:
            when, key = heap[0]
            if due.get(key) == when:
                return heap[0]
            heappop(heap)
        return None

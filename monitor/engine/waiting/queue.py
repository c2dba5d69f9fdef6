"""The order queue: who is next, how many at a time, and what it was like to wait.

Pure bookkeeping over facts; what may be sent at all (line, engine state) is the room's question.

The order is by one number that never changes while an order waits: when it may leave at the
earliest, plus 0, 1 or 2 times `age_s` for high, normal and low. So inside a class the first come
is the first served, a higher class that was there earlier always goes first, and nobody starves:
a low order lets pass what high orders came within 2 x `age_s` after it, and none that came later.
`execute_immediately` goes before all that and is not counted in a batch.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections import deque
from typing import TypeAlias

import msgspec

from monitor.engine.orderplan import BATCH, EVALUATE_EVERY_S, MOST_WAITING
from monitor.engine.values import NS_PER_SECOND, Priority

Key: TypeAlias = tuple[int, int, int, int]
"""(not at once, virtual time, sequence, order id)"""

_RANK = {Priority.HIGH: 0, Priority.NORMAL: 1, Priority.LOW: 2}
_MINUTE_NS = 60 * NS_PER_SECOND


class QueueTerms(msgspec.Struct, frozen=True, kw_only=True):
    """`capacity` orders may wait in all, for whatever; `batch` leave in `interval_s`; waiting
    `age_s` is worth one class; conditions are evaluated `evaluate_every_s` at the latest."""

    capacity: int = MOST_WAITING
    batch: int = BATCH
    interval_s: float = 1.0
    age_s: float = 30.0
    evaluate_every_s: float = float(EVALUATE_EVERY_S)


def ns(seconds: float) -> int:
    return round(seconds * NS_PER_SECOND)


class OrderQueue:
    """`version` grows whenever somebody comes or goes."""

    def __init__(self, terms: QueueTerms) -> None:
        self._terms = terms
        self._interval_ns = ns(terms.interval_s)
        self._age_ns = ns(terms.age_s)
        self._keys: list[Key] = []
        self._key_of: dict[int, Key] = {}
        self._since: dict[int, int] = {}
        self._later: list[tuple[int, int]] = []
        self._future: set[int] = set()
        self._count = 0
        self.version = 0
        self._window_ns: int | None = None
        self._in_window = 0

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, order_id: int) -> bool:
        return order_id in self._key_of

    def add(self, order_id: int, priority: Priority, *, at_once: bool, from_ns: int) -> None:
        """`from_ns`: it may leave then at the earliest, and counts as having come then."""
        self._count += 1
        key = (not at_once, from_ns + _RANK[priority] * self._age_ns, self._count, order_id)
        insort(self._keys, key)
        self._key_of[order_id] = key
        self._since[order_id] = from_ns
        heapq.heappush(self._later, (from_ns, order_id))
        self._future.add(order_id)
        self.version += 1

    def remove(self, order_id: int) -> None:
        key = self._key_of.pop(order_id)
        del self._keys[bisect_left(self._keys, key)]
        del self._since[order_id]
        self._future.discard(order_id)
        self.version += 1

    def left(self, order_id: int, now_ns: int) -> float:
        """It was sent: out of the queue, one of its batch. Returns how many seconds it waited."""
        counted = bool(self._key_of[order_id][0])
        waited = max(0, now_ns - self._since[order_id]) / NS_PER_SECOND
        self.remove(order_id)
        if counted:
            if self._window_ns is None or now_ns >= self._window_ns + self._interval_ns:
                self._window_ns, self._in_window = now_ns, 0
            self._in_window += 1
        return waited

    def may_any_leave(self, now_ns: int) -> bool:
        """Whether it is worth asking who: there is somebody, and room in the batch or no need of it."""
        return bool(self._keys) and (not self._keys[0][0] or self.room_in_batch(now_ns))

    def candidates(self, now_ns: int) -> list[int]:
        """Who may leave by time, the next first; those beyond the batch only when at once."""
        return [key[3] for key in self._keys if self._since[key[3]] <= now_ns]

    def may_leave(self, order_id: int, now_ns: int) -> bool:
        """Whether the present batch has room for it."""
        return not self._key_of[order_id][0] or self.room_in_batch(now_ns)

    def room_in_batch(self, now_ns: int) -> bool:
        fresh = self._window_ns is None or now_ns >= self._window_ns + self._interval_ns
        return fresh or self._in_window < self._terms.batch

    def places(self) -> dict[int, int]:
        """Each order's place, from 1."""
        return {key[3]: place for place, key in enumerate(self._keys, start=1)}

    def due_ns(self, now_ns: int) -> int | None:
        """When somebody may leave who may not yet. None: nobody waits for time."""
        while self._later and (self._later[0][0] <= now_ns or not self._is_future(*self._later[0])):
            from_ns, order_id = heapq.heappop(self._later)
            if self._is_future(from_ns, order_id):
                self._future.discard(order_id)
        due = self._later[0][0] if self._later else None
        if len(self._future) < len(self._keys) and not self.room_in_batch(now_ns):
            next_batch = (self._window_ns or 0) + self._interval_ns
            return next_batch if due is None else min(due, next_batch)
        return due

    def _is_future(self, from_ns: int, order_id: int) -> bool:
        """Not taken out, nor put in again for another time."""
        return order_id in self._future and self._since[order_id] == from_ns


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Statistics that a checkpoint keeps, because the facts behind them may be forgotten."""

    sent: int = 0
    refused: int = 0
    retried: int = 0
    waited_s: float = 0.0
    longest_wait_s: float = 0.0


class Statistics:
    """What became of those that waited. `rate` is over the last minute."""

    def __init__(self) -> None:
        self.sent = self.refused = self.retried = 0
        self.longest_wait_s = 0.0
        self._waited_s = 0.0
        self._recent: deque[int] = deque()

    def note_sent(self, waited_s: float, now_ns: int) -> None:
        self.sent += 1
        self._waited_s += waited_s
        self.longest_wait_s = max(self.longest_wait_s, waited_s)
        self._recent.append(now_ns)
        self._forget(now_ns)

    @property
    def average_wait_s(self) -> float:
        return self._waited_s / self.sent if self.sent else 0.0

    def rate(self, now_ns: int) -> float:
        self._forget(now_ns)
        return len(self._recent) / 60

    def totals(self) -> Totals:
        return Totals(
            sent=self.sent,
            refused=self.refused,
            retried=self.retried,
            waited_s=self._waited_s,
            longest_wait_s=self.longest_wait_s,
        )

    def restore(self, totals: Totals) -> None:
        """As they were, whatever of it was folded again."""
        self.sent, self.refused, self.retried = totals.sent, totals.refused, totals.retried
        self._waited_s, self.longest_wait_s = totals.waited_s, totals.longest_wait_s

    def _forget(self, now_ns: int) -> None:
        while self._recent and self._recent[0] <= now_ns - _MINUTE_NS:
            self._recent.popleft()

"""What is written together: journal records with the rows they led to, and groups of those.

Owns the arithmetic of grouping (what may be merged, how much it weighs). Knows no SQL and
never waits.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterable
from operator import attrgetter

import msgspec

from monitor.engine.changes import Changes
from monitor.engine.journal import JournalRecord


class Batch(msgspec.Struct, frozen=True, gc=False):
    """One event or several, all or nothing. Records continue the session's numbering without
    a gap; either part may be empty. The store keeps it: do not change it afterwards."""

    session_id: int
    records: list[JournalRecord]
    changes: Changes

    def __len__(self) -> int:
        """How many rows it is; the unit in which waiting work is bounded."""
        return len(self.records) + row_count(self.changes)


# The parts of `Changes` that are kept a row each.
KEPT = (
    "orders",
    "trades",
    "positions",
    "accounts",
    "strategies",
    "triggers",
    "signals",
    "executions",
    "records",
    "alerts",
    "operations",
)
_kept = attrgetter(*KEPT)


def row_count(changes: Changes) -> int:
    return sum(map(len, _kept(changes))) + sum(map(len, changes.equity))


class Waiting:
    """A batch in the queue, what it weighs, and the promise to say when it is durable."""

    __slots__ = ("batch", "durable", "rows")

    def __init__(self, batch: Batch, durable: Future[None]) -> None:
        self.batch = batch
        self.rows = len(batch)
        self.durable = durable


def group(queue: Iterable[Waiting], most_rows: int) -> list[Batch]:
    """The first batches that may share a transaction: of one session, at most `most_rows`
    rows, at least one batch. A large backlog is not looked through."""
    result: list[Batch] = []
    rows = 0
    for item in queue:
        rows += item.rows
        if result and (rows > most_rows or item.batch.session_id != result[0].session_id):
            break
        result.append(item.batch)
    return result


def fold(batches: Iterable[Batch]) -> Changes:
    """Their changes as one, so that an order that changed five times is written once."""
    result = Changes()
    for batch in batches:
        result.absorb(batch.changes)
    return result

"""Puts away what is old: once at the start and once a day, beside everything else.

Owns when, and what is said of it; what is old and what stays is the store's rule. Nothing is done
while the store cannot write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from monitor.engine.klines.report import counted
from monitor.store.faults import StoreError
from monitor.store.retention import NS_PER_DAY
from monitor.store.store import Store

_AGAIN_NS = NS_PER_DAY // 24
"""After it failed."""


class Housekeeping:
    """`keep_days` 0 keeps position records where they are for ever. `tell` gets a sentence when some
    were moved."""

    def __init__(self, store: Store, keep_days: int, tell: Callable[[str], None]) -> None:
        self._store = store
        self._keep_days = keep_days
        self._tell = tell
        self._due_ns = 0
        self._task: asyncio.Task[None] | None = None

    def look(self, now_ns: int) -> None:
        """Begin when it is time. Often called, never waits."""
        busy = self._task is not None and not self._task.done()
        if not self._keep_days or busy or now_ns < self._due_ns or self._store.error:
            return
        self._due_ns = now_ns + NS_PER_DAY
        self._task = asyncio.create_task(self._put_away(now_ns), name="housekeeping")

    async def close(self) -> None:
        """What was moved stays moved; the rest waits for the next start."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _put_away(self, now_ns: int) -> None:
        try:
            moved = await self._store.archive_records(now_ns - self._keep_days * NS_PER_DAY)
        except StoreError:  # the store has told why; it is tried again
            self._due_ns = now_ns + _AGAIN_NS
            return
        if moved:
            days = counted(self._keep_days, "day")
            self._tell(f"{counted(moved, 'position record')} older than {days} moved to the archive.")

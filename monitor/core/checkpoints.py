"""Writes checkpoints of a session at a venue beside its journal, so that a start stays quick.

What is taken of the engine is taken in one turn; all that costs time is done beside it: reading
the facts since the last checkpoint, sorting out those that still matter, compressing.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from monitor.core.live import LiveSession, read_checkpoint
from monitor.engine.trading.checkpoint import Checkpoint, Present, compaction, encoded, take_present
from monitor.store.faults import StoreError
from monitor.store.store import Store

EVERY = 25_000
"""Facts between two. Folding as many takes a fraction of a second."""


class Checkpointer:
    """`seq`: the fact up to which the last one goes; `every` so many another is due."""

    def __init__(self, store: Store, every: int = EVERY) -> None:
        self._store = store
        self._every = every
        self._seq = 0
        self._task: asyncio.Task[None] | None = None

    async def begin(self, live: LiveSession | None) -> None:
        """Another session is on the stage; what it was restored from counts as its last."""
        await self.stop()
        self._seq = live.journal.seq if live is not None else 0

    async def stop(self) -> None:
        """Whatever is under way has ended afterwards."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    def look(self, session_id: int, live: LiveSession) -> None:
        """Begin one when enough has happened. In the core's turn, after publishing."""
        busy = self._task is not None and not self._task.done()
        if busy or live.journal.seq - self._seq < self._every or self._store.error:
            return
        self._seq = live.journal.seq
        present = take_present(live.trading)
        self._task = asyncio.create_task(self._write(session_id, present), name="checkpoint")

    async def _write(self, session_id: int, present: Present) -> None:
        try:
            await write_checkpoint(self._store, session_id, present)
        except StoreError:
            return  # the next one begins where this one would have; a start only takes longer


async def write_checkpoint(store: Store, session_id: int, present: Present) -> None:
    """Raises StoreError; then nothing was written."""
    await store.settle()
    before = await read_checkpoint(store, session_id, present.seq)
    sorting = compaction(present)
    from_seq = 1
    if before is not None:
        await asyncio.to_thread(sorting.take, before.kept)
        from_seq = before.present.seq + 1
    async with aclosing(store.journal_parts(session_id, from_seq, present.seq)) as parts:
        async for records in parts:
            await asyncio.to_thread(sorting.take_records, records)
    checkpoint = Checkpoint(present=present, kept=tuple(sorting.kept()))
    payload = await asyncio.to_thread(encoded, checkpoint)
    await store.put_checkpoint(session_id, present.seq, present.time_ns, payload)

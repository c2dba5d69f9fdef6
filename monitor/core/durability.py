"""What is allowed while the store cannot write, and what is said about it.

New risk waits for the disk: an order nobody would remember after a crash is not begun. Getting
out of risk is always allowed. Knows the store's state, not how it writes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from monitor.engine import commands as cmd
from monitor.engine.commands import Reply, refused
from monitor.engine.values import LogLevel
from monitor.store.faults import StoreError
from monitor.store.store import Store

NOT_DURABLE = "not-durable"
"""The guard of what is refused now and may be asked again, with the same key."""
NEW_RISK = (cmd.SubmitOrder, cmd.SubmitLinked, cmd.ReplaceOrder, cmd.DecideOrder)


class Durability:
    """Listens to the store from its making on. `say` puts a line in the log: one when the store
    falls behind, one when all of it is durable again, whatever happens in between."""

    def __init__(self, store: Store, say: Callable[[LogLevel, str], None]) -> None:
        self._store = store
        self._say = say
        self._behind = False
        self._catching_up: asyncio.Task[None] | None = None
        store.on_state = self._hear

    def refusal(self, command: cmd.AnyCommand) -> Reply | None:
        """Why not now; None for what may go on."""
        if self._store.error and isinstance(command, NEW_RISK):
            return refused(f"No new orders while they cannot be kept: {self._store.error}", NOT_DURABLE)
        return None

    def close(self) -> None:
        self._store.on_state = _nothing
        if self._catching_up is not None:
            self._catching_up.cancel()

    def _hear(self, error: str) -> None:
        if error and not self._behind:
            self._behind = True
            self._say(LogLevel.ERROR, f"{error} Until then what happens is not durable; no new orders.")
        elif not error and self._behind and self._catching_up is None:
            self._catching_up = asyncio.create_task(self._catch_up(), name="catching up")

    async def _catch_up(self) -> None:
        try:
            await self._store.flush()
        except StoreError:
            return  # broken for good; `error` says why
        finally:
            self._catching_up = None
        if not self._store.error:
            self._behind = False
            self._say(LogLevel.INFO, "The database is written again: everything so far is durable.")


def _nothing(_: str) -> None:
    pass

"""A session at a venue: its engine with the machine's clock, begun and brought back.

What was acknowledged is in the journal; a session is restored by folding its facts from the
newest checkpoint on. Knows no gateway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing

import msgspec

from monitor.core.clock import Clock
from monitor.engine import commands as cmd
from monitor.engine.changes import Changes
from monitor.engine.commands import Reply
from monitor.engine.journal import Journal, JournalRecord
from monitor.engine.options import VenueOptions
from monitor.engine.rows import SessionRow
from monitor.engine.simulation import Note
from monitor.engine.trading.checkpoint import FORMAT, Checkpoint, decoded, load
from monitor.engine.trading.terms import TradingTerms
from monitor.engine.trading.trading import Trading
from monitor.engine.values import LogLevel, World
from monitor.store.store import SavedSession, Store


class LiveConfig(msgspec.Struct, frozen=True, kw_only=True, tag="venue"):
    """What is kept of a live session's making. The addresses of `options` are those of the venues of
    `terms`, in the same order."""

    options: VenueOptions
    terms: TradingTerms
    world: World

    def url_of(self, venue: str) -> str:
        names = [terms.name for terms in self.terms.venues]
        return self.options.urls[names.index(venue)]


class LiveSession:
    """`trading` with a clock of its own, which goes on from the newest fact."""

    def __init__(
        self, config: LiveConfig, trading: Trading | None = None, clock_ns: Clock | None = None
    ) -> None:
        self.config = config
        self.trading = trading or Trading(config.terms)
        self.clock_ns = clock_ns or Clock(self.trading.now_ns)

    @property
    def journal(self) -> Journal:
        return self.trading.journal

    def handle(self, command: cmd.AnyCommand) -> Reply:
        return self.trading.handle(command, self.clock_ns())

    def take_records(self) -> list[JournalRecord]:
        return self.trading.take_records()

    def take_changes(self) -> Changes:
        return self.trading.take_changes()

    def take_notes(self) -> list[Note]:
        if news := self.clock_ns.news():
            self.trading.note(LogLevel.WARNING, "clock", news)
        return self.trading.take_notes()

    def snapshot(self) -> Changes:
        return self.trading.snapshot()

    def row(self, session_id: int, title: str, notice: str = "") -> SessionRow:
        state = self.trading.state
        return SessionRow(
            session_id=session_id,
            world=self.config.world,
            engine_state=state.engine_state,
            title=title,
            zone=self.config.terms.zone,
            notice=notice,
            engine_reason=state.engine_reason,
        )


def not_voided(changes: Changes) -> Changes:
    """What of changes belongs into the database. After a restart readers are told the present anew, of
    what ended only the newest; in the database everything stays that was written when it happened. This
    is for the telling right after a start, before positions could have changed again."""
    if not changes.cleared:
        return changes
    return msgspec.structs.replace(changes, cleared=False, records={}, equity=[])


async def load_trading(
    store: Store, session_id: int, config: LiveConfig, *, to_seq: int | None = None
) -> Trading:
    """The engine as its facts up to `to_seq` (None: all) have made it: from the newest checkpoint that
    can be read, else from the first fact."""
    trading = Trading(config.terms)
    checkpoint = await read_checkpoint(store, session_id, to_seq)
    if checkpoint is not None:
        await _breathing(load(trading, checkpoint))
    async with aclosing(store.journal_parts(session_id, trading.journal.seq + 1, to_seq)) as parts:
        async for records in parts:
            await _breathing(trading.restore(records))
    return trading


async def read_checkpoint(store: Store, session_id: int, to_seq: int | None = None) -> Checkpoint | None:
    kept = await store.latest_checkpoint(session_id, to_seq, format=FORMAT)
    return await asyncio.to_thread(decoded, kept.payload) if kept is not None else None


async def _breathing(work: Iterator[None]) -> None:
    for _ in work:
        await asyncio.sleep(0)


async def restore_live(store: Store, saved: SavedSession, config: LiveConfig) -> LiveSession:
    """The session as it was, its lines lost, ready to compare itself with its venue."""
    trading = await load_trading(store, saved.session_id, config)
    live = LiveSession(config, trading)
    trading.resume(live.clock_ns())
    return live

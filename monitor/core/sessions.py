"""Beginning a replay session in the store, and bringing the last one back after a restart.

What was acknowledged is in the journal; a session is restored by making its run again and
holding it against the journal, byte for byte. Where that is impossible the rows are shown as
they were written, read-only, and the reason is said.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from monitor.engine.changes import Changes
from monitor.engine.options import ReplayOptions
from monitor.engine.plans import make_plan
from monitor.engine.rows import SessionRow
from monitor.engine.session import Plan, ReplaySession
from monitor.engine.terms import zone_of
from monitor.engine.values import EngineState, World
from monitor.store.database import StoreError
from monitor.store.store import SavedSession, Store


class SessionConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a session's making. `digest` is the SHA-256 of the data file's bytes."""

    options: ReplayOptions
    digest: str


class Opened(msgspec.Struct, kw_only=True):
    """A session that is open: live, or (`shown`) only its rows as they were written."""

    session_id: int
    options: ReplayOptions
    row: SessionRow
    session: ReplaySession | None = None
    shown: Changes | None = None
    last_operation: int = 0


async def begin(store: Store, options: ReplayOptions, now_ns: int) -> Opened:
    """A new session of these options. Raises what `make_plan` raises, and StoreError."""
    whole = _absolute(options)
    plan = await asyncio.to_thread(make_plan, whole)
    return await _begin(store, plan, whole, now_ns)


async def begin_again(store: Store, opened: Opened, now_ns: int) -> Opened:
    """The same replay from its beginning as a session of its own, the old one forgotten: a
    replay that runs in circles would otherwise fill the disk with rounds nobody looks at."""
    assert opened.session is not None
    fresh = await _begin(store, opened.session.plan, opened.options, now_ns)
    await store.drop_session(opened.session_id)
    return fresh


async def _begin(store: Store, plan: Plan, options: ReplayOptions, now_ns: int) -> Opened:
    config = SessionConfig(options=options, digest=plan.series.digest)
    title = _title(plan)
    session_id = await store.begin_session(
        created_ns=now_ns, world=World.REPLAY, title=title, config=msgspec.json.encode(config)
    )
    row = _row(session_id, title, plan.instrument.zone)
    return Opened(session_id=session_id, options=options, row=row, session=ReplaySession(plan))


async def restore(store: Store, saved: SavedSession) -> Opened:
    """The saved session as it was. Never raises for what happened to its file or strategy."""
    config = msgspec.json.decode(saved.config, type=SessionConfig)
    rows = await store.rows(saved.session_id)
    last = max((operation.operation_id for operation in rows.operations), default=0)
    try:
        session = await _rebuild(store, saved, config)
    except (ValueError, StoreError) as error:
        return _shown_only(saved, config, rows, str(error), last)
    bar = session.bar
    row = _row(saved.session_id, saved.title, session.plan.instrument.zone, notice=_welcome(saved, bar))
    return Opened(
        session_id=saved.session_id, options=config.options, row=row, session=session, last_operation=last
    )


async def _rebuild(store: Store, saved: SavedSession, config: SessionConfig) -> ReplaySession:
    records = await store.journal(saved.session_id)
    plan = await asyncio.to_thread(make_plan, config.options)
    if plan.series.digest != config.digest:
        raise ValueError(f"{Path(config.options.file).name} is not the file that was replayed")
    session = ReplaySession(plan)
    for _ in session.restore(records):
        await asyncio.sleep(0)
    return session


def _shown_only(
    saved: SavedSession, config: SessionConfig, rows: Changes, reason: str, last_operation: int
) -> Opened:
    notice = f"This session is shown as it was recorded and cannot go on: {reason}."
    options = config.options
    row = _row(saved.session_id, saved.title, zone_of(options, options.symbol), notice=notice, read_only=True)
    rows.cleared = True
    rows.seq = saved.last_seq
    return Opened(
        session_id=saved.session_id, options=options, row=row, shown=rows, last_operation=last_operation
    )


def _absolute(options: ReplayOptions) -> ReplayOptions:
    """The same files from whatever folder the program is started next time."""
    strategy = options.strategy
    if ".py" in strategy:
        path, _, class_name = strategy.partition(".py")
        strategy = f"{Path(path + '.py').resolve()}{class_name}"
    return msgspec.structs.replace(options, file=str(Path(options.file).resolve()), strategy=strategy)


def _welcome(saved: SavedSession, bar: int) -> str:
    how = "" if saved.ended_cleanly else " after an unexpected end"
    return f"Restored{how} at bar {bar:,}. Space plays on." if bar else ""


def _title(plan: Plan) -> str:
    return f"{plan.instrument.symbol} {plan.strategies[0].name} on {plan.series.report.file}"


def _row(session_id: int, title: str, zone: str, *, notice: str = "", read_only: bool = False) -> SessionRow:
    return SessionRow(
        session_id=session_id,
        world=World.REPLAY,
        engine_state=EngineState.NORMAL,
        title=title,
        zone=zone,
        notice=notice,
        read_only=read_only,
    )

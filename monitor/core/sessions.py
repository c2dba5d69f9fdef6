"""Beginning a replay session in the store, and bringing the last one back after a restart.

What was acknowledged is in the journal; a session is restored by making its run again and
holding it against the journal, byte for byte. Where that is impossible the rows are shown as
they were written, read-only, and the reason is said.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from pathlib import Path

import msgspec

from monitor.core.live import LiveConfig, LiveSession, restore_live
from monitor.engine.changes import Changes
from monitor.engine.host import safe_text
from monitor.engine.options import ReplayOptions
from monitor.engine.plans import make_plan
from monitor.engine.rows import SessionRow, StrategyRow
from monitor.engine.session import Plan, ReplaySession
from monitor.engine.values import EngineState, StrategyState, World
from monitor.store.faults import StoreError
from monitor.store.store import SavedSession, Store

KEPT_SESSIONS = 10


class SessionConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a session's making. `digest` is the SHA-256 of the data file's bytes,
    `strategy_digest` that of a strategy file's, "" for a shipped strategy."""

    options: ReplayOptions
    digest: str
    strategy_digest: str = ""
    zone: str = "UTC"


class Opened(msgspec.Struct, kw_only=True):
    """A session that is open: a replay (`session`), one at a venue (`live`), or (`shown`) only its
    rows as they were written. `options` is what it was made of, None at a venue."""

    session_id: int
    options: ReplayOptions | None
    row: SessionRow
    session: ReplaySession | None = None
    live: LiveSession | None = None
    shown: Changes | None = None
    last_operation: int = 0
    strategy_digest: str = ""
    restored: bool = False


async def begin(store: Store, options: ReplayOptions, now_ns: int) -> Opened:
    """A new session of these options. Raises what `make_plan` raises, and StoreError."""
    whole = _absolute(options)
    plan = await asyncio.to_thread(make_plan, whole)
    return await _begin(store, plan, whole, now_ns)


async def begin_again(store: Store, opened: Opened, now_ns: int, *, forget: bool) -> Opened:
    """The same replay from its beginning, as a session with a journal of its own: a restart
    reads only what still counts. ValueError for what is no replay. `forget` drops the old one,
    for a replay that runs in circles: its rounds, which nobody looks at, would fill the disk."""
    if opened.options is None:
        raise ValueError("what happened at a venue cannot begin again")
    edited = digest_of(opened.options.strategy) != opened.strategy_digest
    if opened.session is None or edited:
        fresh = await begin(store, opened.options, now_ns)
    else:
        fresh = await _begin(store, opened.session.plan, opened.options, now_ns)
    if forget:
        with contextlib.suppress(StoreError):  # it goes with the next pruning
            await store.drop_session(opened.session_id)
    return fresh


async def _begin(store: Store, plan: Plan, options: ReplayOptions, now_ns: int) -> Opened:
    strategy_digest = digest_of(options.strategy)
    config = SessionConfig(
        options=options,
        digest=plan.series.digest,
        strategy_digest=strategy_digest,
        zone=plan.instrument.zone,
    )
    title = _title(plan)
    session_id = await store.begin_session(
        created_ns=now_ns, world=World.REPLAY, title=title, config=msgspec.json.encode(config)
    )
    with contextlib.suppress(StoreError):  # housekeeping: the next session tries again
        await store.prune_sessions(KEPT_SESSIONS)
    row = _row(session_id, title, plan.instrument.zone)
    return Opened(
        session_id=session_id,
        options=options,
        row=row,
        session=ReplaySession(plan),
        strategy_digest=strategy_digest,
    )


async def begin_live(store: Store, config: LiveConfig, now_ns: int) -> Opened:
    """A new session at a venue. Raises StoreError."""
    title = live_title(config)
    session_id = await store.begin_session(
        created_ns=now_ns, world=config.world, title=title, config=msgspec.json.encode(config)
    )
    live = LiveSession(config)
    live.trading.resume(live.clock_ns())
    return Opened(session_id=session_id, options=None, row=live.row(session_id, title), live=live)


def live_title(config: LiveConfig) -> str:
    names = ", ".join(venue.name for venue in config.terms.venues)
    accounts = ", ".join(account.account_id for account in config.terms.accounts if not account.watched)
    return f"{names}: {accounts}" if accounts else names


async def _restore_live(store: Store, saved: SavedSession) -> Opened:
    config = msgspec.json.decode(saved.config, type=LiveConfig)
    live = await restore_live(store, saved, config)
    notice = "" if saved.ended_cleanly else "Restored after an unexpected end."
    return Opened(
        session_id=saved.session_id,
        options=None,
        row=live.row(saved.session_id, saved.title, notice),
        live=live,
        last_operation=await store.last_operation(saved.session_id),
        restored=True,
    )


async def restore(store: Store, saved: SavedSession) -> Opened:
    """The saved session as it was. Never raises for what happened to its file, its strategy or
    its rows: then it is shown as far as it can be read, and the reason is said."""
    if saved.world != World.REPLAY:
        try:
            return await _restore_live(store, saved)
        except Exception as error:  # noqa: BLE001 a journal that cannot be folded is shown, never traded on
            return await _shown_only(store, saved, safe_text(error) or type(error).__name__)
    try:
        config = msgspec.json.decode(saved.config, type=SessionConfig)
        session = await _rebuild(store, saved, config)
    except Exception as error:  # noqa: BLE001 whatever became of file or strategy: the program starts
        return await _shown_only(store, saved, safe_text(error) or type(error).__name__)
    row = _row(
        saved.session_id, saved.title, session.plan.instrument.zone, notice=_welcome(saved, session.bar)
    )
    return Opened(
        session_id=saved.session_id,
        options=config.options,
        row=row,
        session=session,
        last_operation=await store.last_operation(saved.session_id),
        strategy_digest=config.strategy_digest,
    )


async def _rebuild(store: Store, saved: SavedSession, config: SessionConfig) -> ReplaySession:
    records = await store.journal(saved.session_id)
    plan = await asyncio.to_thread(make_plan, config.options)
    if plan.series.digest != config.digest:
        raise ValueError(f"{Path(config.options.file).name} is not the file that was replayed")
    session = ReplaySession(plan)
    try:
        for _ in session.restore(records):
            await asyncio.sleep(0)
    except ValueError as error:
        raise ValueError(_why_different(config, str(error))) from error
    return session


def _why_different(config: SessionConfig, error: str) -> str:
    if digest_of(config.options.strategy) != config.strategy_digest:
        name = Path(config.options.strategy).name
        return f"{name} has changed since, and would have traded differently"
    return error


async def _shown_only(store: Store, saved: SavedSession, reason: str) -> Opened:
    """The rows as they were written, if even they can be read."""
    try:
        rows = await store.rows(saved.session_id)
        last_operation = await store.last_operation(saved.session_id)
    except StoreError as error:
        rows, last_operation = Changes(), 0
        reason = f"{reason.rstrip('.')}; its rows cannot be read: {error}"
    try:
        config = msgspec.json.decode(saved.config, type=SessionConfig)
    except ValueError:
        config = SessionConfig(options=ReplayOptions(file="", strategy=""), digest="")
    notice = f"This session is shown as it was recorded and cannot go on: {reason.rstrip('.')}."
    rows.cleared, rows.seq = True, saved.last_seq
    rows.strategies = {i: _at_rest(strategy) for i, strategy in rows.strategies.items()}
    row = _row(saved.session_id, saved.title, config.zone, notice=notice, read_only=True)
    row = msgspec.structs.replace(row, world=World(saved.world))
    return Opened(
        session_id=saved.session_id,
        options=config.options if saved.world == World.REPLAY else None,
        row=row,
        shown=rows,
        last_operation=last_operation,
    )


def _at_rest(row: StrategyRow) -> StrategyRow:
    """Nothing runs in a session that is only shown."""
    if row.state is not StrategyState.RUNNING:
        return row
    return msgspec.structs.replace(row, state=StrategyState.STOPPED)


def digest_of(strategy: str) -> str:
    """SHA-256 of a strategy file's bytes; "" for a shipped one or a file that is gone."""
    path = Path(strategy.partition(".py")[0] + ".py")
    if ".py" not in strategy or not path.is_file():
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _absolute(options: ReplayOptions) -> ReplayOptions:
    """The same files from whatever folder the program is started next time."""
    strategy = options.strategy
    if ".py" in strategy:
        path, _, class_name = strategy.partition(".py")
        strategy = f"{Path(path + '.py').resolve()}{class_name}"
    return msgspec.structs.replace(options, file=str(Path(options.file).resolve()), strategy=strategy)


def _welcome(saved: SavedSession, bar: int) -> str:
    how = "" if saved.ended_cleanly else " after an unexpected end"
    return f"Restored{how} at bar {bar:,}." if bar else ""


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

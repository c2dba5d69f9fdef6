"""Looking back: the state at any past moment of the open session's journal, read-only.

A moment is a number of the journal; what is shown is what front ends saw when that fact had been
published. A live session is folded up to it, a replay is played again up to it; both apart
from the session that goes on. Changes nothing.
"""

from __future__ import annotations

import asyncio

import msgspec

from monitor.boundary import PastMoment
from monitor.core.live import LiveSession, load_trading
from monitor.core.sessions import Opened
from monitor.engine.changes import Changes
from monitor.engine.session import ReplaySession
from monitor.store.store import Store


class NoSuchMomentError(ValueError):
    """The journal does not reach there; the text says so."""


async def span(store: Store, opened: Opened) -> PastMoment:
    """How far the journal reaches: its last moment."""
    found = await store.journal_span(opened.session_id)
    if found is None:
        raise NoSuchMomentError("Nothing has been recorded yet.")
    return PastMoment(
        seq=found.last_seq,
        time_ns=found.last_ns,
        first_seq=found.first_seq,
        first_ns=found.first_ns,
        last_seq=found.last_seq,
        last_ns=found.last_ns,
    )


async def look_at(
    store: Store, opened: Opened, seq: int | None, time_ns: int | None
) -> tuple[PastMoment, Changes]:
    """The moment that is meant, and everything as it was then."""
    reach = await span(store, opened)
    if seq is None and time_ns is not None:
        seq = await store.seq_at(opened.session_id, time_ns)
    seq = reach.last_seq if seq is None else seq
    if not reach.first_seq <= seq <= reach.last_seq:
        raise NoSuchMomentError(f"The journal has the moments {reach.first_seq:,} to {reach.last_seq:,}.")
    if opened.live is not None:
        at_ns, changes = await _live(store, opened, opened.live, seq)
    elif opened.session is not None:
        at_ns, changes = await _replay(store, opened, opened.session, seq)
    else:
        raise NoSuchMomentError("A session that is only shown has no other moments.")
    row = msgspec.structs.replace(opened.row, past_seq=seq, past_ns=at_ns, read_only=True, notice="")
    changes.session, changes.seq, changes.cleared = row, seq, True
    return msgspec.structs.replace(reach, seq=seq, time_ns=at_ns), changes


async def _live(store: Store, opened: Opened, live: LiveSession, seq: int) -> tuple[int, Changes]:
    trading = await load_trading(store, opened.session_id, live.config, to_seq=seq)
    changes = trading.snapshot()
    state = trading.state
    row = opened.row
    opened_row = msgspec.structs.replace(row, engine_state=state.engine_state)
    changes.session = opened_row
    return trading.now_ns, changes


async def _replay(store: Store, opened: Opened, session: ReplaySession, seq: int) -> tuple[int, Changes]:
    """Play it again to the bar that was reached then: what lies inside a bar became visible with it."""
    records = await store.journal(opened.session_id, 1, seq)
    past = ReplaySession(session.plan)
    for _ in past.reach(records):
        await asyncio.sleep(0)
    return records[-1].time_ns, past.snapshot()

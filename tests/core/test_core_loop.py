"""A replay that runs in circles: forever, in bounded space."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from core_world import CoreWorld, options, wave, write_bars

from monitor.core.core import Core
from monitor.engine.commands import SeekReplay
from monitor.store.store import Store


def count(database: Path, table: str) -> int:
    with sqlite3.connect(database) as reader:
        return int(reader.execute(f"select count(*) from {table}").fetchone()[0])


async def test_rounds_do_not_pile_up(tmp_path: Path) -> None:
    file = write_bars(tmp_path / "bars.csv", wave(300))
    database = tmp_path / "db.sqlite"
    store = await Store.open(database)
    core = Core(store, loop_replay=True, window=False)
    await core.open(options(file), options(file))
    world = CoreWorld(core)
    running = asyncio.create_task(core.run())
    core.play(None)
    rounds = set()
    while len(rounds) < 4:
        session = world.now.session
        assert session is not None
        rounds.add(session.session_id)
        await asyncio.sleep(0.005)
    core.stop()
    await running
    await core.close()
    await store.close()
    assert count(database, "sessions") == 1
    assert count(database, "equity_samples") <= 300
    assert core.outbox.take() is None


async def test_a_lock_at_the_end_of_a_round_is_waited_for(tmp_path: Path) -> None:
    file = write_bars(tmp_path / "bars.csv", wave(300))
    database = tmp_path / "db.sqlite"
    store = await Store.open(database)
    core = Core(store, loop_replay=True, window=False)
    await core.open(options(file), options(file))
    world = CoreWorld(core)
    running = asyncio.create_task(core.run())
    first = world.now.session
    with sqlite3.connect(database, isolation_level=None) as other:
        other.execute("begin immediate")
        core.play(None)
        await world.until_bar(300)
        await asyncio.sleep(1.5)  # the lock outlasts SQLite's own patience
        assert world.now.session == first
        other.execute("rollback")
    await world.until_another_session(first)
    core.stop()
    await running
    await core.close()
    await store.close()


async def test_a_round_that_was_put_off_does_not_interrupt_what_somebody_did_since(tmp_path: Path) -> None:
    file = write_bars(tmp_path / "bars.csv", wave(300))
    store = await Store.open(tmp_path / "db.sqlite")
    core = Core(store, loop_replay=True, window=False)
    await core.open(options(file), options(file))
    world = CoreWorld(core)
    await core.submit(SeekReplay(bar=40))
    session = world.now.session
    await core.ended()  # what the heartbeat does once the lock is gone
    assert world.now.session == session
    assert world.now.replay is not None
    assert world.now.replay.bar == 40
    await core.close()
    await store.close()

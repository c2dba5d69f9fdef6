"""Old position records are put away and none is lost; sessions that traded are never dropped."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from database_places import OtherProgram, Place
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection
from store_world import begin, nth_batch, record, records

from monitor.boundary import RecordQuery
from monitor.engine.changes import Changes
from monitor.engine.rows import PositionRecordRow
from monitor.engine.values import RecordType, World
from monitor.store import Batch, Store, StoreError, pages, retention

AUDITED = {RecordType.ADJUSTMENT, RecordType.CORRECTION}
quick = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


async def trading(store: Store, world: World = World.LIVE) -> int:
    return await store.begin_session(created_ns=1, world=world, title="t", config=b"")


async def keep(store: Store, session_id: int, rows: list[PositionRecordRow]) -> None:
    await store.write(Batch(session_id, [], Changes(records={row.record_id: row for row in rows})))


async def shown(store: Store, session_id: int, *, archive: bool) -> list[PositionRecordRow]:
    query = RecordQuery(include_archive=archive)
    return [row async for part in store.all_position_records(session_id, query) for row in part]


def by_time(rows: list[PositionRecordRow]) -> list[PositionRecordRow]:
    return sorted(rows, key=lambda row: (row.time_ns, row.record_id))


@quick
@given(
    rows=st.lists(st.tuples(st.integers(1, 20), st.sampled_from(RecordType)), max_size=30),
    moments=st.lists(st.integers(0, 21), max_size=4),
    part=st.integers(1, 7),
)
async def test_what_is_old_moves_and_nothing_is_lost(
    store: Store, rows: list[tuple[int, RecordType]], moments: list[int], part: int
) -> None:
    kept = [record(i, time_ns=time_ns, type=kind) for i, (time_ns, kind) in enumerate(rows, 1)]
    await store.archive_records(100)  # what the example before has left
    session_id = await trading(store)
    await keep(store, session_id, kept)
    latest = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retention, "PART_RECORDS", part)
        patch.setattr(pages, "PART_RECORDS", part)
        for moment in moments:
            due = [r for r in kept if latest <= r.time_ns < moment and r.type not in AUDITED]
            assert await store.archive_records(moment) == len(due)
            assert await store.archive_records(moment) == 0
            latest = max(latest, moment)
        assert await shown(store, session_id, archive=True) == by_time(kept)
        left = [row for row in kept if row.time_ns >= latest or row.type in AUDITED]
        assert await shown(store, session_id, archive=False) == by_time(left)
    newest = list(range(len(kept), 0, -1))
    every = await store.position_records(session_id, RecordQuery(include_archive=True, size=100))
    assert (every.total, sorted((r.record_id for r in every.records), reverse=True)) == (len(kept), newest)


async def test_the_records_of_a_replay_are_as_old_as_its_data_and_stay(store: Store) -> None:
    replay, simulated = await trading(store, World.REPLAY), await trading(store, World.SIMULATED)
    for session_id in (replay, simulated):
        await keep(store, session_id, [record(1)])
    assert await store.archive_records(10) == 1
    assert len(await shown(store, replay, archive=False)) == 1
    assert await shown(store, simulated, archive=False) == []


async def test_a_record_written_again_after_it_was_moved_is_there_once_more_moved(store: Store) -> None:
    session_id = await trading(store)
    for note in ("", "seen again"):
        await keep(store, session_id, [record(1, note=note)])
        assert await store.archive_records(10) == 1
    (found,) = await shown(store, session_id, archive=True)
    assert found.note == "seen again"


async def test_a_clear_takes_the_archive_along(store: Store) -> None:
    session_id = await trading(store)
    await keep(store, session_id, [record(1)])
    await store.archive_records(10)
    await store.write(Batch(session_id, [], Changes(cleared=True)))
    assert await shown(store, session_id, archive=True) == []


async def test_the_journal_goes_on_between_two_parts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PART_RECORDS", 5)
    session_id = await trading(store)
    await keep(store, session_id, [record(i) for i in range(1, 51)])
    order: list[str] = []

    def write_on(_: object) -> None:
        order.append("commit")
        if len(order) == 1:
            durable = store.write(Batch(session_id, records(1), Changes()))
            durable.add_done_callback(lambda _: order.append("durable"))

    event.listen(store._database.engine.sync_engine, "commit", write_on)
    assert await store.archive_records(1000) == 50
    assert order.index("durable") < 5


# Failures -----------------------------------------------------------------------------------
async def test_a_locked_database_refuses_at_once_and_what_was_not_moved_is_where_it_was(
    store: Store, other_program: OtherProgram
) -> None:
    session_id = await trading(store)
    await keep(store, session_id, [record(i) for i in range(1, 4)])
    await other_program.lock()
    with pytest.raises(StoreError, match="another program has locked it"):
        await store.archive_records(10)
    assert len(await shown(store, session_id, archive=False)) == 3
    await other_program.unlock()
    assert await store.archive_records(10) == 3
    assert len(await shown(store, session_id, archive=True)) == 3


@pytest.mark.parametrize("part", [1, 2, 3])
async def test_a_disk_that_is_full_half_way_loses_nothing(
    store: Store, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id, parts, really = await trading(store), count(1), retention.archive_part
    kept = [record(i) for i in range(1, 6)]
    await keep(store, session_id, kept)

    async def fails(connection: AsyncConnection, session_id: int, before_ns: int) -> int:
        moved = await really(connection, session_id, before_ns)
        if next(parts) == part:
            raise OSError(28, "No space left on device")
        return moved

    monkeypatch.setattr(retention, "PART_RECORDS", 2)
    monkeypatch.setattr(retention, "archive_part", fails)
    with pytest.raises(StoreError, match="cannot be written: No space left"):
        await store.archive_records(10)
    assert len(await shown(store, session_id, archive=False)) == 5 - 2 * (part - 1)
    assert await shown(store, session_id, archive=True) == kept
    assert await store.archive_records(10) == 5 - 2 * (part - 1)
    assert await shown(store, session_id, archive=True) == kept


# Sessions -----------------------------------------------------------------------------------
async def test_only_replays_are_pruned_to_the_newest(store: Store, place: Place) -> None:
    worlds = [World.LIVE, *[World.REPLAY] * 3, World.SIMULATED, World.REPLAY, World.LIVE]
    begun = [await trading(store, world) for world in worlds]
    for session_id in begun:
        await store.write(nth_batch(session_id, 0))
    await store.prune_sessions(2)
    left = [entry.session_id for entry in await store.sessions()]
    assert left == [begun[i] for i in (6, 5, 4, 3, 0)]
    assert len((await store.rows(begun[0])).records) == 1


async def test_a_session_that_traded_is_not_forgotten(store: Store) -> None:
    for world in (World.LIVE, World.SIMULATED):
        session_id = await trading(store, world)
        await store.write(nth_batch(session_id, 0))
        with pytest.raises(ValueError, match="traded"):
            await store.drop_session(session_id)
        assert len(await store.journal(session_id)) == 3


async def test_a_replay_is_forgotten_with_all_it_had(store: Store, other_program: OtherProgram) -> None:
    session_id = await begin(store)
    await store.write(nth_batch(session_id, 0))
    await store.put_checkpoint(session_id, 1, 1, b"state")
    await store.drop_session(session_id)
    for table in ("journal", "signals", "executions", "alerts", "position_records", "checkpoints"):
        assert await other_program.do(f"SELECT count(*) FROM {table}") == [(0,)]
    assert await other_program.do("SELECT count(*) FROM checkpoint_parts") == [(0,)]


async def test_sessions_are_listed_with_their_times(store: Store) -> None:
    empty, full = await begin(store), await trading(store)
    await store.write(Batch(full, records(1, 4), Changes()))
    found: list[Any] = [(e.session_id, e.world, e.title, e.first_ns, e.last_ns, e.last_seq)
                        for e in await store.sessions()]  # fmt: skip
    assert found == [(full, "LIVE", "t", 1000, 4000, 4), (empty, "REPLAY", "au2512 · 回放", None, None, 0)]


async def test_the_last_session_of_a_world_is_found_again(store: Store) -> None:
    live, replay = await trading(store), await begin(store)
    await store.write(Batch(live, records(1), Changes()))
    found = await store.last_session(World.LIVE, World.SIMULATED)
    assert found is not None
    assert (found.session_id, found.last_seq, store.durable_seq) == (live, 1, 1)
    await store.write(Batch(live, records(2), Changes()))
    assert store.durable_seq == 2
    other = await store.session(replay)
    assert other is not None
    assert other.session_id == replay
    assert await store.last_session(World.SIMULATED) is None
    assert await store.session(77) is None

"""Checkpoints: whole or not there, never ahead of the journal, passed over when damaged; and the
journal read from where they end.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from database_places import OtherProgram, Place
from hypothesis import HealthCheck, example, given, settings, strategies as st
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection
from store_world import begin, records

from monitor.engine.changes import Changes
from monitor.engine.journal import JournalRecord
from monitor.store import Batch, Store, StoreError, checkpoints, timeline
from monitor.store.checkpoints import (
    MOST_STRETCHES,
    NEWEST,
    PART_BYTES,
    STRETCH_FACTS,
    Checkpoint,
    staying,
)

quick = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
LARGE = bytes(range(256)) * (PART_BYTES // 100)


async def recorded(store: Store, count: int) -> int:
    session_id = await begin(store)
    await store.write(Batch(session_id, records(1, count), Changes()))
    return session_id


async def at(store: Store, session_id: int, seq: int | None = None) -> int | None:
    found = await store.latest_checkpoint(session_id, seq)
    return None if found is None else found.seq


# Kept ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("payload", [b"", b"\0\xff'\\\"", bytes(PART_BYTES), LARGE], ids=len)
async def test_a_checkpoint_comes_back_as_it_was(store: Store, place: Place, payload: bytes) -> None:
    session_id = await recorded(store, 5)
    assert await store.latest_checkpoint(session_id) is None
    await store.put_checkpoint(session_id, 3, 3000, payload)
    await store.close()
    again = await Store.open(place.address)
    found = await again.latest_checkpoint(session_id)
    assert found == Checkpoint(seq=3, time_ns=3000, payload=payload)
    assert await at(again, session_id, 3) == 3
    assert await at(again, session_id, 2) is None
    await again.close()


async def test_of_several_the_newest_before_is_found(store: Store) -> None:
    session_id, other = await recorded(store, 9), await recorded(store, 9)
    for seq in (2, 5, 7):
        await store.put_checkpoint(session_id, seq, seq, b"%d" % seq)
    await store.put_checkpoint(other, 9, 9, b"another session's")
    assert [await at(store, session_id, seq) for seq in range(1, 10)] == [None, 2, 2, 2, 5, 5, 7, 7, 7]


async def test_one_of_a_number_takes_the_place_of_the_one_before(store: Store) -> None:
    session_id = await recorded(store, 3)
    for payload in (LARGE, b"short"):
        await store.put_checkpoint(session_id, 2, 2, payload)
    found = await store.latest_checkpoint(session_id)
    assert found is not None
    assert found.payload == b"short"


async def test_what_another_program_made_is_passed_over(store: Store) -> None:
    session_id = await recorded(store, 3)
    await store.put_checkpoint(session_id, 1, 1, b"ours", format=1)
    await store.put_checkpoint(session_id, 2, 2, b"theirs", format=2)
    assert await at(store, session_id) == 1
    theirs = await store.latest_checkpoint(session_id, format=2)
    assert theirs is not None
    assert theirs.payload == b"theirs"


@given(seqs=st.sets(st.integers(1, 40 * STRETCH_FACTS), max_size=60))
@example(seqs=set(range(10_000, 100 * STRETCH_FACTS, 10_000)))
def test_those_that_stay_are_few_and_reach_everywhere(seqs: set[int]) -> None:
    kept = staying(seqs)
    assert kept <= seqs
    assert len(kept) <= NEWEST + MOST_STRETCHES
    assert set(sorted(seqs)[-NEWEST:]) <= kept
    assert not seqs or min(seqs) in kept
    stretch = max(STRETCH_FACTS, 4 * max(seqs, default=0) // MOST_STRETCHES)
    for seq in seqs:
        assert any(0 <= seq - other < stretch for other in kept)


@given(seqs=st.lists(st.integers(1, 20 * STRETCH_FACTS), unique=True, max_size=40).map(sorted))
def test_to_thin_out_again_and_again_is_to_thin_out_once(seqs: list[int]) -> None:
    kept: set[int] = set()
    for seq in seqs:
        kept = staying(kept | {seq})
    assert kept <= set(seqs)
    stretches = {seq // (4 * STRETCH_FACTS) for seq in kept}
    assert stretches == {seq // (4 * STRETCH_FACTS) for seq in seqs}


async def test_those_that_need_not_stay_are_gone_with_their_parts(
    store: Store, other_program: OtherProgram
) -> None:
    session_id = await recorded(store, 9)
    for seq in range(1, 9):
        await store.put_checkpoint(session_id, seq, seq, b"x")
    for table in ("checkpoints", "checkpoint_parts"):
        assert await other_program.do(f"SELECT seq FROM {table} ORDER BY seq") == [(1,), (6,), (7,), (8,)]


# Never ahead --------------------------------------------------------------------------------
async def test_none_is_made_of_what_was_not_written(store: Store) -> None:
    session_id = await recorded(store, 3)
    for session, seq in ((session_id, 4), (77, 1)):
        with pytest.raises(ValueError, match="was not written yet"):
            await store.put_checkpoint(session, seq, 1, b"")


async def test_the_journal_is_on_disk_before_it(store: Store, session_id: int) -> None:
    order: list[str] = []
    event.listen(
        store._database.engine.sync_engine, "commit", lambda _: order.append(f"commit {store.durable_seq}")
    )
    store.write(Batch(session_id, records(1, 4), Changes()))
    await store.put_checkpoint(session_id, 4, 4, LARGE)
    assert order[0] == "commit 0"
    assert len(order) == 1 + 1 + -(-len(LARGE) // PART_BYTES) + 1
    assert set(order[1:]) == {"commit 4"}


async def test_one_that_is_ahead_of_a_journal_that_lost_its_end_is_passed_over(
    store: Store, other_program: OtherProgram
) -> None:
    session_id = await recorded(store, 9)
    for seq in (3, 8):
        await store.put_checkpoint(session_id, seq, seq, b"x")
    await other_program.do("DELETE FROM journal WHERE seq > 5")
    assert await at(store, session_id) == 3


async def test_the_journal_goes_on_between_two_parts(store: Store, session_id: int) -> None:
    store.write(Batch(session_id, records(1), Changes()))
    writing = asyncio.create_task(store.put_checkpoint(session_id, 1, 1, LARGE * 10))
    first_commit = asyncio.Event()
    event.listen(store._database.engine.sync_engine, "commit", lambda _: first_commit.set())
    await first_commit.wait()
    for seq in range(2, 6):
        await store.write(Batch(session_id, records(seq), Changes()))
    assert not writing.done()
    await writing
    assert await at(store, session_id) == 1


# Failures -----------------------------------------------------------------------------------
DAMAGES = [
    "UPDATE checkpoint_parts SET payload = {other} WHERE seq = 6 AND part = 1",
    "DELETE FROM checkpoint_parts WHERE seq = 6 AND part = 0",
    "DELETE FROM checkpoint_parts WHERE seq = 6",
    "UPDATE checkpoints SET parts = 1 WHERE seq = 6",
    "UPDATE checkpoints SET digest = 'x' WHERE seq = 6",
]


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_one_is_passed_over_for_the_one_before(
    store: Store, other_program: OtherProgram, place: Place, damage: str
) -> None:
    session_id = await recorded(store, 9)
    for seq in (2, 6):
        await store.put_checkpoint(session_id, seq, seq, LARGE)
    other = "'other'::bytea" if place.kind == "postgresql" else "X'6f74686572'"
    await other_program.do(damage.format(other=other))
    assert await at(store, session_id) == 2
    await store.put_checkpoint(session_id, 6, 6, LARGE)
    assert await at(store, session_id) == 6


async def test_a_locked_database_refuses_at_once(store: Store, other_program: OtherProgram) -> None:
    session_id = await recorded(store, 2)
    await store.put_checkpoint(session_id, 1, 1, b"before")
    await other_program.lock()
    with pytest.raises(StoreError, match="another program has locked it"):
        await store.put_checkpoint(session_id, 2, 2, b"after")
    assert await at(store, session_id) == 1
    await other_program.unlock()
    await store.put_checkpoint(session_id, 2, 2, b"after")
    assert await at(store, session_id) == 2


@pytest.mark.parametrize("step", ["put_part", "finish"])
async def test_a_disk_that_is_full_half_way_leaves_the_one_before(
    store: Store, other_program: OtherProgram, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id, really = await recorded(store, 4), getattr(checkpoints, step)
    await store.put_checkpoint(session_id, 1, 1, LARGE)

    async def fails(connection: AsyncConnection, *rest: object) -> None:
        await really(connection, *rest)
        if step == "finish" or rest[2] == 2:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, step, fails)
        with pytest.raises(StoreError, match="cannot be written: No space left"):
            await store.put_checkpoint(session_id, 3, 3, LARGE)
    assert await at(store, session_id) == 1
    await store.write(Batch(session_id, records(5), Changes()))
    await store.put_checkpoint(session_id, 4, 4, b"x")
    assert await at(store, session_id) == 4
    left = await other_program.do("SELECT DISTINCT seq FROM checkpoint_parts ORDER BY seq")
    assert left == [(1,), (4,)]


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_a_file_that_vanishes_refuses_it_and_its_return_is_enough(
    store: Store, place: Place, tmp_path: Path
) -> None:
    session_id = await recorded(store, 4)
    place.file.rename(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="moved, deleted or replaced"):
        await store.put_checkpoint(session_id, 3, 3, LARGE)
    with pytest.raises(StoreError, match="moved, deleted or replaced"):
        await store.archive_records(10)
    (tmp_path / "elsewhere").rename(place.file)
    await store.put_checkpoint(session_id, 3, 3, LARGE)
    assert await at(store, session_id) == 3


# The journal from there ---------------------------------------------------------------------
@quick
@given(
    length=st.integers(0, 30),
    part=st.integers(1, 9),
    from_seq=st.integers(-1, 32),
    to_seq=st.none() | st.integers(0, 32),
)
async def test_a_stretch_of_the_journal_is_whole_in_parts_of_any_size(
    store: Store, length: int, part: int, from_seq: int, to_seq: int | None
) -> None:
    session_id = await recorded(store, length)
    wanted = [r for r in records(1, length) if r.seq >= from_seq and (to_seq is None or r.seq <= to_seq)]
    assert await store.journal(session_id, from_seq, to_seq) == wanted
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timeline, "PART_RECORDS", part)
        parts = [some async for some in store.journal_parts(session_id, from_seq, to_seq)]
    assert [record for some in parts for record in some] == wanted
    assert all(0 < len(some) <= part for some in parts)


@pytest.mark.parametrize(
    ("lost", "said"), [((4,), "4 is"), ((4, 5, 6), "4 to "), ((3, 4), "3 is"), ((1,), "1 is")]
)
async def test_a_gap_is_named_wherever_the_parts_meet(
    store: Store,
    other_program: OtherProgram,
    lost: tuple[int, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timeline, "PART_RECORDS", 3)
    session_id = await recorded(store, 9)
    for seq in lost:
        await other_program.do(f"DELETE FROM journal WHERE seq = {seq}")
    with pytest.raises(StoreError, match=f"session {session_id} has a gap: {said}"):
        async for _ in store.journal_parts(session_id):
            pass


async def test_what_is_written_meanwhile_waits_for_the_next_question(store: Store) -> None:
    session_id = await recorded(store, 4)
    parts = store.journal_parts(session_id)
    found = await anext(parts)
    await store.write(Batch(session_id, records(5, 3), Changes()))
    assert [record.seq for record in found] + [r.seq async for part in parts for r in part] == [1, 2, 3, 4]
    assert [r.seq async for part in store.journal_parts(session_id, 5) for r in part] == [5, 6, 7]


# Where a moment is --------------------------------------------------------------------------
async def test_the_ends_of_a_journal(store: Store, session_id: int) -> None:
    assert await store.journal_span(session_id) is None
    assert await store.seq_at(session_id, 10**18) == 0
    await store.write(Batch(session_id, records(1, 7), Changes()))
    assert await store.journal_span(session_id) == timeline.JournalSpan(
        first_seq=1, first_ns=1000, last_seq=7, last_ns=7000
    )


@quick
@given(times=st.lists(st.integers(0, 12), min_size=1, max_size=20).map(sorted))
async def test_a_moment_is_at_the_last_fact_that_is_not_later(store: Store, times: list[int]) -> None:
    session_id = await begin(store)
    facts = [JournalRecord(seq, time_ns, 0, "fact", b"") for seq, time_ns in enumerate(times, 1)]
    await store.write(Batch(session_id, facts, Changes()))
    for moment in range(-1, 14):
        earlier = [fact.seq for fact in facts if fact.time_ns <= moment]
        assert await store.seq_at(session_id, moment) == max(earlier, default=0)


@quick
@given(
    lost=st.sets(st.integers(1, 9), max_size=8),
    moment=st.integers(0, 10),
)
async def test_a_moment_is_found_beside_a_gap(store: Store, lost: set[int], moment: int) -> None:
    session_id = await begin(store)
    await store.write(Batch(session_id, records(1, 9), Changes()))
    async with store._writing() as connection:
        journal = timeline.tables.journal
        gone = journal.delete().where(journal.c.session_id == session_id, journal.c.seq.in_(sorted(lost)))
        await connection.execute(gone)
    left = [seq for seq in range(1, 10) if seq not in lost and seq <= moment]
    assert await store.seq_at(session_id, moment * 1000) == max(left, default=0)

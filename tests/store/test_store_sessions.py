"""Sessions: begun, left, found again; and a journal whose numbers have no gap."""

from __future__ import annotations

import pytest
from database_places import OtherProgram, Place
from store_world import records

from monitor.engine.changes import Changes
from monitor.store import Batch, SavedSession, Store, StoreError


async def test_a_new_database_has_no_session(store: Store) -> None:
    assert await store.last_session() is None


async def test_a_session_is_found_as_it_was_left(store: Store, session_id: int, place: Place) -> None:
    store.write(Batch(session_id, records(1, 5), Changes()))
    await store.end_session(session_id, clean=True)
    await store.close()
    again = await Store.open(place.address)
    found = await again.last_session()
    assert found == SavedSession(
        session_id=session_id,
        created_ns=1,
        world="REPLAY",
        title="au2512 · 回放",
        config=b'{"a":1}',
        state="ended",
        ended_cleanly=True,
        last_seq=5,
    )
    assert again.durable_seq == 5
    await again.close()


async def test_writing_again_to_an_ended_session_makes_it_an_open_one(store: Store, session_id: int) -> None:
    for number in (1, 2):
        await store.write(Batch(session_id, records(number), Changes()))
        found = await store.last_session()
        assert found is not None
        assert (found.state, found.ended_cleanly) == ("open", False)
        await store.end_session(session_id, clean=True)


async def test_the_durable_number_is_that_of_the_session_begun_last(store: Store, session_id: int) -> None:
    await store.write(Batch(session_id, records(1, 3), Changes()))
    assert store.durable_seq == 3
    second = await store.begin_session(created_ns=2, world="REPLAY", title="", config=b"")
    assert second > session_id
    assert store.durable_seq == 0


@pytest.mark.parametrize("first", [0, 1, 3, 4])
async def test_records_must_continue_the_numbering(store: Store, session_id: int, first: int) -> None:
    store.write(Batch(session_id, records(1), Changes()))
    with pytest.raises(ValueError, match="should be 2"):
        store.write(Batch(session_id, records(first), Changes()))
    await store.write(Batch(session_id, records(2), Changes()))
    assert len(await store.journal(session_id)) == 2


async def test_a_hole_inside_a_batch_is_refused_whole(store: Store, session_id: int) -> None:
    with pytest.raises(ValueError, match="record 4 of session 1 should be 3"):
        store.write(Batch(session_id, records(1, 2) + records(4), Changes()))
    assert await store.journal(session_id) == []


async def test_a_session_nobody_began_cannot_be_written_to(store: Store) -> None:
    with pytest.raises(ValueError, match="neither begun nor read"):
        store.write(Batch(77, records(1), Changes()))


@pytest.mark.parametrize(
    ("lost", "said"),
    [((4,), "4 is missing"), ((4, 5, 6), "4 to 6 is missing"), ((1,), "1 is missing")],
)
async def test_a_gap_in_the_journal_is_named(
    store: Store, session_id: int, other_program: OtherProgram, lost: tuple[int, ...], said: str
) -> None:
    await store.write(Batch(session_id, records(1, 9), Changes()))
    for seq in lost:
        await other_program.do(f"DELETE FROM journal WHERE seq = {seq}")
    with pytest.raises(StoreError, match=f"session {session_id} has a gap: {said}"):
        await store.journal(session_id)
    assert len(await store.journal(session_id, from_seq=7)) == 3

"""The world's failures delay, are shown and lose nothing; our own mistakes stop the store."""

from __future__ import annotations

import asyncio
import resource
import shutil
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from database_places import OtherProgram, Place
from sqlalchemy import event
from store_world import begin, fold, nth_batch, order, records

from monitor.engine.changes import Changes
from monitor.engine.journal import JournalRecord
from monitor.store import Batch, Store, StoreError
from monitor.store.batch import Waiting, group
from monitor.store.writer import GROUP_ROWS, WAITING_ROWS

only_sqlite = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


class States:
    """What the link dot was told, and a way to wait for its next word."""

    def __init__(self, store: Store) -> None:
        self.told: list[str] = []
        self._changed = asyncio.Event()
        store.on_state = self._note

    def _note(self, error: str) -> None:
        self.told.append(error)
        self._changed.set()

    async def next(self) -> str:
        await self._changed.wait()
        self._changed.clear()
        return self.told[-1]


def count_commits(store: Store) -> list[object]:
    commits: list[object] = []
    event.listen(store._database.engine.sync_engine, "commit", commits.append)
    return commits


async def must_be_whole(store: Store, session_id: int, batches: list[Batch]) -> None:
    assert await store.journal(session_id) == [record for batch in batches for record in batch.records]
    assert fold([await store.rows(session_id)]) == fold(batch.changes for batch in batches)


async def test_an_acknowledged_batch_is_on_disk_for_everybody(
    store: Store, session_id: int, other_program: OtherProgram
) -> None:
    await store.write(Batch(session_id, records(1, 3), Changes(orders={7: order(7)})))
    assert store.durable_seq == 3
    assert await other_program.do("SELECT seq FROM journal ORDER BY seq") == [(1,), (2,), (3,)]
    assert await other_program.do("SELECT order_id FROM orders") == [(7,)]


@only_sqlite
async def test_sqlite_is_asked_for_durability(store: Store) -> None:
    """A kill cannot show this, only a loss of power could."""
    async with store._database.reading() as connection:
        for pragma, value in {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1}.items():
            assert (await connection.exec_driver_sql(f"PRAGMA {pragma}")).scalar() == value


async def test_what_waits_together_is_committed_together(store: Store, session_id: int) -> None:
    batches = [nth_batch(session_id, number) for number in range(50)]
    commits = count_commits(store)
    await asyncio.gather(*(store.write(batch) for batch in batches))
    assert len(commits) == 1
    await must_be_whole(store, session_id, batches)


async def test_a_long_queue_is_committed_in_groups_of_bounded_size(store: Store, session_id: int) -> None:
    each = GROUP_ROWS // 4
    commits = count_commits(store)
    for number in range(10):
        store.write(Batch(session_id, records(1 + number * each, each), Changes()))
    await store.flush()
    assert len(commits) == 3
    assert store.durable_seq == 10 * each


async def test_several_sessions_may_wait_together(store: Store) -> None:
    one, two = await begin(store), await begin(store)
    for number in range(3):
        for session_id in (one, two):
            store.write(nth_batch(session_id, number))
    await store.flush()
    for session_id in (one, two):
        await must_be_whole(store, session_id, [nth_batch(session_id, number) for number in range(3)])


async def test_a_group_is_of_one_session_and_never_empty() -> None:
    queue = [Waiting(nth_batch(session_id, 0), asyncio.Future()) for session_id in (1, 1, 2, 1)]
    assert [batch.session_id for batch in group(queue, 1000)] == [1, 1]
    assert len(group(queue, 1)) == 1
    assert len(group(queue, 2 * len(queue[0].batch))) == 2


async def test_a_locked_database_delays_and_loses_nothing(
    store: Store, session_id: int, other_program: OtherProgram
) -> None:
    states, batches = States(store), [nth_batch(session_id, number) for number in range(120)]
    await store.write(batches[0])
    await other_program.lock()
    waiting = [store.write(batch) for batch in batches[1:60]]
    assert "another program has locked it" in await states.next()
    waiting += [store.write(batch) for batch in batches[60:]]
    assert store.durable_seq == batches[0].records[-1].seq
    assert not any(durable.done() for durable in waiting)
    await other_program.unlock()
    await store.flush()
    assert store.error == ""
    assert states.told[-1] == ""
    assert all(durable.done() and durable.exception() is None for durable in waiting)
    assert store.durable_seq == batches[-1].records[-1].seq
    await must_be_whole(store, session_id, batches)


async def test_reading_goes_on_while_writing_is_locked(
    store: Store, session_id: int, other_program: OtherProgram
) -> None:
    await store.write(nth_batch(session_id, 0))
    await other_program.lock()
    store.write(nth_batch(session_id, 1))
    assert len(await store.journal(session_id)) == 3
    await other_program.unlock()


@only_sqlite
async def test_a_full_disk_is_waited_for(store: Store, session_id: int, place: Place) -> None:
    states = States(store)
    large = [
        Batch(session_id, [JournalRecord(seq, seq, 0, "fact", bytes(50_000))], Changes())
        for seq in range(1, 31)
    ]
    await store.write(large[0])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, before[1]))
    try:
        for batch in large[1:]:
            store.write(batch)
        assert "cannot be written" in await states.next()
        assert store.durable_seq == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    await store.flush()
    assert store.error == ""
    await must_be_whole(store, session_id, large)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of one megabyte, where mounting is allowed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


async def test_a_disk_that_is_really_full_is_said_and_waited_for(small_disk: Path) -> None:
    store = await Store.open(small_disk / "monitor.sqlite")
    session_id, states = await begin(store), States(store)
    await store.write(nth_batch(session_id, 0))
    hog = small_disk / "hog"
    room = shutil.disk_usage(small_disk).free
    hog.write_bytes(bytes(room))
    batches = [nth_batch(session_id, number) for number in range(30)]
    for batch in batches[1:]:
        store.write(batch)
    assert "the disk is full" in await states.next()
    assert store.durable_seq == 3
    hog.unlink()
    await store.flush()
    assert store.error == ""
    await must_be_whole(store, session_id, batches)
    await store.close()


def move(here: Path, there: Path) -> None:
    assert not there.exists()
    here.rename(there)


@only_sqlite
async def test_a_file_that_vanishes_is_noticed_and_its_return_too(
    store: Store, session_id: int, place: Place, tmp_path: Path
) -> None:
    states, batches = States(store), [nth_batch(session_id, number) for number in range(9)]
    await store.write(batches[0])
    file = place.file
    move(file, tmp_path / "elsewhere")
    for batch in batches[1:]:
        store.write(batch)
    assert "moved, deleted or replaced" in await states.next()
    with pytest.raises(StoreError, match="moved, deleted or replaced"):
        await store.rows(session_id)
    assert store.durable_seq == batches[0].records[-1].seq
    move(tmp_path / "elsewhere", file)
    await store.flush()
    await must_be_whole(store, session_id, batches)


def break_link_after_next_commit(store: Store) -> list[int]:
    """As when the link to a database server breaks after COMMIT, before its answer."""
    checks: list[int] = []
    really = store._database.check_file

    def check() -> None:
        checks.append(1)
        if len(checks) == 2:
            raise ConnectionError("link lost")
        really()

    store._database.check_file = check  # type: ignore[method-assign]
    return checks


async def test_a_commit_that_failed_in_word_only_is_not_doubled(store: Store, session_id: int) -> None:
    batches = [nth_batch(session_id, number) for number in range(20)]
    checks = break_link_after_next_commit(store)
    for batch in batches:
        store.write(batch)
    await store.flush()
    assert len(checks) > 2
    await must_be_whole(store, session_id, batches)


async def test_nor_is_it_when_a_wrong_row_comes_next(place: Place) -> None:
    store = await Store.open(place.address)
    session_id, states = await begin(store), States(store)
    break_link_after_next_commit(store)
    batches = [nth_batch(session_id, number) for number in range(3)]
    good = [store.write(batch) for batch in batches]
    assert "link lost" in await states.next()
    wrong = {9: order(9, quantity=None)}
    with pytest.raises(StoreError, match="refused a row"):
        await store.write(Batch(session_id, records(10), Changes(orders=wrong)))
    assert all(durable.exception() is None for durable in good)
    await must_be_whole(store, session_id, batches)
    await store.close()


@pytest.mark.parametrize(
    "wrong",
    [
        order(9, price=980.02),
        order(9, price=Decimal("NaN")),
        order(9, quantity=None),
        order(2**64),
        order(9, reason="\ud800"),
        "not a row",
    ],
    ids=["float price", "no amount", "unknown quantity", "too large", "broken text", "no row"],
)
async def test_a_wrong_row_stops_the_store_after_all_that_was_right(place: Place, wrong: object) -> None:
    store = await Store.open(place.address)
    session_id, states = await begin(store), States(store)
    good = [store.write(nth_batch(session_id, number)) for number in range(3)]
    bad = store.write(Batch(session_id, records(10), Changes(orders={9: wrong})))  # type: ignore[dict-item]
    after = store.write(Batch(session_id, records(11), Changes()))
    with pytest.raises(StoreError, match="refused a row"):
        await bad
    assert all(durable.exception() is None for durable in good)
    assert isinstance(after.exception(), StoreError)
    assert "refused a row" in store.error
    assert states.told == [store.error]
    for again in (store.flush, store.room):
        with pytest.raises(StoreError, match="refused a row"):
            await again()
    with pytest.raises(StoreError, match="refused a row"):
        store.write(Batch(session_id, records(12), Changes()))
    await must_be_whole(store, session_id, [nth_batch(session_id, number) for number in range(3)])
    await store.close()


async def test_a_table_that_does_not_fit_is_our_mistake_and_not_waited_for(
    store: Store, session_id: int, other_program: OtherProgram
) -> None:
    await other_program.do("ALTER TABLE orders RENAME COLUMN reason TO why")
    with pytest.raises(StoreError, match=r"refused a row.*reason"):
        await store.write(Batch(session_id, records(1), Changes(orders={1: order(1)})))


async def test_full_speed_waits_for_room(store: Store, session_id: int, other_program: OtherProgram) -> None:
    await store.room()
    await other_program.lock()
    for number in range(WAITING_ROWS // 1000 + 1):
        store.write(Batch(session_id, records(1 + number * 1000, 1000), Changes()))
    waiting = asyncio.create_task(store.room())
    await States(store).next()
    assert not waiting.done()
    await other_program.unlock()
    await waiting
    await store.flush()
    assert store.durable_seq == WAITING_ROWS + 1000


async def test_closing_makes_everything_durable(store: Store, session_id: int, place: Place) -> None:
    batches = [nth_batch(session_id, number) for number in range(30)]
    acknowledgements = [store.write(batch) for batch in batches]
    await store.close()
    assert all(durable.done() for durable in acknowledgements)
    with pytest.raises(StoreError, match="closed"):
        store.write(nth_batch(session_id, 30))
    with pytest.raises(StoreError, match="closed"):
        await store.rows(session_id)
    again = await Store.open(place.address)
    await must_be_whole(again, session_id, batches)
    await again.close()


async def test_closing_does_not_wait_for_ever_and_says_what_is_lost(
    store: Store, session_id: int, other_program: OtherProgram
) -> None:
    await store.write(nth_batch(session_id, 0))
    await other_program.lock()
    unwritten = [store.write(nth_batch(session_id, number)) for number in (1, 2)]
    with pytest.raises(StoreError, match=r"2 .* not be written.*another program has locked it"):
        await store.close(patience_s=0.2)
    assert all(isinstance(durable.exception(), StoreError) for durable in unwritten)


async def test_an_acknowledgement_may_be_given_up(store: Store, session_id: int) -> None:
    for number in range(3):
        store.write(nth_batch(session_id, number)).cancel()
    await store.flush()
    assert store.durable_seq == 9


async def test_ending_a_session_does_not_wait_for_a_lock(
    store: Store, session_id: int, other_program: OtherProgram
) -> None:
    await other_program.lock()
    store.write(nth_batch(session_id, 0))
    for question in (store.end_session(session_id, clean=True), begin(store), store.last_session()):
        with pytest.raises(StoreError, match="another program has locked it"):
            await question
    await other_program.unlock()
    await store.flush()
    await store.end_session(session_id, clean=True)
    found = await store.last_session()
    assert found is not None
    assert (found.last_seq, found.ended_cleanly) == (3, True)


async def test_a_session_cannot_be_begun_in_a_locked_database(
    store: Store, other_program: OtherProgram
) -> None:
    await other_program.lock()
    with pytest.raises(StoreError, match="another program has locked it"):
        await begin(store)
    await other_program.unlock()
    assert await begin(store) > 0

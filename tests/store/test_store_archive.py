"""The archive: one state of everything, read beside whoever writes, and nothing ever written."""

from __future__ import annotations

import os
from contextlib import aclosing
from pathlib import Path

import pytest
from database_places import OtherProgram, Place
from hypothesis import given, strategies as st
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from store_world import begin, nth_batch, records

from monitor.engine import events as ev
from monitor.engine.changes import Changes
from monitor.engine.journal import JournalRecord, first_difference, reached_bar
from monitor.store import Batch, Store, StoreError
from monitor.store.archive import Archive, FactQuery, open_archive


def progress(seq: int, bar: int) -> JournalRecord:
    return JournalRecord(seq, bar, bar, "BarsReplayed", ev.ENCODER.encode(ev.BarsReplayed(bar=bar)))


def rewound(seq: int, bar: int) -> JournalRecord:
    return JournalRecord(seq, bar, bar, "Rewound", ev.ENCODER.encode(ev.Rewound(bar=bar)))


async def read(archive: Archive, session_id: int, newest_first: bool = False, **query: object) -> list[int]:
    asked = FactQuery(**query)  # type: ignore[arg-type]
    async with aclosing(archive.records(session_id, asked, newest_first=newest_first)) as found:
        return [record.seq async for record in found]


# One state ----------------------------------------------------------------------------------
async def test_what_is_written_meanwhile_is_not_seen(store: Store, session_id: int, place: Place) -> None:
    await store.write(nth_batch(session_id, 0))
    async with open_archive(place.address) as archive:
        before = await archive.sessions(), await archive.rows(session_id), await read(archive, session_id)
        for number in range(1, 6):
            await store.write(nth_batch(session_id, number))
        assert await archive.sessions() == before[0]
        assert (await archive.rows(session_id)).orders == before[1].orders
        assert await read(archive, session_id) == before[2] == [1, 2, 3]
    async with open_archive(place.address) as archive:
        assert await read(archive, session_id) == list(range(1, 19))


async def test_a_journal_is_read_in_parts_both_ways_and_by_every_limit(
    store: Store, session_id: int, place: Place
) -> None:
    facts = [progress(seq, seq * 2) for seq in range(1, 2301)]
    await store.write(Batch(session_id, facts, Changes()))
    other = await begin(store)
    await store.write(Batch(other, records(1, 5), Changes()))
    async with open_archive(place.address) as archive:
        every = [record async for record in archive.records(session_id, FactQuery())]
        assert every == facts
        assert await read(archive, session_id, newest_first=True) == list(range(2300, 0, -1))
        limits = {"from_seq": 700, "from_bar": 1402, "to_bar": 1500, "from_ns": 1410, "to_ns": 1490}
        assert await read(archive, session_id, **limits) == list(range(705, 746))
        assert await read(archive, session_id, kinds=("Rewound",)) == []
        assert len(await read(archive, session_id, kinds=("BarsReplayed", "Rewound"))) == 2300


async def test_who_stops_in_the_middle_can_go_on_with_another_question(
    store: Store, session_id: int, place: Place
) -> None:
    await store.write(Batch(session_id, records(1, 2500), Changes()))
    async with open_archive(place.address) as archive:
        async with aclosing(archive.records(session_id, FactQuery())) as found:
            async for record in found:
                if record.seq == 3:
                    break
        assert len(await read(archive, session_id)) == 2500


# What is told of a session ------------------------------------------------------------------
async def test_how_far_a_session_came_is_what_its_facts_say(
    store: Store, session_id: int, place: Place
) -> None:
    shapes = [
        [],
        [progress(1, 5), progress(2, 9)],
        [progress(1, 9), rewound(2, 4)],
        [progress(1, 9), rewound(2, 4), progress(3, 6)],
        [progress(1, 9), rewound(2, 7), progress(3, 8), rewound(4, 0)],
    ]
    for shape in shapes:
        session_id = await begin(store)
        await store.write(Batch(session_id, shape, Changes()))
        async with open_archive(place.address) as archive:
            found = (await archive.sessions())[-1]
        assert (found.session_id, found.bars) == (session_id, reached_bar(shape))
        assert (found.facts, found.last_seq) == (len(shape), len(shape))


async def test_a_gap_is_not_hidden(store: Store, session_id: int, place: Place) -> None:
    await store.write(Batch(session_id, records(1, 5), Changes()))
    other = OtherProgram(place)
    await other.do("DELETE FROM journal WHERE seq = 3")
    await other.close()
    async with open_archive(place.address) as archive:
        assert await read(archive, session_id) == [1, 2, 4, 5]
        (found,) = await archive.sessions()
        assert (found.facts, found.last_seq) == (4, 5)


# Only read ----------------------------------------------------------------------------------
async def test_sqlite_itself_refuses_to_write_for_it(tmp_path: Path) -> None:
    await (await Store.open(tmp_path / "monitor.sqlite")).close()
    async with open_archive(f"sqlite:///{tmp_path}/monitor.sqlite") as archive:
        with pytest.raises(OperationalError, match="readonly"):
            await archive._connection.execute(text("DELETE FROM journal"))


async def test_no_file_is_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no database yet"):
        async with open_archive(f"sqlite:///{tmp_path}/none/monitor.sqlite"):
            pass
    assert os.listdir(tmp_path) == []


async def test_a_path_that_a_url_would_read_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "50 % of #1" / "数据.sqlite"
    store = await Store.open(file)
    session_id = await begin(store)
    await store.write(Batch(session_id, records(1, 2), Changes()))
    await store.close()
    async with open_archive(f"sqlite+aiosqlite:///{file}") as archive:
        assert await read(archive, session_id) == [1, 2]


async def test_older_newer_and_empty_databases_are_refused_and_left_alone(store: Store, place: Place) -> None:
    other = OtherProgram(place)
    for change, said in (
        ("UPDATE alembic_version SET version_num = '9999'", "newer Trading Monitor"),
        ("DELETE FROM alembic_version", "nothing was recorded"),
    ):
        await other.do(change)
        with pytest.raises(StoreError, match=said):
            async with open_archive(place.address):
                pass
    assert await other.do("SELECT version_num FROM alembic_version") == []
    await other.close()


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
async def test_a_server_that_does_not_answer_is_a_sentence_without_the_password(kind: str) -> None:
    with pytest.raises(StoreError) as refused:
        async with open_archive(f"{kind}://me:tell-nobody@127.0.0.1:1/monitor"):
            pass
    assert "does not answer" in str(refused.value)
    assert "tell-nobody" not in str(refused.value)


# Where two journals part --------------------------------------------------------------------
@given(st.integers(1, 12), st.data())
def test_the_first_difference_is_the_first_fact_that_is_not_the_same(count: int, data: st.DataObject) -> None:
    facts = records(1, count)
    at = data.draw(st.integers(0, count - 1))
    changed = [*facts]
    one = facts[at]
    changed[at] = JournalRecord(one.seq, one.time_ns + 1, one.bar, one.kind, one.payload)
    assert first_difference(facts, changed) is changed[at]
    assert first_difference(facts, facts[:at]) is facts[at]
    assert first_difference(facts[:at], facts) is facts[at]
    assert first_difference([*facts[:at], progress(99, 3), *facts[at:]], facts) is None

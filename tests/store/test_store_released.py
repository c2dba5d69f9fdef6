"""A database of every released version, as that version left it, is brought up to this one with
all that is in it. `released/` has them as SQL; one more for each new migration."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from database_places import OtherProgram, Place
from store_world import begin, fold, nth_batch

from monitor.store import Store
from monitor.store.schema import REVISIONS

RELEASED = Path(__file__).with_name("released")
BATCHES = 12


def test_there_is_one_of_every_version() -> None:
    assert sorted(file.stem for file in RELEASED.glob("*.sql")) == sorted(REVISIONS)


@pytest.mark.parametrize("version", REVISIONS)
async def test_a_released_database_keeps_everything_and_goes_on(version: str, tmp_path: Path) -> None:
    file = tmp_path / "monitor.sqlite"
    with sqlite3.connect(file) as old:
        old.executescript((RELEASED / f"{version}.sql").read_text("utf-8"))
    old.close()
    store = await Store.open(file)
    found = await store.last_session()
    assert found is not None
    assert (found.ended_cleanly, found.last_seq) == (True, BATCHES * 3)
    batches = [nth_batch(found.session_id, number, version) for number in range(BATCHES)]
    batches.append(nth_batch(found.session_id, BATCHES))
    assert fold([await store.rows(found.session_id)]) == fold(batch.changes for batch in batches[:-1])
    await store.write(batches[-1])
    assert fold([await store.rows(found.session_id)]) == fold(batch.changes for batch in batches)
    assert len(await store.journal(found.session_id)) == (BATCHES + 1) * 3
    await store.close()


NEWER_COLUMNS = {
    "orders": ["client_order_id", "flags"],
    "trades": ["fee_currency", "direction", "void"],
    "accounts": ["transferred", "funding", "foreign"],
}
NEWER_TABLES = [
    "signals",
    "executions",
    "alerts",
    "position_records",
    "position_records_archive",
    "checkpoints",
    "checkpoint_parts",
]


async def make_old(place: Place) -> None:
    """As version 0001 has left its database."""
    other, quote = OtherProgram(place), "`" if place.kind == "mariadb" else '"'
    for table, columns in NEWER_COLUMNS.items():
        for column in columns:
            await other.do(f"ALTER TABLE {table} DROP COLUMN {quote}{column}{quote}")
    for table in NEWER_TABLES:
        await other.do(f"DROP TABLE {table}")
    await other.do("UPDATE alembic_version SET version_num = '0001'")
    await other.close()


async def test_on_every_kind_of_database_old_rows_get_what_newer_ones_say_by_default(place: Place) -> None:
    store = await Store.open(place.address)
    session_id = await begin(store)
    batches = [nth_batch(session_id, number, "0001") for number in range(BATCHES)]
    for batch in batches:
        await store.write(batch)
    await store.close()
    await make_old(place)
    again = await Store.open(place.address)
    assert await again.last_session() is not None
    assert fold([await again.rows(session_id)]) == fold(batch.changes for batch in batches)
    batches.append(nth_batch(session_id, BATCHES))
    await again.write(batches[-1])
    assert fold([await again.rows(session_id)]) == fold(batch.changes for batch in batches)
    await again.close()

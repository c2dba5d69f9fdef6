"""A database of every released version, as that version left it, is brought up to this one with
all that is in it. `released/` has them as SQL; one more for each new migration."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from store_world import fold, nth_batch

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

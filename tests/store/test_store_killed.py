"""kill -9 at random moments of a real process: nothing acknowledged is lost, and what is shown
after it is what the journal says."""

from __future__ import annotations

import asyncio
import random
import shutil
import sys
from pathlib import Path

import pytest
from database_places import Place
from store_world import RECORDS_PER_BATCH, begin, fold, nth_batch, records

from monitor.store import Store

CHILD = Path(__file__).with_name("journal_child.py")


async def live_and_die(database: str, dice: random.Random) -> int:
    """Let a child write until a random moment after its first acknowledgement, kill it, and
    give the last number it had said was durable."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(CHILD), database, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    said = await child.stdout.readline()
    try:
        async with asyncio.timeout(dice.uniform(0, 0.15)):
            while line := await child.stdout.readline():
                said = line
    except TimeoutError:
        pass
    child.kill()
    rest = (await child.stdout.read()).split(b"\n")
    assert await child.wait() == -9
    # The last line may have been torn by the kill; a whole one ends with a line break.
    return max([int(said), *(int(line) for line in rest[:-1] if line)])


async def must_agree(database: str, acknowledged: int) -> int:
    store = await Store.open(database)
    session = await store.last_session()
    assert session is not None
    assert not session.ended_cleanly
    survived = await store.journal(session.session_id)
    shown = await store.rows(session.session_id)
    await store.close()
    assert len(survived) >= acknowledged
    assert survived == records(1, len(survived))
    assert len(survived) % RECORDS_PER_BATCH == 0, "half a batch"
    batches = [nth_batch(session.session_id, n) for n in range(len(survived) // RECORDS_PER_BATCH)]
    assert fold([shown]) == fold(batch.changes for batch in batches)
    return len(survived)


def cut_off(file: Path, copy: Path, at: float) -> Path:
    """What a power failure leaves: the file, and its log torn somewhere."""
    copy.mkdir()
    shutil.copy(file, copy / file.name)
    log = file.with_name(file.name + "-wal").read_bytes()
    (copy / f"{file.name}-wal").write_bytes(log[: int(len(log) * at)])
    return copy / file.name


async def test_a_log_torn_anywhere_leaves_whole_batches(file: Path, tmp_path: Path) -> None:
    founder = await Store.open(file)
    session_id = await begin(founder)
    await founder.close()
    store, dice, lengths = await Store.open(file), random.Random(7), set()
    await store.last_session()
    for number in range(40):
        await store.write(nth_batch(session_id, number))
    for cut in range(25):
        torn = cut_off(file, tmp_path / str(cut), dice.random())
        lengths.add(await must_agree(f"sqlite:///{torn}", acknowledged=0))
    assert len(lengths) > 10
    await store.close()


async def kill_again_and_again(database: str, times: int, seed: int) -> None:
    dice, before = random.Random(seed), 0
    for _ in range(times):
        acknowledged = await live_and_die(database, dice)
        survived = await must_agree(database, acknowledged)
        assert survived > before
        before = survived


async def test_kills_of_one_session_lose_nothing(place: Place) -> None:
    times = 12 if place.kind == "sqlite" else 5
    await kill_again_and_again(place.address, times=times, seed=2026)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_hundred_kills_lose_nothing(file: Path) -> None:
    for seed in range(10):
        await kill_again_and_again(f"sqlite:///{file.with_name(f'{seed}.sqlite')}", times=10, seed=seed)

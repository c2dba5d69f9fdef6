"""The server itself crashes again and again in the middle of writing: what was acknowledged is
there, nothing is doubled, and the store goes on when the server is back."""

from __future__ import annotations

import asyncio

import pytest
from database_places import SERVERS
from own_server import own_server
from store_world import begin, fold, nth_batch

from monitor.store import Store, StoreError

CRASHES = 4


async def until_open(address: str) -> Store:
    """A server that listens may still be starting."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await Store.open(address, lock_wait_s=5)
            except StoreError as error:
                if "starting" not in str(error):
                    raise
                await asyncio.sleep(0.05)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", SERVERS)
async def test_a_server_that_crashes_while_writing_loses_nothing(kind: str) -> None:
    async with own_server(kind) as server:
        store = await until_open(server.address)
        session_id, number = await begin(store), 0
        told = asyncio.Event()
        store.on_state = lambda _: told.set()
        for _ in range(CRASHES):
            for _ in range(150):
                store.write(nth_batch(session_id, number))
                number += 1
                await asyncio.sleep(0)
            await asyncio.to_thread(server.crash)
            acknowledged = store.durable_seq
            store.write(nth_batch(session_id, number))
            number += 1
            async with asyncio.timeout(30):
                while not store.error:
                    await told.wait()
                    told.clear()
            assert "cannot be written" in store.error
            await server.start()
            await store.flush()
            assert store.error == ""
            assert store.durable_seq >= acknowledged
        batches = [nth_batch(session_id, n) for n in range(number)]
        assert await store.journal(session_id) == [r for batch in batches for r in batch.records]
        assert fold([await store.rows(session_id)]) == fold(batch.changes for batch in batches)
        await store.close()

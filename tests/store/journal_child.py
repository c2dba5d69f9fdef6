"""A program to be killed: it goes on with the last session of a database, batch after batch,
and prints the number of every record that was acknowledged.

Usage: python journal_child.py DATABASE
"""

from __future__ import annotations

import asyncio
import sys

from store_world import RECORDS_PER_BATCH, begin, nth_batch

from monitor.store import Store


async def main(database: str) -> None:
    store = await Store.open(database)
    found = await store.last_session()
    session_id = found.session_id if found else await begin(store)
    number = (found.last_seq if found else 0) // RECORDS_PER_BATCH
    while True:
        batch = nth_batch(session_id, number)
        last = batch.records[-1].seq
        store.write(batch).add_done_callback(lambda _, last=last: print(last, flush=True))
        number += 1
        # Sometimes one by one, sometimes many at once.
        await asyncio.sleep(0 if number % 20 else 0.01)
        await store.room()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

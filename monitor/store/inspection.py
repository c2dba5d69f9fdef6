"""A look at a database on a server for `monitor doctor`: reads, changes nothing, takes no lock.

Knows neither rows nor sessions.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.store.database import open_database
from monitor.store.schema import describe_version

POSTGRESQL = "SELECT current_setting('server_version'), current_setting('fsync') = 'on'"
MARIADB = "SELECT version(), @@innodb_flush_log_at_trx_commit = 1"


class Inspection(msgspec.Struct, frozen=True):
    """`server` is what it is and its version; `state` that of our tables; `forgetful` says how
    it may lose what it has confirmed, "" when it does not."""

    server: str
    state: str
    forgetful: str


async def inspect_server(url: str) -> Inspection:
    """StoreError when it cannot be reached or is not ours to use."""
    database = open_database(url, lock_wait_s=1, answer_s=5)
    try:
        async with database.reading() as connection:
            return await _inspect(connection)
    finally:
        await database.close()


async def _inspect(connection: AsyncConnection) -> Inspection:
    postgresql = connection.dialect.name == "postgresql"
    row = (await connection.execute(text(POSTGRESQL if postgresql else MARIADB))).one()
    setting = "fsync is off" if postgresql else "innodb_flush_log_at_trx_commit is not 1"
    return Inspection(
        server=f"PostgreSQL {row[0]}" if postgresql else f"{row[0]}",
        state=await describe_version(connection),
        forgetful="" if row[1] else f"{setting}: a loss of power may lose what was confirmed",
    )

"""What a database server needs that a file does not: session settings, and one program at a time.

Owns the advisory lock. It belongs to the connection that writes, so it is gone with it, however
that ends; and whoever holds it knows that nothing of an earlier connection is still under way.
Knows no table.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.store.faults import InUseError

CONNECT_S = 5
# Any number of ours; the other half of PostgreSQL's key is the schema.
KEY = 1_414_353_742

IN_USE = "another Trading Monitor is using it, one database is for one of them"


def session_settings(address: URL, lock_wait_s: float) -> dict[str, Any]:
    """Arguments for the driver: exact values or refused ones, a bounded wait for locks."""
    if address.get_backend_name() == "postgresql":
        return {
            "timeout": CONNECT_S,
            "server_settings": {
                "application_name": "Trading Monitor",
                "lock_timeout": str(max(1, round(lock_wait_s * 1000))),
                "client_encoding": "utf8",
            },
        }
    seconds = round(lock_wait_s)
    commands = (
        # Too long or too large is refused, never cut to fit; the names of columns stay as they are.
        "sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
        f"lock_wait_timeout = {seconds}, innodb_lock_wait_timeout = {seconds}",
        # A monitor may have nothing to write for days.
        "wait_timeout = 2000000, autocommit = 0",
    )
    return {
        "charset": "utf8mb4",
        "connect_timeout": CONNECT_S,
        "init_command": "SET SESSION " + ", ".join(commands),
    }


class Occupation:
    """Holds a database for one program, from connection to connection."""

    def __init__(self, kind: str) -> None:
        self._postgresql = kind == "postgresql"
        self._session: int | None = None

    async def take(self, connection: AsyncConnection) -> None:
        """Before anything is written by `connection`. InUseError when another program writes.

        A connection of ours that we have lost and the server has not is ended: it may be
        anywhere in a commit, and is over when the lock is free.
        """
        if not await self._try(connection):
            await self._end_lost_session(connection)
            raise InUseError(IN_USE)
        if self._postgresql:
            await connection.execute(text(DURABLE))
        await connection.commit()

    async def _try(self, connection: AsyncConnection) -> bool:
        question = POSTGRESQL_TAKE if self._postgresql else MARIADB_TAKE
        taken, session = (await connection.execute(text(question), {"key": KEY})).one()
        if taken:
            self._session = session
        return bool(taken)

    async def _end_lost_session(self, connection: AsyncConnection) -> None:
        if self._session is None:
            return
        mine = {"session": self._session, "key": KEY}
        if self._postgresql:
            await connection.execute(text(POSTGRESQL_END), mine)
        elif (await connection.execute(text(MARIADB_HOLDER))).scalar() == self._session:
            await connection.execute(text(f"KILL CONNECTION {self._session:d}"))


POSTGRESQL_TAKE = (
    "SELECT pg_try_advisory_lock(CAST(:key AS integer), hashtext(current_schema())), pg_backend_pid()"
)
POSTGRESQL_END = (
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted "
    "AND pid = CAST(:session AS integer) AND classid = CAST(:key AS integer)::oid"
)
# Whatever the server's habit: acknowledged is on its disk. Stronger habits are left alone.
DURABLE = (
    "SELECT set_config('synchronous_commit', 'local', false) "
    "WHERE current_setting('synchronous_commit') = 'off'"
)
LOCK_NAME = "CONCAT('trading-monitor.', MD5(DATABASE()))"
MARIADB_TAKE = f"SELECT GET_LOCK({LOCK_NAME}, 0), CONNECTION_ID() FROM (SELECT :key) AS given"  # noqa: S608
MARIADB_HOLDER = f"SELECT IS_USED_LOCK({LOCK_NAME})"

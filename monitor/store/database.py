"""One database by URL: connections, pragmas, transactions, and the file's identity.

Owns how SQLite is opened safely and how a server is held. Knows no table.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from monitor.store.address import understand
from monitor.store.faults import StoreError, reason
from monitor.store.servers import Occupation, session_settings

__all__ = ["WRITES", "Database", "StoreError", "open_database"]

# Marks a connection whose transactions write: they take SQLite's write lock at once, since a
# lock asked for half-way through cannot be waited for.
WRITES = "monitor_writes"

# One connection writes, one reads: each is a thread. Readers queue for theirs as long as it
# takes: a page is slow, not wrong.
POOL: dict[str, Any] = {"pool_size": 2, "max_overflow": 0, "pool_timeout": 600}


# A long journal may take this many times as long to read as a group to write.
READING_PATIENCE = 20


class Database:
    """Built by `open_database`. A SQLite file that vanishes or is replaced while it is open
    is noticed: SQLite itself would go on writing into a file without a name. A server is held
    by the connection that writes: `occupation` is None for a file.

    `answer_s` is how long a server may be silent in a transaction; None waits for ever, which
    is right for a file.
    """

    def __init__(self, engine: AsyncEngine, path: Path | None, answer_s: float | None = None) -> None:
        self.engine = engine
        self.occupation = Occupation(engine.dialect.name) if path is None else None
        self.answer_s = answer_s
        self._path = path
        self._file_number: int | None = None
        self._closed = False

    def remember_file(self) -> None:
        self._file_number = self._path.stat().st_ino if self._path else None

    def check_file(self) -> None:
        """OSError when the file of `remember_file` is not there any more."""
        if self._path is None or self._file_number is None:
            return
        if self._path.stat().st_ino != self._file_number:
            raise FileNotFoundError(f"{self._path} is another file now")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One consistent view of everything. StoreError when it cannot be read."""
        if self._closed:
            raise StoreError("The database is closed.")
        try:
            async with (
                asyncio.timeout(self.answer_s and self.answer_s * READING_PATIENCE),
                self.engine.connect() as connection,
                connection.begin(),
            ):
                yield connection
        except (SQLAlchemyError, OSError, msgspec.ValidationError) as error:
            raise StoreError(f"The database cannot be read: {reason(error)}.") from error

    async def close(self) -> None:
        self._closed = True
        await self.engine.dispose()


def open_database(url: str | Path, *, lock_wait_s: float, answer_s: float) -> Database:
    """Connects lazily. StoreError for an address that cannot be a database.

    `lock_wait_s` is how long the database itself waits for another program's lock.
    """
    try:
        address = understand(url)
        if address.get_backend_name() == "sqlite":
            return _open_file(address, lock_wait_s)
        engine = _server_engine(address, lock_wait_s)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, OSError) as error:
        # The address itself is not repeated: it may hold a password.
        raise StoreError(f"The address cannot be used as a database: {reason(error)}.") from error
    return Database(engine, None, answer_s)


def _open_file(address: URL, lock_wait_s: float) -> Database:
    if address.database in (None, "", ":memory:"):
        raise ArgumentError("a database in memory would forget everything, name a file")
    path = Path(str(address.database))
    path.parent.mkdir(parents=True, exist_ok=True)
    database = Database(create_async_engine(address, **POOL), path)
    _guard_sqlite(database, lock_wait_s)
    return database


def _server_engine(address: URL, lock_wait_s: float) -> AsyncEngine:
    """Reads see one state of everything; a connection that died while idle is replaced; and
    parameters, which are somebody's orders, stay out of error texts."""
    return create_async_engine(
        address,
        connect_args=session_settings(address, lock_wait_s),
        isolation_level="REPEATABLE READ",
        pool_pre_ping=True,
        hide_parameters=True,
        **POOL,
    )


def _guard_sqlite(database: Database, lock_wait_s: float) -> None:
    """Durable, foreign keys on, transactions begun by us instead of by the driver."""

    def look_before_connecting(*_: Any) -> None:
        # Connecting to a missing file would make an empty one in its place.
        database.check_file()

    def set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(lock_wait_s * 1000)}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    sync_engine = database.engine.sync_engine
    event.listen(sync_engine, "do_connect", look_before_connecting)
    event.listen(sync_engine, "connect", set_up)
    event.listen(sync_engine, "begin", begin)

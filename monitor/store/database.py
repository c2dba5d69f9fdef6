"""One database by URL: connections, pragmas, transactions, and the file's identity.

Owns how SQLite is opened safely and how its failures read in one sentence. Knows no table.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    InterfaceError,
    InternalError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

# Marks a connection whose transactions write: they take SQLite's write lock at once, since a
# lock asked for half-way through cannot be waited for.
WRITES = "monitor_writes"

# One connection writes, one reads: each is a thread.
CONNECTIONS = 2


class StoreError(Exception):
    """What is wrong with the database, in one sentence for the user."""


class Database:
    """Built by `open_database`. A SQLite file that vanishes or is replaced while it is open
    is noticed: SQLite itself would go on writing into a file without a name."""

    def __init__(self, engine: AsyncEngine, path: Path | None) -> None:
        self.engine = engine
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
            async with self.engine.connect() as connection, connection.begin():
                yield connection
        except (SQLAlchemyError, OSError, msgspec.ValidationError) as error:
            raise StoreError(f"The database cannot be read: {reason(error)}.") from error

    async def close(self) -> None:
        self._closed = True
        await self.engine.dispose()


def open_database(url: str | Path, *, lock_wait_s: float) -> Database:
    """Connects lazily. StoreError for an address that cannot be a database.

    `lock_wait_s` is how long SQLite itself waits for another program's lock.
    """
    try:
        address = _address(url)
        engine = create_async_engine(address, **_pool(address))
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, OSError) as error:
        # The address itself is not repeated: it may hold a password.
        raise StoreError(f"The address cannot be used as a database: {reason(error)}.") from error
    if address.get_backend_name() != "sqlite":
        return Database(engine, None)
    database = Database(engine, Path(str(address.database)))
    _guard_sqlite(database, lock_wait_s)
    return database


def _address(url: str | Path) -> URL:
    address = URL.create("sqlite", database=str(url)) if isinstance(url, Path) else make_url(url)
    if address.drivername == "sqlite":
        address = address.set(drivername="sqlite+aiosqlite")
    if address.get_backend_name() == "sqlite":
        if address.database in (None, "", ":memory:"):
            raise ArgumentError("a database in memory would forget everything, name a file")
        Path(str(address.database)).parent.mkdir(parents=True, exist_ok=True)
    return address


def _pool(address: URL) -> dict[str, Any]:
    # Readers queue for their one connection as long as it takes: a page is slow, not wrong.
    return {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_timeout": 600}


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


def passing(error: Exception) -> bool:
    """Whether trying again may help: the world's failures, as opposed to ours.

    A plain DatabaseError is a damaged file, which can be put back; its other subclasses
    say that what we wrote is wrong. SQLite calls a wrong statement operational, too.
    """
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if getattr(getattr(error, "orig", None), "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return False
    worldly = (OSError, PoolTimeoutError, OperationalError, InternalError, InterfaceError)
    return isinstance(error, worldly) or type(error) is DatabaseError


def locked(error: Exception) -> bool:
    """Whether somebody else holds what we need, in SQLite."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY


PLAIN = {
    "locked": "another program has locked it",
    "disk is full": "the disk is full",
    "disk i/o error": "the disk reports an error",
    "readonly": "it is read-only",
    "unable to open": "the file cannot be opened",
    "not a database": "the file is not a database",
    "malformed": "the file is damaged",
}


def reason(error: Exception) -> str:
    """Why, as the end of a sentence."""
    if isinstance(error, FileNotFoundError):
        return "its file has been moved, deleted or replaced"
    text = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    known = (plain for part, plain in PLAIN.items() if part in text.lower())
    return next(known, None) or _system_reason(error) or text.rstrip(".")


def _system_reason(error: Exception) -> str:
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else ""

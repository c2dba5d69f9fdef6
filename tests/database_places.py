"""Databases for tests: a SQLite file, or a database of its own on a real server, dropped afterwards.

Servers are looked for on this machine (MONITOR_TEST_POSTGRESQL, MONITOR_TEST_MARIADB name others);
a test that wants one which does not answer is skipped, and says so.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, NullPool, event, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

KINDS = ("sqlite", "postgresql", "mariadb")
SERVERS = ("postgresql", "mariadb")
# As an administrator, in a database that is there already.
ADMINISTRATORS = {
    "postgresql": "postgresql+asyncpg://postgres@127.0.0.1:5432/postgres",
    "mariadb": "mariadb+asyncmy://root@127.0.0.1:3306/test",
}
TABLES = (
    "sessions journal orders trades positions accounts strategies strategy_triggers operation_log "
    "signals executions alerts position_records position_records_archive checkpoints checkpoint_parts"
)


class Place:
    """Where a store of a test lives. `address` is what a user would write."""

    def __init__(self, kind: str, url: URL) -> None:
        self.kind = kind
        self.url = url

    @property
    def address(self) -> str:
        return self.url.render_as_string(hide_password=False)

    @property
    def file(self) -> Path:
        assert self.kind == "sqlite"
        return Path(str(self.url.database))


class OtherProgram:
    """Another connection to the same database, as another process would have it."""

    def __init__(self, place: Place) -> None:
        self._kind = place.kind
        url = place.url.set(drivername="sqlite+aiosqlite") if place.kind == "sqlite" else place.url
        # A new connection each time: the last one may have been ended by the test.
        self._engine = create_async_engine(url, poolclass=NullPool)
        if place.kind == "sqlite":
            event.listen(self._engine.sync_engine, "begin", _begin_nothing)
        self._holding: AsyncConnection | None = None

    async def lock(self) -> None:
        """Nobody else may write, everybody may read, until `unlock`."""
        self._holding = await self._engine.connect()
        names = [*TABLES.split(), "equity_samples"]
        statement = {
            "sqlite": "BEGIN IMMEDIATE",
            "postgresql": f"LOCK TABLE {', '.join(names)} IN EXCLUSIVE MODE",
            "mariadb": f"LOCK TABLES {', '.join(f'{name} READ' for name in names)}",
        }[self._kind]
        await self._holding.exec_driver_sql(statement)

    async def unlock(self) -> None:
        assert self._holding is not None
        if self._kind == "mariadb":
            await self._holding.exec_driver_sql("UNLOCK TABLES")
        elif self._kind == "sqlite":
            await self._holding.exec_driver_sql("ROLLBACK")
        await self._holding.rollback()
        await self._holding.close()
        self._holding = None

    async def do(self, statement: str) -> list[tuple[Any, ...]]:
        """Carry out and commit one statement; its rows, if it has any."""
        async with self._engine.connect() as connection:
            if self._kind == "sqlite":
                await connection.exec_driver_sql("BEGIN")
            result = await connection.execute(text(statement))
            rows = [tuple(row) for row in result] if result.returns_rows else []
            await connection.exec_driver_sql("COMMIT")
            await connection.rollback()
            return rows

    async def close(self) -> None:
        if self._holding is not None:
            await self._holding.invalidate()
            await self._holding.close()
        await self._engine.dispose()


def _begin_nothing(connection: Any) -> None:
    connection.connection.dbapi_connection.isolation_level = None


def administrator(kind: str) -> URL:
    return make_url(os.environ.get(f"MONITOR_TEST_{kind.upper()}", ADMINISTRATORS[kind]))


@asynccontextmanager
async def administration(kind: str) -> AsyncIterator[AsyncConnection]:
    """A connection that may do anything, each statement by itself."""
    engine: AsyncEngine = create_async_engine(administrator(kind), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


@asynccontextmanager
async def place_of(kind: str, folder: Path) -> AsyncIterator[Place]:
    """A fresh, empty place, gone afterwards with all that is still connected to it."""
    if kind == "sqlite":
        yield Place(kind, URL.create("sqlite", database=str(folder / "data" / "monitor.sqlite")))
        return
    need_server(kind)
    name = f"monitor_test_{uuid.uuid4().hex[:12]}"
    async with administration(kind) as admin:
        # A set of characters that knows neither Chinese nor case: the tables have their own.
        habits = " CHARACTER SET latin1" if kind == "mariadb" else ""
        await admin.execute(text(f"CREATE DATABASE {name}{habits}"))
    try:
        yield Place(kind, administrator(kind).set(database=name))
    finally:
        await drop(kind, name)


async def drop(kind: str, name: str) -> None:
    async with administration(kind) as admin:
        if kind == "postgresql":
            await admin.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            return
        await end_connections(admin, kind, name)
        await admin.execute(text(f"DROP DATABASE IF EXISTS {name}"))


async def end_connections(admin: AsyncConnection, kind: str, name: str) -> int:
    """Break off everybody who is connected to a database; how many that were."""
    if kind == "postgresql":
        ended = await admin.execute(
            text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        )
        return len(ended.all())
    found = await admin.execute(text(f"SELECT id FROM information_schema.processlist WHERE db = '{name}'"))
    numbers = [row[0] for row in found]
    for number in numbers:
        try:
            await admin.execute(text(f"KILL {number}"))
        except OperationalError as error:
            if "Unknown thread id" not in str(error):  # it went by itself meanwhile
                raise
    return len(numbers)


def need_server(kind: str) -> None:
    """Skip the test when no server answers."""
    url = administrator(kind)
    where = (url.host or "127.0.0.1", url.port or {"postgresql": 5432, "mariadb": 3306}[kind])
    try:
        socket.create_connection(where, timeout=2).close()
    except OSError as error:
        pytest.skip(f"no {kind} server at {where[0]}:{where[1]}: {error.strerror or error}")

"""Databases for benchmarks on the servers of this machine, made for one run and dropped after it.

A server that does not answer, or whose driver is not installed, is left out.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

# As an administrator, in a database that is there already.
SERVERS = {
    "PostgreSQL": "postgresql+asyncpg://postgres@127.0.0.1:5432/postgres",
    "MariaDB": "mariadb+asyncmy://root@127.0.0.1:3306/test",
}


async def version_of(kind: str) -> str:
    """The server's version; "" when there is none to measure."""
    try:
        engine = create_async_engine(_administrator(kind))
        async with engine.connect() as connection:
            found = (await connection.execute(text("SELECT version()"))).scalar_one()
        await engine.dispose()
    except (SQLAlchemyError, OSError, ModuleNotFoundError):
        return ""
    return str(found).removeprefix("PostgreSQL ").split(" ")[0]


@asynccontextmanager
async def database_on(kind: str) -> AsyncIterator[str]:
    """The URL of a fresh database."""
    engine = create_async_engine(_administrator(kind), isolation_level="AUTOCOMMIT")
    name = f"monitor_benchmark_{uuid.uuid4().hex[:8]}"
    async with engine.connect() as admin:
        await admin.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(_administrator(kind)).set(database=name).render_as_string(hide_password=False)
    finally:
        async with engine.connect() as admin:
            await admin.execute(text(f"DROP DATABASE {name}"))
        await engine.dispose()


def _administrator(kind: str) -> str:
    return os.environ.get(f"MONITOR_TEST_{kind.upper()}", SERVERS[kind])

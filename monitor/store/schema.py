"""Brings a database to the version this program knows, or refuses it.

Owns the list of versions. Alembic takes a while to import and is only needed when there is
something to change.
"""

from __future__ import annotations

import asyncio
import time
from importlib.resources import as_file, files

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.store.database import WRITES, Database
from monitor.store.faults import StoreError, locked, reason

# Oldest first; a test compares them with the scripts in `migrations/versions`.
REVISIONS = ("0001", "0002")
HEAD = REVISIONS[-1]

ASK_AGAIN_S = 0.02


async def migrate(database: Database, *, patience_s: float) -> None:
    """StoreError when the database is newer than the program, somebody else's, or broken.

    Two programs that make the same file WAL refuse each other at once, whatever time-out
    SQLite was given; so a locked database is asked again for `patience_s`.
    """
    end = time.monotonic() + patience_s
    while True:
        try:
            await _migrate(database)
            return
        except (SQLAlchemyError, OSError) as error:
            if not locked(error) or time.monotonic() > end:
                raise StoreError(f"The database cannot be opened: {reason(error)}.") from error
        await asyncio.sleep(ASK_AGAIN_S)


async def _migrate(database: Database) -> None:
    async with database.engine.connect() as connection, connection.begin():
        version = await connection.run_sync(_version)
    if version != HEAD:
        _check(version)
        async with database.engine.connect() as connection:
            await _upgrade(await connection.execution_options(**{WRITES: True}))


async def _upgrade(connection: AsyncConnection) -> None:
    """All or nothing, and once, when two programs start together: alembic reads the version
    again inside the transaction."""
    async with connection.begin():
        await connection.run_sync(_run_scripts)


async def describe_version(connection: AsyncConnection) -> str:
    """For people: the version of what is there. StoreError when it cannot be used."""
    version = await connection.run_sync(_version)
    _check(version)
    if version is None:
        return "empty (tables are made at the first start)"
    return (
        f"version {version}"
        if version == HEAD
        else f"version {version} (brought to {HEAD} at the next start)"
    )


async def require_current(connection: AsyncConnection) -> None:
    """For who only reads: StoreError unless the database is of this program's version."""
    version = await connection.run_sync(_version)
    _check(version)
    if version is None:
        raise StoreError("The database is empty: nothing was recorded in it yet.")
    if version != HEAD:
        raise StoreError(
            f"The database is of an older version ({version}): start Trading Monitor once, "
            f"which brings it to {HEAD}."
        )


def _version(connection: Connection) -> str | None:
    """None for an empty database."""
    names = inspect(connection).get_table_names()
    if "alembic_version" in names:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return None if found is None else str(found)
    if names:
        raise StoreError("The database belongs to another program: choose another one.")
    return None


def _check(version: str | None) -> None:
    if version is not None and version not in REVISIONS:
        raise StoreError(
            f"The database was written by a newer Trading Monitor (version {version}, "
            f"this one knows {HEAD}): update the program or choose another database."
        )


def _run_scripts(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    with as_file(files("monitor.store") / "migrations") as scripts:
        config = Config()
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)

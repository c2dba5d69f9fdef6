"""Migrations: from nothing to what the code knows, once; strangers and the future refused."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from database_places import OtherProgram, Place
from sqlalchemy import Connection
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.schema import CreateTable
from store_world import begin, nth_batch

from monitor.store import Store, StoreError
from monitor.store.address import shown
from monitor.store.schema import HEAD, REVISIONS
from monitor.store.statements import upsert
from monitor.store.tables import metadata


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


async def test_the_migrations_build_the_tables_that_the_code_knows(store: Store) -> None:
    async with store._database.reading() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_migration_that_was_killed_half_way_is_finished(place: Place) -> None:
    """MariaDB commits each table by itself; the version is written last."""
    store = await Store.open(place.address)
    await store.close()
    killer = OtherProgram(place)
    for table in ("orders", "equity_samples", "operation_log"):
        await killer.do(f"DROP TABLE {table}")
    await killer.do("DELETE FROM alembic_version")
    await killer.close()
    store = await Store.open(place.address)
    async with store._database.reading() as connection:
        assert await connection.run_sync(differences) == []
    await store.write(nth_batch(await begin(store), 0))
    await store.close()


async def test_every_step_is_known_to_the_code() -> None:
    scripts = ScriptDirectory(str(files("monitor.store") / "migrations"))
    steps = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(steps)) == REVISIONS


async def test_opening_again_changes_nothing(store: Store, place: Place) -> None:
    session_id = await begin(store)
    await store.close()
    for _ in range(2):
        again = await Store.open(place.address)
        found = await again.last_session()
        assert found is not None
        assert found.session_id == session_id
        await again.close()


async def test_several_programs_may_make_the_database_together(file: Path) -> None:
    opened = await asyncio.gather(*(Store.open(file, lock_wait_s=30) for _ in range(5)))
    begun = {await begin(store) for store in opened}
    assert len(begun) == len(opened)
    for store in opened:
        await store.close()


async def test_a_database_that_stays_locked_is_not_waited_for_without_end(file: Path) -> None:
    file.parent.mkdir()
    hog = sqlite3.connect(file, isolation_level=None)
    hog.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="cannot be opened: another program has locked it"):
        await Store.open(file, lock_wait_s=0.05)
    hog.close()


async def test_a_current_database_opens_without_the_migration_tool(store: Store, place: Place) -> None:
    await store.close()
    script = (
        "import asyncio, sys\n"
        "from monitor.store import Store\n"
        "async def main():\n"
        "    store = await Store.open(sys.argv[1])\n"
        "    await store.close()\n"
        "asyncio.run(main())\n"
        "print('alembic' in sys.modules)\n"
    )
    command = [sys.executable, "-c", script, place.address]
    shown = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


async def test_a_newer_database_is_refused_in_one_sentence_and_left_alone(
    store: Store, place: Place, other_program: OtherProgram
) -> None:
    await store.close()
    await other_program.do("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=rf"newer Trading Monitor \(version 9999, this one knows {HEAD}\)"):
        await Store.open(place.address)
    assert await other_program.do("SELECT version_num FROM alembic_version") == [("9999",)]
    assert await other_program.do("SELECT count(*) FROM sessions") == [(0,)]


async def test_the_database_of_another_program_is_refused(place: Place, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(exist_ok=True)
    stranger = OtherProgram(place)
    await stranger.do("CREATE TABLE photos (name TEXT)")
    with pytest.raises(StoreError, match="belongs to another program"):
        await Store.open(place.address)
    assert await stranger.do("SELECT count(*) FROM photos") == [(0,)]
    await stranger.close()


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("buy low, sell high\n" * 500)
    with pytest.raises(StoreError, match="the file is not a database"):
        await Store.open(tmp_path / "notes.txt")


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used as a database"):
        await Store.open(tmp_path / "file" / "monitor.sqlite")


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "sqlite://", "sqlite+aiosqlite:///:memory:", "oracle9://x", "postgresql+nodriver://x/y"],
)
async def test_an_address_that_is_no_database_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="cannot be used as a database") as refusal:
        await Store.open(url)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql+psycopg://me:hunter2@host/x", "leave it out of the address"),
        ("mysql+aiomysql://me:hunter2@host/x", "leave it out of the address"),
        ("postgresql://me:hunter2@host", "no database on it"),
    ],
)
async def test_an_address_on_a_server_that_cannot_be_used_says_why(url: str, why: str) -> None:
    with pytest.raises(StoreError, match=why) as refusal:
        await Store.open(url)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("url", ["postgresql://u:pw@h/d", "mariadb://u:pw@h/d?password=pw&x=1"])
def test_an_address_is_shown_without_its_password(url: str) -> None:
    assert "pw" not in shown(url).replace("password", "")
    assert "@h/d" in shown(url)


@pytest.mark.parametrize("dialect", [postgresql.dialect(), mysql.dialect()], ids=["postgresql", "mysql"])
def test_tables_and_upserts_can_be_said_to_other_servers(dialect: object) -> None:
    for table in metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=dialect))  # type: ignore[arg-type]
        statement = upsert(dialect.name, table)  # type: ignore[attr-defined]
        assert "UPDATE" in str(statement.compile(dialect=dialect))  # type: ignore[arg-type]

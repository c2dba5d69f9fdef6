"""The store as the core sees it: sessions, one way to write, and what `reader` can be asked.

Owns the numbering of each session's journal and what of it is durable, and housekeeping. Everything
runs on the core's loop; nothing here waits for a disk on that loop.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.store import checkpoints, retention, tables
from monitor.store.batch import Batch
from monitor.store.database import Database, open_database
from monitor.store.faults import InUseError, StoreError, reason
from monitor.store.reader import Reader
from monitor.store.schema import ASK_AGAIN_S, migrate
from monitor.store.statements import last_seq
from monitor.store.writer import Writer


class SavedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it was left. `config` is what `begin_session` was given; `state` "open"
    with `ended_cleanly` False means that the program was killed. `last_seq` is its last
    journal record's number, 0 for none."""

    session_id: int
    created_ns: int
    world: str
    title: str
    config: bytes
    state: str
    ended_cleanly: bool
    last_seq: int


class Store(Reader):
    """Made by `Store.open`. Every method may raise StoreError, whose text is for the user.

    `durable_seq` is the last journal record on disk of the session begun or read last.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.durable_seq = 0
        self._session_id = 0
        self._next_seq: dict[int, int] = {}
        self._writer = Writer(database, self._note_durable)
        # Work in many transactions is done one after the other.
        self._housekeeping = asyncio.Lock()

    @classmethod
    async def open(cls, url: str | Path, *, lock_wait_s: float = 1.0, answer_s: float = 15.0) -> Store:
        """Open or make the database at a SQLAlchemy URL, or a SQLite file at a path, bring it
        to this program's version, and start the writer. On a server it is held until `close`:
        StoreError when another program holds it."""
        database = open_database(url, lock_wait_s=lock_wait_s, answer_s=answer_s)
        store = cls(database)
        try:
            if database.occupation is not None:
                await store._occupy(lock_wait_s)
            await migrate(database, patience_s=lock_wait_s)
            database.remember_file()
        except StoreError:
            await store.close()
            raise
        store._writer.start()
        return store

    async def _occupy(self, patience_s: float) -> None:
        """Hold a server's database. One that was killed just now may hold it for a moment."""
        end = time.monotonic() + patience_s
        while True:
            try:
                async with self._writer.transaction():
                    return
            except (SQLAlchemyError, OSError) as error:
                if not isinstance(error, InUseError) or time.monotonic() > end:
                    raise StoreError(f"The database cannot be opened: {reason(error)}.") from error
            await asyncio.sleep(ASK_AGAIN_S)

    @property
    def error(self) -> str:
        """Empty, or one sentence while nothing can be written."""
        return self._writer.error

    @property
    def on_state(self) -> Callable[[str], None]:
        """Called with `error` whenever that changes; must not raise."""
        return self._writer.on_state

    @on_state.setter
    def on_state(self, listener: Callable[[str], None]) -> None:
        self._writer.on_state = listener

    async def begin_session(self, *, created_ns: int, world: str, title: str, config: bytes) -> int:
        """Begin a session once everything before it is durable. Its id is never used again.
        StoreError at once, not a wait, while nothing can be written."""
        await self._writer.settle()
        values = {"created_ns": created_ns, "world": world, "title": title, "config": config}
        statement = insert(tables.sessions).values(**values, state="open", ended_cleanly=False)
        async with self._writing() as connection:
            made: Any = (await connection.execute(statement)).inserted_primary_key
        session_id = int(made[0])
        self._take_up(session_id, 0)
        return session_id

    async def last_session(self, *worlds: str) -> SavedSession | None:
        """The session begun last, ready to be written to again; of these worlds, if any are named.
        None when there is none."""
        columns = tables.sessions.c
        conditions = [columns.world.in_([str(world) for world in worlds])] if worlds else []
        return await self._saved(select(tables.sessions).where(*conditions))

    async def session(self, session_id: int) -> SavedSession | None:
        """That session, ready to be written to again. None when there is none."""
        columns = tables.sessions.c
        return await self._saved(select(tables.sessions).where(columns.session_id == session_id))

    async def _saved(self, sessions: Select[Any]) -> SavedSession | None:
        await self._writer.settle()
        newest = sessions.order_by(tables.sessions.c.session_id.desc()).limit(1)
        async with self._database.reading() as connection:
            row = (await connection.execute(newest)).first()
            if row is None:
                return None
            seq = await last_seq(connection, row.session_id)
        self._take_up(row.session_id, seq)
        return SavedSession(**row._asdict(), last_seq=seq)

    async def end_session(self, session_id: int, clean: bool) -> None:
        """Mark a session as ended once everything before is durable. A later write opens it
        again. StoreError at once, not a wait, while nothing can be written."""
        await self._writer.settle()
        statement = update(tables.sessions).where(tables.sessions.c.session_id == session_id)
        async with self._writing() as connection:
            await connection.execute(statement.values(state="ended", ended_cleanly=clean))
        self._writer.forget(session_id)

    async def drop_session(self, session_id: int) -> None:
        """Forget a replay with all its rows, that nobody will look back at. ValueError for a session
        that traded: what it did is kept."""
        await self._writer.settle()
        async with self._writing() as connection:
            if session_id in await retention.trading_sessions(connection):
                raise ValueError(f"session {session_id} traded, it is not forgotten")
            for table in reversed(tables.metadata.sorted_tables):
                if "session_id" in table.c:
                    await connection.execute(delete(table).where(table.c.session_id == session_id))
        self._writer.forget(session_id)
        self._next_seq.pop(session_id, None)

    async def prune_sessions(self, keep: int) -> None:
        """Drop all but the `keep` newest replays. Sessions that traded are never dropped."""
        async with self._database.reading() as connection:
            old = await retention.old_replays(connection, keep)
        for session_id in old:
            await self.drop_session(session_id)

    async def put_checkpoint(
        self, session_id: int, seq: int, time_ns: int, payload: bytes, *, format: int = 1
    ) -> None:
        """Keep what the session's state was after record `seq`, once that is durable. Written in
        parts of half a megabyte between the journal's groups, and there only when it is whole.
        `checkpoints.staying` says which stay. StoreError at once while nothing can be written:
        nothing is lost, try again later. ValueError for a record that was not written yet."""
        if seq >= self._next_seq.get(session_id, 0):
            raise ValueError(f"record {seq} of session {session_id} was not written yet")
        await self._writer.settle()
        async with self._housekeeping:
            async with self._writing() as connection:
                await checkpoints.begin(connection, session_id, seq)
            digest, parts = hashlib.sha256(), 0
            for parts, part in enumerate(checkpoints.parts_of(payload), 1):
                digest.update(part)
                async with self._writing() as connection:
                    await checkpoints.put_part(connection, session_id, seq, parts - 1, part)
            head = checkpoints.Head(seq, time_ns, format, parts, digest.hexdigest())
            async with self._writing() as connection:
                await checkpoints.finish(connection, session_id, head)

    async def archive_records(self, before_ns: int) -> int:
        """Move position records of before that moment to the archive, a few hundred at a time; how
        many those were. Adjustments and corrections stay, and records of replays. StoreError at
        once while nothing can be written; what was moved before stays moved, the rest is where it
        was. `retention.KEPT_DAYS` is how long records are kept unless somebody says otherwise."""
        await self._writer.settle()
        moved = 0
        async with self._housekeeping:
            async with self._database.reading() as connection:
                trading = await retention.trading_sessions(connection)
            for session_id in trading:
                part = retention.PART_RECORDS
                while part == retention.PART_RECORDS:
                    async with self._writing() as connection:
                        part = await retention.archive_part(connection, session_id, before_ns)
                    moved += part
        return moved

    def write(self, batch: Batch) -> asyncio.Future[None]:
        """Queue a batch; never waits. The future resolves when the batch is durable; it may
        be dropped. ValueError when the records do not continue the session's numbering."""
        expected = self._next_seq.get(batch.session_id)
        if expected is None:
            raise ValueError(f"session {batch.session_id} was neither begun nor read here")
        for expected, record in enumerate(batch.records, expected):  # noqa: B020
            if record.seq != expected:
                raise ValueError(f"record {record.seq} of session {batch.session_id} should be {expected}")
        durable = self._writer.put(batch)
        if batch.records:
            self._next_seq[batch.session_id] = batch.records[-1].seq + 1
        return durable

    async def room(self) -> None:
        """Wait while too much waits to be written; call it between steps at full speed."""
        await self._writer.room()

    async def settle(self) -> None:
        """Like `flush`, but StoreError at once while nothing can be written: for questions that
        somebody waits to have answered."""
        await self._writer.settle()

    async def flush(self) -> None:
        """Wait until everything written so far is durable."""
        await self._writer.flush()

    async def close(self, *, patience_s: float = 10.0) -> None:
        """Make everything durable and close. StoreError when it could not be in time."""
        try:
            await self._writer.close(patience_s)
        finally:
            await self._database.close()

    def _take_up(self, session_id: int, seq: int) -> None:
        self._session_id = session_id
        self._next_seq[session_id] = seq + 1
        self.durable_seq = seq

    def _note_durable(self, batch: Batch) -> None:
        if batch.records and batch.session_id == self._session_id:
            self.durable_seq = batch.records[-1].seq

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._writer.transaction() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"The database cannot be written: {reason(error)}.") from error

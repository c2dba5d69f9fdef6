"""Servers that restart, hang, refuse or are shared: nothing is lost or doubled, it is said, and
the store goes on by itself. One program per database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cable import cable_to
from database_places import (
    SERVERS,
    OtherProgram,
    Place,
    administration,
    end_connections,
    place_of,
)
from store_world import begin, fold, nth_batch

from monitor.engine.changes import Changes
from monitor.engine.journal import JournalRecord
from monitor.store import Batch, Store, StoreError


@pytest.fixture(params=SERVERS)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with place_of(request.param, tmp_path) as found:
        yield found


LOCK_WAIT_S = 0.02


class Listener:
    """Everything the store has said about itself, and a way to wait for a word."""

    def __init__(self, store: Store) -> None:
        self.told: list[str] = []
        self._changed = asyncio.Event()
        store.on_state = self._note

    def _note(self, error: str) -> None:
        self.told.append(error)
        self._changed.set()

    async def hears(self, word: str) -> str:
        while not (said := next((told for told in self.told if word in told), "")):
            self._changed.clear()
            await self._changed.wait()
        return said


async def must_be_whole(store: Store, session_id: int, batches: list[Batch]) -> None:
    assert await store.journal(session_id) == [record for batch in batches for record in batch.records]
    assert fold([await store.rows(session_id)]) == fold(batch.changes for batch in batches)


async def test_connections_that_are_broken_off_again_and_again_lose_nothing(
    place: Place, store: Store, session_id: int, other_program: OtherProgram
) -> None:
    listener, batches = Listener(store), [nth_batch(session_id, number) for number in range(200)]
    name, ended = str(place.url.database), 0
    async with administration(place.kind) as admin:
        for number, batch in enumerate(batches):
            store.write(batch)
            if number % 20 == 10:
                ended += await end_connections(admin, place.kind, name)
                promised = store.durable_seq
                stored = await other_program.do("SELECT max(seq) FROM journal")
                assert promised <= (stored[0][0] or 0)
    await store.flush()
    assert ended > 0
    assert "cannot be written" in listener.told[0]
    assert (store.error, listener.told[-1]) == ("", "")
    await must_be_whole(store, session_id, batches)


async def test_a_server_that_is_away_is_said_and_waited_for(place: Place) -> None:
    async with cable_to(place) as cable:
        store = await Store.open(cable.address, lock_wait_s=LOCK_WAIT_S)
        session_id, listener = await begin(store), Listener(store)
        batches = [nth_batch(session_id, number) for number in range(60)]
        await store.write(batches[0])
        for _ in range(3):
            await cable.cut()
            durable = store.durable_seq
            waiting = [store.write(batch) for batch in batches[durable // 3 : durable // 3 + 15]]
            await listener.hears("the server does not answer")
            assert store.durable_seq == durable
            assert not any(one.done() for one in waiting)
            with pytest.raises(StoreError, match="cannot be read: the server does not answer"):
                await store.rows(session_id)
            with pytest.raises(StoreError, match="cannot be written"):
                await begin(store)
            await cable.plug_in()
            await asyncio.gather(*waiting)
            listener.told.clear()
        assert store.error == ""
        await must_be_whole(store, session_id, batches[: store.durable_seq // 3])
        await store.close()


async def test_a_commit_whose_answer_was_lost_is_not_doubled(place: Place) -> None:
    async with cable_to(place) as cable:
        store = await Store.open(cable.address, lock_wait_s=LOCK_WAIT_S)
        session_id, listener = await begin(store), Listener(store)
        batches = [nth_batch(session_id, number) for number in range(40)]
        for first in range(0, 40, 10):
            cable.torn.clear()
            cable.tear_after_commit = True
            promises = [store.write(batch) for batch in batches[first : first + 10]]
            await cable.torn.wait()
            await asyncio.gather(*promises)
            assert "gone" in await listener.hears("cannot be written")
            listener.told.clear()
        await must_be_whole(store, session_id, batches)
        assert len(await store.journal(session_id)) == 120
        await store.close()


async def test_a_server_that_says_nothing_is_not_waited_for_without_end(place: Place) -> None:
    async with cable_to(place) as cable:
        store = await Store.open(cable.address, lock_wait_s=LOCK_WAIT_S, answer_s=0.3)
        session_id, listener = await begin(store), Listener(store)
        batches = [nth_batch(session_id, number) for number in range(20)]
        await store.write(batches[0])
        cable.freeze()
        for batch in batches[1:]:
            store.write(batch)
        await listener.hears("the server does not answer in time")
        assert store.durable_seq == batches[0].records[-1].seq
        cable.thaw()
        await store.flush()
        await must_be_whole(store, session_id, batches)
        await store.close()


async def test_nor_does_a_reader_wait_for_it_without_end(place: Place) -> None:
    async with cable_to(place) as cable:
        store = await Store.open(cable.address, lock_wait_s=LOCK_WAIT_S, answer_s=0.5)
        session_id = await begin(store)
        await store.write(nth_batch(session_id, 0))
        assert len(await store.journal(session_id)) == 3
        cable.freeze()
        store._database.answer_s = 0.01
        with pytest.raises(StoreError, match="cannot be read: the server does not answer in time"):
            await store.journal(session_id)
        cable.thaw()
        store._database.answer_s = 0.5
        assert len(await store.journal(session_id)) == 3
        await store.close()


async def test_a_second_program_is_refused_in_one_sentence(place: Place, store: Store) -> None:
    with pytest.raises(StoreError, match=r"cannot be opened: another Trading Monitor is using it"):
        await Store.open(place.address, lock_wait_s=LOCK_WAIT_S)
    await store.write(nth_batch(await begin(store), 0))
    await store.close()
    successor = await Store.open(place.address, lock_wait_s=5)
    assert await successor.last_session() is not None
    await successor.close()


async def test_what_another_program_took_over_meanwhile_is_not_written_to(place: Place) -> None:
    async with cable_to(place) as cable:
        store = await Store.open(cable.address, lock_wait_s=LOCK_WAIT_S)
        session_id, listener = await begin(store), Listener(store)
        await store.write(nth_batch(session_id, 0))
        await cable.cut()
        late = store.write(nth_batch(session_id, 1))
        await listener.hears("cannot be written")
        successor = await Store.open(place.address, lock_wait_s=5)
        found = await successor.last_session()
        assert found is not None
        await successor.write(Batch(session_id, [JournalRecord(4, 1, 1, "bar", b"another bar")], Changes()))
        await cable.plug_in()
        await listener.hears("another Trading Monitor is using it")
        assert not late.done()
        await successor.close()
        await listener.hears("another program has gone on with this session")
        assert isinstance(late.exception(), StoreError)
        assert store.durable_seq == 3
        await store.close()


class Clerk:
    """A user of the server with a password, who may use one database and can be forbidden to."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.name = str(place.url.database).replace("monitor_test", "clerk")
        self.password = "p@ss:w/rd?%&"

    @property
    def address(self) -> str:
        url = self.place.url.set(username=self.name, password=self.password)
        return url.render_as_string(hide_password=False)

    async def comes(self) -> None:
        base = self.place.url.database
        postgresql = [
            f"CREATE ROLE {self.name} LOGIN PASSWORD '{self.password}'",
            f"ALTER DATABASE {base} OWNER TO {self.name}",
        ]
        mariadb = [
            f"CREATE USER {self.name}@'{host}' IDENTIFIED BY '{self.password}'" for host in ("%", "localhost")
        ] + [f"GRANT ALL ON {base}.* TO {self.name}@'{host}'" for host in ("%", "localhost")]
        await self._do(postgresql if self.place.kind == "postgresql" else mariadb)

    async def may_write(self, allowed: bool) -> None:
        base = self.place.url.database
        word, to = ("GRANT", "TO") if allowed else ("REVOKE", "FROM")
        if self.place.kind == "postgresql":
            state = "off" if allowed else "on"
            await self._do([f"ALTER DATABASE {base} SET default_transaction_read_only = {state}"])
        else:
            await self._do([f"{word} INSERT ON {base}.* {to} {self.name}@'{h}'" for h in ("%", "localhost")])
        async with administration(self.place.kind) as admin:
            await end_connections(admin, self.place.kind, str(base))

    async def goes(self) -> None:
        base = self.place.url.database
        postgresql = [f"ALTER DATABASE {base} OWNER TO postgres", f"DROP ROLE {self.name}"]
        mariadb = [f"DROP USER {self.name}@'{host}'" for host in ("%", "localhost")]
        if self.place.kind == "postgresql":
            other = OtherProgram(self.place)
            await other.do(f"REASSIGN OWNED BY {self.name} TO postgres")
            await other.close()
        await self._do(postgresql[1:] if self.place.kind == "postgresql" else mariadb)

    async def _do(self, statements: list[str]) -> None:
        async with administration(self.place.kind) as admin:
            for statement in statements:
                # asyncmy fills in placeholders even where there are no values.
                doubled = statement.replace("%", "%%") if self.place.kind == "mariadb" else statement
                await admin.exec_driver_sql(doubled)


@pytest.fixture
async def clerk(place: Place) -> AsyncIterator[Clerk]:
    someone = Clerk(place)
    await someone.comes()
    yield someone
    await someone.goes()


async def test_a_user_who_may_not_write_any_more_is_told_and_goes_on_when_he_may(clerk: Clerk) -> None:
    store = await Store.open(clerk.address, lock_wait_s=LOCK_WAIT_S)
    session_id, listener = await begin(store), Listener(store)
    batches = [nth_batch(session_id, number) for number in range(10)]
    await store.write(batches[0])
    await clerk.may_write(False)
    for batch in batches[1:]:
        store.write(batch)
    said = await listener.hears("read-only" if clerk.place.kind == "postgresql" else "may not write")
    assert clerk.password not in said
    assert store.durable_seq == 3
    await clerk.may_write(True)
    await store.flush()
    await must_be_whole(store, session_id, batches)
    await store.close()


async def test_a_table_that_vanishes_is_said_and_its_return_noticed(
    store: Store, session_id: int, other_program: OtherProgram
) -> None:
    listener, batches = Listener(store), [nth_batch(session_id, number) for number in range(10)]
    await store.write(batches[0])
    await other_program.do("ALTER TABLE journal RENAME TO journal_elsewhere")
    for batch in batches[1:]:
        store.write(batch)
    await listener.hears("a table of it is gone")
    assert store.durable_seq == 3
    await other_program.do("ALTER TABLE journal_elsewhere RENAME TO journal")
    await store.flush()
    await must_be_whole(store, session_id, batches)


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
async def test_a_database_that_vanishes_is_said_and_its_return_noticed(place: Place) -> None:
    store = await Store.open(place.address, lock_wait_s=LOCK_WAIT_S)
    session_id, listener = await begin(store), Listener(store)
    batches, name = [nth_batch(session_id, number) for number in range(10)], str(place.url.database)
    await store.write(batches[0])
    async with administration(place.kind) as admin:
        await admin.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await end_connections(admin, place.kind, name)
        await admin.exec_driver_sql(f"ALTER DATABASE {name} RENAME TO {name}_elsewhere")
        for batch in batches[1:]:
            store.write(batch)
        await listener.hears("there is no such database on the server")
        assert store.durable_seq == 3
        await admin.exec_driver_sql(f"ALTER DATABASE {name}_elsewhere RENAME TO {name}")
        await admin.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    await store.flush()
    await must_be_whole(store, session_id, batches)
    await store.close()


async def test_a_wrong_password_is_a_sentence_without_it(clerk: Clerk) -> None:
    wrong = clerk.place.url.set(username=clerk.name, password="hunter2")
    if clerk.place.kind == "postgresql":
        wrong = clerk.place.url.set(username=f"{clerk.name}_nobody", password="hunter2")
    with pytest.raises(StoreError, match="does not accept the user or the password") as refusal:
        await Store.open(wrong.render_as_string(hide_password=False))
    assert "hunter2" not in str(refusal.value)


async def test_a_database_that_is_not_there_is_a_sentence(place: Place) -> None:
    with pytest.raises(StoreError, match="there is no such database on the server"):
        await Store.open(place.url.set(database="monitor_nowhere").render_as_string(hide_password=False))


async def test_a_server_that_is_not_there_is_a_sentence(place: Place) -> None:
    async with cable_to(place) as cable:
        address = cable.address
    with pytest.raises(StoreError, match="cannot be opened: the server does not answer"):
        await Store.open(address)

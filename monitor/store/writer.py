"""The one task that makes batches durable, in order, many to a transaction.

Owns the queue, the retries and what is said about them. A batch is acknowledged after its
commit and never before; what the world refuses (a lock, a full disk) waits and is tried
again; what is wrong in itself stops the store for good. Knows no table.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import islice

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.store.batch import Batch, Waiting, group
from monitor.store.database import WRITES, Database
from monitor.store.faults import StoreError, passing, reason
from monitor.store.statements import put

# One commit costs a disk flush: enough rows to pay for it, few enough to answer soon.
GROUP_ROWS = 1_000
WAITING_ROWS = 4_000
FIRST_DELAY_S = 0.05
LONGEST_DELAY_S = 2.0
# A silent server gets twice the time at each try, up to this: what is asked may be much.
LONGEST_ANSWER_S = 600.0

# All that a wrong row can raise between here and the database, besides the world's failures.
FAULTS = (SQLAlchemyError, OSError, ValueError, TypeError, ArithmeticError, AttributeError)


class Writer:
    """Started by `start` on a running loop, ended by `close`.

    `error` is empty, or one sentence while nothing can be written. `on_state` is called
    with it whenever it changes, and must not raise. `on_durable` gets each batch that was
    committed, just before its future resolves.
    """

    def __init__(self, database: Database, on_durable: Callable[[Batch], None]) -> None:
        self.error = ""
        self.on_state: Callable[[str], None] = lambda error: None
        self._on_durable = on_durable
        self._database = database
        self._connection: AsyncConnection | None = None
        self._turn = asyncio.Lock()
        self._waiting: deque[Waiting] = deque()
        self._rows = 0
        self._given = 0
        self._wake = asyncio.Event()
        self._moved = asyncio.Event()
        self._closing = False
        self._broken = ""
        self._in_doubt = 0
        self._resumed: set[int] = set()
        self._alone = 0
        self._delay_s = 0.0
        self._answer_s = database.answer_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="journal writer")
        self._task.add_done_callback(self._ended)

    def put(self, batch: Batch) -> asyncio.Future[None]:
        """Queue a batch. The future resolves when it is durable, or fails with StoreError
        when it never will be. StoreError at once when nothing can be written any more."""
        if self._broken:
            raise StoreError(self._broken)
        if self._closing:
            raise StoreError("The database is closed.")
        item = Waiting(batch, asyncio.get_running_loop().create_future())
        self._waiting.append(item)
        self._rows += item.rows
        self._given += 1
        self._wake.set()
        return item.durable

    async def room(self) -> None:
        """Wait until at most WAITING_ROWS rows wait. StoreError when they never will go."""
        await self._until(lambda: self._rows <= WAITING_ROWS)

    async def flush(self) -> None:
        """Wait until everything given so far is durable. StoreError when it never will be."""
        given = self._given
        await self._until(lambda: self._given - len(self._waiting) >= given)

    async def settle(self) -> None:
        """Like `flush`, but StoreError at once when nothing can be written at present: for
        questions somebody waits to have answered."""
        given = self._given
        await self._until(lambda: bool(self.error) or self._given - len(self._waiting) >= given)
        if self.error:
            raise StoreError(self.error)

    async def _until(self, reached: Callable[[], bool]) -> None:
        while not self._broken and not reached():
            self._moved.clear()
            await self._moved.wait()
        if self._broken:
            raise StoreError(self._broken)

    def forget(self, session_id: int) -> None:
        """The session has ended: if it is written to again, it is marked as open again."""
        self._resumed.discard(session_id)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A write transaction between two groups, committed when the block ends well."""
        async with self._turn:
            try:
                self._database.check_file()
                async with asyncio.timeout(self._answer_s):
                    connection = await self._connect()
                    async with connection.begin():
                        yield connection
                self._database.check_file()
            except (SQLAlchemyError, OSError) as error:
                if isinstance(error, TimeoutError) and self._answer_s is not None:
                    self._answer_s = min(self._answer_s * 2, LONGEST_ANSWER_S)
                if passing(error):
                    await self._disconnect()
                raise
            self._answer_s = self._database.answer_s

    async def close(self, patience_s: float) -> None:
        """Write what waits, then stop. StoreError when it cannot be written in time."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=patience_s)
            self._task.cancel()
            await asyncio.wait({self._task})
        lost = len(self._waiting)
        await self._disconnect()
        if lost and not self._broken:
            problem = StoreError(f"{lost} events could not be written before the end. {self.error}".strip())
            self._refuse_all(problem)
            raise problem

    async def _connect(self) -> AsyncConnection:
        """The connection that writes. InUseError when another program has the database."""
        if self._connection is None:
            connection = await self._database.engine.connect()
            self._connection = await connection.execution_options(**{WRITES: True})
            if self._database.occupation is not None:
                await self._database.occupation.take(self._connection)
        return self._connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError, OSError):
                await connection.invalidate()
            with suppress(SQLAlchemyError, OSError):
                await connection.close()

    async def _run(self) -> None:
        while self._waiting or not self._closing:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._write_group()

    async def _write_group(self) -> None:
        """One try with the first group. What fails stays where it is."""
        batches = group(islice(self._waiting, 1) if self._alone else self._waiting, GROUP_ROWS)
        try:
            async with self.transaction() as connection:
                resumed = batches[0].session_id not in self._resumed
                await put(connection, batches, doubtful=self._in_doubt > 0, resumed=resumed)
        except FAULTS as error:
            if passing(error):
                await self._wait_for_better(error, len(batches))
            else:
                self._isolate(error, len(batches))
        else:
            self._acknowledge(len(batches))

    def _acknowledge(self, count: int) -> None:
        self._delay_s = 0.0
        self._in_doubt = max(0, self._in_doubt - count)
        self._alone = max(0, self._alone - count)
        self._tell("")
        for _ in range(count):
            item = self._waiting.popleft()
            self._rows -= item.rows
            self._resumed.add(item.batch.session_id)
            self._on_durable(item.batch)
            if not item.durable.done():
                item.durable.set_result(None)
        self._moved.set()

    async def _wait_for_better(self, error: Exception, batches: int) -> None:
        # A commit that reports a failure may have been made all the same.
        self._in_doubt = max(self._in_doubt, batches)
        self._delay_s = min(max(FIRST_DELAY_S, self._delay_s * 2), LONGEST_DELAY_S)
        self._tell(f"The database cannot be written: {reason(error)}. It is tried again until it works.")
        await asyncio.sleep(self._delay_s)

    def _isolate(self, error: Exception, batches: int) -> None:
        """Something in the group is wrong in itself: write its batches one by one, so that
        all before the wrong one are kept, and stop at that."""
        if batches == 1:
            raise error
        self._alone = batches

    def _ended(self, task: asyncio.Task[None]) -> None:
        """The task raised: nothing that follows may be written, or the journal had a gap."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._refuse_all(
                StoreError(f"The database refused a row, nothing more is written: {_brief(error)}.")
            )

    def _refuse_all(self, problem: StoreError) -> None:
        self._broken = str(problem)
        self._tell(str(problem))
        while self._waiting:
            item = self._waiting.popleft()
            if not item.durable.done():
                item.durable.set_exception(problem)
                # Nobody has to look at it: the failure is also told by `error`.
                item.durable.exception()
        self._rows = 0
        self._moved.set()

    def _tell(self, error: str) -> None:
        if error != self.error:
            self.error = error
            self._moved.set()
            self.on_state(error)


def _brief(error: BaseException) -> str:
    """Without the statement and its parameters, which SQLAlchemy appends."""
    return str(getattr(error, "orig", None) or error).splitlines()[0].rstrip(".")

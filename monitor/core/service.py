"""The core as it is run: database, session, mirror, in order, and back in reverse.

`serve` is the whole life of a core on one loop; `CoreThread` gives it a thread of its own and
the window a door to it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import msgspec

from monitor.boundary import CoreStats, OrderFact, PastMoment, RecordPage, RecordQuery, Unavailable
from monitor.core.connect import Venues
from monitor.core.core import Core
from monitor.engine.changes import Changes
from monitor.engine.commands import AnyCommand, Reply, refused
from monitor.engine.guards import GuardLimits
from monitor.engine.options import ReplayOptions, VenueOptions
from monitor.engine.values import LogLevel
from monitor.net.mirror import Mirror, MirrorError
from monitor.settings import without_password
from monitor.store.faults import StoreError
from monitor.store.retention import KEPT_DAYS
from monitor.store.store import Store

A = TypeVar("A")
_SILENCE = 2.0
_SHORT_WAIT = 2.0


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What a core is started with. `start` None restores the last session, or opens
    `fallback` in a new database. `play` None: play what is new, not what was restored. `trading`:
    programs may give orders through the mirror."""

    database: str
    start: ReplayOptions | VenueOptions | None
    fallback: ReplayOptions
    speed: float | None = 1.0
    play: bool | None = None
    loop_replay: bool = False
    window: bool = True
    mirror: bool = True
    host: str = "127.0.0.1"
    port: int = 8765
    trading: bool = False
    web_root: Path
    kill_file: Path | None = None
    guards: GuardLimits = GuardLimits()
    keep_days: int = KEPT_DAYS

    def __repr__(self) -> str:
        """Without the address of the database, which may hold a password."""
        return f"Setup({without_password(self.database)}, {self.host}:{self.port})"


async def serve(setup: Setup, ready: Callable[[Core], None]) -> None:
    """Run a core until its `stop`. `ready` is called once everything stands.

    Raises StoreError and what `make_plan` raises before that; a mirror that cannot start is
    told in the log and by the link, and harms nothing else.
    """
    store = await Store.open(setup.database)
    try:
        core = Core(
            store,
            loop_replay=setup.loop_replay,
            window=setup.window,
            venues=Venues(setup.guards),
            kill_file=setup.kill_file,
            keep_days=setup.keep_days,
        )
        restored = await core.open(setup.start, setup.fallback)
        mirror = await _start_mirror(core, setup) if setup.mirror else None
        if setup.play if setup.play is not None else not restored:
            core.play(setup.speed)
        else:
            core.set_speed(setup.speed)
        ready(core)
        try:
            await core.run()
        finally:
            if core.outbox.in_past:  # nobody can be asked for the present any more
                core.outbox.show_present(core.snapshot())
            if mirror is not None:
                await mirror.stop()
            await core.close()
    finally:
        await store.close()


async def _start_mirror(core: Core, setup: Setup) -> Mirror | None:
    mirror = Mirror(core, host=setup.host, port=setup.port, web_root=setup.web_root, trading=setup.trading)
    try:
        await mirror.start()
    except MirrorError as error:
        reason = str(error)
        core.note(LogLevel.ERROR, "mirror", reason)
        core.watch_mirror(lambda: ("", 0, reason))
        return None
    core.note(LogLevel.INFO, "mirror", f"The web page is at {mirror.url}")
    core.watch_mirror(lambda: (mirror.url, mirror.clients, ""))
    return mirror


class CoreThread:
    """The core in a thread of its own. It is a `WindowDoor`; no method blocks but `wait` and
    `stop`. `failure` is what ended the core, when it ended by itself."""

    def __init__(self, setup: Setup) -> None:
        self.failure: BaseException | None = None
        self._setup = setup
        self._stopping = False
        self._core: Core | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="core", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait(self) -> None:
        """Until everything stands. Raises what kept it from that."""
        self._ready.wait()
        if self.failure is not None:
            raise self.failure

    def stop(self, timeout: float = 15.0) -> None:
        """Stop and wait. Raises what went wrong while closing; StoreError when it hangs. A core
        that has given no sign of life for a while is not waited for long."""
        self._stopping = True
        core, loop = self._core, self._loop
        if core is not None and loop is not None and self._thread.is_alive():
            loop.call_soon_threadsafe(core.stop)
            if time.monotonic() - core.stats().beat_s > _SILENCE:
                timeout = min(timeout, _SHORT_WAIT)
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise StoreError("The engine did not stop in time: a strategy or the database holds it.")
        if self.failure is not None:
            raise self.failure

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def submit(self, command: AnyCommand) -> Future[Reply]:
        core, loop = self._core, self._loop
        if core is None or loop is None or not self._thread.is_alive():
            answer: Future[Reply] = Future()
            answer.set_result(refused("The engine has stopped.", "stopped"))
            return answer
        return asyncio.run_coroutine_threadsafe(core.answer(command), loop)

    def take(self) -> Changes | None:
        return self._core.outbox.take() if self._core is not None else None

    def stats(self) -> CoreStats:
        return self._core.stats() if self._core is not None else CoreStats()

    def look_back(self, seq: int | None = None, time_ns: int | None = None) -> Future[PastMoment]:
        return self._ask(lambda core: core.look_back(seq, time_ns))

    def look_ahead(self) -> Future[None]:
        return self._ask(lambda core: core.look_ahead())

    def position_records(self, query: RecordQuery) -> Future[RecordPage]:
        return self._ask(lambda core: core.position_records(query))

    def order_history(
        self, order_id: int, from_ns: int | None = None, to_seq: int | None = None
    ) -> Future[tuple[OrderFact, ...]]:
        return self._ask(lambda core: core.order_history(order_id, from_ns, to_seq))

    def _ask(self, question: Callable[[Core], Coroutine[None, None, A]]) -> Future[A]:
        """Ask the core something on its own loop."""
        core, loop = self._core, self._loop
        if core is None or loop is None or not self._thread.is_alive():
            answer: Future[A] = Future()
            answer.set_exception(Unavailable("The engine has stopped."))
            return answer
        return asyncio.run_coroutine_threadsafe(question(core), loop)

    def _run(self) -> None:
        try:
            asyncio.run(serve(self._setup, self._stands))
        except BaseException as error:  # noqa: BLE001 carried to the thread that started us
            self.failure = error
        finally:
            self._ready.set()

    def _stands(self, core: Core) -> None:
        self._loop = asyncio.get_running_loop()
        self._core = core
        if self._stopping:
            core.stop()
        self._ready.set()

"""The core: one writer for one session. Commands and bars in, journal and changed rows out.

Everything here runs on the core's loop. One turn at a time: a command, or a slice of bars;
its facts and rows go to the store together, then to every reader. Knows no window.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from monitor.boundary import CoreStats, PastMoment, Unavailable
from monitor.core.checkpoints import EVERY, Checkpointer
from monitor.core.connect import Venues, connect
from monitor.core.durability import NOT_DURABLE, Durability
from monitor.core.housekeeping import Housekeeping
from monitor.core.killswitch import KillSwitch
from monitor.core.live import LiveSession, not_voided
from monitor.core.outbox import WindowOutbox
from monitor.core.past import NoSuchMomentError, look_at
from monitor.core.player import Player
from monitor.core.questions import Questions
from monitor.core.sessions import Opened, begin, begin_again, restore
from monitor.core.trader import Trader
from monitor.engine import commands as cmd
from monitor.engine.changes import Changes
from monitor.engine.commands import Reply, accepted, refused
from monitor.engine.options import ReplayOptions, VenueOptions
from monitor.engine.rows import LogRow, OperationRow
from monitor.engine.values import EngineState, LogLevel
from monitor.store.batch import Batch
from monitor.store.faults import StoreError
from monitor.store.retention import KEPT_DAYS
from monitor.store.store import Store

log = logging.getLogger("monitor.core")

_HEARTBEAT = 0.05
_PATIENCE = 0.03
_REMEMBERED_KEYS = 1000


class Core(Questions):
    """Made, then `open`ed, then `run` until `stop`."""

    def __init__(
        self,
        store: Store,
        *,
        loop_replay: bool = False,
        window: bool = True,
        venues: Venues | None = None,
        kill_file: Path | None = None,
        keep_days: int = KEPT_DAYS,
        checkpoint_every: int = EVERY,
    ) -> None:
        """`keep_days`: position records older than that go to the archive, 0 for never."""
        super().__init__(store)
        self.outbox = WindowOutbox(window=window)
        self._durability = Durability(store, self._say_durability)
        self._loop_replay = loop_replay
        self._turn = asyncio.Lock()
        self._player = Player(self)
        self._venues = venues or Venues()
        self._trader = Trader(self, self._venues.gateway, next(iter(self._venues.line.reconnect_s), 1.0))
        self._checkpointer = Checkpointer(store, checkpoint_every)
        self._kill_switch = KillSwitch(kill_file)
        self._housekeeping = Housekeeping(store, keep_days, self._say_moved)
        self._stopping = asyncio.Event()
        self._listeners: list[Callable[[Changes], None]] = []
        self._answers: OrderedDict[str, asyncio.Task[Reply]] = OrderedDict()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._log: list[LogRow] = []
        self._logged = 0
        self._operations: list[OperationRow] = []
        self._operation_id = 0
        self._session_told = False
        self._mirror: Callable[[], tuple[str, int, str]] = lambda: ("", 0, "")
        self._loop_delay = 0.0
        self._round_due = False
        self._failure: Exception | None = None
        self._stats = CoreStats()

    # Life ----------------------------------------------------------------------------------
    async def open(self, start: ReplayOptions | VenueOptions | None, fallback: ReplayOptions) -> bool:
        """Open `start`, else the last session, else `fallback`. True when one was restored."""
        if isinstance(start, VenueOptions):
            opened = await connect(self._store, self._venues, start, time.time_ns())
            await self._install(opened)
            self.publish()
            self.outbox.put(Changes(seq=self.snapshot().seq, signals=await self.newest_signals()))
            return opened.restored
        saved = None if start is not None else await self._store.last_session()
        if saved is not None:
            await self._install(await restore(self._store, saved))
        else:
            await self._install(await begin(self._store, start or fallback, time.time_ns()))
        self.publish()
        return saved is not None

    def play(self, speed: float | None) -> None:
        """Set the speed and begin to play, if there is anything to play."""
        self._player.set_speed(speed)
        self._player.play()
        self.publish()

    def set_speed(self, speed: float | None) -> None:
        self._player.set_speed(speed)

    async def run(self) -> None:
        """Drive the replay until `stop`. Errors of the program itself end it, and are raised."""
        try:
            async with asyncio.TaskGroup() as group:
                driving = group.create_task(self._player.drive(), name="replay driver")
                trading = group.create_task(self._trader.drive(), name="trader")
                beating = group.create_task(self._beat(), name="core heartbeat")
                await self._stopping.wait()
                async with self._turn:  # never in the middle of one
                    driving.cancel()
                    trading.cancel()
                    beating.cancel()
        except ExceptionGroup as errors:
            self._failure = self._failure or errors.exceptions[0]
        if self._failure is not None:
            try:
                await self._trader.get_out()  # nobody looks after what works at a venue from here on
            except Exception:
                log.exception("cancels after a failure")
            raise self._failure

    def stop(self) -> None:
        self._stopping.set()

    def fail(self, error: Exception) -> None:
        """Something that must not end has ended: nothing goes on."""
        self._failure = self._failure or error
        self.stop()

    async def close(self) -> None:
        """End the session cleanly: everything is durable afterwards, or StoreError says not.
        After a failure nothing more is written: what is on disk is the last sound state."""
        self._durability.close()
        await self._trader.close()
        await self._housekeeping.close()
        try:
            await self._end()
        finally:
            await self._checkpointer.stop()  # the last word may have begun one

    async def _end(self) -> None:
        async with self._turn:
            for task in list(self._tasks):
                task.cancel()
            if self._failure is not None:
                return
            self.publish()
            if self._opened is not None and not self._store.error:
                await self._store.end_session(self._opened.session_id, clean=True)

    def watch_mirror(self, status: Callable[[], tuple[str, int, str]]) -> None:
        """Where to ask for the mirror's (url, clients, error). `stats` tells it at once."""
        self._mirror = status
        self._count()

    @property
    def turn(self) -> asyncio.Lock:
        """One writer: held by whoever changes the session."""
        return self._turn

    @property
    def store_error(self) -> str:
        """Why nothing can be written at present, or ""."""
        return self._store.error

    async def _install(self, opened: Opened) -> None:
        self._opened = opened
        # Readers keep operations over sessions, so a number is never used again.
        self._operation_id = max(self._operation_id, opened.last_operation)
        self._session_told = False
        self._player.take(opened.session)
        if opened.live is not None:
            opened.live.trading.guards = self._venues.guards  # as the settings are now
            self._halt_at_start(opened.live)
        await self._trader.take(opened.live)
        await self._checkpointer.begin(opened.live)
        if opened.row.notice:
            self.note(LogLevel.INFO, "session", opened.row.notice)

    def _halt_at_start(self, live: LiveSession) -> None:
        """With a KILL file there: before a line is opened, so that nothing that was due can leave."""
        if (halt := self._kill_switch.halt(live)) is not None:
            self._note_operation(halt, live.handle(halt))

    # Time ----------------------------------------------------------------------------------
    async def breathe(self) -> None:
        """Wait while the store is behind, and let a window that is behind draw: both threads
        share one interpreter. The latter is bounded: a window that hangs never stops us."""
        await self._store.room()
        patience = time.monotonic() + _PATIENCE
        while self.outbox.behind and time.monotonic() < patience:  # noqa: ASYNC110 the GUI sets no events
            await asyncio.sleep(0.002)

    async def ended(self) -> None:
        """The replay is at its end: begin again when it was asked to go in circles."""
        self._round_due = False
        if not self._loop_replay or self.session is None or not self.session.finished:
            return
        try:
            await self.start_over(forget=True)
        except StoreError:  # told by the store; the heartbeat tries again once it can be written
            self._round_due = True
            return
        except (ValueError, OSError) as error:
            self.note(LogLevel.ERROR, "replay", f"It cannot begin again: {error}")
            return
        self._player.play()
        self.publish()

    async def start_over(self, *, forget: bool = False) -> None:
        """The same replay from its beginning, in a session of its own."""
        assert self._opened is not None
        await self._install(await begin_again(self._store, self._opened, time.time_ns(), forget=forget))

    async def _beat(self) -> None:
        """Hand over what was held back, and measure how late the loop is."""
        while True:
            due = time.monotonic() + _HEARTBEAT
            await asyncio.sleep(_HEARTBEAT)
            self._loop_delay = max(0.0, (time.monotonic() - due) * 1000)
            self.outbox.flush()
            self._count()
            self._housekeeping.look(time.time_ns())
            if (halt := self._kill_switch.command(self.live)) is not None:
                self.submit(halt)  # its answer may wait for the disk; the heart does not
            if self._round_due and not self._store.error:
                async with self._turn:
                    await self.ended()

    # Commands --------------------------------------------------------------------------------
    def submit(self, command: cmd.AnyCommand) -> asyncio.Future[Reply]:
        """Carry out a command in its turn. The same key gets the first answer again: but for an
        emergency stop, which is always looked at anew, and for what only waits for the disk."""
        key = "" if isinstance(command, cmd.SetEngineState) else command.key
        known = self._answers.get(key) if key else None
        if known is not None:
            return asyncio.shield(known)
        task = asyncio.get_running_loop().create_task(self._carry_out(command), name="command")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if key:
            self._answers[key] = task
            task.add_done_callback(partial(self._forget_passing, key))
            if len(self._answers) > _REMEMBERED_KEYS:
                self._answers.popitem(last=False)
        return asyncio.shield(task)

    def _forget_passing(self, key: str, task: asyncio.Task[Reply]) -> None:
        """What was refused only because the database was away may be tried again."""
        said = None if task.cancelled() or task.exception() is not None else task.result()
        if said is not None and said.guard == NOT_DURABLE and self._answers.get(key) is task:
            del self._answers[key]

    async def answer(self, command: cmd.AnyCommand) -> Reply:
        return await self.submit(command)

    async def _carry_out(self, command: cmd.AnyCommand) -> Reply:
        async with self._turn:
            if self._failure is not None:
                return self._after_failure(command)
            try:
                reply = await self._dispatch(command)
                self._note_operation(command, reply)
                durable = self.publish()
            except Exception as error:  # a bug: nobody knows what is half done, so nothing goes on
                self._failure = error
                self.stop()
                raise
        if reply.accepted and isinstance(command, cmd.SeekReplay | cmd.StepReplay):
            return await self._player.arrival(reply)
        # A refusal that cannot be written now is told at once: nothing hangs on it.
        telling = not reply.accepted and bool(self._store.error)
        if durable is not None and not telling and not isinstance(command, _PLAYING_COMMANDS):
            await durable
        return reply

    def _after_failure(self, command: cmd.AnyCommand) -> Reply:
        """An emergency stop still does what it can: nothing is written, but cancels leave."""
        halts = isinstance(command, cmd.SetEngineState) and command.state is EngineState.HALTED
        if not halts or not self._trader.reaches_venues:
            return refused("The engine has stopped after an error.", "stopped")
        asked = len(self._trader.cancel_all())
        return accepted(reason=f"The engine has stopped after an error; {asked} orders are being cancelled.")

    async def _dispatch(self, command: cmd.AnyCommand) -> Reply:
        if self.outbox.in_past and command.origin == "window" and not isinstance(command, cmd.SetEngineState):
            return refused("You are looking at the past: go back to the present first.", "read-only")
        if isinstance(command, cmd.OpenReplay):
            return await self._open_replay(command)
        if (reply := self._durability.refusal(command)) is not None:
            return reply
        if self.live is not None:
            if isinstance(command, cmd.ReconnectVenue):
                return self._trader.reconnect(command.venue)
            return self._kill_switch.refusal(command) or self.live.handle(command)
        session = self.session
        if session is None:
            notice = self._opened.row.notice if self._opened is not None else ""
            if isinstance(command, cmd.ResetReplay):
                return await self._open_anew()
            return refused(notice or "Nothing is open.", "read-only")
        reply = await self._player.handle(session, command)
        if reply is None:
            return session.handle(command)
        return reply

    async def _open_anew(self) -> Reply:
        """Begin a session again that could only be shown."""
        try:
            await self.start_over()
        except (ValueError, OSError, StoreError) as error:
            return refused(f"It cannot begin anew: {error}")
        return accepted()

    async def _open_replay(self, command: cmd.OpenReplay) -> Reply:
        try:
            options = msgspec.convert(
                {
                    **command.options,
                    "file": command.file,
                    "strategy": command.strategy,
                    "parameters": command.parameters,
                },
                ReplayOptions,
                strict=False,
            )
            opened = await begin(self._store, options, time.time_ns())
        except (ValueError, OSError, StoreError) as error:
            return refused(str(error))
        await self._install(opened)
        if command.play:
            self._player.play()
        return accepted()

    # What readers are told -------------------------------------------------------------------
    def note(self, level: LogLevel, source: str, message: str) -> None:
        """A line for the log, in the window and on the console."""
        self._logged += 1
        self._log.append(
            LogRow(log_id=self._logged, time_ns=time.time_ns(), level=level, source=source, message=message)
        )
        log.log(_LEVELS[level], "%s: %s", source, message)

    def _say_moved(self, message: str) -> None:
        self._say_durability(LogLevel.INFO, message)

    def _say_durability(self, level: LogLevel, message: str) -> None:
        self.note(level, "database", message)
        task = asyncio.get_running_loop().create_task(self._publish_soon(), name="log line")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _publish_soon(self) -> None:
        async with self._turn:
            if self._failure is None:
                with suppress(StoreError):  # broken for good: the link says it
                    self.publish()

    def _note_operation(self, command: cmd.AnyCommand, reply: Reply) -> None:
        name = type(command).__name__
        self._operation_id += 1
        detail = msgspec.json.encode(command).decode()
        self._operations.append(
            OperationRow(
                operation_id=self._operation_id,
                time_ns=time.time_ns(),
                origin=command.origin,
                command=name,
                detail=detail,
                accepted=reply.accepted,
                reason=reply.reason,
            )
        )
        if not reply.accepted:
            self.note(LogLevel.WARNING, command.origin, f"{name} was refused: {reply.reason}")

    def publish(self) -> asyncio.Future[None] | None:
        """One commit: facts and rows to the store, rows to every reader."""
        opened = self._opened
        if opened is None:
            return None
        records, changes = [], Changes()
        engine = self._engine
        if engine is not None:
            records, changes = engine.take_records(), engine.take_changes()
            for line in engine.take_notes():
                self.note(line.level, line.source, line.message)
        elif opened.shown is not None and not self._session_told:
            changes = msgspec.structs.replace(opened.shown)
        changes.log, self._log = self._log, []
        changes.operations, self._operations = self._operations, []
        changes.replay = self._player.row()
        if opened.live is not None and opened.live.trading.fold.session_changed():
            opened.row = opened.live.row(opened.session_id, opened.row.title)
            self._session_told = False
        if not self._session_told:
            changes.session = opened.row
            self._session_told = True
        durable = None
        if engine is not None or changes.operations:
            kept = changes if opened.live is None else not_voided(changes)
            durable = self._store.write(Batch(opened.session_id, records, kept))
        if opened.live is not None and durable is not None:
            self._trader.dispatch(opened.live.trading.take_requests(), durable)
            self._checkpointer.look(opened.session_id, opened.live)
        self.outbox.put(changes)
        for listener in list(self._listeners):
            listener(changes)
        self._count()
        return durable

    def _count(self) -> None:
        url, clients, error = self._mirror()
        engine = self._engine
        self._stats = CoreStats(
            journal_seq=engine.journal.seq if engine is not None else self._store.durable_seq,
            durable_seq=self._store.durable_seq,
            journal_error=self._store.error,
            mirror_url=url,
            mirror_clients=clients,
            mirror_error=error,
            loop_delay_ms=self._loop_delay,
            beat_s=time.monotonic(),
        )

    def stats(self) -> CoreStats:
        """The latest figures; may be read from any thread."""
        return self._stats

    # Window door -----------------------------------------------------------------------------
    async def look_back(self, seq: int | None, time_ns: int | None) -> PastMoment:
        """Show the window a past moment. Raises `Unavailable` when there is none."""
        opened = self._opened
        if opened is None:
            raise Unavailable("Nothing is open.")
        try:
            await self._store.settle()
            moment, changes = await look_at(self._store, opened, seq, time_ns)
            changes.signals = await self.newest_signals(moment.time_ns)
        except (StoreError, NoSuchMomentError) as error:
            raise Unavailable(str(error)) from error
        if opened is not self._opened:
            raise Unavailable("Another session was opened meanwhile.")
        self.outbox.show_past(changes)
        return moment

    async def look_ahead(self) -> None:
        """Show the window the present again."""
        try:
            signals = await self.newest_signals()
        except StoreError:  # told by the link; what is not on disk cannot be read from there
            signals = {}
        async with self._turn:
            self.publish()
            if self.outbox.in_past:
                present = self.snapshot()
                present.signals = signals
                self.outbox.show_present(present)

    # Server door -----------------------------------------------------------------------------
    def snapshot(self) -> Changes:
        opened = self._opened
        if opened is None:
            return Changes(cleared=True)
        engine = self._engine
        if engine is not None:
            changes = engine.snapshot()
        else:
            changes = msgspec.structs.replace(opened.shown or Changes(cleared=True))
        changes.session = opened.row
        changes.replay = self._player.row()
        return changes

    def subscribe(self, listener: Callable[[Changes], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)


_PLAYING_COMMANDS = (cmd.PlayReplay, cmd.PauseReplay, cmd.StepReplay, cmd.SetReplaySpeed)
_LEVELS = {LogLevel.INFO: logging.INFO, LogLevel.WARNING: logging.WARNING, LogLevel.ERROR: logging.ERROR}

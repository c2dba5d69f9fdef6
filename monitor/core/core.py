"""The core: one writer for one session. Commands and bars in, journal and changed rows out.

Everything here runs on the core's loop. One turn at a time: a command, or a slice of bars;
its facts and rows go to the store together, then to every reader. Knows no window.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from monitor.boundary import CoreStats, OrderPage, OrderQuery, TradePage, TradeQuery
from monitor.core.outbox import WindowOutbox
from monitor.core.sessions import Opened, begin, begin_again, restore
from monitor.engine import commands as cmd
from monitor.engine.changes import Changes
from monitor.engine.commands import Reply, accepted, refused
from monitor.engine.options import ReplayOptions
from monitor.engine.replay import ReplayControl
from monitor.engine.rows import LogRow, OperationRow, ReplayRow
from monitor.engine.session import ReplaySession
from monitor.engine.values import LogLevel, ReplayState
from monitor.store.batch import Batch
from monitor.store.database import StoreError
from monitor.store.store import Store

log = logging.getLogger("monitor.core")

_SLICE_SECONDS = 0.005
_SMALLEST_SLICE = 16
_LARGEST_SLICE = 4096
_HEARTBEAT = 0.05
_LONGEST_SLEEP = 0.05
_PATIENCE = 0.03
_REMEMBERED_KEYS = 1000


class Core:
    """Made, then `open`ed, then `run` until `stop`."""

    def __init__(self, store: Store, *, loop_replay: bool = False, window: bool = True) -> None:
        self.outbox = WindowOutbox(window=window)
        self._store = store
        self._loop_replay = loop_replay
        self._opened: Opened | None = None
        self._control = ReplayControl(1.0)
        self._turn = asyncio.Lock()
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._listeners: list[Callable[[Changes], None]] = []
        self._answers: OrderedDict[str, asyncio.Task[Reply]] = OrderedDict()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._log: list[LogRow] = []
        self._logged = 0
        self._operations: list[OperationRow] = []
        self._operation_id = 0
        self._session_told = False
        self._slice = _SMALLEST_SLICE
        self._mirror: Callable[[], tuple[str, int, str]] = lambda: ("", 0, "")
        self._loop_delay = 0.0
        self._stats = CoreStats()

    # Life ----------------------------------------------------------------------------------
    async def open(self, start: ReplayOptions | None, fallback: ReplayOptions) -> bool:
        """Open `start`, else the last session, else `fallback`. True when one was restored."""
        saved = None if start is not None else await self._store.last_session()
        if saved is not None:
            self._install(await restore(self._store, saved))
        else:
            self._install(await begin(self._store, start or fallback, time.time_ns()))
        self._publish()
        return saved is not None

    def play(self, speed: float | None) -> None:
        """Set the speed and begin to play, if there is anything to play."""
        self._control.set_speed(speed, time.monotonic())
        session = self._session
        if session is not None and not session.finished:
            self._control.play(time.monotonic())
            self._wake.set()
        self._publish()

    def set_speed(self, speed: float | None) -> None:
        self._control.set_speed(speed, time.monotonic())

    async def run(self) -> None:
        """Drive the replay until `stop`. Errors of the program itself end it."""
        async with asyncio.TaskGroup() as group:
            driving = group.create_task(self._drive(), name="replay driver")
            beating = group.create_task(self._beat(), name="core heartbeat")
            await self._stopping.wait()
            async with self._turn:  # never in the middle of one
                driving.cancel()
                beating.cancel()

    def stop(self) -> None:
        self._stopping.set()

    async def close(self) -> None:
        """End the session cleanly: everything is durable afterwards, or StoreError says not."""
        async with self._turn:
            for task in list(self._tasks):
                task.cancel()
            self._publish()
            if self._opened is not None and not self._store.error:
                await self._store.end_session(self._opened.session_id, clean=True)

    def watch_mirror(self, status: Callable[[], tuple[str, int, str]]) -> None:
        """Where to ask for the mirror's (url, clients, error). `stats` tells it at once."""
        self._mirror = status
        self._count()

    @property
    def _session(self) -> ReplaySession | None:
        return self._opened.session if self._opened is not None else None

    def _install(self, opened: Opened) -> None:
        self._opened = opened
        self._operation_id = opened.last_operation
        self._session_told = False
        self._control.pause()
        if opened.session is not None and opened.session.finished:
            self._control.finish()
        if opened.row.notice:
            self.note(LogLevel.INFO, "session", opened.row.notice)

    # Time ----------------------------------------------------------------------------------
    async def _drive(self) -> None:
        while True:
            if self._control.state is not ReplayState.PLAYING:
                self._wake.clear()
                await self._wake.wait()
            async with self._turn:
                await self._play_slice()
            await self._store.room()
            await self._give_way()
            await asyncio.sleep(min(_LONGEST_SLEEP, self._control.next_due(time.monotonic())))

    async def _give_way(self) -> None:
        """Let a window that is behind draw: both threads share one interpreter. Bounded, so
        that a window that hangs never stops the engine."""
        patience = time.monotonic() + _PATIENCE
        while self.outbox.behind and time.monotonic() < patience:  # noqa: ASYNC110 the GUI thread sets no events
            await asyncio.sleep(0.002)

    async def _play_slice(self) -> None:
        session = self._session
        if session is None or self._control.state is not ReplayState.PLAYING:
            return
        bars = self._control.due(time.monotonic(), self._slice)
        if bars <= 0:
            return
        before, begin_s = session.bar, time.perf_counter()
        session.advance(bars)
        self._fit_slice(session.bar - before, time.perf_counter() - begin_s)
        self._control.measured(session.bar - before, time.monotonic())
        if session.finished:
            self._control.finish()
        self._publish()
        if session.finished and self._loop_replay:
            await self._start_over()

    async def _start_over(self) -> None:
        assert self._opened is not None
        self._install(await begin_again(self._store, self._opened, time.time_ns()))
        self._control.play(time.monotonic())
        self._publish()

    def _fit_slice(self, bars: int, seconds: float) -> None:
        """As many bars as fit in a few milliseconds: commands and clients wait no longer."""
        if self._control.speed is None and seconds > 0:
            fitting = int(bars * _SLICE_SECONDS / seconds)
            self._slice = max(_SMALLEST_SLICE, min(_LARGEST_SLICE, fitting, self._slice * 2))

    async def _beat(self) -> None:
        """Hand over what was held back, and measure how late the loop is."""
        while True:
            due = time.monotonic() + _HEARTBEAT
            await asyncio.sleep(_HEARTBEAT)
            self._loop_delay = max(0.0, (time.monotonic() - due) * 1000)
            self.outbox.flush()
            self._count()

    async def _rewind(self, session: ReplaySession, bar: int) -> None:
        for _ in session.rewind(bar):
            await asyncio.sleep(0)

    # Commands --------------------------------------------------------------------------------
    def submit(self, command: cmd.AnyCommand) -> asyncio.Future[Reply]:
        """Carry out a command in its turn. The same key gets the first answer again."""
        known = self._answers.get(command.key) if command.key else None
        if known is not None:
            return asyncio.shield(known)
        task = asyncio.get_running_loop().create_task(self._carry_out(command), name="command")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if command.key:
            self._answers[command.key] = task
            if len(self._answers) > _REMEMBERED_KEYS:
                self._answers.popitem(last=False)
        return asyncio.shield(task)

    async def answer(self, command: cmd.AnyCommand) -> Reply:
        return await self.submit(command)

    async def _carry_out(self, command: cmd.AnyCommand) -> Reply:
        async with self._turn:
            reply = await self._dispatch(command)
            self._note_operation(command, reply)
            durable = self._publish()
        if durable is not None and not isinstance(command, _PLAYING_COMMANDS):
            await durable
        return reply

    async def _dispatch(self, command: cmd.AnyCommand) -> Reply:
        if isinstance(command, cmd.OpenReplay):
            return await self._open_replay(command)
        session = self._session
        if session is None:
            notice = self._opened.row.notice if self._opened is not None else ""
            return refused(notice or "Nothing is open.", "read-only")
        handler = self._replay_handlers().get(type(command))
        return await handler(session, command) if handler is not None else session.handle(command)

    def _replay_handlers(self) -> dict[type, Callable[[ReplaySession, Any], Awaitable[Reply]]]:
        return {
            cmd.PlayReplay: self._on_play,
            cmd.PauseReplay: self._on_pause,
            cmd.StepReplay: self._on_step,
            cmd.SetReplaySpeed: self._on_speed,
            cmd.SeekReplay: self._on_seek,
            cmd.ResetReplay: self._on_reset,
        }

    async def _on_play(self, session: ReplaySession, _: cmd.PlayReplay) -> Reply:
        if session.finished:
            return refused("The replay has reached its end: reset it or go back.", "finished")
        self._control.play(time.monotonic())
        self._wake.set()
        return accepted()

    async def _on_pause(self, session: ReplaySession, _: cmd.PauseReplay) -> Reply:
        if not session.finished:
            self._control.pause()
        return accepted()

    async def _on_step(self, session: ReplaySession, command: cmd.StepReplay) -> Reply:
        if command.bars == 0:
            return refused("A step is at least one bar.")
        return await self._go_to(session, session.bar + command.bars)

    async def _on_seek(self, session: ReplaySession, command: cmd.SeekReplay) -> Reply:
        if not 0 <= command.bar <= session.bars:
            return refused(f"Bar {command.bar} is not between 0 and {session.bars}.")
        return await self._go_to(session, command.bar)

    async def _go_to(self, session: ReplaySession, bar: int) -> Reply:
        """Forward by playing, back by rebuilding; paused afterwards."""
        bar = max(0, min(bar, session.bars))
        if bar == session.bar:
            end = "end" if bar else "beginning"
            return refused(f"The replay is at its {end} already.", "finished")
        self._control.pause()
        if bar < session.bar:
            await self._rewind(session, bar)
        while session.bar < bar:
            session.advance(min(_LARGEST_SLICE, bar - session.bar))
            await asyncio.sleep(0)
        if session.finished:
            self._control.finish()
        return accepted()

    async def _on_speed(self, _: ReplaySession, command: cmd.SetReplaySpeed) -> Reply:
        if command.speed is not None and not 0 < command.speed <= 1000:
            return refused(f"Speed {command.speed} is not between 0 and 1000.")
        self._control.set_speed(command.speed, time.monotonic())
        return accepted()

    async def _on_reset(self, session: ReplaySession, command: cmd.ResetReplay) -> Reply:
        wanted = command.strategy_id
        if wanted is not None and wanted not in session.run.hosts:
            return refused(f"There is no strategy {wanted}.", "unknown")
        self._control.pause()
        await self._rewind(session, 0)
        self._drop_notice()
        return accepted(reason="The replay is at its beginning; its orders are cleared.")

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
        self._install(opened)
        if command.play:
            self._control.play(time.monotonic())
            self._wake.set()
        return accepted()

    def _drop_notice(self) -> None:
        if self._opened is not None and self._opened.row.notice:
            self._opened.row = msgspec.structs.replace(self._opened.row, notice="")
            self._session_told = False

    # What readers are told -------------------------------------------------------------------
    def note(self, level: LogLevel, source: str, message: str) -> None:
        """A line for the log, in the window and on the console."""
        self._logged += 1
        self._log.append(
            LogRow(log_id=self._logged, time_ns=time.time_ns(), level=level, source=source, message=message)
        )
        log.log(_LEVELS[level], "%s: %s", source, message)

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

    def _publish(self) -> asyncio.Future[None] | None:
        """One commit: facts and rows to the store, rows to every reader."""
        opened = self._opened
        if opened is None:
            return None
        records, changes = [], Changes()
        if opened.session is not None:
            records, changes = opened.session.take_records(), opened.session.take_changes()
            for message, strategy_id in opened.session.take_notes():
                self.note(LogLevel.WARNING, f"strategy {strategy_id}", message)
        elif opened.shown is not None and not self._session_told:
            changes = msgspec.structs.replace(opened.shown)
        changes.log, self._log = self._log, []
        changes.operations, self._operations = self._operations, []
        changes.replay = self._replay_row()
        if not self._session_told:
            changes.session = opened.row
            self._session_told = True
        durable = None
        if opened.session is not None or changes.operations:
            durable = self._store.write(Batch(opened.session_id, records, changes))
        self.outbox.put(changes)
        for listener in list(self._listeners):
            listener(changes)
        self._count()
        return durable

    def _replay_row(self) -> ReplayRow | None:
        session = self._session
        if session is None:
            return None
        series = session.plan.series
        return ReplayRow(
            file=series.report.file,
            symbol=series.symbol,
            bar=session.bar,
            bars=session.bars,
            time_ns=session.run.time_ns if session.bar else None,
            first_ns=int(series.time_ns[0]),
            last_ns=int(series.time_ns[-1]) + series.interval_ns,
            state=self._control.state,
            speed=self._control.speed,
            bars_per_second=self._control.bars_per_second,
            synthetic=series.synthetic,
        )

    def _count(self) -> None:
        url, clients, error = self._mirror()
        session = self._session
        self._stats = CoreStats(
            journal_seq=session.journal.seq if session is not None else self._store.durable_seq,
            durable_seq=self._store.durable_seq,
            journal_error=self._store.error,
            mirror_url=url,
            mirror_clients=clients,
            mirror_error=error,
            loop_delay_ms=self._loop_delay,
        )

    def stats(self) -> CoreStats:
        """The latest figures; may be read from any thread."""
        return self._stats

    # Server door -----------------------------------------------------------------------------
    def snapshot(self) -> Changes:
        opened = self._opened
        if opened is None:
            return Changes(cleared=True)
        if opened.session is not None:
            changes = opened.session.snapshot()
        else:
            changes = msgspec.structs.replace(opened.shown or Changes(cleared=True))
        changes.session = opened.row
        changes.replay = self._replay_row()
        return changes

    def subscribe(self, listener: Callable[[Changes], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def finished_orders(self, query: OrderQuery) -> OrderPage:
        """From the database, after everything so far is in it."""
        await self._store.flush()
        assert self._opened is not None
        return await self._store.finished_orders(self._opened.session_id, query)

    async def trades(self, query: TradeQuery) -> TradePage:
        await self._store.flush()
        assert self._opened is not None
        return await self._store.trades(self._opened.session_id, query)


_PLAYING_COMMANDS = (cmd.PlayReplay, cmd.PauseReplay, cmd.StepReplay, cmd.SetReplaySpeed)
_LEVELS = {LogLevel.INFO: logging.INFO, LogLevel.WARNING: logging.WARNING, LogLevel.ERROR: logging.ERROR}

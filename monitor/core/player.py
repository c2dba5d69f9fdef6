"""Plays a replay: how many bars when, and the commands about its time.

Owns play, pause, step, speed, seek and reset. Everything it does to a session happens in the
core's turn; publishing, keeping and answering are the core's business.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from monitor.engine import commands as cmd
from monitor.engine.commands import Reply, accepted, refused
from monitor.engine.replay import ReplayControl
from monitor.engine.rows import ReplayRow
from monitor.engine.session import ReplaySession
from monitor.engine.values import ReplayState
from monitor.store.faults import StoreError

_SLICE_SECONDS = 0.005
_SMALLEST_SLICE = 16
_LARGEST_SLICE = 4096
_LONGEST_SLEEP = 0.05
_FASTEST = 1000.0
_AT_ONCE = 64
"""A seek forward by no more bars than this is one piece; a longer one is played in slices."""


class Stage(Protocol):
    """What a player needs of the core it plays in."""

    @property
    def turn(self) -> asyncio.Lock: ...
    @property
    def session(self) -> ReplaySession | None: ...
    def publish(self) -> object: ...
    async def breathe(self) -> None:
        """Wait while the store or the window is behind."""
        ...

    async def ended(self) -> None:
        """The replay has come to its end, and that was published."""
        ...

    async def start_over(self) -> None:
        """The same replay from its beginning, in a session of its own."""
        ...


class Player:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._control = ReplayControl(1.0)
        self._wake = asyncio.Event()
        self._slice = _SMALLEST_SLICE
        self._target: int | None = None
        self._arrived = asyncio.Event()
        self._arrived.set()
        self._handlers: dict[type, Callable[[ReplaySession, Any], Awaitable[Reply]]] = {
            cmd.PlayReplay: self._on_play,
            cmd.PauseReplay: self._on_pause,
            cmd.StepReplay: self._on_step,
            cmd.SetReplaySpeed: self._on_speed,
            cmd.SeekReplay: self._on_seek,
            cmd.ResetReplay: self._on_reset,
        }

    # Time ----------------------------------------------------------------------------------
    def take(self, session: ReplaySession | None) -> None:
        """Another session is on the stage: paused, or finished when it is."""
        self._forget_target()
        self._control.pause()
        if session is not None and session.finished:
            self._control.finish()

    def play(self) -> None:
        session = self._stage.session
        if session is not None and not session.finished:
            self._control.play(time.monotonic())
            self._wake.set()

    def set_speed(self, speed: float | None) -> None:
        self._control.set_speed(speed, time.monotonic())

    async def drive(self) -> None:
        """Play whenever there is something to play; never returns."""
        while True:
            if self._control.state is not ReplayState.PLAYING and self._target is None:
                self._wake.clear()
                await self._wake.wait()
            async with self._stage.turn:
                await self._play_slice()
            await self._stage.breathe()
            pause = 0.0 if self._target is not None else self._control.next_due(time.monotonic())
            await asyncio.sleep(min(_LONGEST_SLEEP, pause))

    async def _play_slice(self) -> None:
        session = self._stage.session
        bars = self._due(session)
        if session is None or bars <= 0:
            return
        before, begin_s = session.bar, time.perf_counter()
        session.advance(bars)
        self._fit_slice(session.bar - before, time.perf_counter() - begin_s)
        self._control.measured(session.bar - before, time.monotonic())
        seeking = self._target is not None
        if self._target is not None and session.bar >= self._target:
            self._forget_target()
        if session.finished:
            self._control.finish()
        self._stage.publish()
        if session.finished and not seeking:
            await self._stage.ended()

    def _due(self, session: ReplaySession | None) -> int:
        """Bars to play now: on the way to a seek's target as many as fit, else by the speed."""
        if session is None:
            return 0
        if self._target is not None:
            return min(self._slice, self._target - session.bar)
        return self._control.due(time.monotonic(), self._slice)

    async def arrival(self, reply: Reply) -> Reply:
        """Wait, outside the turn, until the seek under way has arrived or was broken off."""
        await self._arrived.wait()
        return reply

    def _forget_target(self) -> None:
        self._target = None
        self._arrived.set()

    def _fit_slice(self, bars: int, seconds: float) -> None:
        """As many bars as fit in a few milliseconds: commands and clients wait no longer."""
        if (self._control.speed is None or self._target is not None) and seconds > 0:
            fitting = int(bars * _SLICE_SECONDS / seconds)
            self._slice = max(_SMALLEST_SLICE, min(_LARGEST_SLICE, fitting, self._slice * 2))

    # Commands --------------------------------------------------------------------------------
    async def handle(self, session: ReplaySession, command: cmd.AnyCommand) -> Reply | None:
        """Carry out a command about the replay's time; None when it is not one."""
        handler = self._handlers.get(type(command))
        if handler is None:
            return None
        if not isinstance(command, cmd.SetReplaySpeed):
            self._forget_target()
        return await handler(session, command)

    async def _on_play(self, session: ReplaySession, _: cmd.PlayReplay) -> Reply:
        if session.finished:
            return refused("The replay has reached its end: reset it or go back.", "finished")
        self.play()
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
        bar = command.bar if command.time_ns is None else session.bars_closed_by(command.time_ns)
        if not 0 <= bar <= session.bars:
            return refused(f"Bar {bar} is not between 0 and {session.bars}.")
        return await self._go_to(session, bar)

    async def _go_to(self, session: ReplaySession, bar: int) -> Reply:
        """Forward by playing, back by rebuilding; paused afterwards. A long way forward is only
        begun here: the driver goes it, and any other command breaks it off."""
        bar = max(0, min(bar, session.bars))
        if bar == session.bar:
            place = {0: "its beginning", session.bars: "its end"}.get(bar, f"bar {bar:,}")
            return refused(f"The replay is at {place} already.", "finished")
        self._control.pause()
        void = session.commands_after(bar) if bar < session.bar else 0
        if bar < session.bar:
            await self._rewind(session, bar)
        if bar - session.bar <= _AT_ONCE:
            session.advance(bar - session.bar)
        else:
            self._target = bar
            self._arrived.clear()
            self._wake.set()
        if session.finished:
            self._control.finish()
        return accepted(reason=_void(void))

    async def _on_speed(self, _: ReplaySession, command: cmd.SetReplaySpeed) -> Reply:
        if command.speed is not None and not 0 < command.speed <= _FASTEST:
            return refused(f"Speed {command.speed} is not between 0 and {_FASTEST:g}.")
        self.set_speed(command.speed)
        return accepted()

    async def _on_reset(self, session: ReplaySession, command: cmd.ResetReplay) -> Reply:
        wanted = command.strategy_id
        if wanted is not None and wanted not in session.run.hosts:
            return refused(f"There is no strategy {wanted}.", "unknown")
        void = session.commands_after(-1)
        try:
            await self._stage.start_over()
        except StoreError as error:
            return refused(str(error), "not-durable")
        except (ValueError, OSError) as error:  # an edited strategy that cannot be loaded
            return refused(f"It cannot begin anew: {error}")
        return accepted(reason=_void(void))

    async def _rewind(self, session: ReplaySession, bar: int) -> None:
        for _ in session.rewind(bar):
            await asyncio.sleep(0)

    # What to show ----------------------------------------------------------------------------
    def row(self) -> ReplayRow | None:
        session = self._stage.session
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
            state=self._control.state if self._target is None else ReplayState.PLAYING,
            speed=self._control.speed,
            bars_per_second=self._control.bars_per_second,
            synthetic=series.synthetic,
        )


def _void(commands: int) -> str:
    """Going back takes back what a person did later, and says so."""
    if not commands:
        return ""
    what = "a command" if commands == 1 else f"{commands} commands"
    return f"Going back took back {what} that you had given after this bar."

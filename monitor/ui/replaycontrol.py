"""What the replay's keys and buttons mean: each becomes exactly one command to the core.

Owns the speed asked for while its answer is under way, so that two quick presses are two steps.
"""

from __future__ import annotations

from collections.abc import Callable

from monitor.engine.commands import (
    AnyCommand,
    PauseReplay,
    PlayReplay,
    ResetReplay,
    SeekReplay,
    SetReplaySpeed,
    StepReplay,
)
from monitor.engine.rows import ReplayRow
from monitor.engine.values import ReplayState
from monitor.ui.actions import Actions
from monitor.ui.replaybar import SPEEDS, neighbour_speed, speed_label

Send = Callable[[AnyCommand], None]


class ReplayControl:
    """`replay` gives the newest row, `send` hands a command over, `tell` shows a sentence."""

    def __init__(
        self, replay: Callable[[], ReplayRow | None], send: Send, tell: Callable[[str], None]
    ) -> None:
        self._replay, self._send, self._tell = replay, send, tell
        self._asked_speed: tuple[float | None] | None = None

    def bind(self, actions: Actions) -> None:
        actions.bind("replay_toggle", self.toggle, self._not_finished)
        actions.bind("replay_step", lambda: self._send(StepReplay(bars=1)), self._not_finished)
        actions.bind("replay_back", lambda: self._send(StepReplay(bars=-1)), self._not_at_start)
        actions.bind("replay_slower", lambda: self._change_speed(-1))
        actions.bind("replay_faster", lambda: self._change_speed(1))
        actions.bind("replay_reset", self.reset)

    def toggle(self) -> None:
        replay = self._replay()
        playing = replay is not None and replay.state is ReplayState.PLAYING
        self._send(PauseReplay() if playing else PlayReplay())

    def seek(self, bar: int) -> None:
        self._send(SeekReplay(bar=bar))

    def seek_time(self, time_ns: int) -> None:
        """To the last bar that has closed by a moment; the engine finds it."""
        self._send(SeekReplay(time_ns=time_ns))

    def reset(self) -> None:
        self._send(ResetReplay())

    def arrived(self, replay: ReplayRow) -> None:
        """The core reports: a speed that was asked for has come true."""
        if self._asked_speed == (replay.speed,):
            self._asked_speed = None

    def forget_speed(self) -> None:
        """A speed asked for was refused: the next step counts from what is."""
        self._asked_speed = None

    def _change_speed(self, step: int) -> None:
        replay = self._replay()
        if replay is None:
            return
        present = self._asked_speed[0] if self._asked_speed else replay.speed
        wanted = neighbour_speed(present, step)
        if wanted == present and present in SPEEDS:
            edge = "fastest" if step > 0 else "slowest"
            self._tell(f"{speed_label(present)} is the {edge} speed.")
            return
        self._asked_speed = (wanted,)
        self._send(SetReplaySpeed(speed=wanted))

    def _not_finished(self) -> str:
        replay = self._replay()
        if replay is not None and replay.state is ReplayState.FINISHED:
            return "the replay is finished; Ctrl+Home starts it again"
        return ""

    def _not_at_start(self) -> str:
        replay = self._replay()
        return "the replay is at its first bar" if replay is not None and replay.bar == 0 else ""

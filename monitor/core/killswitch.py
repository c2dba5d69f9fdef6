"""The emergency stop that works while the window hangs: a file named KILL in the data folder.

While it is there the engine is halted and stays so; its first line is the reason. Taking it
away does not start anything again: that is a person's decision.
"""

from __future__ import annotations

import time
from pathlib import Path

from monitor.core.live import LiveSession
from monitor.engine import commands as cmd
from monitor.engine.commands import Reply, refused
from monitor.engine.host import safe_text
from monitor.engine.values import EngineState

KILL_FILE = "KILL"
_LOOK_EVERY = 0.25
_MOST_READ = 500


class KillSwitch:
    """`path` None: there is no folder to look into."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._looked = 0.0

    def command(self, live: LiveSession | None) -> cmd.SetEngineState | None:
        """The halt that is due. Looks at the file a few times a second."""
        if self._path is None or live is None or time.monotonic() < self._looked + _LOOK_EVERY:
            return None
        self._looked = time.monotonic()
        return self.halt(live)

    def halt(self, live: LiveSession) -> cmd.SetEngineState | None:
        """The same, looked at now."""
        if self._path is None:
            return None
        if live.trading.state.engine_state is EngineState.HALTED or not self._path.exists():
            return None
        return cmd.SetEngineState(state=EngineState.HALTED, reason=self._reason(), origin="KILL file")

    def refusal(self, command: cmd.AnyCommand) -> Reply | None:
        """Nothing goes on while the file is there."""
        if not isinstance(command, cmd.SetEngineState) or command.state is EngineState.HALTED:
            return None
        if self._path is None or not self._path.exists():
            return None
        return refused(f"The file {self._path.name} is in the data folder: take it away first.", "halted")

    def _reason(self) -> str:
        assert self._path is not None
        try:
            with self._path.open("rb") as file:
                text = safe_text(file.read(_MOST_READ).decode("utf-8", "replace"))
        except OSError:
            text = ""
        first = text.strip().partition("\n")[0]
        return f"a file named {KILL_FILE}" + (f": {first}" if first else "")

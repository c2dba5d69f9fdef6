"""The pulse of the engine: whether it answers, has been silent for a while, or has stopped.

Pure: reads the stats and a clock that it is given. What follows from it is decided elsewhere.
"""

from __future__ import annotations

import msgspec

from monitor.boundary import CoreStats

SILENT_AFTER_S = 2.0


class Pulse(msgspec.Struct, frozen=True):
    """`silent_s` is 0 while the engine answers; `stopped` says why it stopped, "" while it runs."""

    silent_s: int = 0
    stopped: str = ""

    @property
    def word(self) -> str:
        """For a link dot; "" while all is well."""
        if self.stopped:
            return "stopped"
        return f"no answer {self.silent_s} s" if self.silent_s else ""

    @property
    def sentence(self) -> str:
        """For a notice; "" while all is well."""
        if self.stopped:
            return f"The engine stopped: {self.stopped} What was saved is safe; quit and start again."
        if not self.silent_s:
            return ""
        return f"The engine does not answer ({self.silent_s} s). What was saved is safe; quitting asks first."


def pulse(stats: CoreStats, now_s: float, stopped: str = "") -> Pulse:
    """`now_s` is `time.monotonic()`. A core that has not given a sign of life yet is starting."""
    silence = now_s - stats.beat_s if stats.beat_s else 0.0
    return Pulse(int(silence) if silence >= SILENT_AFTER_S else 0, stopped)

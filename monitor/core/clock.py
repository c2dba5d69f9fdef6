"""The clock of a session at a venue: it never goes back, and stands still for nobody.

Begins at the machine's time and goes on by the machine's steady counter. Where the machine's time is
well ahead, as after a sleep, it follows; where that was set back it does not. Engine and gateways have
the same one, so that what they stamp can be compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from monitor.engine.values import NS_PER_SECOND

_FOLLOWED_NS = 2 * NS_PER_SECOND
"""How far the machine's time may be ahead before it is followed."""
_TOLD_NS = 5 * NS_PER_SECOND
"""How far apart they are when somebody should know."""


class Clock:
    """Called, it is the time in ns UTC. `not_before_ns`: what was journalled already. `wall` and
    `steady` are the machine's."""

    def __init__(
        self,
        not_before_ns: int = 0,
        wall: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.wall = wall
        self.steady = steady
        self._offset = max(wall(), not_before_ns) - steady()
        self._apart = False
        self._said = ""

    def __call__(self) -> int:
        now, wall = self.steady() + self._offset, self.wall()
        ahead = wall - now
        if ahead > _FOLLOWED_NS:
            self._offset += ahead
            now = wall
        if abs(ahead) <= _TOLD_NS:
            self._apart = False
        elif ahead > 0:
            self._said = f"The machine's clock went {_seconds(ahead)} ahead: it slept, or was set. We follow."
        elif not self._apart:
            self._apart = True
            self._said = f"The machine's clock was set back by {_seconds(ahead)}. Ours goes on as it was."
        return now

    def news(self) -> str:
        """One sentence since the last call, if the machine's time was found far away; "" mostly."""
        said, self._said = self._said, ""
        return said


def _seconds(ns: int) -> str:
    return f"{abs(ns) / NS_PER_SECOND:,.0f} s"

"""Changes on their way to the GUI thread: a bounded deque without locks.

One thread puts, one takes. While the window does not take, changes merge on the core's side,
so a hung window costs memory for rows, not for events. Without a window nothing is kept.
"""

from __future__ import annotations

from collections import deque

from monitor.engine.changes import Changes, merged

_MOST_WAITING = 64


class WindowOutbox:
    def __init__(self, *, window: bool = True) -> None:
        self._window = window
        self._waiting: deque[Changes] = deque()
        self._held: Changes | None = None

    def put(self, changes: Changes) -> None:
        """Core's thread only. `changes` must not be changed by anybody afterwards."""
        if not self._window:
            return
        if self._held is None and len(self._waiting) < _MOST_WAITING:
            self._waiting.append(changes)
            return
        if self._held is None:
            self._held = Changes()
        self._held.absorb(changes)
        self.flush()

    def flush(self) -> None:
        """Core's thread only: hand over what was held back, once there is room."""
        if self._held is not None and len(self._waiting) < _MOST_WAITING:
            self._waiting.append(self._held)
            self._held = None

    @property
    def behind(self) -> bool:
        """Whether the window still has to draw what it was given before the last."""
        return len(self._waiting) > 1

    def take(self) -> Changes | None:
        """GUI thread only: everything that waits, merged."""
        taken = []
        while self._waiting:
            taken.append(self._waiting.popleft())
        return merged(taken)

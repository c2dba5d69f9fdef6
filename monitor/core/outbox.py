"""Changes on their way to the GUI thread: a bounded deque without locks.

One thread puts, one takes. While the window does not take, changes merge on the core's side,
so a hung window costs memory for rows, not for events. Without a window nothing is kept.
"""

from __future__ import annotations

from collections import deque

from monitor.engine.changes import Changes, merged
from monitor.engine.rows import SignalRow

_MOST_WAITING = 64
_MOST_SIGNALS = 500


class WindowOutbox:
    def __init__(self, *, window: bool = True) -> None:
        self._window = window
        self._waiting: deque[Changes] = deque()
        self._held: Changes | None = None
        self._past: int | None = None  # the session whose past is shown
        self._signals: dict[int, SignalRow] = {}

    def put(self, changes: Changes) -> None:
        """Core's thread only. `changes` must not be changed by anybody afterwards."""
        if not self._window:
            return
        if self._is_other_session(changes):
            self._past, self._signals = None, {}  # what was looked at is over
        if self._past is not None:  # the past stays as it was; what is said now is still heard
            self._keep(changes.signals)
            changes = Changes(
                seq=changes.seq, log=changes.log, operations=changes.operations, alerts=changes.alerts
            )
            if not changes.log and not changes.operations and not changes.alerts:
                return
        if self._held is None and len(self._waiting) < _MOST_WAITING:
            self._waiting.append(changes)
            return
        if self._held is None:
            self._held = Changes()
        self._held.absorb(changes)
        self.flush()

    def _keep(self, signals: dict[int, SignalRow]) -> None:
        """The newest of the present, which nobody else keeps in memory."""
        self._signals.update(signals)
        while len(self._signals) > _MOST_SIGNALS:
            del self._signals[next(iter(self._signals))]

    def show_past(self, past: Changes) -> None:
        """Core's thread only: show this, and nothing of the present until `show_present`."""
        self._past = past.session.session_id if past.session is not None else 0
        self._show(past)

    def show_present(self, present: Changes) -> None:
        """Core's thread only: all of the present, and what follows."""
        self._past = None
        present.signals.update(self._signals)
        self._signals = {}
        self._show(present)

    def _show(self, whole: Changes) -> None:
        """After all that waits: its log lines are told in any world."""
        if self._held is not None:
            self._waiting.append(self._held)
            self._held = None
        self._waiting.append(whole)

    @property
    def in_past(self) -> bool:
        return self._past is not None

    def _is_other_session(self, changes: Changes) -> bool:
        return changes.session is not None and changes.session.session_id != self._past

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

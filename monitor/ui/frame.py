"""The one timer of the window: 60 times a second it takes what the core changed.

Owns the pace. Nothing else polls; what wants a frame is called from here, in order.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer

FRAME_MS = 16
SLOW_EVERY = 15
"""Frames between two looks at what changes without being told (health in numbers)."""


class FrameLoop(QObject):
    """Calls each of `every` in each frame and each of `slowly` about four times a second.
    `longest_ms` is the longest frame so far, painting not counted."""

    def __init__(
        self, parent: QObject, every: tuple[Callable[[], None], ...], slowly: tuple[Callable[[], None], ...]
    ) -> None:
        super().__init__(parent)
        self._every, self._slowly = every, slowly
        self._count = 0
        self.longest_ms = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self.run)

    def also(self, part: Callable[[], None]) -> None:
        """Call `part` in each frame too, after the rows and the answers of that frame."""
        self._every = (*self._every, part)

    def start(self) -> None:
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def run(self) -> None:
        """One frame."""
        began = time.perf_counter()
        for part in self._every:
            part()
        if self._count % SLOW_EVERY == 0:
            for part in self._slowly:
                part()
        self._count += 1
        self.longest_ms = max(self.longest_ms, (time.perf_counter() - began) * 1000)

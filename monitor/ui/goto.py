"""Go to: a bar by number or per cent, or a moment that has been replayed, typed in one field.

Owns the field. What is typed is read by a pure function; the seek is asked for by a signal.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

import msgspec
import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from monitor.engine.changes import IntArray
from monitor.engine.rows import ReplayRow
from monitor.engine.values import NS_PER_SECOND
from monitor.models import format as shown
from monitor.ui.overlay import Overlay

FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%m-%d %H:%M")
CLOCKS = ("%H:%M:%S", "%H:%M")


class Place(msgspec.Struct, frozen=True):
    """A bar to go to, or the sentence why there is none."""

    bar: int | None = None
    problem: str = ""


def read_place(text: str, replay: ReplayRow, times: IntArray, zone: tzinfo) -> Place:
    """`text` is a bar (1234), a share (40 %), or a date and time within what was replayed.

    `times` are the moments of the bars replayed so far; a bare clock is of the replay's day.
    """
    typed = text.strip().replace(",", "")
    if re.fullmatch(r"\d+", typed):
        return _bar(int(typed), replay.bars)
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", typed):
        return _bar(round(float(match[1]) / 100 * replay.bars), replay.bars)
    moment = _moment(typed, replay, zone)
    if moment is None:
        return Place(problem="Type a bar (1200), a share (40 %) or a time (10:31 or 2019-06-12 10:31).")
    return _replayed(moment, times, zone)


def _bar(bar: int, bars: int) -> Place:
    if bar > bars:
        return Place(problem=f"The replay has {bars:,} bars.")
    return Place(bar)


def _moment(typed: str, replay: ReplayRow, zone: tzinfo) -> int | None:
    now = datetime.fromtimestamp((replay.time_ns or replay.first_ns) // NS_PER_SECOND, zone)
    for form in FORMS + CLOCKS:
        try:
            read = datetime.strptime(typed, form).replace(tzinfo=zone)
        except ValueError:
            continue
        if form in CLOCKS:
            read = read.replace(year=now.year, month=now.month, day=now.day)
        elif not form.startswith("%Y"):
            read = read.replace(year=now.year)
        return int(read.timestamp()) * NS_PER_SECOND
    return None


def _replayed(moment: int, times: IntArray, zone: tzinfo) -> Place:
    if not len(times):
        return Place(problem="Nothing has been replayed yet: type a bar or a share.")
    first, last = int(times[0]), int(times[-1])
    if not first <= moment <= last:
        ends = f"{shown.minute(first, zone)} and {shown.minute(last, zone)}"
        return Place(problem=f"Times can be found between {ends}; for later ones type a bar or a share.")
    return Place(int(np.searchsorted(times, moment, "right")))


class GoTo(Overlay):
    """`chosen` carries the bar to go to."""

    chosen = Signal(int)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window, 460, 96)
        self._replay: ReplayRow | None = None
        self._times: IntArray = np.empty(0, np.int64)
        self._zone: tzinfo = shown.zone("UTC")
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Bar 1200, share 40 %, or time 2019-06-12 10:31"))
        self.field.setAccessibleName(self.tr("Bar or time to go to"))
        self.hint = QLabel()
        self.hint.setObjectName("caption")
        self.hint.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.field)
        layout.addWidget(self.hint)
        self.field.textChanged.connect(self._preview)

    def open(self, replay: ReplayRow, times: IntArray, zone: tzinfo) -> None:
        self._replay, self._times, self._zone = replay, times.copy(), zone
        self.field.clear()
        self._preview("")
        self.open_over(self.field)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
            return
        place = self._read()
        if place.bar is not None and not event.isAutoRepeat():
            self.leave()
            self.chosen.emit(place.bar)

    def _read(self) -> Place:
        if self._replay is None:
            return Place(problem="")
        return read_place(self.field.text(), self._replay, self._times, self._zone)

    def _preview(self, text: str) -> None:
        if not text.strip():
            self.hint.setText(self.tr("Enter goes there, Esc leaves."))
            return
        place = self._read()
        if place.bar is None:
            self.hint.setText(place.problem)
        else:
            self.hint.setText(self.tr("Enter goes to bar {0}.").format(f"{place.bar:,}"))

"""Go to: a bar by number or per cent, or any moment of the data, typed in one field.

Owns the field. What is typed is read by a pure function; the seek is asked for by signals. Which
bar a moment means is the engine's to find.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from monitor.engine.rows import ReplayRow
from monitor.engine.values import NS_PER_SECOND
from monitor.models import format as shown
from monitor.ui.overlay import Overlay

FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%m-%d %H:%M")
CLOCKS = ("%H:%M:%S", "%H:%M")
DAYS = ("%Y-%m-%d", "%m-%d")


class Place(msgspec.Struct, frozen=True):
    """A bar or a moment to go to, or the sentence why there is none."""

    bar: int | None = None
    time_ns: int | None = None
    problem: str = ""


def read_place(text: str, replay: ReplayRow, zone: tzinfo) -> Place:
    """`text` is a bar (1234), a share (40 %), a date, a date and time, or a time of the day at
    which the replay stands, all within the data and in its zone."""
    typed = " ".join(text.replace(",", "").split())
    if re.fullmatch(r"\d+", typed):
        return _bar(int(typed), replay.bars)
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", typed):
        return _bar(round(float(match[1]) / 100 * replay.bars), replay.bars)
    now = datetime.fromtimestamp((replay.time_ns or replay.first_ns) // NS_PER_SECOND, zone)
    if moment := _moment(typed, now):
        return _within(moment, moment, replay, zone)
    if day := _day(typed, now):
        return _within(day, day.replace(hour=23, minute=59, second=59), replay, zone)
    return Place(problem="Type a bar (1200), a share (40 %) or a time (10:31 or 2019-06-12 10:31).")


def span(replay: ReplayRow, zone: tzinfo) -> str:
    """The moments that can be gone to."""
    return f"{shown.minute(replay.first_ns, zone)} to {shown.minute(replay.last_ns, zone)}"


def _bar(bar: int, bars: int) -> Place:
    if bar > bars:
        return Place(problem=f"The replay has {bars:,} bars.")
    return Place(bar)


def _moment(typed: str, now: datetime) -> datetime | None:
    for form in FORMS:
        read = _read(typed, form, now)
        if read is not None:
            return read
    for form in CLOCKS:
        clock = _read(typed, form, now)
        if clock is not None:
            return clock.replace(year=now.year, month=now.month, day=now.day)
    return None


def _day(typed: str, now: datetime) -> datetime | None:
    return next((read for form in DAYS if (read := _read(typed, form, now)) is not None), None)


def _read(typed: str, form: str, now: datetime) -> datetime | None:
    """What is typed in one form, in the zone of `now` and, where it names no year, of its year.
    The year is read along, because a day of February is one only in its year."""
    named = form.startswith("%Y")
    try:
        text, form = (typed, form) if named else (f"{now.year} {typed}", f"%Y {form}")
        return datetime.strptime(text, form).replace(tzinfo=now.tzinfo)
    except ValueError:
        return None


def _within(first: datetime, last: datetime, replay: ReplayRow, zone: tzinfo) -> Place:
    """The moment, or for a day its part that the data have."""
    begin, end = (int(moment.timestamp()) * NS_PER_SECOND for moment in (first, last))
    if end < replay.first_ns or begin > replay.last_ns:
        return Place(problem=f"The data go from {span(replay, zone)}.")
    return Place(time_ns=max(begin, replay.first_ns))


class GoTo(Overlay):
    """`bar_chosen` carries a bar, `time_chosen` a moment in ns UTC."""

    bar_chosen = Signal(int)
    time_chosen = Signal(object)  # a Qt int is too short for nanoseconds

    def __init__(self, window: QWidget) -> None:
        super().__init__(window, 460, 112)
        self._replay: ReplayRow | None = None
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

    def open(self, replay: ReplayRow, zone: tzinfo) -> None:
        self._replay, self._zone = replay, zone
        self.field.clear()
        self._preview("")
        self.open_over(self.field)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
            return
        place = self._read()
        if event.isAutoRepeat() or place.problem:
            return
        self.leave()
        if place.bar is not None:
            self.bar_chosen.emit(place.bar)
        else:
            self.time_chosen.emit(place.time_ns)

    def _read(self) -> Place:
        if self._replay is None:
            return Place(problem=self.tr("No replay is open."))
        return read_place(self.field.text(), self._replay, self._zone)

    def _preview(self, text: str) -> None:
        self.hint.setText(self._hint() if text.strip() else self._range())

    def _range(self) -> str:
        if self._replay is None:
            return ""
        bars, times = f"{self._replay.bars:,}", span(self._replay, self._zone)
        return self.tr("Bars 0 to {0}, times {1}. Enter goes there, Esc leaves.").format(bars, times)

    def _hint(self) -> str:
        place = self._read()
        if place.bar is not None:
            return self.tr("Enter goes to bar {0}.").format(f"{place.bar:,}")
        if place.time_ns is None:
            return place.problem
        moment = shown.minute(place.time_ns, self._zone)
        return self.tr("Enter goes to the last bar that has closed by {0}.").format(moment)

"""Go to: a place by number or per cent, or any moment of the data, typed in one field.

Owns the field. What is typed is read by a pure function; the seek is asked for by signals. Which
bar or fact a moment means is the engine's to find.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from monitor.boundary import PastMoment
from monitor.engine.rows import ReplayRow
from monitor.engine.values import NS_PER_SECOND
from monitor.models import format as shown
from monitor.ui.overlay import Overlay

FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%m-%d %H:%M")
CLOCKS = ("%H:%M:%S", "%H:%M")
DAYS = ("%Y-%m-%d", "%m-%d")


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What can be gone to: places by number and moments, both ends included, and where one stands
    now. `place` is what a number counts, `owner` what has them, `arrives` what a moment means."""

    first: int
    last: int
    now_ns: int
    first_ns: int
    last_ns: int
    place: str = "bar"
    owner: str = "replay"
    arrives: str = "the last bar that has closed by"


def reach_of_replay(replay: ReplayRow) -> Reach:
    """The bars of a replay."""
    return Reach(
        first=0,
        last=replay.bars,
        now_ns=replay.time_ns or replay.first_ns,
        first_ns=replay.first_ns,
        last_ns=replay.last_ns,
    )


def reach_of_past(moment: PastMoment) -> Reach:
    """The facts of the journal."""
    return Reach(
        first=moment.first_seq,
        last=moment.last_seq,
        now_ns=moment.time_ns,
        first_ns=moment.first_ns,
        last_ns=moment.last_ns,
        place="fact",
        owner="journal",
        arrives="the last fact by",
    )


class Place(msgspec.Struct, frozen=True):
    """A number or a moment to go to, or the sentence why there is none."""

    number: int | None = None
    time_ns: int | None = None
    problem: str = ""


def read_place(text: str, reach: Reach, zone: tzinfo) -> Place:
    """`text` is a number (1234), a share (40 %), a date, a date and time, or a time of the day at
    which one stands, all within reach and in that zone."""
    typed = " ".join(text.replace(",", "").split())
    if re.fullmatch(r"\d+", typed):
        return _numbered(int(typed), reach)
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", typed):
        share = float(match[1]) / 100
        return _numbered(reach.first + round(share * (reach.last - reach.first)), reach)
    now = datetime.fromtimestamp(reach.now_ns // NS_PER_SECOND, zone)
    if moment := _moment(typed, now):
        return _within(moment, moment, reach, zone)
    if day := _day(typed, now):
        return _within(day, day.replace(hour=23, minute=59, second=59), reach, zone)
    return Place(
        problem=f"Type a {reach.place} (1200), a share (40 %) or a time (10:31 or 2019-06-12 10:31)."
    )


def span(reach: Reach, zone: tzinfo) -> str:
    """The moments that can be gone to."""
    return f"{shown.minute(reach.first_ns, zone)} to {shown.minute(reach.last_ns, zone)}"


def _numbered(number: int, reach: Reach) -> Place:
    if number > reach.last:
        return Place(problem=f"The {reach.owner} has {reach.last:,} {reach.place}s.")
    return Place(max(number, reach.first))


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


def _within(first: datetime, last: datetime, reach: Reach, zone: tzinfo) -> Place:
    """The moment, to the end of its second, or for a day its part that the data have."""
    begin, end = (int(moment.timestamp()) * NS_PER_SECOND for moment in (first, last))
    if end + NS_PER_SECOND <= reach.first_ns or begin > reach.last_ns:
        return Place(problem=f"The data go from {span(reach, zone)}.")
    return Place(time_ns=max(begin, reach.first_ns))


class GoTo(Overlay):
    """`number_chosen` carries a place, `time_chosen` a moment in ns UTC."""

    number_chosen = Signal(int)
    time_chosen = Signal(object)  # a Qt int is too short for nanoseconds

    def __init__(self, window: QWidget) -> None:
        super().__init__(window, 460, 112)
        self._reach: Reach | None = None
        self._zone: tzinfo = shown.zone("UTC")
        self.field = QLineEdit()
        self.field.setAccessibleName(self.tr("Place or time to go to"))
        self.hint = QLabel()
        self.hint.setObjectName("caption")
        self.hint.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.field)
        layout.addWidget(self.hint)
        self.field.textChanged.connect(self._preview)

    def open(self, reach: Reach, zone: tzinfo) -> None:
        self._reach, self._zone = reach, zone
        self.field.setPlaceholderText(
            self.tr("{0} 1200, share 40 %, or time 2019-06-12 10:31").format(reach.place.title())
        )
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
        if place.number is not None:
            self.number_chosen.emit(place.number)
        else:
            self.time_chosen.emit(place.time_ns)

    def _read(self) -> Place:
        if self._reach is None:
            return Place(problem=self.tr("Nothing is open."))
        return read_place(self.field.text(), self._reach, self._zone)

    def _preview(self, text: str) -> None:
        self.hint.setText(self._hint() if text.strip() else self._range())

    def _range(self) -> str:
        if self._reach is None:
            return ""
        reach = self._reach
        return self.tr("{0}s {1} to {2}, times {3}. Enter goes there, Esc leaves.").format(
            reach.place.title(), f"{reach.first:,}", f"{reach.last:,}", span(reach, self._zone)
        )

    def _hint(self) -> str:
        place, reach = self._read(), self._reach
        if place.number is not None and reach is not None:
            return self.tr("Enter goes to {0} {1}.").format(reach.place, f"{place.number:,}")
        if place.time_ns is None or reach is None:
            return place.problem
        moment = shown.minute(place.time_ns, self._zone)
        return self.tr("Enter goes to {0} {1}.").format(reach.arrives, moment)

"""The replay bar: what the replay does now, and the controls to steer it.

Owns its buttons and the scrubber; says what is wanted by signals. It never talks to the core
and never shows a position that the core has not reported, except under the user's own hand.
"""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QStyle, QToolButton, QWidget

from monitor.commands import command, keys_label
from monitor.engine.rows import ReplayRow
from monitor.engine.values import ReplayState
from monitor.models import format as shown
from monitor.ui.icons import SIGNS, sign
from monitor.ui.theme import Theme

SPEEDS: tuple[float | None, ...] = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, None)
"""Speeds offered; None is as fast as possible."""

BUTTONS = (
    ("replay_reset", "reset"),
    ("replay_back", "back"),
    ("replay_toggle", "play"),
    ("replay_step", "step"),
)


def speed_label(speed: float | None) -> str:
    return "max" if speed is None else f"×{speed:g}"


def neighbour_speed(speed: float | None, step: int) -> float | None:
    """The next offered speed above (step 1) or below (step -1) the present one."""
    if speed is None:
        place = len(SPEEDS) - 1
    else:
        finite = [one for one in SPEEDS if one is not None]
        place = min(range(len(finite)), key=lambda index: abs(finite[index] - speed))
    return SPEEDS[max(0, min(len(SPEEDS) - 1, place + step))]


class Scrubber(QSlider):
    """Seeks when the hand lets go, of mouse or keys: one command per gesture, however long."""

    sought = Signal(int)

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setObjectName("scrubber")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._held: int | None = None

    @property
    def held(self) -> bool:
        """Whether the user is moving it now."""
        return self._held is not None

    def follow(self, bar: int, bars: int) -> None:
        if self.maximum() != bars:
            self.setRange(0, bars)
            self.setPageStep(max(1, bars // 20))
        if not self.held and self.value() != bar:
            self.setValue(bar)

    def bar_at(self, place: QPoint) -> int:
        room = max(1, self.width() - 12)
        return QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), place.x() - 6, room)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._held = self.value()
            self.setSliderDown(True)
            self.setValue(self.bar_at(event.position().toPoint()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self.setValue(self.bar_at(event.position().toPoint()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self.setSliderDown(False)
            self._let_go()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        before = self.value()
        super().keyPressEvent(event)
        if self.value() != before and self._held is None:
            self._held = before

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat() and self.held:
            self._let_go()
        super().keyReleaseEvent(event)

    def _let_go(self) -> None:
        before, self._held = self._held, None
        if self.value() != before:
            self.sought.emit(self.value())


class ReplayBar(QWidget):
    """`commanded` carries the id of a user command, `sought` the bar to go to."""

    commanded = Signal(str)
    sought = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("replayBar")
        self._signs = {name: sign(name, theme) for name in SIGNS}
        self._playing = False
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._zone = "UTC"
        self.buttons: dict[str, QToolButton] = {}
        self.state = _label(self.tr("no replay"), 60)
        self.speed = _label("", 40, Qt.AlignmentFlag.AlignCenter)
        self.scrubber = Scrubber()
        self.scrubber.setAccessibleName(self.tr("Place in the replay"))
        self.bar = _label("", 0)
        self.time = _label("", 0)
        self.rate = _label("", 0)
        self.rate.setObjectName("muted")
        self._lay_out()
        self.scrubber.sought.connect(self.sought)
        self.scrubber.valueChanged.connect(self._preview)
        self.setEnabled(False)

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 12, 4)
        layout.setSpacing(4)
        controls = QWidget()
        controls.setObjectName("controls")
        row = QHBoxLayout(controls)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for id, name in BUTTONS:
            button = self._button(id, "")
            button.setIcon(self._signs[name])
            row.addWidget(button)
        row.addSpacing(8)
        row.addWidget(self._button("replay_slower", "−"))
        row.addWidget(self.speed)
        row.addWidget(self._button("replay_faster", "+"))
        layout.addWidget(controls)
        layout.addSpacing(8)
        layout.addWidget(self.state)
        layout.addWidget(self.scrubber, 1)
        layout.addSpacing(8)
        for part in (self.bar, self.time, self.rate):
            layout.addWidget(part)
            layout.addSpacing(8)

    def _button(self, id: str, text: str) -> QToolButton:
        entry = command(id)
        button = QToolButton()
        button.setText(text)
        button.setMinimumWidth(34)
        title = self.tr(entry.title)
        button.setToolTip(f"{title}  ({keys_label(entry)})")
        button.setAccessibleName(title)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.commanded.emit(id))
        self.buttons[id] = button
        return button

    def freeze(self, word: str, reason: str, but: Collection[str] = ()) -> None:
        """Grey all but some commands, with the reason; `word` is what stands there as the state.
        With no reason everything is given back."""
        if reason:
            self.setEnabled(True)
            _set(self.state, word)
        self.scrubber.setEnabled(not reason)
        self.scrubber.setToolTip(reason)
        for id, button in self.buttons.items():
            free = not reason or id in but
            entry = command(id)
            title = self.tr(entry.title)
            button.setEnabled(free)
            button.setToolTip(f"{title}  ({keys_label(entry)})" if free else f"{title}: {reason}")

    def show_replay(self, replay: ReplayRow | None, zone: str) -> None:
        """Show what the core reports; None when there is no replay."""
        self.setEnabled(replay is not None)
        if replay is None:
            _set(self.state, self.tr("no replay"))
            return
        self._zone = zone
        playing = replay.state is ReplayState.PLAYING
        if playing is not self._playing:
            self._playing = playing
            self.buttons["replay_toggle"].setIcon(self._signs["pause" if playing else "play"])
        _set(self.state, _state_word(replay))
        _set(self.speed, speed_label(replay.speed))
        self.scrubber.follow(replay.bar, replay.bars)
        if not self.scrubber.held:
            self._show_bar(replay.bar, replay.bars)
        _set(self.time, shown.minute(replay.time_ns or replay.first_ns, shown.zone(zone)))
        _set(self.rate, self.tr("{0} bars/s").format(shown.number(replay.bars_per_second, 0)))

    def _preview(self, bar: int) -> None:
        """Under the user's hand the bar number follows the handle, not the replay."""
        if self.scrubber.held or self.scrubber.isSliderDown():
            self._show_bar(bar, self.scrubber.maximum())

    def _show_bar(self, bar: int, bars: int) -> None:
        _set(self.bar, self.tr("bar {0} / {1}").format(f"{bar:,}", f"{bars:,}"))


def _state_word(replay: ReplayRow) -> str:
    word = {
        ReplayState.PLAYING: "playing",
        ReplayState.PAUSED: "paused",
        ReplayState.FINISHED: "finished",
    }
    return word[replay.state]


def _label(text: str, width: int, align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft) -> QLabel:
    label = QLabel(text)
    label.setMinimumWidth(width)
    label.setAlignment(align | Qt.AlignmentFlag.AlignVCenter)
    label.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
    return label


def _set(label: QLabel, text: str) -> None:
    """Change a text; the label only ever grows, so that nothing beside it jitters."""
    if label.text() == text:
        return
    label.setText(text)
    wanted = label.sizeHint().width()
    if wanted > label.minimumWidth():
        label.setMinimumWidth(wanted)

"""The bar of the past: which moment of the journal is looked at, and the controls to move in it.

Owns its buttons and the scrubber; says what is wanted by signals. It never shows a moment that the
core has not reported, except as a number under the user's own hand.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QStyle, QToolButton, QWidget

from monitor.boundary import PastMoment
from monitor.commands import command, keys_label
from monitor.models import format as shown
from monitor.ui.icons import sign
from monitor.ui.theme import Theme


class PastScrubber(QSlider):
    """Tells every place under the hand at once: whoever listens keeps the newest only."""

    moved_to = Signal(int)

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setObjectName("scrubber")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.valueChanged.connect(self.moved_to)

    def follow(self, seq: int, first: int, last: int) -> None:
        """Stand where the core is, unless a hand holds it."""
        with QSignalBlocker(self):
            if (self.minimum(), self.maximum()) != (first, last):
                self.setRange(first, last)
                self.setPageStep(max(1, (last - first) // 20))
            if not self.isSliderDown():
                self.setValue(seq)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self.setValue(self._place(event.position().toPoint()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self.setValue(self._place(event.position().toPoint()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)

    def _place(self, at: QPoint) -> int:
        room = max(1, self.width() - 12)
        return QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), at.x() - 6, room)


class PastBar(QWidget):
    """`commanded` carries the id of a user command, `sought` the number of the fact to go to."""

    commanded = Signal(str)
    sought = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("pastBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.buttons: dict[str, QToolButton] = {}
        self.scrubber = PastScrubber()
        self.scrubber.setAccessibleName(self.tr("Place in the journal"))
        self.state, self.fact, self.time = _label(), _label(), _label()
        self.state.setObjectName("pastState")
        self.time.setObjectName("pastTime")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 12, 4)
        layout.setSpacing(4)
        for id, icon in (("past_back", "back"), ("past_forward", "step")):
            button = self._button(id, "")
            button.setIcon(sign(icon, theme))
            layout.addWidget(button)
        layout.addSpacing(8)
        layout.addWidget(self.state)
        layout.addWidget(self.scrubber, 1)
        for part in (self.fact, self.time):
            layout.addSpacing(8)
            layout.addWidget(part)
        layout.addSpacing(8)
        layout.addWidget(self._button("past_goto", self.tr("Go to   t")))
        layout.addWidget(self._button("back_to_now", self.tr("Back to now   Ctrl+T")))
        self.setStyleSheet(style(theme))
        self.scrubber.moved_to.connect(self._moved)
        self.hide()

    def show_moment(self, moment: PastMoment | None, seq: int | None, zone: str) -> None:
        """`moment` is what is shown, None before the first; `seq` what is wanted beyond it, if known."""
        first, last = (moment.first_seq, moment.last_seq) if moment is not None else (0, 0)
        at = seq if seq is not None else moment.seq if moment is not None else 0
        self.scrubber.follow(at, first, last)
        self._show_fact(at, last)
        text = "" if moment is None else shown.moment(moment.time_ns, shown.zone(zone))
        _set(self.time, text)

    def show_loading(self, loading: bool) -> None:
        _set(self.state, self.tr("loading …") if loading else self.tr("the past"))
        self.state.setProperty("loading", loading)
        self.state.style().polish(self.state)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not event.isAutoRepeat():
            self.commanded.emit("back_to_now")
        else:
            super().keyPressEvent(event)

    def _moved(self, seq: int) -> None:
        """The number follows the hand; the rows and the time follow the core."""
        self._show_fact(seq, self.scrubber.maximum())
        self.sought.emit(seq)

    def _show_fact(self, seq: int, last: int) -> None:
        _set(self.fact, self.tr("fact {0} / {1}").format(f"{seq:,}", f"{last:,}") if last else "")

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


def _label() -> QLabel:
    label = QLabel()
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


def style(theme: Theme) -> str:
    return f"""
#pastBar {{ background: {theme.surface}; border-top: 2px solid {theme.strip_past}; }}
#pastState {{ background: {theme.strip_past}; color: {theme.strip_text}; border-radius: 3px;
  padding: 1px 8px; font-weight: 600; }}
#pastState[loading="true"] {{ background: {theme.line_strong}; }}
#pastTime {{ font-weight: 600; }}
"""

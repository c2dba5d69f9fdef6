"""The ticket on the screen: paints a `Picture`, turns keys and clicks into the verbs of its asker.

Thin: owns no rule and no row. Every key that reaches it or its parts comes through one filter,
where auto-repeat ends; Esc leaves at every moment.
"""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from monitor.engine.values import World
from monitor.ui.theme import Theme, set_tone
from monitor.ui.tickets.choices import Choices
from monitor.ui.tickets.facts import Difference
from monitor.ui.tickets.keys import ENTER, identity, is_plain
from monitor.ui.tickets.parts import ElidedLabel, FactGrid, TicketField, VerbButton, set_text
from monitor.ui.tickets.picture import Picture

EDITING = frozenset({Qt.Key.Key_Backspace, Qt.Key.Key_Delete, Qt.Key.Key_Left, Qt.Key.Key_Right})
ARMING_LINE = 3
CHOOSING = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down})
MOVING = frozenset({Qt.Key.Key_Tab, Qt.Key.Key_Backtab})


class Asker(Protocol):
    """Who stands behind the panel; `by` is the physical key that is being pressed."""

    def confirm(self, by: int | None = None) -> bool: ...

    def hold(self, by: int | None = None) -> bool: ...

    def let_go(self) -> None: ...

    def leave(self) -> None: ...

    def acknowledge(self) -> bool: ...

    def type(self, text: str) -> None: ...

    def touch(self) -> None: ...

    def may_type(self, by: int | None) -> bool: ...

    def comes_early(self, by: int | None) -> bool: ...

    def painted(self) -> None: ...

    def hidden(self) -> None: ...

    def pause_replay(self) -> None: ...


class TicketPanel(QWidget):
    """One ticket. `render_picture` may be called each frame; what is as before is not touched."""

    def __init__(self, asker: Asker, theme: Theme, choices: Choices | None = None) -> None:
        super().__init__()
        self._asker, self._theme, self.choices = asker, theme, choices
        self._shown: Picture | None = None
        self.setObjectName("ticket")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setStyleSheet(style(theme))
        self._make_parts()
        self._lay_out()
        for child in self.findChildren(QWidget):
            if child.focusPolicy() is not Qt.FocusPolicy.NoFocus:
                child.installEventFilter(self)

    # -- painting

    def render_picture(self, picture: Picture) -> None:
        if picture == self._shown:
            return
        before = self._shown
        if before is None or (picture.arming, picture.held) != (before.arming, before.held):
            self.update()
        self._shown = picture
        self.setProperty("answered", picture.answered)  # the host then lets single keys through
        self._show_head(picture)
        self.facts.show_lines(picture.lines)
        self._show_guards(picture.changes)
        self._show_answering(picture)

    def _show_head(self, picture: Picture) -> None:
        set_text(self.world, picture.badge)
        ground = self._theme.strip(picture.world or World.REPLAY, picture.engine_state)
        self._paint_world(ground)
        set_text(self.title, f"{picture.title}   ·   account {picture.account or 'unknown'}")
        set_text(self.left, picture.left)
        self.headline.say(picture.headline)
        set_text(self.consequence, picture.consequence)
        self.setAccessibleName(f"{picture.badge}: {picture.headline}")

    def _paint_world(self, ground: str) -> None:
        sheet = f"background: {ground}; color: {self._theme.strip_text};"
        if self.world.styleSheet() != sheet:
            self.world.setStyleSheet(sheet)

    def _show_guards(self, changes: tuple[Difference, ...]) -> None:
        texts = [f"{item.what}:  {item.old}  →  {item.new}" for item in changes[:3]]
        if len(changes) > 3:
            texts.append(f"and {len(changes) - 3} more")
        set_text(self.guards, "\n".join(texts))
        self.guards.setVisible(bool(changes))
        self.accept.setVisible(bool(changes))

    def _show_answering(self, picture: Picture) -> None:
        set_text(self.status, picture.status)
        set_tone(self.status, picture.tone)
        self.keep.say(picture.keep)
        self.verb.say(picture.verb)
        self._allow(self.verb, picture.armed or picture.holdable or picture.held is not None)
        self._reveal(self.verb, picture.asking and bool(picture.verb))
        if self.choices is not None:
            self._allow(self.choices, picture.asking)
        set_text(self.prompt, picture.prompt)
        for part in (self.prompt, self.word):
            self._reveal(part, bool(picture.prompt))
        self._allow(self.word, not picture.changes)
        if self.word.text() != picture.typed:
            self.word.setText(picture.typed)
        self.setFocusProxy(self.word if picture.prompt else None)  # type: ignore[arg-type]

    def _allow(self, part: QWidget, allowed: bool) -> None:
        """A disabled part must not push the focus to the next one, which means another answer."""
        if part.isEnabled() != allowed:
            self._take_focus_from(part, allowed)
            part.setEnabled(allowed)
            if allowed and part is self.word and self.hasFocus():
                self.word.setFocus()

    def _reveal(self, part: QWidget, wanted: bool) -> None:
        if part.isHidden() == wanted:
            inside = self._has_focus_within(self)
            self._take_focus_from(part, wanted)
            part.setVisible(wanted)
            if wanted and inside and part is self.word:
                self.word.setFocus()

    def _take_focus_from(self, part: QWidget, stays: bool) -> None:
        if not stays and self._has_focus_within(part):
            self.setFocusProxy(None)  # type: ignore[arg-type]
            self.setFocus()

    def _has_focus_within(self, part: QWidget) -> bool:
        focus = self.window().focusWidget()
        return focus is not None and (focus is part or part.isAncestorOf(focus))

    # -- keys and clicks

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._take_key(event, watched)
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._take_key(event, self):
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._asker.touch()
        super().mousePressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._shown is not None:
            self._paint_arming(self._shown.arming, self._theme.accent)
            self._paint_arming(self._shown.held, self._theme.strip_halted)
            self._asker.painted()

    def _paint_arming(self, arming: float | None, colour: str) -> None:
        """A line at the lower edge that grows until the ticket takes an answer, or has it."""
        if arming is None:
            return
        painter = QPainter(self)
        place = self.rect().adjusted(0, self.height() - ARMING_LINE, 0, 0)
        painter.fillRect(place, QColor(self._theme.line))
        place.setWidth(round(self.width() * arming))
        painter.fillRect(place, QColor(colour))

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.WindowActivate, QEvent.Type.WindowDeactivate):
            self._asker.hidden()
            self.update()
        return super().event(event)

    def _take_key(self, event: QKeyEvent, target: QObject) -> bool:
        """True when the key ends here."""
        by = identity(event)
        if event.isAutoRepeat():
            return not (isinstance(target, TicketField) and event.key() in EDITING)
        self._asker.touch()
        if event.key() == Qt.Key.Key_Escape:
            self._asker.leave()
            return True
        if isinstance(target, TicketField) and not target.leaves(event):
            return self._take_key_in_field(event, by)
        if isinstance(target, QPushButton) and event.key() in self._pressing(target):
            return self._press(target, by)
        return self._take_letter(event, by)

    def _take_key_in_field(self, event: QKeyEvent, by: int) -> bool:
        if event.key() in ENTER and is_plain(event):
            self._confirm(by)
            return True
        if event.key() in CHOOSING and self.choices is not None:
            return self.choices.take_key(event)
        return event.key() not in MOVING and not self._may_type(event, by)

    def _take_letter(self, event: QKeyEvent, by: int) -> bool:
        if not is_plain(event):
            return False
        key, asking = event.key(), self._shown is not None and self._shown.asking
        if not asking:
            return key in ENTER  # a second Enter does nothing
        if key in ENTER or (key == Qt.Key.Key_Y and not self.word.isVisible()):
            self._confirm(by)
        elif key == Qt.Key.Key_U:
            self._asker.acknowledge()
        elif key == Qt.Key.Key_Space:
            self._asker.pause_replay()
        elif self.choices is not None and self.choices.knows(key):
            return not self._may_type(event, by) or self.choices.take_key(event)
        else:
            return False
        return True

    def _confirm(self, by: int) -> None:
        """A key that answers: held where holding does, else at once. What does not hold is told
        what it lacks."""
        if not self._asker.hold(by):
            self._asker.confirm(by)

    def _may_type(self, event: QKeyEvent, by: int) -> bool:
        """Whether a key reaches a field or a choice; one that comes too early is told."""
        if self._asker.may_type(by):
            return True
        if event.text().isprintable() and (event.text() or event.key() in CHOOSING):
            self._asker.comes_early(by)
        return False

    def _pressing(self, button: QPushButton) -> frozenset[Qt.Key]:
        own = button in (self.verb, self.keep, self.accept)
        return ENTER | {Qt.Key.Key_Space} if own else frozenset({Qt.Key.Key_Space})

    def _press(self, button: QPushButton, by: int) -> bool:
        """A key on a focused button does what the button says. A choice takes Space only: Enter
        goes on meaning what the status line says."""
        if button is self.verb:
            self._confirm(by)
        elif button is self.keep:
            self._asker.leave()
        elif button is self.accept:
            self._asker.acknowledge()
        else:
            button.click()
        return True

    # -- parts

    def _make_parts(self) -> None:
        self.world = _label("ticketWorld")
        self.title, self.left = _label("caption"), _label("caption")
        self.headline, self.consequence = ElidedLabel(), _label("ticketConsequence")
        self.headline.setObjectName("ticketHeadline")
        self.guards, self.status = _label("ticketGuards"), _label("ticketStatus")
        self.status.setWordWrap(True)
        self.consequence.setWordWrap(True)
        self.prompt = _label("caption")
        self.facts = FactGrid()
        self.word = TicketField("Confirmation", 120)
        self.accept = VerbButton("Use the new numbers", "u")
        self.keep = VerbButton("Keep", "Esc")
        self.verb = VerbButton("", "Enter", "danger")
        for part in (self.prompt, self.word, self.guards, self.accept):
            part.hide()
        self.word.textEdited.connect(self._asker.type)
        self.accept.clicked.connect(lambda: self._asker.acknowledge())
        self.keep.clicked.connect(lambda: self._asker.leave())
        self.verb.pressed.connect(lambda: self._asker.hold(None))
        self.verb.released.connect(lambda: self._asker.let_go())
        self.verb.clicked.connect(lambda: self._asker.confirm(None))

    def _lay_out(self) -> None:
        head = _row(self.world, self.title, None, self.left)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.headline)
        words.addWidget(self.consequence)
        if self.choices is not None:
            words.addSpacing(6)
            words.addWidget(self.choices)
        words.addStretch(1)
        middle = QGridLayout()
        middle.setHorizontalSpacing(24)
        middle.addLayout(words, 0, 0)
        middle.addWidget(self.facts, 0, 1, Qt.AlignmentFlag.AlignTop)
        middle.setColumnStretch(0, 1)
        middle.setColumnStretch(1, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(12, 8, 12, 8)
        outer.setSpacing(6)
        outer.addLayout(head)
        outer.addLayout(middle)
        outer.addLayout(_row(self.guards, self.accept, None))
        outer.addLayout(_row((self.status, 1), self.prompt, self.word, self.keep, self.verb))


def _label(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setMinimumWidth(1)
    return label


def _row(*parts: QWidget | tuple[QWidget, int] | None) -> QHBoxLayout:
    """Widgets side by side; None is a stretch, a pair gives a widget its stretch."""
    row = QHBoxLayout()
    row.setSpacing(8)
    for part in parts:
        if part is None:
            row.addStretch(1)
        elif isinstance(part, tuple):
            row.addWidget(*part)
        else:
            row.addWidget(part)
    return row


def style(theme: Theme) -> str:
    return f"""
#ticket {{ background: {theme.surface}; }}
#ticketWorld {{ border-radius: 3px; padding: 1px 8px; font-size: 12px; font-weight: 600; }}
#ticketHeadline {{ font-size: 22px; font-weight: 600; }}
#ticketConsequence {{ color: {theme.muted}; }}
#ticketGuards {{ color: {theme.warn}; font-weight: 600; }}
#ticketStatus[tone="good"] {{ color: {theme.gain}; }}
#ticketStatus[tone="warn"] {{ color: {theme.warn}; }}
#ticketStatus[tone="error"] {{ color: {theme.error}; }}
#ticketValue[tone="gain"] {{ color: {theme.gain}; }}
#ticketValue[tone="loss"] {{ color: {theme.loss}; }}
#ticketValue[tone="warn"] {{ color: {theme.warn}; }}
#ticketValue[tone="muted"] {{ color: {theme.muted}; }}
QPushButton[tone="danger"]:disabled {{ color: {theme.faint}; border-color: {theme.line}; }}
QPushButton[role="choice"]:checked {{ border-color: {theme.accent}; color: {theme.accent}; }}
"""

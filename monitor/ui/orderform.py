"""The form for a new order, sent at once or when something comes true: fields side by side above the
tickets, never modal.

Owns its fields and one idempotency key per sending. What is missing is said by the draft, what is
refused by the engine, both in the form. Nothing leaves while it is not complete, not armed, or
while an answer is awaited.
"""

from __future__ import annotations

import uuid

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QLabel, QWidget

from monitor.engine.commands import AnyCommand, Reply
from monitor.engine.values import Offset, OrderType, Priority, Side, World
from monitor.models import format
from monitor.ui.draft import LIMITED, STOPS, TYPES, Draft, Problem
from monitor.ui.elided import ElidedLabel
from monitor.ui.keys import keeps_plain_keys
from monitor.ui.theme import Theme, set_tone
from monitor.ui.tickets.conversation import Asks
from monitor.ui.tickets.keys import ENTER
from monitor.ui.tickets.parts import TicketField, VerbButton
from monitor.ui.tickets.picture import badge
from monitor.ui.tickets.rules import MS
from monitor.ui.tickets.view import Clock, SystemClock, View, engine_now_ns

ARM_NS = 350 * MS
EXAMPLE = "at once, or: last(SHFE.au2512) >= 752.30 and time in 09:30..11:30"
EDITING = frozenset({Qt.Key.Key_Backspace, Qt.Key.Key_Delete, Qt.Key.Key_Left, Qt.Key.Key_Right})


class OrderForm(QFrame):
    """`open` shows it, Esc leaves it and what was typed; only what was `put_away` is there the next
    time. `left` says it went."""

    left = Signal()

    def __init__(self, view: View, asks: Asks, theme: Theme, clock: Clock | None = None) -> None:
        super().__init__()
        self._view, self._asks, self._theme = view, asks, theme
        self._clock = clock or SystemClock()
        self._key, self._sent, self._waits = "", False, False
        self._armed_ns = 0
        self._side: Side | None = None
        self._strategy = 0
        self._kept = False
        self.setObjectName("orderForm")
        self._make_fields()
        self._lay_out()
        self.setStyleSheet(style(theme))
        for child in self.findChildren(QWidget):
            child.installEventFilter(self)
        self.hide()

    # -- what others do with it

    def open(self, symbol: str = "", account_id: str = "", strategy_id: int = 0) -> None:
        """Show it, as for a new order unless one is in it, and give its symbol the focus; symbol and
        account are taken over where none was typed. In a replay the order is given for a strategy
        of it."""
        self._strategy = strategy_id
        if self.isHidden() and not (self._kept or self._sent):
            self._start_afresh()
        self._kept = False
        self._offer_accounts(account_id)
        if not self.symbol.text().strip():
            self.symbol.setText(symbol)
        session = self._view.session
        self.world.setText(badge(session))
        if session is not None:
            ground = self._theme.strip(session.world, session.engine_state)
            self.world.setStyleSheet(f"background: {ground}; color: {self._theme.strip_text};")
        if not self._sent:  # an answer that is awaited may still say that the order was taken
            self._begin()
        self.show()
        self.symbol.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.symbol.selectAll()

    def offer_accounts(self) -> None:
        """The accounts that can be chosen are others by now; the chosen one stays."""
        self._offer_accounts(self._account())

    def leave(self) -> None:
        self.hide()
        self.left.emit()

    def put_away(self) -> None:
        """Leave it for a while: what was typed is there the next time."""
        self._kept = True
        self.leave()

    def draft(self) -> Draft:
        """What is typed by now. Qt gives the words of an enumeration back as plain text."""
        return Draft(
            symbol=self.symbol.text(),
            side=self._side,
            offset=Offset(self.offset.currentData()),
            type=OrderType(self.type.currentData()),
            volume=self.volume.text(),
            price=self.price.text(),
            trigger=self.trigger.text(),
            trail=self.trail.text(),
            target=self.target.text(),
            stop=self.stop.text(),
            condition=self.condition.text(),
            delay=self.delay.text(),
            priority=Priority(self.priority.currentData()),
        )

    def submit(self) -> bool:
        """Send it, once, if nothing is missing; whether it was sent."""
        problem = self.draft().problem()
        if self._sent or self._clock.monotonic_ns() < self._armed_ns:
            return False
        if problem is not None:
            self._say(problem.sentence, "warn")
            self._field(problem.field).setFocus(Qt.FocusReason.OtherFocusReason)
            return False
        now = engine_now_ns(self._view, self._clock)
        command = self.draft().command(self._key, now, self._account(), self._given_for())
        self._sent, self._waits = True, self.draft().waits
        self.verb.setEnabled(False)
        self._say("Sent. Waiting for the engine's answer.", "")
        self._asks.ask(command, self._answered)
        return True

    # -- Qt

    def event(self, event: QEvent) -> bool:
        return keeps_plain_keys(event) or super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        if event.isAutoRepeat():
            return event.key() not in EDITING  # the held key that opened it types nothing here
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
            return True
        if event.key() in ENTER:
            self._enter(watched)
            return True
        return False

    def _enter(self, watched: QObject) -> None:
        if watched is self.keep:
            self.leave()
        elif watched in (self.buy, self.sell) and isinstance(watched, VerbButton):
            watched.click()
        else:
            self.submit()

    # -- inside

    def _account(self) -> str:
        """The account the order is for; "" while none is known, then the engine says so."""
        return self.account.currentData() or ""

    def _given_for(self) -> int:
        """In a replay every order is of a strategy: the one in hand, else the first; 0 elsewhere."""
        if not self._replays():
            return 0
        known = [row.strategy_id for row in self._view.strategies()]
        return self._strategy if self._strategy in known else min(known, default=0)

    def _replays(self) -> bool:
        session = self._view.session
        return session is not None and session.world is World.REPLAY

    def _offer_accounts(self, wanted: str) -> None:
        """The accounts there are by now; what was begun for one stays with it."""
        chosen = self._account()
        names = sorted(row.account_id for row in self._view.accounts())
        if chosen in names and self.draft().begun:
            wanted = chosen
        with QSignalBlocker(self.account):
            self.account.clear()
            for name in names:
                self.account.addItem(f"account {name}", name)
            if not names:
                self.account.addItem("account unknown", "")
            self.account.setCurrentIndex(max(0, self.account.findData(wanted)))
        self.account.setEnabled(len(names) > 1)
        if self._account() != chosen:
            self._edited()

    def _start_afresh(self) -> None:
        """Nothing of an order that was left: half of one would be taken for the new one's."""
        self._clear()
        self.symbol.clear()
        first = (self.offset, Offset.OPEN), (self.type, OrderType.LIMIT), (self.priority, Priority.NORMAL)
        for combo, value in first:
            combo.setCurrentIndex(combo.findData(value))

    def _begin(self) -> None:
        """Another order, as it will be: a key of its own, armed a moment from now."""
        self._key, self._sent = uuid.uuid4().hex, False
        self._armed_ns = self._clock.monotonic_ns() + ARM_NS
        self._check()

    def _answered(self, _command: AnyCommand, reply: Reply) -> None:
        if reply.accepted:
            ids = ", ".join(f"#{id}" for id in reply.order_ids)
            word = " waits" if self._waits else ""
            waits = f"Accepted: order {ids}{word}." if ids else "Accepted."
            self._clear()
            self._begin()
            self._say(f"{waits} {reply.reason}".strip(), "good")
        else:
            self._begin()
            self._say(f"Refused: {reply.reason or reply.guard}", "error")

    def _clear(self) -> None:
        """What belongs to the order that was accepted; symbol, type and priority are kept."""
        for field in self._fields():
            if field is not self.symbol:
                field.clear()
        self._side = None

    def _check(self) -> None:
        """Say what is missing, or the whole order in words."""
        draft = self.draft()
        self.sentence.setText(draft.sentence())
        self.sentence.setToolTip(draft.sentence())
        self.price.setEnabled(draft.type in LIMITED)
        self.trigger.setEnabled(draft.type in STOPS)
        self.trail.setEnabled(draft.type is OrderType.TRAILING)
        self.buy.setChecked(self._side is Side.BUY)
        self.sell.setChecked(self._side is Side.SELL)
        self._mark(draft.problem(), draft.waits)

    def _mark(self, problem: Problem | None, waits: bool) -> None:
        if not self._sent:
            self.verb.setEnabled(problem is None)
        if problem is None:
            venue = "the simulated exchange" if self._replays() else "the venue"
            where = f"it waits here, not at {venue}" if waits else f"it goes to {venue} at once"
            self._say(f"Enter places it: {where}.", "good")
        else:
            where = "" if problem.at is None else f"Character {problem.at + 1}: "
            self._say(where + problem.sentence, "" if problem.at is None else "warn")

    def _edited(self) -> None:
        if self._sent:
            return
        self._key = uuid.uuid4().hex  # another order than the one before
        self._check()

    def _choose(self, side: Side) -> None:
        self._side = side
        self._edited()

    def _say(self, text: str, tone: str) -> None:
        self.status.setText(text)
        self.status.setToolTip(text)
        set_tone(self.status, tone)

    def _field(self, name: str) -> QWidget:
        field: QWidget = self.buy if name == "side" else getattr(self, name)
        return field

    def _make_fields(self) -> None:
        self.world, self.title = QLabel(), QLabel(self.tr("New order"))
        self.account = self._combo(self.tr("Account"), [("account unknown", "")])
        self.world.setObjectName("formWorld")
        self.title.setObjectName("heading")
        self.symbol = TicketField(self.tr("Symbol"), 120)
        self.buy, self.sell = self._verb("Buy", Side.BUY), self._verb("Sell", Side.SELL)
        self.offset = self._combo(self.tr("Offset"), [(format.words(one), one) for one in Offset])
        self.type = self._combo(self.tr("Type"), [(format.words(one), one) for one in TYPES])
        self.volume = TicketField(self.tr("Volume"), 64)
        self.price = TicketField(self.tr("Price"), 88)
        self.trigger = TicketField(self.tr("Trigger price"), 88)
        self.trail = TicketField(self.tr("Trailing distance"), 64)
        self.target = TicketField(self.tr("Target price"), 72)
        self.stop = TicketField(self.tr("Stop price"), 72)
        self.condition = TicketField(self.tr("Condition"), 200)
        self.condition.setMaxLength(2_000)
        self.condition.setMaximumWidth(16_000)
        self.condition.setPlaceholderText(EXAMPLE)
        self.delay = TicketField(self.tr("Delay in seconds"), 56)
        self.priority = self._combo(self.tr("Priority"), [(one.value, one) for one in Priority])
        self.priority.setCurrentIndex(self.priority.findData(Priority.NORMAL))
        self.sentence, self.status = ElidedLabel(), ElidedLabel()
        self.status.setObjectName("formStatus")
        self.keep = VerbButton(self.tr("Leave"), "Esc")
        self.verb = VerbButton(self.tr("Place it"), "Enter", "primary")
        self.keep.clicked.connect(self.leave)
        self.verb.clicked.connect(self.submit)
        for field in self._fields():
            field.textEdited.connect(self._edited)
        for combo in (self.account, self.offset, self.type, self.priority):
            combo.currentIndexChanged.connect(self._edited)

    def _fields(self) -> tuple[TicketField, ...]:
        """Where something is typed, in the order of the form."""
        order = (self.symbol, self.volume, self.price, self.trigger, self.trail)
        return (*order, self.condition, self.delay, self.target, self.stop)

    def _verb(self, text: str, side: Side) -> VerbButton:
        button = VerbButton(self.tr(text))
        button.setCheckable(True)
        button.setProperty("role", side.lower())
        button.clicked.connect(lambda: self._choose(side))
        return button

    def _combo(self, name: str, items: list[tuple[str, object]]) -> QComboBox:
        combo = QComboBox()
        combo.setAccessibleName(name)
        for text, data in items:
            combo.addItem(text, data)
        return combo

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        for part in (self.world, self.title, self.account):
            head.addWidget(part)
        head.addWidget(self.sentence, 1)
        first = _line(
            ("Symbol", self.symbol),
            ("", self.buy),
            ("", self.sell),
            ("", self.offset),
            ("", self.type),
            ("Volume", self.volume),
            ("Price", self.price),
            ("Trigger", self.trigger),
            ("Trail", self.trail),
        )
        first.addStretch(1)
        second = _line(
            ("When", self.condition),
            ("Delay, s", self.delay),
            ("Then target", self.target),
            ("or stop", self.stop),
            ("Priority", self.priority),
        )
        second.setStretch(1, 1)
        last = QHBoxLayout()
        last.setSpacing(8)
        last.addWidget(self.status, 1)
        last.addWidget(self.keep)
        last.addWidget(self.verb)
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 8, 12, 8)
        grid.setVerticalSpacing(6)
        for row, line in enumerate((head, first, second, last)):
            grid.addLayout(line, row, 0)


def _line(*parts: tuple[str, QWidget]) -> QHBoxLayout:
    """Fields side by side, each behind its caption."""
    line = QHBoxLayout()
    line.setSpacing(6)
    for caption, field in parts:
        if caption:
            label = QLabel(caption)
            label.setObjectName("caption")
            line.addWidget(label)
        line.addWidget(field)
    return line


def style(theme: Theme) -> str:
    return f"""
#orderForm {{ background: {theme.surface}; border-top: 2px solid {theme.accent}; }}
#formWorld {{ border-radius: 3px; padding: 1px 8px; font-size: 12px; font-weight: 600; }}
#formStatus[tone="good"] {{ color: {theme.gain}; }}
#formStatus[tone="warn"] {{ color: {theme.warn}; }}
#formStatus[tone="error"] {{ color: {theme.error}; }}
QPushButton[role="buy"]:checked {{ border-color: {theme.gain}; color: {theme.gain}; }}
QPushButton[role="sell"]:checked {{ border-color: {theme.loss}; color: {theme.loss}; }}
QComboBox {{ background: {theme.ground}; border: 1px solid {theme.line_strong}; border-radius: 4px;
  padding: 3px 8px; combobox-popup: 0; }}
QComboBox:focus {{ border: 2px solid {theme.accent}; padding: 2px 7px; }}
"""

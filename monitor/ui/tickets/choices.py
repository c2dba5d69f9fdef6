"""The choices on a ticket: how much and how to close; how to leave the application.

Thin: each choice is a button with a letter or a field, and tells `chosen` what holds now.
Owns no rule.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from monitor.engine.values import OrderType
from monitor.ui.tickets import words
from monitor.ui.tickets.leaving import Leaving
from monitor.ui.tickets.parts import TicketField, VerbButton
from monitor.ui.tickets.questions import CloseChoice
from monitor.ui.tickets.told import part_of

SHARES = ((100, "a"), (50, "h"), (25, "q"))
LEAVING = {
    Leaving.STAY: ("Stay", "s"),
    Leaving.LEAVE: ("Leave as it is", "l"),
    Leaving.CANCEL: ("Cancel orders", "c"),
    Leaving.FLATTEN: ("Flatten", "f"),
}


class Choices(QWidget):
    """What every row of choices has: letters that press its buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(4)
        self.letters: dict[int, VerbButton] = {}

    def add(self, text: str, letter: str, pressed: Callable[[], None]) -> VerbButton:
        button = VerbButton(text, letter)
        button.setCheckable(True)
        button.setProperty("role", "choice")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves Enter where it was
        button.clicked.connect(lambda _checked: pressed())
        self.letters[Qt.Key(ord(letter.upper())).value] = button
        self.row.addWidget(button)
        return button

    def knows(self, key: int) -> bool:
        """Whether a key means something here, now or at another time."""
        return key in self.letters

    def take_key(self, event: QKeyEvent) -> bool:
        """Press the button of a letter; whether there was one."""
        button = self.letters.get(int(event.key()))
        if button is None or not button.isEnabled() or not button.isVisibleTo(self):
            return False
        button.click()
        return True

    def fields(self) -> tuple[TicketField, ...]:
        return ()


class CloseChoices(Choices):
    """100, 50, 25 % or a number; market or limit. `chosen` gets the whole choice each time."""

    def __init__(self, volume: Decimal, chosen: Callable[[CloseChoice], None]) -> None:
        super().__init__()
        self._volume = volume
        self._share: int | None = 100
        self._type = OrderType.MARKET
        self._chosen = chosen
        self._shares = {
            percent: self.add(f"{percent} %", letter, partial(self._choose_share, percent))
            for percent, letter in SHARES
        }
        self.amount = self._field("or n", "Volume to close", 64)
        self.amount.textEdited.connect(self._amount_typed)
        self.row.addSpacing(16)
        self._types = {
            OrderType.MARKET: self.add("Market", "m", partial(self._choose_type, OrderType.MARKET)),
            OrderType.LIMIT: self.add("Limit", "l", partial(self._choose_type, OrderType.LIMIT)),
        }
        self.price = self._field("at", "Limit price", 96)
        self.price.textEdited.connect(lambda _text: self._choose_type(OrderType.LIMIT, focus=False))
        self.row.addStretch(1)
        self._show()

    def fields(self) -> tuple[TicketField, ...]:
        return (self.amount, self.price)

    def knows(self, key: int) -> bool:
        return key == Qt.Key.Key_N or super().knows(key)

    def take_key(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_N:
            self.amount.setFocus()
            return True
        return super().take_key(event)

    def choice(self) -> CloseChoice:
        volume, error = self._wanted()
        price = words.parsed(self.price.text()) if self._type is OrderType.LIMIT else None
        if self._type is OrderType.LIMIT and price is None and self.price.text().strip():
            error = error or "The price is not a number."
        return CloseChoice(volume=volume, type=self._type, price=price, error=error)

    def position_is(self, volume: Decimal) -> None:
        """The position has another volume now: a share of it is another number."""
        if volume != self._volume:
            self._volume = volume
            self._chosen(self.choice())

    def _wanted(self) -> tuple[Decimal | None, str]:
        if self._share is not None:
            return None if self._share == 100 else part_of(self._volume, self._share), ""
        number = words.parsed(self.amount.text())
        return (None, "How much? Type a number.") if number is None else (number, "")

    def _field(self, caption: str, name: str, width: int) -> TicketField:
        label = QLabel(caption)
        label.setObjectName("caption")
        field = TicketField(name, width, numeric=True)
        self.row.addWidget(label)
        self.row.addWidget(field)
        return field

    def _choose_share(self, percent: int) -> None:
        self._share = percent
        self.amount.clear()
        self._tell()

    def _amount_typed(self, text: str) -> None:
        self._share = None if text.strip() else 100
        self._tell()

    def _choose_type(self, kind: OrderType, focus: bool = True) -> None:
        self._type = kind
        if kind is OrderType.MARKET:
            self.price.clear()
        elif focus:
            self.price.setFocus()
        self._tell()

    def _tell(self) -> None:
        self._show()
        self._chosen(self.choice())

    def _show(self) -> None:
        for percent, button in self._shares.items():
            button.setChecked(percent == self._share)
        for kind, button in self._types.items():
            button.setChecked(kind is self._type)


class LeaveChoices(Choices):
    """Stay, leave, cancel, flatten: a letter or the up and down keys choose, Enter carries out."""

    def __init__(self, chosen: Callable[[Leaving], None]) -> None:
        super().__init__()
        self._chosen = chosen
        self._choice = Leaving.STAY
        self._buttons = {
            leaving: self.add(text, letter, partial(self.choose, leaving))
            for leaving, (text, letter) in LEAVING.items()
        }
        self.row.addStretch(1)
        self._show()

    def offer(self, offers: tuple[Leaving, ...], why_not: str = "") -> None:
        for leaving, button in self._buttons.items():
            button.setEnabled(leaving in offers)
            button.setToolTip("" if leaving in offers else why_not)

    def show_choice(self, leaving: Leaving) -> None:
        """What is chosen by now, whoever chose it."""
        if leaving is not self._choice:
            self._choice = leaving
            self._show()

    def choose(self, leaving: Leaving) -> None:
        self._choice = leaving
        self._show()
        self._chosen(leaving)

    def knows(self, key: int) -> bool:
        return key in (Qt.Key.Key_Up, Qt.Key.Key_Down) or super().knows(key)

    def take_key(self, event: QKeyEvent) -> bool:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step is None:
            return super().take_key(event)
        offered = [one for one, button in self._buttons.items() if button.isEnabled()]
        index = offered.index(self._choice) if self._choice in offered else 0
        self.choose(offered[(index + step) % len(offered)])
        return True

    def _show(self) -> None:
        for leaving, button in self._buttons.items():
            button.setChecked(leaving is self._choice)

"""The account panel: what belongs to whom, as figures in two columns.

Owns its labels and the choice among several accounts. Shows one account row; computes no money.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from monitor.engine.rows import AccountRow
from monitor.models import format as shown
from monitor.ui.theme import Theme

Line = tuple[str, str, Callable[[AccountRow], str], bool]

LINES: tuple[tuple[Line, ...], ...] = (
    (
        ("Balance", "Everything, open positions included", lambda row: shown.money(row.balance), False),
        ("Available", "What new orders may use", lambda row: shown.money(row.available), False),
        ("Margin", "Held for open positions", lambda row: shown.money(row.margin), False),
        ("Frozen", "Held for working orders", lambda row: shown.money(row.frozen), False),
        ("Margin use", "Margin as a share of the balance", lambda row: shown.percent(row.risk_ratio), False),
        ("Start capital", "Deposits less withdrawals", lambda row: shown.money(row.static_balance), False),
    ),
    (
        ("Today", "Since the trading day began", lambda row: shown.signed(row.today_profit), True),
        ("Unrealised", "Of open positions", lambda row: shown.signed(row.unrealised_profit), True),
        ("Realised", "Of closed positions, before fees", lambda row: shown.signed(row.realised_profit), True),
        ("Commission", "Paid so far", lambda row: shown.money(row.commission), False),
        ("Slippage", "Cost of slippage so far", lambda row: shown.money(row.slippage), False),
        ("Drawdown", "Now, and the deepest so far", lambda row: _drawdown(row), False),
    ),
)


def _drawdown(row: AccountRow) -> str:
    return f"{shown.percent(-abs(row.drawdown))} / {shown.percent(-abs(row.max_drawdown))}"


def account_title(row: AccountRow) -> str:
    """Whose money, and in what: sim-1 · CNY."""
    return f"{row.account_id} · {row.currency}"


class AccountPanel(QFrame):
    """`chosen` carries the account that somebody wants to see."""

    chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._theme = theme
        self._shown: AccountRow | None = None
        self._values: list[tuple[QLabel, Callable[[AccountRow], str], bool]] = []
        self.empty = QLabel(self.tr("No account yet.\nIt appears with the first bar: press Space to play."))
        self.empty.setObjectName("muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        figures = QWidget()
        outer = QVBoxLayout(figures)
        outer.setContentsMargins(8, 8, 8, 8)
        self._make_head()
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        for column, lines in enumerate(LINES):
            for row, line in enumerate(lines):
                self._add(grid, row, 3 * column, line)
        grid.setColumnMinimumWidth(2, 12)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(4, 1)
        outer.addLayout(grid)
        self.foreign = QLabel()
        self.foreign.setToolTip(self.tr("Money in other currencies, not part of the balance"))
        self.foreign.hide()
        outer.addWidget(self.foreign)
        outer.addStretch(1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(figures)

    def value(self, title: str) -> str:
        """What stands beside a title."""
        titles = [line[0] for lines in LINES for line in lines]
        return self._values[titles.index(title)][0].text()

    def show_choices(self, rows: Iterable[AccountRow], key: str) -> None:
        """The accounts there are; with several, one can be chosen. `key` shows the next."""
        choices = sorted((row.account_id, account_title(row)) for row in rows)
        known = [(self.chooser.itemData(at), self.chooser.itemText(at)) for at in range(self.chooser.count())]
        if choices != known:
            self.chooser.clear()
            for account_id, title in choices:
                self.chooser.addItem(title, account_id)
        self.chooser.setToolTip(
            self.tr("The account shown here, in the curve and above; {0}: next").format(key)
        )
        self.chooser.setVisible(len(choices) > 1)
        self.name.setVisible(len(choices) == 1)
        if self._shown is not None:
            self.chooser.setCurrentIndex(self.chooser.findData(self._shown.account_id))

    def show_account(self, account: AccountRow | None) -> None:
        if account == self._shown:
            return
        self._shown = account
        self._stack.setCurrentIndex(0 if account is None else 1)
        if account is None:
            return
        self.name.setText(account_title(account))
        self.chooser.setCurrentIndex(self.chooser.findData(account.account_id))
        self._show_foreign(account)
        for label, text_of, toned in self._values:
            text = text_of(account)
            if text != label.text():
                label.setText(text)
                if toned:
                    self._tone(label, text)

    def _show_foreign(self, account: AccountRow) -> None:
        """One line per currency that is not the account's own."""
        lines = [
            f"In {currency}  {shown.number(Decimal(amount), max(2, shown.digits_of(Decimal(amount))))}"
            for currency, amount in sorted(account.foreign.items())
            if Decimal(amount)
        ]
        text = "\n".join(lines)
        if text != self.foreign.text():
            self.foreign.setText(text)
            self.foreign.setVisible(bool(text))

    def _make_head(self) -> None:
        """Whose figures they are, for the title above them."""
        self.name = QLabel()
        self.name.setObjectName("caption")
        self.chooser = QComboBox()
        self.chooser.setAccessibleName(self.tr("Account"))
        self.chooser.activated.connect(lambda at: self.chosen.emit(self.chooser.itemData(at)))
        self.chooser.setStyleSheet(
            f"QComboBox {{ background: {self._theme.ground}; border: none;"
            f" border-radius: 3px; padding: 0 6px; }}"
            f"QComboBox:focus {{ color: {self._theme.accent}; }}"
        )
        self.chooser.setFixedHeight(18)  # within a title
        self.chooser.hide()
        self.head = QWidget()
        row = QHBoxLayout(self.head)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.name)
        row.addWidget(self.chooser)

    def _add(self, grid: QGridLayout, row: int, column: int, line: Line) -> None:
        title, tip, text_of, toned = line
        caption = QLabel(self.tr(title))
        caption.setObjectName("caption")
        value = QLabel(shown.DASH)
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        value.setAccessibleName(self.tr(title))
        for label in (caption, value):
            label.setToolTip(self.tr(tip))
        grid.addWidget(caption, row, column)
        grid.addWidget(value, row, column + 1)
        self._values.append((value, text_of, toned))

    def _tone(self, label: QLabel, text: str) -> None:
        colour = {"+": self._theme.gain, shown.MINUS: self._theme.loss}.get(text[0], self._theme.text)
        label.setStyleSheet(f"color: {colour};")

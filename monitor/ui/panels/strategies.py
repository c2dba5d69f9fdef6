"""The strategies: state by shape and word, profit, start and stop; one of them is current.

Owns the lines and which is current. Starting and stopping is asked for by signals.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from monitor.engine.rows import StrategyRow
from monitor.engine.values import StrategyState, World
from monitor.models import format as shown
from monitor.models.table import RowTable
from monitor.ui.elided import ElidedLabel
from monitor.ui.tables import TablePanel
from monitor.ui.theme import ROW_HEIGHT, Theme

SHAPES = {
    StrategyState.RUNNING: "● running",
    StrategyState.STOPPED: "■ stopped",
    StrategyState.FAILED: "✗ failed",
}


class StrategyLine(QFrame):
    """One strategy. Focus makes it the current one."""

    def __init__(self, strategy_id: int, theme: Theme) -> None:
        super().__init__()
        self.strategy_id = strategy_id
        self._theme = theme
        self._why_not = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setObjectName("strategyLine")
        self.name = QLabel()
        self.state = QLabel()
        self.position = ElidedLabel()
        self.position.setObjectName("muted")
        self.profit = QLabel()
        self.profit.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.toggle = QPushButton()
        self.toggle.setFixedWidth(64)
        self.toggle.setAutoDefault(False)
        self.state.setMinimumWidth(72)
        self.error = QLabel()
        self.error.setTextFormat(Qt.TextFormat.PlainText)
        self.error.setWordWrap(True)
        self.error.setContentsMargins(8, 0, 8, 6)
        self.error.setStyleSheet(f"color: {theme.error};")
        self.error.hide()
        first = QWidget()
        first.setFixedHeight(ROW_HEIGHT + 8)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        lines.addWidget(first)
        lines.addWidget(self.error)
        layout = QHBoxLayout(first)
        layout.setContentsMargins(8, 2, 8, 2)
        layout.setSpacing(12)
        layout.addWidget(self.name)
        layout.addWidget(self.state)
        layout.addWidget(self.position, 1)
        layout.addWidget(self.profit)
        layout.addWidget(self.toggle)

    def show_row(self, row: StrategyRow) -> None:
        running = row.state is StrategyState.RUNNING
        colour = {StrategyState.RUNNING: self._theme.gain, StrategyState.FAILED: self._theme.error}
        _set(self.name, row.name)
        if _set(self.state, SHAPES[row.state]):
            self.state.setStyleSheet(f"color: {colour.get(row.state, self._theme.muted)};")
        _set(self.position, f"{row.symbol}   pos {shown.volume(row.position)}")
        if _set(self.profit, shown.signed(row.net_profit)):
            tone = self._theme.gain if row.net_profit > 0 else self._theme.loss
            self.profit.setStyleSheet(f"color: {tone};" if row.net_profit else "")
        failed = row.state is StrategyState.FAILED
        _set(self.error, (row.error or self.tr("It gave no reason.")) if failed else "")
        self.error.setVisible(failed)
        verb = self.tr("Stop") if running else self.tr("Start")
        if self.toggle.text() != verb:
            self.toggle.setText(verb)
            self.toggle.setAccessibleName(f"{verb} {row.name}")
            self._tell_verb()
        self.setToolTip(self._tip(row))
        told = (row.name, row.state.value, self.profit.text(), self.error.text())
        self.setAccessibleName(" ".join(filter(None, told)))

    def allow(self, why_not: str) -> None:
        """Grey the button with the reason; "" gives it back."""
        self._why_not = why_not
        self.toggle.setEnabled(not why_not)
        self._tell_verb()

    def _tell_verb(self) -> None:
        key = "S" if self.toggle.text() == self.tr("Stop") else "s"
        name = self.toggle.accessibleName()
        self.toggle.setToolTip(f"{name}: {self._why_not}" if self._why_not else f"{name}  ({key})")

    def show_current(self, current: bool, focused: bool) -> None:
        ground = self._theme.mixed(self._theme.accent, 0.18) if current else self._theme.surface
        edge = self._theme.accent if focused else ground
        self.setStyleSheet(f"#strategyLine {{ background: {ground}; border: 1px solid {edge}; }}")

    @staticmethod
    def _tip(row: StrategyRow) -> str:
        settings = "\n".join(f"{name} = {value}" for name, value in row.parameters.items())
        counts = f"{row.trade_count:,} trades, {row.trigger_count:,} triggers"
        return "\n".join(part for part in (row.source, settings, counts, row.error) if part)


class StrategyList(QWidget):
    """`start_asked` and `stop_asked` carry the strategy's id."""

    start_asked = Signal(int)
    stop_asked = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: dict[int, StrategyRow] = {}
        self._why_not = ""
        self.lines: dict[int, StrategyLine] = {}
        self._current: int | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self.empty = QLabel()
        self.say_empty()
        self.empty.setObjectName("muted")
        self.empty.setWordWrap(True)
        self.empty.setContentsMargins(8, 8, 8, 8)
        self._layout.addWidget(self.empty)

    def say_empty(self, world: World | None = None) -> None:
        """Why there is none."""
        if world in (World.LIVE, World.SIMULATED):
            text = self.tr("Strategies do not run at a venue yet: orders are given by hand or over the API.")
        else:
            text = self.tr("No strategy is loaded. Start with: monitor replay FILE --strategy NAME")
        self.empty.setText(text)

    def allow(self, why_not: str) -> None:
        """Why strategies cannot be started and stopped at all, or ""."""
        self._why_not = why_not
        for line in self.lines.values():
            line.allow(why_not)

    @property
    def current(self) -> StrategyRow | None:
        """The strategy that start and stop mean."""
        return self._rows.get(self._current) if self._current is not None else None

    def show_rows(self, rows: Mapping[int, StrategyRow]) -> None:
        """Show exactly these; lines are kept while their strategy is."""
        for gone in self.lines.keys() - rows.keys():
            self._layout.removeWidget(line := self.lines.pop(gone))
            line.deleteLater()
        for id, row in rows.items():
            if self._rows.get(id) != row or id not in self.lines:
                self._line(id).show_row(row)
        self._rows = dict(rows)
        if self._current not in self._rows:
            self._current = next(iter(self._rows), None)
            self._mark()
        self.empty.setVisible(not self._rows)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(watched, StrategyLine) and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._current = watched.strategy_id
            self._mark()
        return False

    def _line(self, id: int) -> StrategyLine:
        line = self.lines.get(id)
        if line is None:
            line = self.lines[id] = StrategyLine(id, self._theme)
            line.installEventFilter(self)
            line.toggle.clicked.connect(lambda: self._toggle(id))
            line.show_current(False, False)
            line.allow(self._why_not)
            self._layout.addWidget(line)
        return line

    def _toggle(self, id: int) -> None:
        running = self._rows[id].state is StrategyState.RUNNING
        (self.stop_asked if running else self.start_asked).emit(id)

    def _mark(self) -> None:
        for id, line in self.lines.items():
            line.show_current(id == self._current and len(self.lines) > 1, line.hasFocus())


class StrategiesPanel(QWidget):
    """The list, and below it when and why each strategy acted."""

    def __init__(self, triggers: RowTable, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.list = StrategyList(theme)
        self.triggers = TablePanel(
            triggers,
            theme,
            self.tr("No trigger yet. Each time a strategy's condition is met it is noted here."),
        )
        heading = QLabel(self.tr("Triggers"))
        heading.setObjectName("caption")
        heading.setContentsMargins(8, 4, 8, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.list)
        layout.addWidget(heading)
        layout.addWidget(self.triggers, 1)
        self.setFocusProxy(self.triggers)


def _set(label: QLabel, text: str) -> bool:
    if label.text() == text:
        return False
    label.setText(text)
    return True

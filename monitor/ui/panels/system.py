"""The system page: may orders be sent, what stands against it, and how the lines to venues are.

Owns the line of the engine's state with its buttons, and the line about an order nobody knows
the state of. What a button does is a user command's business.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from monitor.commands import command, keys_label
from monitor.engine.rows import AlertRow, EvidenceRow, OrderRow
from monitor.engine.values import EngineState, World
from monitor.models import format as shown
from monitor.models.desk import Desk
from monitor.models.orders import order_terms
from monitor.ui.elided import ElidedLabel
from monitor.ui.hints import world_sentence
from monitor.ui.panels.tabbed import TabbedTables
from monitor.ui.tables import TablePanel
from monitor.ui.theme import Theme

STATES = {
    EngineState.NORMAL: ("● NORMAL", ""),
    EngineState.REDUCE_ONLY: ("▲ REDUCE-ONLY", "Only what makes a position smaller is sent."),
    EngineState.HALTED: ("■ HALTED", "Only chosen closes are sent; strategies stand still."),
}
Buttons = tuple[tuple[str, str], ...]
STATE_BUTTONS: Buttons = (
    ("compare_now", "Compare now"),
    ("back_to_normal", "Back to normal"),
    ("reduce_only", "Reduce only"),
    ("emergency_stop", "Emergency stop"),
)
UNKNOWN_BUTTONS: Buttons = (
    ("look_up_order", "Look it up again"),
    ("never_arrived", "It never arrived"),
    ("has_ended", "It has ended"),
)


class SystemPanel(QWidget):
    """`commanded` carries the id of a user command whose button was pressed."""

    commanded = Signal(str)

    def __init__(self, desk: Desk, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._desk, self._theme = desk, theme
        self.buttons: dict[str, QPushButton] = {}
        self._make_tables(desk, theme)
        self.state, self.why = QLabel(), ElidedLabel()
        self.state.setObjectName("systemState")
        self.why.setObjectName("muted")
        self.unknown = ElidedLabel()
        self.unknown.setObjectName("systemUnknown")
        self._unknown_row = self._row(self.unknown, UNKNOWN_BUTTONS)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._row(self.why, STATE_BUTTONS, self.state))
        layout.addWidget(self._unknown_row)
        layout.addWidget(self.tables, 1)
        self.buttons["emergency_stop"].setProperty("tone", "danger")
        self.setStyleSheet(style(theme))
        self.setFocusProxy(self.tables)
        desk.system_changed.connect(self.refresh)
        self.refresh()

    @property
    def tabs(self) -> QWidget:
        return self.tables.tabs

    def _make_tables(self, desk: Desk, theme: Theme) -> None:
        self.alerts = TablePanel(
            desk.alerts, theme, self.tr("No alert. What somebody must look at is listed here with its cause.")
        )
        self.evidence = TablePanel(
            desk.evidence,
            theme,
            self.tr("Nothing is waited for. Messages of a venue that belong to no order yet stand here."),
        )
        self.links = TablePanel(
            desk.links, theme, self.tr("No line to a venue. Each venue's market and order line stands here.")
        )
        self.stragglers = TablePanel(
            desk.stragglers,
            theme,
            self.tr("No straggler. Orders whose cancel the venue has not confirmed are listed here."),
        )
        self.signals = TablePanel(
            desk.signals,
            theme,
            self.tr("No signal. When an order has ended and all its fills are known it is told here, once."),
        )
        named = ("Links", self.links), ("Alerts", self.alerts), ("Evidence", self.evidence)
        more = ("Stragglers", self.stragglers), ("Signals", self.signals)
        pairs = [(self.tr(name), panel) for name, panel in (*named, *more)]
        self.tables = TabbedTables(self.tr("Links, alerts, evidence, stragglers or signals"), pairs)

    def refresh(self) -> None:
        """Say how everything is now."""
        desk = self._desk
        state = desk.session.engine_state if desk.session is not None else None
        word, meaning = STATES[state] if state is not None else ("○ no session", "")
        self._say_state(word, state, self._meaning(state, meaning))
        stragglers = len(desk.stragglers)
        standing = len(desk.standing_alerts())
        signals = len(desk.signals)
        self.tables.count((len(desk.links), standing, len(desk.evidence), stragglers, signals))
        self.refresh_age()

    def refresh_age(self) -> None:
        """The line about unknown orders, which tells for how long."""
        unknown = self._desk.unknown_orders()
        self._unknown_row.setVisible(bool(unknown))
        text = self._about(unknown) if unknown else ""
        if text != self.unknown.text():
            self.unknown.setText(text)
            self.unknown.setToolTip(text)

    def _meaning(self, state: EngineState | None, meaning: str) -> str:
        """What the state means, who brought it about, and who has not obeyed yet."""
        desk = self._desk
        if state is EngineState.NORMAL and desk.session is not None:
            meaning = world_sentence(desk.session.world, synthetic=False)
        count = len(desk.stragglers)
        if state is EngineState.HALTED and count:
            left = self.tr("1 cancel is") if count == 1 else self.tr("{0} cancels are").format(count)
            meaning = f"{left} not confirmed yet. {meaning}"
        reason = desk.session.engine_reason if desk.session is not None else ""
        sentence = f"{reason[0].upper()}{reason[1:].rstrip('.')}." if reason else ""
        return f"{meaning} {sentence}".strip()

    def _say_state(self, word: str, state: EngineState | None, why: str) -> None:
        if word != self.state.text():
            self.state.setText(word)
            theme, ground = self._theme, "transparent"
            colour = theme.gain if state is EngineState.NORMAL else theme.muted
            if state in (EngineState.REDUCE_ONLY, EngineState.HALTED):
                ground, colour = theme.strip(World.LIVE, state), theme.strip_text
            self.state.setStyleSheet(f"background: {ground}; color: {colour};")
        if why != self.why.text():
            self.why.setText(why)
            self.why.setToolTip(why)

    def _about(self, unknown: list[OrderRow]) -> str:
        first = unknown[0]
        age = shown.age(self._desk.context.age_of(first.updated_ns))
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        return self.tr("? Unknown since {0}: #{1} {2} {3}{4}").format(
            age, first.order_id, first.symbol, order_terms(first), more
        )

    def allow(self, why_not: dict[str, str]) -> None:
        """Grey buttons with the reason why their command cannot run; "" gives one back."""
        for id, reason in why_not.items():
            button = self.buttons[id]
            button.setEnabled(not reason)
            key = keys_label(command(id))
            tip = f"{command(id).title}  ({key})" if key else command(id).title
            button.setToolTip(f"{tip}: {reason}" if reason else tip)

    # -- what commands ask

    def selected_alerts(self) -> list[AlertRow]:
        """The selected alerts that stand, else the framed one."""
        rows: list[AlertRow] = self.alerts.view.meant_rows()
        return [row for row in rows if row.settled_ns is None]

    def selected_order_ids(self) -> list[int]:
        """Orders that the selected rows of the table in front are about, else the framed one."""
        rows: list[OrderRow | EvidenceRow | AlertRow] = []
        if self.tables.shown in (self.evidence, self.stragglers, self.alerts):
            rows = self.tables.shown.view.meant_rows()
        return [row.order_id for row in rows if row.order_id is not None]

    def _row(self, text: QWidget, buttons: Buttons, first: QWidget | None = None) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(8, 3, 8, 3)
        layout.setSpacing(8)
        if first is not None:
            layout.addWidget(first)
        layout.addWidget(text, 1)
        for id, title in buttons:
            layout.addWidget(self._button(id, self.tr(title)))
        return row

    def _button(self, id: str, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.setAutoRepeat(False)
        button.setAccessibleName(command(id).title)
        button.clicked.connect(lambda: self.commanded.emit(id))
        self.buttons[id] = button
        return button


def style(theme: Theme) -> str:
    return f"""
#systemState {{ font-weight: 600; border-radius: 3px; padding: 1px 8px; }}
QPushButton[tone="danger"]:disabled {{ color: {theme.faint}; border-color: {theme.line}; }}
#systemUnknown {{ color: {theme.warn}; }}
"""

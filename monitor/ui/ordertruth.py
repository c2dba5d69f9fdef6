"""What the keys and buttons of the queue, the records and the system page mean: which order, which
alert; and what the banner says of it.

Owns the choice of what is meant, never a row. Questions that need a ticket are bound by the
tickets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from monitor.engine.commands import AcknowledgeAlert, Reconcile, ReconnectVenue, Resolution, ResolveOrder
from monitor.engine.rows import AlertRow, LinkRow, OrderRow, WaitingRow
from monitor.engine.values import EngineState, InnerState, LinkState, LogLevel, WaitingKind, World
from monitor.models.tables import LEVEL_RANK
from monitor.ui.tables import TablePanel

if TYPE_CHECKING:
    from monitor.ui.window import MainWindow


class OrderTruth:
    """Made after the window's panels; `bind` and `connect` join it to them."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._desk = window.desk
        self._told = 0  # the newest alert that was told of
        self._session: int | None = None

    def bind(self) -> None:
        window = self._window
        table = window.actions_table
        table.bind("look_up_order", self._look_up)
        table.bind("compare_now", lambda: window.send(Reconcile()))
        table.bind("acknowledge", self._acknowledge)
        table.bind("reconnect", self._reconnect, self._why_no_reconnect)
        table.bind("new_order", self._open_form)

    def connect(self) -> None:
        window = self._window
        window.queue.commanded.connect(window.run_command)
        window.system.commanded.connect(window.run_command)
        for dot in window.banner.venues.values():
            dot.clicked.connect(lambda: window.run_command("reconnect"))
        window.order_form.left.connect(lambda: window.tables.in_use().view.setFocus())
        self._desk.system_changed.connect(self.show)
        self._desk.system_changed.connect(self._tell)
        self._desk.cleared.connect(self._forget)
        self._desk.accounts_changed.connect(self._accounts_changed)
        self.look()

    def show(self) -> None:
        """The banner and the page, when something of it changed."""
        desk = self._desk
        self._window.banner.show_session(desk.session, desk.replay, len(desk.stragglers))
        self.look()

    def look(self) -> None:
        """What also changes without being told: ages, and which buttons can be pressed."""
        window = self._window
        buttons = window.system.buttons
        window.banner.show_links(self._desk.links.rows(), self._desk.clock_ns)
        window.system.allow({id: window.actions_table.why_not(id) for id in buttons})
        window.system.refresh_age()

    def _tell(self) -> None:
        """The newest alert that somebody must look at, once, where the eye is; none of the past."""
        if self._desk.past_ns is not None:
            return
        fresh = [row for row in self._desk.standing_alerts() if row.alert_id > self._told]
        if not fresh:
            return
        self._told = max(row.alert_id for row in fresh)
        worst = min(fresh, key=lambda row: (LEVEL_RANK[row.level], -row.alert_id))
        if worst.level is not LogLevel.INFO:
            tone = "error" if worst.level is LogLevel.ERROR else "warn"
            self._window.show_message(f"{worst.message} (Alt+3)", tone)

    def _forget(self) -> None:
        """Another session numbers its alerts anew; a look at the past tells none again."""
        session = self._desk.session.session_id if self._desk.session is not None else None
        if session != self._session:
            self._told, self._session = 0, session

    # -- what is meant

    def chosen_orders(self) -> list[OrderRow] | None:
        """Orders that the selected rows of the queue or the system page are about; None when the
        table in use is none of theirs, or nothing is selected there."""
        window = self._window
        panel = window.tables.in_use()
        if panel is window.queue.table:
            ids = [row.order_id for row in window.queue.selected()]
        elif panel in window.system.tables.panels:
            ids = window.system.selected_order_ids()
        else:
            return None
        found = (self._desk.active_orders.get(id) for id in ids)
        return [row for row in found if row is not None] or None

    def selection_gone(self) -> bool:
        """Whether what was selected last in the table in use is gone: then no other order is meant."""
        window = self._window
        panel = window.tables.in_use()
        if panel is window.queue.table:
            return window.queue.selection_gone()
        if panel is window.system.stragglers:
            return any(self._desk.stragglers.get(id) is None for id in panel.view.lost_ids())
        return window.orders.selection_finished()

    def unknown_order(self) -> OrderRow | None:
        """The unknown order that is selected or framed, or the only one there is."""
        chosen = self.chosen_orders()
        meant = self._window.orders.selected_working() if chosen is None else chosen
        unknown = [row for row in meant if row.inner_state is InnerState.UNKNOWN]
        table = self._window.orders.active if chosen is None else self._window.tables.in_use()
        if not unknown and _nobody_chose(table, meant):
            unknown = self._desk.unknown_orders()
        return unknown[0] if len(unknown) == 1 else None

    def order_for_you(self) -> int | None:
        """The order that waits for a person's decision: the selected or framed one, or the only one."""
        meant = self._window.queue.selected()
        manual = _for_you(meant)
        if not manual and not self.decided() and _nobody_chose(self._window.queue.table, meant):
            manual = _for_you(self._desk.waiting.rows())
        return manual[0] if len(manual) == 1 else None

    def decided(self) -> bool:
        """Whether the row that was selected in the queue waits no longer."""
        return self._window.queue.selection_gone()

    def alerts(self) -> list[AlertRow]:
        """The selected alerts that stand, or the only one."""
        selected = self._window.system.selected_alerts()
        standing = self._desk.standing_alerts()
        return selected or (standing if len(standing) == 1 else [])

    # -- why a command cannot run

    def why_not_trading(self) -> str:
        session = self._desk.session
        if session is None:
            return "nothing is connected yet"
        return "this is a replay: no order reaches a venue" if session.world is World.REPLAY else ""

    def why_no_order(self) -> str:
        """Why none can be written. A replay has an exchange of its own."""
        session = self._desk.session
        if session is None or session.world is not World.REPLAY:
            return self.why_not_trading()
        return "" if len(self._desk.strategies) else "no strategy is loaded that the order would be of"

    def why_not_state(self, state: EngineState) -> str:
        """Why the engine cannot be asked to enter a state."""
        session = self._desk.session
        if session is not None and session.past_seq is not None:
            return ""  # whatever it was then: only the emergency stop gets here, and it is never late
        if session is not None and session.engine_state is state:
            return f"the engine is {state.replace('_', '-').lower()} already"
        return self.why_not_trading()

    def why_no_unknown(self) -> str:
        if not self._desk.unknown_orders():
            return "no order is unknown"
        return "" if self.unknown_order() is not None else "select one unknown order first"

    def why_no_decision(self) -> str:
        if not any(row.kind is WaitingKind.MANUAL for row in self._desk.waiting.rows()):
            return "no order waits for your decision"
        return "" if self.order_for_you() is not None else "select the order that waits for you (Alt+1)"

    def why_no_alert(self) -> str:
        if not self._desk.standing_alerts():
            return "no alert stands"
        return "" if self.alerts() else "select an alert first (Alt+3)"

    def _lost_venues(self) -> list[str]:
        rows: list[LinkRow] = self._desk.links.rows()
        return sorted({row.venue for row in rows if row.state is not LinkState.LIVE})

    def _why_no_reconnect(self) -> str:
        if not len(self._desk.links):
            return "there is no line to a venue"
        return "" if self._lost_venues() else "all lines to venues are live"

    # -- commands

    def _reconnect(self) -> None:
        for venue in self._lost_venues():
            self._window.send(ReconnectVenue(venue=venue))

    def _look_up(self) -> None:
        row = self.unknown_order()
        if row is not None:
            self._window.send(ResolveOrder(order_id=row.order_id, resolution=Resolution.LOOK_UP))

    def _acknowledge(self) -> None:
        for row in self.alerts():
            self._window.send(AcknowledgeAlert(alert_id=row.alert_id))

    def _open_form(self) -> None:
        """What is most likely meant: the symbol and the account of the row in hand, else the account
        shown; in a replay its symbol, and the current strategy."""
        desk, strategy = self._desk, self._window.strategies.list.current
        row = self._window.tables.in_use().view.current_row()
        symbol: str = getattr(row, "symbol", "") or (desk.replay.symbol if desk.replay is not None else "")
        shown = desk.account.account_id if desk.account is not None else ""
        account_id: str = getattr(row, "account_id", "") or shown
        self._window.order_form.open(symbol, account_id, strategy.strategy_id if strategy is not None else 0)

    def _accounts_changed(self) -> None:
        form = self._window.order_form
        if form.isVisible():
            form.offer_accounts()


def _nobody_chose(table: TablePanel, meant: Sequence[object]) -> bool:
    """Whether what a table means, if anything, only has the frame: it holds back no other guess."""
    return not meant or table.view.framed_row() is not None


def _for_you(rows: Sequence[WaitingRow]) -> list[int]:
    return [row.order_id for row in rows if row.kind is WaitingKind.MANUAL]

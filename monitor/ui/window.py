"""The main window: banner, docks, ticket host, replay bar and status line around one desk.

Owns how the parts are put together and the one frame timer. Knows the core only as the
`WindowDoor` it is given; what closing orders and positions asks is bound by the tickets.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices, QShowEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMenuBar, QVBoxLayout, QWidget

from monitor.boundary import WindowDoor
from monitor.commands import DOCKS
from monitor.engine.commands import AnyCommand, OpenReplay, Reply, SetReplaySpeed
from monitor.engine.rows import OrderRow, PositionRow
from monitor.models.desk import Desk
from monitor.ui.actions import Actions
from monitor.ui.answers import Answers
from monitor.ui.asking import Asking, Wording, kind_of
from monitor.ui.banner import Banner
from monitor.ui.charts.equity import EquityPanel
from monitor.ui.cheatsheet import CheatSheet
from monitor.ui.conditions import conditions
from monitor.ui.details import Details
from monitor.ui.docks import DockArea
from monitor.ui.frame import FrameLoop
from monitor.ui.goto import GoTo, reach_of_replay
from monitor.ui.hints import key_hints, nothing_to_leave
from monitor.ui.keys import presses_button
from monitor.ui.layout import LayoutFile, first_size
from monitor.ui.notice import Notice
from monitor.ui.orderform import OrderForm
from monitor.ui.ordertruth import OrderTruth
from monitor.ui.palette import CommandPalette
from monitor.ui.panels.account import AccountPanel
from monitor.ui.panels.orders import OrdersPanel
from monitor.ui.panels.queue import QueuePanel
from monitor.ui.panels.records import RecordsPanel
from monitor.ui.panels.strategies import StrategiesPanel
from monitor.ui.panels.system import SystemPanel
from monitor.ui.past import PastControl
from monitor.ui.pastbar import PastBar
from monitor.ui.pulse import Pulse, pulse
from monitor.ui.repeats import RepeatGuard, needs_guard
from monitor.ui.replaybar import ReplayBar
from monitor.ui.replaycontrol import ReplayControl
from monitor.ui.statusline import StatusLine
from monitor.ui.strategycontrol import StrategyControl
from monitor.ui.tables import TablePanel, TableView
from monitor.ui.tableuse import TableUse
from monitor.ui.telling import Telling
from monitor.ui.theme import DARK, Theme
from monitor.ui.tickethost import TicketHost
from monitor.ui.tickets.view import DeskView

SMALLEST_SIZE = (960, 600)


class MainWindow(QMainWindow):
    """`on_quit_requested`, when set, is asked instead of closing; `finish` closes for good.
    `closed` says that it did. `sample` opens the replay that comes with the program; `wording` says
    a fact of the journal in one sentence."""

    closed = Signal()
    engine_lost = Signal()

    def __init__(
        self,
        door: WindowDoor,
        state_dir: Path,
        theme: Theme = DARK,
        sample: OpenReplay | None = None,
        wording: Wording = kind_of,
    ) -> None:
        super().__init__()
        self.door = door
        self.theme = theme
        self.desk = Desk(self)
        self.answers = Answers(door)
        self.on_quit_requested: Callable[[], None] | None = None
        self._sample = sample
        self._stopped = ""
        self._finished = False
        self._guard: RepeatGuard | None = None
        self._shared_out = False
        self._layout_file = LayoutFile(state_dir)
        self.actions_table = Actions(self, conditions(self))
        self._make_panels()
        self._put_together()
        self.palette_panel = CommandPalette(self, self.actions_table, theme)
        self.cheat_sheet = CheatSheet(self)
        self.goto = GoTo(self)
        self.asking = Asking(self, wording)
        self.details = Details(self, self.asking.story)
        self.control = ReplayControl(lambda: self.desk.replay, self.send, self.show_message)
        self.strategy_control = StrategyControl(lambda: self.strategies.list.current, self.send)
        self._bind()
        self._connect()
        self.setWindowTitle("Trading Monitor")
        self.setMinimumSize(*SMALLEST_SIZE)
        self.resize(first_size(self.screen().availableGeometry()))
        self.frames = FrameLoop(
            self, (self._take, self.answers.drain, self.equity.frame), (self._look, self.details.refresh)
        )
        problem = self._layout_file.restore(self, self.dock_area, self._tables())
        self._shared_out = not problem and self._layout_file.path.exists()
        self.desk.choose_account(self._layout_file.account)
        if self._shared_out:
            self.dock_area.take_in(self._layout_file.known)
        if problem:
            self.show_message(problem, "warn")
        self.telling.say_empty()
        self.frames.start()

    # -- putting together

    def _make_panels(self) -> None:
        desk, theme = self.desk, self.theme
        self.positions = TablePanel(desk.positions, theme)
        self.trades = TablePanel(desk.trades, theme, self.tr("No trade yet. Every fill is listed here."))
        self.log = TablePanel(desk.log, theme, self.tr("Nothing has been logged."))
        self.orders = OrdersPanel(desk, theme)
        self.strategies = StrategiesPanel(desk.triggers, theme)
        self.equity = EquityPanel(theme)
        self.account = AccountPanel(theme)
        self.queue, self.records = QueuePanel(desk, theme), RecordsPanel(desk, theme)
        self.system = SystemPanel(desk, theme)
        self.order_form = OrderForm(DeskView(desk), self.answers, theme)
        self.table_panels: tuple[TablePanel, ...] = (
            self.positions,
            *self.orders.pages,
            self.trades,
            self.strategies.triggers,
            self.log,
            self.queue.table,
            self.records.table,
            *self.system.tables.panels,
        )
        self.tables = TableUse(self)
        self.truth = OrderTruth(self)
        self.past = PastControl(self)
        self.telling = Telling(self, newcomer=not self._layout_file.path.exists())

    def _put_together(self) -> None:
        self.menu = QMenuBar()
        self.banner = Banner(self.theme)
        self.notice = Notice()
        panels = {name: getattr(self, name) for name, _ in DOCKS}
        self.dock_area = DockArea(panels)
        self.dock_area.docks["orders"].title.add(self.orders.tabs)
        self.dock_area.docks["system"].title.add(self.system.tabs)
        self.dock_area.docks["account"].title.add(self.account.head)
        self.ticket_host = TicketHost()
        self.past_bar, self.replay_bar = PastBar(self.theme), ReplayBar(self.theme)
        self.status = StatusLine()
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        parts = (self.menu, self.banner, self.notice, self.dock_area, self.order_form)
        for part in (*parts, self.ticket_host, self.past_bar, self.replay_bar, self.status):
            column.addWidget(part, 1 if part is self.dock_area else 0)
        self.setCentralWidget(body)
        self.actions_table.fill(self.menu)

    def _bind(self) -> None:
        table = self.actions_table
        self.control.bind(table)
        table.bind("replay_goto", self._open_goto)
        table.bind("show_palette", self.palette_panel.open)
        table.bind("show_keys", self.cheat_sheet.toggle)
        table.bind("reset_layout", self.reset_layout)
        table.bind("quit", self.request_quit)
        table.bind("open_mirror", self._open_mirror, self._no_mirror)
        table.bind("open_sample", self._open_sample, self._no_sample)
        self.strategy_control.bind(table)
        self.truth.bind()
        self.past.bind()
        self.tables.bind()
        for name, _ in DOCKS:
            table.bind(f"dock_{name}", self.dock_area.docks[name].bring)
        table.bind("dock_replay", self._focus_replay_bar)
        table.bind("next_account", self._show_next_account, self._no_next_account)
        table.bind("dock_ticket", self.ticket_host.focus_ticket, self._no_ticket)
        for panel in self.table_panels:
            table.attach_table(panel.view)

    def _connect(self) -> None:
        desk = self.desk
        self.past.connect()
        self.asking.connect()
        self.truth.connect()
        self.telling.connect()
        self.tables.follow()
        desk.orders_changed.connect(self.orders.count)
        self.actions_table.refused.connect(self._not_possible)
        self.banner.mirror.clicked.connect(lambda: self.run_command("open_mirror"))
        self.replay_bar.commanded.connect(self.run_command)
        self.replay_bar.sought.connect(self.control.seek)
        self.goto.number_chosen.connect(self._go_to)
        self.goto.time_chosen.connect(self._go_to_time)
        self.strategies.list.start_asked.connect(self.strategy_control.start)
        self.strategies.list.stop_asked.connect(self.strategy_control.stop)

    # -- what others ask of the window

    def run_command(self, id: str) -> bool:
        """Run a user command when it can run now; otherwise its reason is shown."""
        return self.actions_table.run(id)

    def show_message(self, text: str, tone: str = "info", *, until_key: bool = False) -> None:
        """One sentence in the status line. Tones: info, good, warn, error."""
        self.status.show_message(text, tone, until_key=until_key)

    def send(self, command: AnyCommand) -> None:
        """Give the core a command whose refusal is shown, and whose success shows itself."""
        self.answers.ask(command, self._answered)

    def selected_position(self) -> PositionRow | None:
        """The position that closing means: the selected one, else the framed one, or the only one
        there is. What was selected and is gone never means another."""
        chosen: list[PositionRow] = self.positions.view.meant_rows()
        if not chosen and not self.position_gone():
            chosen = self.desk.positions.rows()
        return chosen[0] if len(chosen) == 1 else None

    def position_gone(self) -> bool:
        """Whether the position that was selected last has been closed since."""
        return any(self.desk.position(id) is None for id in self.positions.view.lost_ids())

    def selected_orders(self) -> list[OrderRow]:
        """The working orders that cancelling means; none when what was selected is finished."""
        chosen = self.truth.chosen_orders() or self.orders.selected_working()
        if chosen or self.truth.selection_gone():
            return chosen
        working: list[OrderRow] = self.desk.active_orders.rows()
        return working if len(working) == 1 else []

    def reset_layout(self) -> None:
        """The shipped arrangement, now and at the next start."""
        self._layout_file.forget()
        self.dock_area.arrange()
        for _, table in self._tables():
            table.reset_columns()
        self.show_message(self.tr("The layout is as shipped."))

    def _tables(self) -> list[tuple[str, TableView]]:
        """What a layout keeps the columns of, by name."""
        return [(panel.view.rows.spec.id, panel.view) for panel in self.table_panels]

    def save_layout(self) -> None:
        problem = self._layout_file.save(self, self.dock_area, self._tables(), self.desk.chosen_account)
        if problem:
            self.show_message(problem, "warn")

    def pulse(self) -> Pulse:
        """Whether the engine answers at this moment."""
        return pulse(self.door.stats(), time.monotonic(), self._stopped)

    def why_lost(self) -> str:
        """Why nothing can be asked of the engine any more, as a short reason, or ""."""
        return self.tr("the engine has stopped") if self._stopped else ""

    def lose_engine(self, reason: str) -> None:
        """The engine is gone: keep what is shown, refuse what would need it, say why. To quit is
        for the user, who is asked nothing then."""
        if not self._stopped:
            self._stopped = reason
            self.engine_lost.emit()
            self.telling.show_frozen()
            self._look()

    def request_quit(self) -> None:
        """Ask whoever decides about leaving, in the present; without one, leave."""
        if self.on_quit_requested is None or nothing_to_leave(self):
            self.finish()
        elif self.past.active and not self.pulse().silent_s:
            self.past.leave(self.request_quit)
        else:
            self.on_quit_requested()

    def finish(self) -> None:
        """Close for good: nothing is asked any more."""
        self._finished = True
        self.frames.stop()
        if self._guard is not None:
            self._guard.stop()
        self.close()

    # -- frames

    def _take(self) -> None:
        changes = self.door.take()
        if changes is None:
            return
        self.desk.apply(changes)
        self.telling.hear(changes)
        if changes.strategies or changes.cleared:
            self.telling.show_strategies()

    def _look(self) -> None:
        self.banner.show_stats(self.door.stats(), self.pulse())
        self.status.show_keys(key_hints(self))
        self.telling.show_notice()
        self.tables.show_selection()
        self.truth.look()
        self.desk.pass_time(time.time_ns())

    # -- commands of the window

    def _answered(self, command: AnyCommand, reply: Reply) -> None:
        if reply.accepted:
            if reply.reason:  # it did what was asked, and something that is to be known
                self.status.show_message(reply.reason, "warn", until_key=True)
            return
        if isinstance(command, SetReplaySpeed):
            self.control.forget_speed()
        self.show_message(reply.reason or self.tr("The engine refused this."), "error")

    def _not_possible(self, title: str, reason: str) -> None:
        self.show_message(f"{self.tr(title)}: {reason}.", "warn")

    def _open_mirror(self) -> None:
        url = self.door.stats().mirror_url
        if not QDesktopServices.openUrl(QUrl(url)):
            self.show_message(self.tr("No browser could be started. The page is at {0}").format(url), "warn")

    def _no_mirror(self) -> str:
        return "" if self.door.stats().mirror_url else self.tr("no page is served")

    def _show_next_account(self) -> None:
        names = sorted(self.desk.accounts)
        shown = self.desk.account
        at = names.index(shown.account_id) if shown is not None else -1
        self.desk.choose_account(names[(at + 1) % len(names)])
        self.show_message(self.tr("Account {0} is shown.").format(self.desk.chosen_account))

    def _no_next_account(self) -> str:
        return "" if len(self.desk.accounts) > 1 else self.tr("there is one account only")

    def _no_ticket(self) -> str:
        return "" if self.ticket_host.ticket is not None else self.tr("no ticket is open")

    def _open_sample(self) -> None:
        if self._sample is not None:
            self.send(self._sample)

    def _no_sample(self) -> str:
        return "" if self._sample is not None else self.tr("no sample came with this program")

    def _open_goto(self) -> None:
        if self.desk.replay is not None:
            self.goto.open(reach_of_replay(self.desk.replay), self.desk.context.zone)

    def _go_to(self, number: int) -> None:
        (self.past.go_to if self.past.active else self.control.seek)(number)

    def _go_to_time(self, time_ns: int) -> None:
        (self.past.go_to_time if self.past.active else self.control.seek_time)(time_ns)

    def _focus_replay_bar(self) -> None:
        self.replay_bar.scrubber.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # -- Qt

    def event(self, event: QEvent) -> bool:
        return presses_button(event, QApplication.focusWidget()) or super().event(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        application = QApplication.instance()
        if self._guard is None and needs_guard() and isinstance(application, QApplication):
            # Filters are asked from the newest to the oldest: this one comes before the tickets'.
            self._guard = RepeatGuard(application, self.actions_table.may_repeat)
        if not self._shared_out:
            self._shared_out = True
            self.dock_area.arrange()  # now that there is a size to arrange for
        self.positions.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.save_layout()
        if self._finished or self.on_quit_requested is None or nothing_to_leave(self):
            self.frames.stop()
            event.accept()
            self.closed.emit()
        else:
            event.ignore()
            self.request_quit()

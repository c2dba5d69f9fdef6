"""Everything a window shows, held in one place: the tables, the curve and the single rows.

`apply` is the only way in; a timer of the window calls it with what the core changed. Knows no
widget and asks nothing of the engine.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from PySide6.QtCore import QObject, Signal

from monitor.engine.changes import Changes
from monitor.engine.rows import (
    AccountRow,
    AlertRow,
    OrderRow,
    PositionRow,
    QueueRow,
    ReplayRow,
    SessionRow,
    StrategyRow,
)
from monitor.engine.values import NS_PER_SECOND, InnerState, OrderStatus, Origin, World
from monitor.models import format as fmt
from monitor.models.context import Context
from monitor.models.equity import EquitySeries
from monitor.models.orders import (
    ACTIVE_ORDERS,
    ORDER_HISTORY,
    STRAGGLERS,
    TRADES,
    is_straggler,
    order_terms,
)
from monitor.models.records import RECORDS
from monitor.models.signals import SIGNALS
from monitor.models.system import ALERTS, EVIDENCE, LINKS
from monitor.models.table import RowTable
from monitor.models.tables import LOG, OPERATIONS, POSITIONS, STRATEGIES, TRIGGERS
from monitor.models.waiting import EXECUTIONS, WAITING


class Desk(QObject):
    """All signals of one `apply` come after all of its rows are in place, so a slot sees a fill
    with its position. `cleared` comes first: the rows before it are void. While a past moment is
    shown, `heard` carries the alerts of the present, which do not belong to it. `accounts_changed`:
    there are others than before."""

    cleared = Signal()
    session_changed = Signal(object)
    replay_changed = Signal(object)
    account_changed = Signal(object)
    accounts_changed = Signal()
    equity_changed = Signal()
    positions_changed = Signal()
    orders_changed = Signal()
    queue_changed = Signal()
    system_changed = Signal()
    heard = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = Context()
        # No Qt parent: a view that refers to its table keeps it alive, whoever goes first.
        self.active_orders = RowTable(ACTIVE_ORDERS, self.context)
        self.order_history = RowTable(ORDER_HISTORY, self.context)
        self.trades = RowTable(TRADES, self.context)
        self.positions = RowTable(POSITIONS, self.context)
        self.strategies = RowTable(STRATEGIES, self.context)
        self.triggers = RowTable(TRIGGERS, self.context)
        self.stragglers = RowTable(STRAGGLERS, self.context)
        self.waiting = RowTable(WAITING, self.context)
        self.executions = RowTable(EXECUTIONS, self.context)
        self.records = RowTable(RECORDS, self.context)
        self.alerts = RowTable(ALERTS, self.context)
        self.evidence = RowTable(EVIDENCE, self.context)
        self.links = RowTable(LINKS, self.context)
        self.signals = RowTable(SIGNALS, self.context)
        self.log = RowTable(LOG, self.context)
        self.operations = RowTable(OPERATIONS, self.context)
        self.accounts: dict[str, AccountRow] = {}
        self.chosen_account = ""
        self.curves: dict[str, EquitySeries] = {}
        self.session: SessionRow | None = None
        self.replay: ReplayRow | None = None
        self.queue: QueueRow | None = None
        self._heard: list[AlertRow] = []
        self._no_curve = EquitySeries()

    @property
    def clock_ns(self) -> int | None:
        """The engine's time; None before it has one."""
        return self.context.clock_ns

    @property
    def past_ns(self) -> int | None:
        """The past moment that is shown; None in the present."""
        return self.session.past_ns if self.session is not None else None

    @property
    def account(self) -> AccountRow | None:
        """The account shown: the chosen one, else the first by name."""
        first = min(self.accounts, default="")
        return self.accounts.get(self.chosen_account) or self.accounts.get(first)

    @property
    def equity(self) -> EquitySeries:
        """The curve of the account shown; empty while there is none."""
        account = self.account
        name = account.account_id if account else next(iter(self.curves), "")
        return self.curves.get(name, self._no_curve)

    def choose_account(self, account_id: str) -> None:
        """Show this account from now on, its curve as well; also when it is not heard of yet."""
        before, self.chosen_account = self.account, account_id
        if self.account is not before:
            self.account_changed.emit(self.account)
            self.equity_changed.emit()

    def order(self, order_id: int) -> OrderRow | None:
        """An order, working or finished, as far as it is held here."""
        return self.active_orders.get(order_id) or self.order_history.get(order_id)

    def position(self, position_id: str) -> PositionRow | None:
        found: PositionRow | None = self.positions.get(position_id)
        return found

    def standing_alerts(self) -> list[AlertRow]:
        """Those whose cause is not gone and that nobody has taken note of."""
        alerts: list[AlertRow] = self.alerts.rows()
        return [row for row in alerts if row.settled_ns is None]

    def unknown_orders(self) -> list[OrderRow]:
        """Working orders whose state nobody knows."""
        return [row for row in self.stragglers.rows() if row.inner_state is InnerState.UNKNOWN]

    def pass_time(self, wall_ns: int) -> None:
        """The time of day, which is the engine's clock wherever nothing is replayed."""
        if self.session is None or self.past_ns is not None:
            return  # a past moment does not grow older
        if self.session.world is not World.REPLAY and self.replay is None:
            self._set_clock(wall_ns)

    def apply(self, changes: Changes) -> None:
        """Take everything that changed; then tell."""
        accounts = set(self.accounts)
        if changes.cleared:
            self._clear()
        day = self.context.day()
        zone_changed = self._take_session(changes.session)
        self._take_clock(changes)
        self._take_names(changes.strategies.values())
        self._take_orders(changes.orders.values())
        self._take_positions(changes.positions.values())
        self.trades.apply(changes.trades.values())
        self._take_truth(changes)
        self.strategies.apply(changes.strategies.values())
        self.triggers.apply(changes.triggers.values())
        self.log.apply(changes.log)
        self.operations.apply(changes.operations)
        self.accounts.update(changes.accounts)
        for chunk in changes.equity:
            self.curves.setdefault(chunk.account_id, EquitySeries()).append(chunk)
        if zone_changed or day != self.context.day():
            self._refresh()
        self._tell(changes)
        if accounts != self.accounts.keys():
            self.accounts_changed.emit()
        if self._heard:
            heard, self._heard = self._heard, []
            self.heard.emit(heard)

    def tables(self) -> tuple[RowTable, ...]:
        """All of them; those that outlive a clear are the last two."""
        return (
            self.active_orders,
            self.order_history,
            self.trades,
            self.positions,
            self.strategies,
            self.triggers,
            self.stragglers,
            self.waiting,
            self.executions,
            self.records,
            self.alerts,
            self.evidence,
            self.links,
            self.signals,
            self.log,
            self.operations,
        )

    def _clear(self) -> None:
        """Void what a clear makes void; the log and the operations outlive it."""
        for table in self.tables()[:-2]:
            table.clear()
        self.queue = None
        self.accounts.clear()
        for curve in self.curves.values():
            curve.clear()
        self.context.clock_ns = None
        self.context.digits.clear()
        self.context.lines.clear()
        self.context.strategies.clear()
        self.context.by_hand.clear()
        self.context.terms.clear()

    def _take_session(self, session: SessionRow | None) -> bool:
        if session is None:
            return False
        self.session = session
        if session.world is not World.REPLAY:
            self.replay = None  # of the session before: its clock counts no longer
        before, self.context.zone = self.context.zone, fmt.zone(session.zone)
        return before != self.context.zone

    def _take_clock(self, changes: Changes) -> None:
        """The replay's time; without one the latest time an account or order was touched."""
        if changes.replay is not None:
            self.replay = changes.replay
        now = self.context.clock_ns
        if self.past_ns is not None:
            now = self.past_ns
        elif self.replay is not None and self.replay.time_ns is not None:
            now = self.replay.time_ns
        elif self.replay is None:
            touched = [row.updated_ns for row in changes.accounts.values()]
            touched += [row.updated_ns for row in changes.orders.values()]
            now = max([*touched, now or 0]) or None
        self._set_clock(now)

    def _set_clock(self, now: int | None) -> None:
        before, self.context.clock_ns = self.context.clock_ns, now
        if now is not None and (before is None or before // NS_PER_SECOND != now // NS_PER_SECOND):
            for table in (
                self.active_orders,
                self.positions,
                self.stragglers,
                self.waiting,
                self.evidence,
                self.links,
            ):
                table.tick()

    def _take_names(self, strategies: Iterable[StrategyRow]) -> None:
        for row in strategies:
            self.context.strategies[row.strategy_id] = row.name

    def _take_orders(self, orders: Iterable[OrderRow]) -> None:
        working: list[OrderRow] = []
        finished: list[OrderRow] = []
        for order in orders:
            (working if order.status.active else finished).append(order)
            if order.origin is Origin.USER:
                self.context.by_hand.add(order.order_id)
            self._name_terms(order)
        self.active_orders.apply(working, ended=finished)
        # An order may come back to life when the venue corrects itself.
        back: list[Hashable] = [order.order_id for order in working]
        self.order_history.apply(finished, back)
        stragglers = [order for order in working if is_straggler(order)]
        settled = [order for order in (*working, *finished) if not is_straggler(order)]
        self.stragglers.apply(stragglers, ended=settled)

    def _name_terms(self, order: OrderRow) -> None:
        """What an order that is not at the venue yet would do: the table of those that wait says it."""
        if order.status is OrderStatus.CREATED:
            self.context.terms[order.order_id] = order_terms(order)
        else:
            self.context.terms.pop(order.order_id, None)

    def _take_truth(self, changes: Changes) -> None:
        """What waits before the venue, what was not confirmed by it, and what was recorded."""
        waiting = list(changes.waiting.values())
        self.waiting.apply(
            [row for row in waiting if not row.over], ended=[row for row in waiting if row.over]
        )
        evidence = list(changes.evidence.values())
        self.evidence.apply(
            [row for row in evidence if not row.over], ended=[row for row in evidence if row.over]
        )
        self.executions.apply(changes.executions.values())
        self.records.apply(changes.records.values())
        self.alerts.apply(self._alerts_of_then(changes.alerts.values()))
        self.links.apply(changes.links.values())
        self.context.lines.trades_at(changes.executions.values())
        if self.context.lines.take(changes.links.values(), self.context.clock_ns):
            self.positions.refresh()
        self.signals.apply(changes.signals.values())
        self.queue = changes.queue or self.queue

    def _alerts_of_then(self, alerts: Iterable[AlertRow]) -> list[AlertRow]:
        """All of them in the present. In the past those of its moment; later ones are heard."""
        past_ns = self.past_ns
        if past_ns is None:
            return list(alerts)
        rows = list(alerts)
        self._heard += [row for row in rows if row.time_ns > past_ns and row.settled_ns is None]
        return [row for row in rows if max(row.time_ns, row.settled_ns or 0) <= past_ns]

    def _take_positions(self, positions: Iterable[PositionRow]) -> None:
        there: list[PositionRow] = []
        closed: list[PositionRow] = []
        for position in positions:
            self.context.digits[position.symbol] = position.price_digits
            if position.volume:
                there.append(position)
            else:
                closed.append(position)
        self.positions.apply(there, ended=closed)

    def _refresh(self) -> None:
        for table in self.tables():
            table.refresh()

    def _tell(self, changes: Changes) -> None:
        if changes.cleared:
            self.cleared.emit()
        if changes.session is not None:
            self.session_changed.emit(self.session)
        if changes.replay is not None:
            self.replay_changed.emit(self.replay)
        account = self.account
        if account is not None and account.account_id in changes.accounts:
            self.account_changed.emit(account)
        if changes.positions or changes.cleared:
            self.positions_changed.emit()
        if changes.orders or changes.executions or changes.cleared:
            self.orders_changed.emit()
        if changes.queue is not None or changes.waiting or changes.cleared:
            self.queue_changed.emit()
        if any(
            (
                changes.orders,
                changes.alerts,
                changes.evidence,
                changes.links,
                changes.signals,
                changes.session,
                changes.cleared,
            )
        ):
            self.system_changed.emit()
        if changes.equity or changes.cleared:
            self.equity_changed.emit()

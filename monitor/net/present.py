"""The mirror's own copy of the present: what every socket and REST route reads from.

Owns the latest row of each thing shown, the newest trades, alerts and finished orders and the
equity curves, kept by applying the same `Changes` that feed the window. Knows nothing of clients and of JSON.
"""

from __future__ import annotations

from collections import deque

from monitor.engine.changes import Changes
from monitor.engine.rows import (
    AccountRow,
    AlertRow,
    EvidenceRow,
    LinkRow,
    OrderRow,
    PositionRow,
    QueueRow,
    ReplayRow,
    SessionRow,
    StrategyRow,
    TradeRow,
    WaitingRow,
)
from monitor.engine.values import World
from monitor.net.curve import EquityCurve

LATEST_TRADES = 200
BY_HAND = 0
"""The strategy id of orders that no strategy gave. A session at a venue has them."""
LATEST_ALERTS = 500
LATEST_FINISHED = 1_000


class Present:
    def __init__(self) -> None:
        self.seq = 0
        self.session: SessionRow | None = None
        self.replay: ReplayRow | None = None
        self.positions: dict[str, PositionRow] = {}
        self.accounts: dict[str, AccountRow] = {}
        self.strategies: dict[int, StrategyRow] = {}
        self.trades: deque[TradeRow] = deque(maxlen=LATEST_TRADES)
        self.curves: dict[str, EquityCurve] = {}
        self.waiting: dict[int, WaitingRow] = {}
        self.evidence: dict[str, EvidenceRow] = {}
        self.links: dict[str, LinkRow] = {}
        self.alerts: dict[int, AlertRow] = {}
        self.queue = QueueRow()
        self._finished: dict[int, OrderRow] = {}
        self._active: dict[int, dict[int, OrderRow]] = {}
        self._highest_order = 0

    def active_orders(self, strategy_id: int) -> dict[int, OrderRow]:
        """Created, placed and partly filled orders by id. A live view: not to be changed."""
        return self._active.get(strategy_id, {})

    def oldest_first(self, strategy_id: int) -> list[OrderRow]:
        rows = self.active_orders(strategy_id).values()
        return sorted(rows, key=lambda row: (row.created_ns, row.order_id))

    def all_active(self) -> list[OrderRow]:
        """Of every strategy and of none, oldest first."""
        rows = [row for active in self._active.values() for row in active.values()]
        return sorted(rows, key=lambda row: (row.created_ns, row.order_id))

    def order(self, order_id: int) -> OrderRow | None:
        """One that is active, or finished not long ago."""
        found = (active.get(order_id) for active in self._active.values())
        return next((row for row in found if row is not None), None) or self._finished.get(order_id)

    def in_queue_order(self) -> list[WaitingRow]:
        """Those that have a place first, then the others by how long they wait."""
        rows = self.waiting.values()
        return sorted(rows, key=lambda row: (row.place is None, row.place or 0, row.since_ns, row.order_id))

    def standing_alerts(self) -> list[AlertRow]:
        """Those that nobody took note of, newest first."""
        rows = [row for row in self.alerts.values() if row.settled_ns is None]
        return sorted(rows, key=lambda row: row.alert_id, reverse=True)

    def knows_strategy(self, strategy_id: int) -> bool:
        by_hand = (
            strategy_id == BY_HAND and self.session is not None and self.session.world is not World.REPLAY
        )
        return by_hand or strategy_id in self.strategies or bool(self._active.get(strategy_id))

    def apply(self, changes: Changes) -> dict[int, list[OrderRow]]:
        """Take changes in. Returns the order rows that an order table must hear of, by
        strategy: all but late news of an order that had left the table before, and the past
        that comes with a clear. Order ids grow in the order of creation, so an unseen higher
        id is a new order."""
        if changes.cleared:
            self._clear()
        self.seq = changes.seq
        self.session = changes.session or self.session
        self.replay = changes.replay or self.replay
        self.accounts.update(changes.accounts)
        self.strategies.update(changes.strategies)
        self._apply_positions(changes.positions)
        self._apply_trades(changes)
        self._apply_waiting(changes)
        for chunk in changes.equity:
            self.curves.setdefault(chunk.account_id, EquityCurve()).extend(chunk)
        return self._apply_orders(changes)

    def _apply_orders(self, changes: Changes) -> dict[int, list[OrderRow]]:
        news: dict[int, list[OrderRow]] = {}
        highest = self._highest_order
        for order_id, row in changes.orders.items():
            self._highest_order = max(self._highest_order, order_id)
            active = self._active.setdefault(row.strategy_id, {})
            self._remember(row)
            if row.status.active:
                active[order_id] = row
            elif active.pop(order_id, None) is None and (changes.cleared or order_id <= highest):
                continue
            news.setdefault(row.strategy_id, []).append(row)
        return news

    def _remember(self, row: OrderRow) -> None:
        """The newest finished ones: an answer to a command tells them although they left the table."""
        self._finished.pop(row.order_id, None)
        if not row.status.active:
            self._finished[row.order_id] = row
            if len(self._finished) > LATEST_FINISHED:
                del self._finished[next(iter(self._finished))]

    def _apply_waiting(self, changes: Changes) -> None:
        self.queue = changes.queue or self.queue
        self.links.update(changes.links)
        self.alerts.update(changes.alerts)
        while len(self.alerts) > LATEST_ALERTS:
            # What somebody noted goes first: what stands has to stay in sight.
            del self.alerts[min(self.alerts, key=lambda key: (self.alerts[key].settled_ns is None, key))]
        for order_id, waits in changes.waiting.items():
            if waits.over:
                self.waiting.pop(order_id, None)
            else:
                self.waiting[order_id] = waits
        for evidence_id, awaited in changes.evidence.items():
            if awaited.over:
                self.evidence.pop(evidence_id, None)
            else:
                self.evidence[evidence_id] = awaited

    def _apply_positions(self, rows: dict[str, PositionRow]) -> None:
        for position_id, row in rows.items():
            if row.volume:
                self.positions[position_id] = row
            else:
                self.positions.pop(position_id, None)

    def _apply_trades(self, changes: Changes) -> None:
        rows = changes.trades.values()
        self.trades.extend(sorted(rows, key=lambda row: row.trade_id) if changes.cleared else rows)

    def _clear(self) -> None:
        self.positions.clear()
        self.accounts.clear()
        self.strategies.clear()
        self.trades.clear()
        self.curves.clear()
        self.waiting.clear()
        self.evidence.clear()
        self.links.clear()
        self.alerts.clear()
        self.queue = QueueRow()
        self._finished.clear()
        for active in self._active.values():
            active.clear()
        self._highest_order = 0

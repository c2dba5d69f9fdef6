"""The mirror's own copy of the present: what every socket and REST route reads from.

Owns the latest row of each thing shown, the newest trades and the equity curves, kept by
applying the same `Changes` that feed the window. Knows nothing of clients and of JSON.
"""

from __future__ import annotations

from collections import deque

from monitor.engine.changes import Changes
from monitor.engine.rows import (
    AccountRow,
    OrderRow,
    PositionRow,
    ReplayRow,
    SessionRow,
    StrategyRow,
    TradeRow,
)
from monitor.net.curve import EquityCurve

LATEST_TRADES = 200


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
        self._active: dict[int, dict[int, OrderRow]] = {}
        self._highest_order = 0

    def active_orders(self, strategy_id: int) -> dict[int, OrderRow]:
        """Created, placed and partly filled orders by id. A live view: not to be changed."""
        return self._active.get(strategy_id, {})

    def oldest_first(self, strategy_id: int) -> list[OrderRow]:
        rows = self.active_orders(strategy_id).values()
        return sorted(rows, key=lambda row: (row.created_ns, row.order_id))

    def knows_strategy(self, strategy_id: int) -> bool:
        return strategy_id in self.strategies or bool(self._active.get(strategy_id))

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
        for chunk in changes.equity:
            self.curves.setdefault(chunk.account_id, EquityCurve()).extend(chunk)
        return self._apply_orders(changes)

    def _apply_orders(self, changes: Changes) -> dict[int, list[OrderRow]]:
        news: dict[int, list[OrderRow]] = {}
        highest = self._highest_order
        for order_id, row in changes.orders.items():
            self._highest_order = max(self._highest_order, order_id)
            active = self._active.setdefault(row.strategy_id, {})
            if row.status.active:
                active[order_id] = row
            elif active.pop(order_id, None) is None and (changes.cleared or order_id <= highest):
                continue
            news.setdefault(row.strategy_id, []).append(row)
        return news

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
        for active in self._active.values():
            active.clear()
        self._highest_order = 0

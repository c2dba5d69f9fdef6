"""Rows from a run: what front ends see, built only for what changed.

The one place that computes account and position figures for showing. Holds what was already
told; the run itself knows nothing of readers.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import numpy as np

from monitor.engine.changes import Changes
from monitor.engine.ledger import Position
from monitor.engine.orders import Order
from monitor.engine.rows import AccountRow, OrderRow, PositionRow
from monitor.engine.simulation import Simulation
from monitor.engine.values import ZERO, Offset, tidy


def order_rows(orders: Iterable[Order]) -> list[OrderRow]:
    return [order.row() for order in orders]


def position_row(run: Simulation, position: Position) -> PositionRow:
    last = run.last_price()
    instrument = position.instrument
    return PositionRow(
        position_id=f"{run.ledger.account_id}.{instrument.symbol}.{position.direction}",
        account_id=run.ledger.account_id,
        strategy_id=next(iter(run.hosts), 0),
        symbol=instrument.symbol,
        direction=position.direction,
        volume=position.volume,
        volume_today=position.volume_today,
        frozen=min(position.volume, run.frozen(position.direction.closing_side)),
        average_price=tidy(position.average_price),
        last_price=last,
        unrealised_profit=None if last is None else tidy(position.unrealised(last)),
        realised_profit=tidy(position.realised),
        margin=tidy(position.margin()),
        multiplier=instrument.multiplier,
        price_digits=instrument.price_digits,
        tick=instrument.tick,
        quote_ns=None if last is None else run.time_ns,
        opened_ns=position.opened_ns,
        updated_ns=position.updated_ns,
        version=position.version,
        close_commission=None if last is None else tidy(_fee_to_close(position, last)),
    )


def _fee_to_close(position: Position, price: Decimal) -> Decimal:
    return position.instrument.commission(price, position.volume, position.volume_today)


def frozen_money(run: Simulation) -> Decimal:
    """Margin that working opening orders would need, at their own price or the last."""
    last = run.last_price() or ZERO
    total = ZERO
    for order in run.book.active.values():
        if order.intent.offset is Offset.OPEN and not run.is_held(order.order_id):
            price = order.intent.price or order.trigger_price or last
            total += price * order.remaining
    return total * run.instrument.multiplier * run.instrument.margin_rate


class ReadSide:
    """What one set of readers has been told of a run."""

    def __init__(self, run: Simulation) -> None:
        self._run = run
        self._trades = 0
        self._samples = 0
        self._alerts = 0
        self._followed = 0
        self._bar = -1
        self._versions: dict[str, tuple[int, Decimal]] = {}
        self._peak = float(run.terms.capital)
        self._drawdown = self._max_drawdown = 0.0

    def take(self) -> Changes:
        """What is new since the last call; everything at the first."""
        run = self._run
        run.mark()
        moved = run.bar != self._bar
        changes = Changes(orders={i: run.book.orders[i].row() for i in run.changed_orders})
        run.changed_orders.clear()
        changes.trades = {trade.trade_id: trade for trade in run.trades[self._trades :]}
        self._trades = len(run.trades)
        if run.bar > self._samples:
            changes.equity.append(run.equity_chunk(self._samples))
            self._samples = run.bar
        for strategy_id, host in run.hosts.items():
            changes.triggers.update(host.take_triggers())
            if moved or strategy_id in run.changed_strategies:
                changes.strategies[strategy_id] = host.row()
        run.changed_strategies.clear()
        if moved or changes.orders:
            self._take_positions(changes)
            changes.accounts[run.ledger.account_id] = self._account()
        self._bar = run.bar
        self._take_waiting(changes)
        return changes

    def snapshot(self) -> Changes:
        """The whole present, without counting as told."""
        run = self._run
        run.mark()
        changes = Changes(cleared=True, orders={o.order_id: o.row() for o in run.book.orders.values()})
        changes.trades = {trade.trade_id: trade for trade in run.trades}
        held = [position_row(run, p) for p in run.ledger.positions.values() if p.volume]
        changes.positions = {row.position_id: row for row in held}
        changes.accounts = {run.ledger.account_id: self._account()}
        for strategy_id, host in run.hosts.items():
            changes.strategies[strategy_id] = host.row()
            changes.triggers.update(host.all_triggers())
        if run.bar:
            changes.equity.append(run.equity_chunk(0))
        if run.held is not None:
            changes.waiting = run.held.room.all_rows()
            changes.queue = run.held.room.queue_row()
            changes.alerts = dict(run.held.alerts)
        return changes

    def _take_waiting(self, changes: Changes) -> None:
        """Orders that wait, only when something of them changed."""
        held = self._run.held
        if held is None:
            return
        changes.waiting = held.room.rows_changed()
        if changes.waiting or changes.orders:
            changes.queue = held.room.queue_row()
        changes.alerts = {i: row for i, row in held.alerts.items() if i > self._alerts}
        self._alerts = len(held.alerts)

    def _take_positions(self, changes: Changes) -> None:
        for position in self._run.ledger.positions.values():
            row = position_row(self._run, position)
            told = self._versions.get(row.position_id)
            if row.volume or (told is not None and told[1]):
                changes.positions[row.position_id] = row
            self._versions[row.position_id] = (row.version, row.volume)

    def _follow_drawdown(self) -> None:
        """Bring peak and falls up to the present bar."""
        if self._followed == self._run.bar:
            return
        equity = self._run.curve.equity(self._followed, self._run.bar)
        self._followed = self._run.bar
        peaks = np.maximum.accumulate(np.concatenate(([self._peak], equity)))[1:]
        falls = np.where(peaks > 0, 1.0 - equity / np.where(peaks > 0, peaks, 1.0), 0.0)
        self._peak = float(peaks[-1])
        self._drawdown = float(falls[-1])
        self._max_drawdown = max(self._max_drawdown, float(falls.max()))

    def _account(self) -> AccountRow:
        self._follow_drawdown()
        run, ledger = self._run, self._run.ledger
        balance, margin, frozen = ledger.balance(), ledger.margin(), frozen_money(run)
        return AccountRow(
            account_id=ledger.account_id,
            currency=run.instrument.currency,
            static_balance=tidy(ledger.static_balance),
            balance=tidy(balance),
            available=tidy(balance - margin - frozen),
            margin=tidy(margin),
            frozen=tidy(frozen),
            commission=tidy(ledger.commission),
            slippage=tidy(ledger.slippage),
            realised_profit=tidy(ledger.realised),
            unrealised_profit=tidy(ledger.unrealised()),
            today_profit=tidy(balance - ledger.day_balance),
            risk_ratio=float(margin / balance) if balance > 0 else 0.0,
            drawdown=self._drawdown,
            max_drawdown=self._max_drawdown,
            updated_ns=run.time_ns,
        )

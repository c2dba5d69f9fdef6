"""Rows of an engine that trades: what front ends see, built only for what changed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from monitor.engine.changes import Changes
from monitor.engine.ledger import Position
from monitor.engine.live_events import SignalEmitted
from monitor.engine.orders import Order
from monitor.engine.rows import AccountRow, PositionRow, SignalRow
from monitor.engine.trading.equity import Equity
from monitor.engine.trading.state import State
from monitor.engine.values import ZERO, Offset, tidy

if TYPE_CHECKING:
    from monitor.engine.accounts import Account
    from monitor.engine.trading.trading import Trading

LATEST = 500
"""Finished orders, trades, signals and records that a late reader is told at once; the rest is
in the database."""


class TradingReadSide:
    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._told: set[str] = set()
        self._cleared = True

    def take(self) -> Changes:
        """What is new since the last call; everything at the first."""
        if self._cleared:
            self._cleared = False
            changes = self.snapshot()
            self._forget_news()
            self._told.update(key for key, row in changes.positions.items() if row.volume)
            return changes
        trading, changed = self._trading, self._trading.fold.changed
        state = trading.state
        orders = {i: state.book.orders[i].row() for i in changed.orders if i in state.book.orders}
        changes = Changes(seq=trading.journal.seq, orders=orders)
        changes.trades = {i: state.trades[i] for i in changed.trades}
        changes.alerts = {i: state.alerts[i] for i in changed.alerts}
        changes.signals = {e.signal_id: signal_row(state, e, t) for e, t in changed.signals}
        changes.links = {key: state.links[key] for key in trading.market.changed_links if key in state.links}
        changes.waiting = trading.room.rows_changed()
        changes.executions = trading.quality.rows_changed()
        changes.records = trading.records.rows_changed()
        changes.evidence = trading.tracker.evidence_rows()
        if changes.waiting or changed.orders:
            changes.queue = trading.room.queue_row()
        changes.equity = trading.equity.news()
        self._take_money(changes)
        changed.clear()
        trading.market.changed_links.clear()
        trading.market.moved.clear()
        return changes

    def _take_money(self, changes: Changes) -> None:
        """Positions and accounts that a trade, an order or a price has touched."""
        trading = self._trading
        state, changed, moved = trading.state, trading.fold.changed, trading.market.moved
        orders = [state.book.orders[i].intent for i in changed.orders if i in state.book.orders]
        touched = set(changed.accounts) | {intent.account_id for intent in orders}
        for account_id, account in state.accounts.items():
            symbols = {p.instrument.symbol for p in account.positions() if p.volume}
            if account_id not in touched and not symbols & moved:
                continue
            for position in account.positions():
                row = position_row(state, account, position)
                if row.volume or row.position_id in self._told:
                    changes.positions[row.position_id] = row
                (self._told.add if row.volume else self._told.discard)(row.position_id)
            changes.accounts[account_id] = account_row(state, account, trading.equity)

    def _forget_news(self) -> None:
        trading = self._trading
        trading.fold.changed.clear()
        trading.market.changed_links.clear()
        trading.market.moved.clear()
        trading.room.rows_changed()
        trading.quality.rows_changed()
        trading.records.rows_changed()
        trading.tracker.evidence_rows()
        trading.equity.news()

    def snapshot(self) -> Changes:
        """The whole present, without counting as told. Of what ended, the newest."""
        trading = self._trading
        state = trading.state
        changes = Changes(seq=trading.journal.seq, cleared=True)
        finished = sorted((o for o in state.book.orders.values() if not o.status.active), key=_ended)
        for order in (*finished[-LATEST:], *state.book.active.values()):
            changes.orders[order.order_id] = order.row()
        changes.trades = {t.trade_id: t for t in list(state.trades.values())[-LATEST:]}
        changes.alerts = dict(list(state.alerts.items())[-LATEST:])
        changes.links = dict(state.links)
        changes.waiting = trading.room.all_rows()
        changes.queue = trading.room.queue_row()
        changes.executions = trading.quality.all_rows()
        changes.records = trading.records.newest(LATEST)
        changes.evidence = trading.tracker.all_evidence()
        changes.equity = trading.equity.all()
        for account_id, account in state.accounts.items():
            changes.accounts[account_id] = account_row(state, account, trading.equity)
        changes.positions = {row.position_id: row for row in position_rows(state) if row.volume}
        return changes


def _ended(order: Order) -> tuple[int, int]:
    return order.updated_ns, order.order_id


def position_rows(state: State) -> Iterator[PositionRow]:
    for account in state.accounts.values():
        for position in account.positions():
            yield position_row(state, account, position)


def position_row(state: State, account: Account, position: Position) -> PositionRow:
    instrument, direction = position.instrument, position.direction
    symbol = instrument.symbol
    last, quote = state.last_price(symbol), state.quotes.get(symbol)
    frozen = _frozen(state, account.account_id, position)
    return PositionRow(
        position_id=f"{account.account_id}.{symbol}.{direction}",
        account_id=account.account_id,
        strategy_id=0,
        symbol=symbol,
        direction=direction,
        volume=position.volume,
        volume_today=position.volume_today,
        frozen=min(position.volume, frozen),
        average_price=tidy(position.average_price),
        last_price=last,
        unrealised_profit=None if last is None else tidy(position.unrealised(last)),
        realised_profit=tidy(position.realised),
        margin=tidy(account.margin_of(position, last)),
        multiplier=instrument.multiplier,
        price_digits=instrument.price_digits,
        tick=instrument.tick,
        quote_ns=None if quote is None else quote.received_ns,
        opened_ns=position.opened_ns,
        updated_ns=position.updated_ns,
        version=position.version,
        close_commission=None if last is None else tidy(instrument.commission(last, position.volume)),
    )


def _frozen(state: State, account_id: str, position: Position) -> Decimal:
    """Volume that working closing orders hold."""
    closing = position.direction.closing_side
    total = ZERO
    for order in state.book.active.values():
        intent = order.intent
        mine = intent.account_id == account_id and intent.symbol == position.instrument.symbol
        if mine and intent.side is closing and intent.offset is not Offset.OPEN and order.sent:
            total += order.remaining
    return total


def account_row(state: State, account: Account, equity: Equity) -> AccountRow:
    prices = state.last_prices()
    figures = account.figures(prices)
    frozen = _frozen_money(state, account)
    curve = equity.curves.get(account.account_id)
    balance, margin = figures.balance, figures.margin
    return AccountRow(
        account_id=account.account_id,
        currency=account.currency,
        static_balance=tidy(figures.static_balance),
        balance=tidy(balance),
        available=tidy(balance - margin - frozen),
        margin=tidy(margin),
        frozen=tidy(frozen),
        commission=tidy(figures.commission),
        slippage=ZERO,
        realised_profit=tidy(figures.realised),
        unrealised_profit=tidy(figures.unrealised),
        today_profit=tidy(figures.today_profit),
        risk_ratio=float(margin / balance) if balance > 0 else 0.0,
        drawdown=curve.drawdown if curve is not None else 0.0,
        max_drawdown=curve.max_drawdown if curve is not None else 0.0,
        updated_ns=state.now_ns,
        transferred=tidy(figures.transferred),
        funding=tidy(figures.funding),
        foreign={currency: str(tidy(amount)) for currency, amount in figures.foreign.items()},
    )


def _frozen_money(state: State, account: Account) -> Decimal:
    """Margin that working opening orders would need, at their own price or the last."""
    total = ZERO
    for order in state.book.active.values():
        intent = order.intent
        if intent.account_id != account.account_id or intent.offset is not Offset.OPEN or not order.sent:
            continue
        instrument = state.instrument(intent.symbol)
        price = intent.price or order.trigger_price or state.last_price(intent.symbol)
        if instrument is not None and price is not None:
            total += account.margin_needed(instrument, price, order.remaining)
    return total


def signal_row(state: State, event: SignalEmitted, time_ns: int) -> SignalRow:
    intent = state.book.orders[event.order_id].intent
    return SignalRow(
        signal_id=event.signal_id,
        order_id=event.order_id,
        account_id=intent.account_id,
        symbol=intent.symbol,
        kind=event.kind,
        key=event.key,
        status=event.status,
        volume=event.volume,
        average_price=event.average_price,
        commission={currency: str(amount) for currency, amount in event.commission.items()},
        realised_profit=event.realised_profit,
        directions=event.directions,
        first_ns=event.first_ns,
        last_ns=event.last_ns,
        time_ns=time_ns,
        reason=event.reason,
    )

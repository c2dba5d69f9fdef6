"""Rows of an engine that trades: what front ends see, built only for what changed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING

from monitor.engine.changes import Changes
from monitor.engine.ledger import Position
from monitor.engine.live_events import SignalEmitted
from monitor.engine.rows import AccountRow, PositionRow, SignalRow
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
            changes.signals = self._new_signals()
            self._forget_news()
            self._told.update(key for key, row in changes.positions.items() if row.volume)
            return changes
        trading, changed = self._trading, self._trading.fold.changed
        state = trading.state
        orders = {i: state.book.orders[i].row() for i in changed.orders if i in state.book.orders}
        changes = Changes(seq=trading.journal.seq, orders=orders)
        changes.trades = {i: state.trades[i] for i in changed.trades}
        changes.alerts = {i: state.alerts[i] for i in changed.alerts}
        changes.signals = self._new_signals()
        changes.links = {key: state.links[key] for key in trading.market.changed_links if key in state.links}
        changes.waiting = trading.room.rows_changed()
        changes.executions = {row.order_id: row for row in trading.quality.rows_changed()}
        changes.records = trading.records.rows_changed()
        changes.evidence = trading.tracker.evidence_rows()
        if changes.waiting or changed.orders:
            changes.queue = trading.room.queue_row()
        changes.equity = state.equity.news()
        self._take_money(changes)
        changed.clear()
        trading.market.changed_links.clear()
        trading.market.moved.clear()
        return changes

    def _new_signals(self) -> dict[int, SignalRow]:
        trading = self._trading
        return {e.signal_id: signal_row(trading.state, e, t) for e, t in trading.fold.changed.signals}

    def _take_money(self, changes: Changes) -> None:
        """Positions and accounts that a trade, an order or a price has touched."""
        trading = self._trading
        state, changed, moved = trading.state, trading.fold.changed, trading.market.moved
        orders = [state.book.orders[i].intent for i in changed.orders if i in state.book.orders]
        touched = set(changed.accounts) | {intent.account_id for intent in orders}
        for account_id, account in state.accounts.items():
            symbols = {p.instrument.symbol for p in account.positions()}
            if account_id not in touched and not symbols & moved:
                continue
            for position in _all_positions(account):
                row = position_row(state, account, position)
                if row.volume or row.position_id in self._told:
                    changes.positions[row.position_id] = row
                (self._told.add if row.volume else self._told.discard)(row.position_id)
            changes.accounts[account_id] = account_row(state, account)

    def _forget_news(self) -> None:
        trading = self._trading
        trading.fold.changed.clear()
        trading.market.changed_links.clear()
        trading.market.moved.clear()
        trading.room.rows_changed()
        trading.quality.rows_changed()
        trading.records.rows_changed()
        trading.tracker.evidence_rows()
        trading.state.equity.news()

    def snapshot(self) -> Changes:
        """The whole present, without counting as told. Of what ended, the newest."""
        trading = self._trading
        state = trading.state
        changes = Changes(seq=trading.journal.seq, cleared=True)
        finished = reversed(list(islice(reversed(state.ended), LATEST)))
        for order_id in (*finished, *state.book.active):
            changes.orders[order_id] = state.book.orders[order_id].row()
        changes.trades = {t.trade_id: t for t in list(state.trades.values())[-LATEST:]}
        changes.alerts = dict(list(state.alerts.items())[-LATEST:])
        changes.links = dict(state.links)
        changes.waiting = trading.room.all_rows()
        changes.queue = trading.room.queue_row()
        changes.executions = {row.order_id: row for row in trading.quality.all_rows()[-LATEST:]}
        changes.records = trading.records.newest(LATEST)
        changes.evidence = trading.tracker.all_evidence()
        changes.equity = state.equity.all()
        for account_id, account in state.accounts.items():
            changes.accounts[account_id] = account_row(state, account)
        changes.positions = {row.position_id: row for row in position_rows(state) if row.volume}
        return changes


def position_rows(state: State) -> Iterator[PositionRow]:
    for account in state.accounts.values():
        for position in account.positions():
            yield position_row(state, account, position)


def _all_positions(account: Account) -> Iterator[Position]:
    """Those that are closed as well: readers have to hear of it."""
    for history in account.histories.values():
        yield from (history.long, history.short)


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
        margin=tidy(position.margin(last)),
        multiplier=instrument.multiplier,
        price_digits=instrument.price_digits,
        tick=instrument.tick,
        quote_ns=None if quote is None else quote.received_ns,
        opened_ns=position.opened_ns,
        updated_ns=position.updated_ns,
        version=position.version,
        close_commission=None
        if last is None
        else tidy(instrument.commission(last, position.volume, position.volume_today)),
    )


def _frozen(state: State, account_id: str, position: Position) -> Decimal:
    """Volume that working closing orders hold."""
    closing = position.direction.closing_side
    total = ZERO
    for order in state.book.active.values():
        intent = order.intent
        mine = intent.account_id == account_id and intent.symbol == position.instrument.symbol
        if mine and intent.side is closing and order.offset is not Offset.OPEN and not order.never_left:
            total += order.remaining
    return total


def account_row(state: State, account: Account) -> AccountRow:
    ledger = account.ledger
    balance, margin, frozen = ledger.balance(), ledger.margin(), state.frozen(account)
    curve = state.equity.curves.get(account.account_id)
    foreign = {c: other.cash() for c, other in account.ledgers.items() if other is not ledger}
    return AccountRow(
        account_id=account.account_id,
        currency=account.currency,
        static_balance=tidy(ledger.static_balance),
        balance=tidy(balance),
        available=tidy(ledger.available(frozen)),
        margin=tidy(margin),
        frozen=tidy(frozen),
        commission=tidy(ledger.commission),
        slippage=tidy(ledger.slippage),
        realised_profit=tidy(ledger.realised),
        unrealised_profit=tidy(ledger.unrealised()),
        today_profit=tidy(ledger.today_profit()),
        risk_ratio=float(margin / balance) if balance > 0 else 0.0,
        drawdown=curve.drawdown if curve is not None else 0.0,
        max_drawdown=curve.max_drawdown if curve is not None else 0.0,
        updated_ns=state.now_ns,
        transferred=tidy(state.transferred.get(account.account_id, ZERO)),
        funding=tidy(ledger.funding),
        foreign={currency: str(tidy(amount)) for currency, amount in foreign.items()},
    )


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

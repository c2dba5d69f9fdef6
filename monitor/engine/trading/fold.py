"""Applies facts to the state: the one way it changes, live and after a restart alike.

One handler a kind of fact. What somebody may want to see of it is noted in `Changed`. Decides
nothing and proposes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from monitor.engine import events as ev
from monitor.engine.accounts import Booking, fill_of
from monitor.engine.offsets import offset_of
from monitor.engine.orders import Order
from monitor.engine.records import PositionRecords
from monitor.engine.rows import AlertRow, LinkRow, TradeRow
from monitor.engine.trading.minutes import Minutes
from monitor.engine.trading.parts import PositionChange
from monitor.engine.trading.state import State, link_id
from monitor.engine.values import ZERO, LinkSide, MoneyKind, Offset, Origin, RecordType, tidy

S = TypeVar("S", bound=msgspec.Struct)
_ORDER_KINDS = frozenset(ev.ORDER_EVENTS)


class Changed:
    """Whose rows have to be made anew since readers were told. Ids only, so it stays small."""

    def __init__(self) -> None:
        self.orders: dict[int, None] = {}
        self.trades: dict[int, None] = {}
        self.accounts: dict[str, None] = {}
        self.alerts: dict[int, None] = {}
        self.links: dict[str, None] = {}
        self.signals: list[tuple[ev.SignalEmitted, int]] = []
        self.notes: list[tuple[int, str]] = []
        self.session = False

    def clear(self) -> None:
        """All but what is asked for by itself."""
        for rows in (self.orders, self.trades, self.accounts, self.alerts, self.links):
            rows.clear()
        self.signals.clear()


class Fold:
    """`records` are kept here, because only here it is known what a fact did to a position. While
    not `booking`, money and positions are there already: facts are about orders only."""

    def __init__(self, state: State, records: PositionRecords) -> None:
        self.state = state
        self.changed = Changed()
        self.booking = True
        self._records = records
        self._handlers: dict[type, Callable[[Any, int], None]] = {
            ev.OrderCreated: self._created,
            ev.TradeExecuted: self._traded,
            ev.OrderReported: self._reported,
            ev.FillCorrected: self._voided,
            ev.OrdersMerged: self._merged,
            ev.SignalEmitted: self._signalled,
            ev.AlertRaised: self._alerted,
            ev.AlertSettled: self._settled,
            ev.EngineStateChanged: self._engine,
            ev.InstrumentsListed: self._instruments,
            ev.MoneyMoved: self._money,
            ev.DayRolled: self._day,
            ev.PositionCorrected: self._position,
            ev.PricesMarked: self._prices,
            ev.Reconciled: self._reconciled,
            ev.LinkChanged: self._link,
            ev.CommandTaken: self._command,
            ev.OrderSent: self._sent,
        }

    def apply(self, event: ev.AnyEvent, time_ns: int) -> None:
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event, time_ns)
        elif type(event) in _ORDER_KINDS:
            self._order(event, time_ns)  # type: ignore[arg-type]  # which is what was just asked

    def session_changed(self) -> bool:
        """Whether what the banner says has changed since it was asked last."""
        changed, self.changed.session = self.changed.session, False
        return changed

    # Orders ------------------------------------------------------------------------------------
    def _order(self, event: ev.OrderEvent, time_ns: int) -> None:
        anomaly = self.state.book.apply(event, time_ns)
        if anomaly:
            self.changed.notes.append((time_ns, anomaly))
        order_id = event.order_id
        self.changed.orders[order_id] = None
        if order_id not in self.state.book.active:
            ended = self.state.ended
            ended.pop(order_id, None)
            ended[order_id] = None
        elif order_id in self.state.ended:  # it came back to life
            del self.state.ended[order_id]

    def _of_our_number(self, event: ev.OrderCreated) -> int:
        """One that a crash made us forget has a name of ours at the venue: no other may have it."""
        prefix, _, number = event.client_order_id.rpartition("-")
        return int(number) if prefix == self.state.terms.prefix and number.isdecimal() else 0

    def _created(self, event: ev.OrderCreated, time_ns: int) -> None:
        self.state.last_order = max(self.state.last_order, event.order_id, self._of_our_number(event))
        self.state.account(event.account_id)
        if event.origin is not Origin.EXTERNAL and event.plan.instead_of is None:
            self.state.taken.made(event.order_id, time_ns)
        self._order(event, time_ns)

    def _traded(self, event: ev.TradeExecuted, time_ns: int) -> None:
        state = self.state
        new = state.book.is_new_fill(event)
        order = state.book.orders[event.order_id]
        offset = order.offset
        self._order(event, time_ns)
        if not new or not self.booking:
            return
        state.last_trade = max(state.last_trade, event.trade_id)
        intent = order.intent
        if order.offset is not offset:
            self._take_offset(order, time_ns)
        fill = fill_of(event, intent, time_ns, order.offset)
        booking = state.account(intent.account_id).book(fill, state.instrument(intent.symbol))
        state.trades[event.trade_id] = _trade_row(order, event, fill.offset, booking, time_ns)
        state.trades_of.setdefault(event.order_id, []).append(event.trade_id)
        state.profits[event.order_id] = state.profits.get(event.order_id, ZERO) + booking.profit
        self.changed.trades[event.trade_id] = None
        self._booked(intent.account_id, booking, order, event.trade_id, time_ns)

    def _reported(self, event: ev.OrderReported, time_ns: int) -> None:
        self._order(event, time_ns)
        if event.offset is not None and self.booking:
            self._take_offset(self.state.book.orders[event.order_id], time_ns)

    def _take_offset(self, order: Order, time_ns: int) -> None:
        """Which lots an order takes was told after fills of it were booked: those that told nothing
        themselves are booked anew in their place."""
        account_id = order.intent.account_id
        account = self.state.account(account_id)
        for trade_id in self.state.trades_of.get(order.order_id, ()):
            trade = self.state.trades[trade_id]
            fill = order.fills.get(trade.venue_trade_id)
            if fill is None or trade.void:
                continue
            offset = offset_of(fill, order.offset)
            self.state.trades[trade_id] = _replaced(trade, offset=offset)
            self.changed.trades[trade_id] = None
            booking = account.take_offset(trade_id, offset)
            if booking is not None:
                self._reprofit(trade_id, booking.profit)
                self._booked(account_id, booking, order, trade_id, time_ns, RecordType.CORRECTION)

    def _voided(self, event: ev.FillCorrected, time_ns: int) -> None:
        """An inferred fill is taken out again: its row stays, marked, for whoever saw it."""
        state = self.state
        order = state.book.orders[event.order_id]
        self._order(event, time_ns)
        if not self.booking:
            return
        trades = [state.trades[i] for i in state.trades_of.get(event.order_id, ())]
        trade = next((t for t in trades if t.venue_trade_id == event.venue_trade_id), None)
        if trade is None:
            return
        booking = state.account(order.intent.account_id).void(trade.trade_id)
        self._reprofit(trade.trade_id, ZERO)
        state.trades[trade.trade_id] = _replaced(trade, void=True, realised_profit=ZERO)
        self._booked(order.intent.account_id, booking, order, trade.trade_id, time_ns, RecordType.CORRECTION)

    def _merged(self, event: ev.OrdersMerged, time_ns: int) -> None:
        """What the orphan traded is the order's: positions stay, trades are named anew."""
        state = self.state
        order = state.book.orders[event.order_id]
        self._order(event, time_ns)
        self.changed.orders[event.orphan_id] = None
        intent = order.intent
        moved = state.trades_of.pop(event.orphan_id, [])
        state.trades_of.setdefault(event.order_id, []).extend(moved)
        for trade in [state.trades[trade_id] for trade_id in moved]:
            state.trades[trade.trade_id] = _replaced(
                trade, order_id=event.order_id, strategy_id=intent.strategy_id
            )
            self.changed.trades[trade.trade_id] = None
        profit = state.profits.pop(event.orphan_id, None)
        if profit is not None:
            state.profits[event.order_id] = state.profits.get(event.order_id, ZERO) + profit
        if self.booking:
            self._take_offset(order, time_ns)

    def _sent(self, event: ev.OrderSent, time_ns: int) -> None:
        if event.venue:
            self.state.sent_to[event.order_id] = event.venue
        self._order(event, time_ns)

    # Money -------------------------------------------------------------------------------------
    def _booked(
        self,
        account_id: str,
        booking: Booking,
        order: Order,
        trade_id: int,
        time_ns: int,
        type_: RecordType = RecordType.EXECUTION,
    ) -> None:
        if booking.anomaly:
            self.changed.notes.append((time_ns, f"account {account_id}: {booking.anomaly}"))
        for other, profit in booking.reprofited.items():
            self._reprofit(other, profit)
        for change in (*booking.found, *booking.changes):
            self._records.note(
                change,
                time_ns=time_ns,
                account_id=account_id,
                strategy_id=order.intent.strategy_id,
                type=RecordType.CORRECTION if change in booking.found else type_,
                order_id=order.order_id,
                trade_id=trade_id,
                by=who(order),
                note=order.intent.plan.metadata.get("note", ""),
            )
        self.changed.accounts[account_id] = None

    def _reprofit(self, trade_id: int, profit: Any) -> None:
        """A late fill moved what an earlier one had realised."""
        trade = self.state.trades.get(trade_id)
        if trade is None:
            return
        profits = self.state.profits
        before = trade.realised_profit
        profits[trade.order_id] = profits.get(trade.order_id, ZERO) + profit - before
        self.state.trades[trade_id] = _replaced(trade, realised_profit=tidy(profit))
        self.changed.trades[trade_id] = None

    def _noted(
        self,
        account_id: str,
        changes: Iterable[PositionChange],
        type_: RecordType,
        by: str,
        note: str,
        time_ns: int,
    ) -> None:
        for change in changes:
            self._records.note(
                change,
                time_ns=time_ns,
                account_id=account_id,
                strategy_id=0,
                type=type_,
                order_id=None,
                trade_id=None,
                by=by,
                note=note,
            )
        self.changed.accounts[account_id] = None

    def _money(self, event: ev.MoneyMoved, _: int) -> None:
        account = self.state.account(event.account_id)
        again = bool(event.venue_id) and account.knows(event.kind, event.venue_id)
        account.move(event)
        own = not event.currency or event.currency == account.currency
        if own and not again and event.kind in (MoneyKind.DEPOSIT, MoneyKind.WITHDRAWAL):
            moved = self.state.transferred
            moved[event.account_id] = moved.get(event.account_id, ZERO) + event.amount
            self.state.equity.move(event.account_id, event.amount)
        self.changed.accounts[event.account_id] = None

    def _day(self, event: ev.DayRolled, time_ns: int) -> None:
        for account_id, account in self.state.accounts.items():
            changes = account.roll(event, time_ns)
            self._noted(account_id, changes, RecordType.SETTLEMENT, "venue", f"day {event.day}", time_ns)

    def _position(self, event: ev.PositionCorrected, time_ns: int) -> None:
        account = self.state.account(event.account_id)
        at_ns = time_ns if event.polled_ns is None else event.polled_ns
        changes = account.correct(event, at_ns, self.state.instrument(event.symbol))
        self._noted(event.account_id, changes, event.type, event.by, event.reason, time_ns)

    def _instruments(self, event: ev.InstrumentsListed, time_ns: int) -> None:
        for instrument in event.instruments:
            self.state.instruments[instrument.symbol] = instrument
        for account_id, account in self.state.accounts.items():
            bookings = account.list_instruments(event.instruments)
            for trade_id, booking in bookings.items():
                trade = self.state.trades.get(trade_id)
                if trade is None:
                    continue  # of an order so old that it is forgotten: only its money counts
                order = self.state.book.orders[trade.order_id]
                self._reprofit(trade_id, booking.profit)
                self._booked(account_id, booking, order, trade_id, time_ns)

    def _prices(self, event: ev.PricesMarked, time_ns: int) -> None:
        state = self.state
        for symbol, price in event.prices.items():
            state.marked[symbol] = price
            state.minutes.setdefault(symbol, Minutes()).mark(price, time_ns)
        for account_id, account in state.accounts.items():
            for symbol, price in event.prices.items():
                account.mark(symbol, price)
            if account_id in state.compared_ns:  # before, nobody knows what it has
                state.equity.sample(account_id, time_ns, account.ledger.balance())
            self.changed.accounts[account_id] = None

    def _command(self, event: ev.CommandTaken, time_ns: int) -> None:
        self.state.taken.begin(event.command.key, time_ns)

    # The rest ----------------------------------------------------------------------------------
    def _signalled(self, event: ev.SignalEmitted, time_ns: int) -> None:
        self.state.last_signal = max(self.state.last_signal, event.signal_id)
        self.changed.signals.append((event, time_ns))

    def _alerted(self, event: ev.AlertRaised, time_ns: int) -> None:
        self.state.last_alert = max(self.state.last_alert, event.alert_id)
        self.state.alerts[event.alert_id] = AlertRow(
            alert_id=event.alert_id,
            time_ns=time_ns,
            level=event.level,
            cause=event.cause,
            message=event.message,
            order_id=event.order_id,
            account_id=event.account_id,
            symbol=event.symbol,
        )
        self.changed.alerts[event.alert_id] = None

    def _settled(self, event: ev.AlertSettled, time_ns: int) -> None:
        alert = self.state.alerts.get(event.alert_id)
        if alert is not None and alert.settled_ns is None:
            self.state.alerts[event.alert_id] = _replaced(alert, settled_ns=time_ns, by=event.by)
            self.changed.alerts[event.alert_id] = None

    def _engine(self, event: ev.EngineStateChanged, _: int) -> None:
        self.state.engine_state, self.state.engine_reason = event.state, event.reason
        self.changed.session = True

    def _reconciled(self, event: ev.Reconciled, _: int) -> None:
        self.state.compared.add(event.account_id)
        self.state.compared_ns[event.account_id] = event.polled_ns

    def _link(self, event: ev.LinkChanged, _: int) -> None:
        """Whatever is known of a venue was compared over a line: another line, another comparison."""
        key = link_id(event.venue, event.side)
        known = self.state.links.get(key)
        self.state.links[key] = LinkRow(
            link_id=key,
            venue=event.venue,
            side=event.side,
            state=event.state,
            reason=event.reason,
            last_message_ns=known.last_message_ns if known is not None else None,
        )
        for account in self.state.terms.accounts:
            if account.venue == event.venue and event.side is LinkSide.ORDERS:
                self.state.compared.discard(account.account_id)
        self.changed.links[key] = None


def who(order: Order) -> str:
    """Whose doing an order is, in a word for records."""
    intent = order.intent
    if intent.origin is Origin.STRATEGY:
        return f"strategy {intent.strategy_id}"
    return "person" if intent.origin is Origin.USER else "venue"


def _trade_row(
    order: Order, fill: ev.TradeExecuted, offset: Offset, booking: Booking, time_ns: int
) -> TradeRow:
    intent = order.intent
    return TradeRow(
        trade_id=fill.trade_id,
        order_id=fill.order_id,
        strategy_id=intent.strategy_id,
        account_id=intent.account_id,
        symbol=intent.symbol,
        side=intent.side,
        offset=offset,
        price=fill.price,
        volume=fill.volume,
        commission=tidy(fill.commission),
        slippage=tidy(fill.slippage),
        realised_profit=tidy(booking.profit),
        time_ns=fill.venue_ns or time_ns,
        venue_trade_id=fill.venue_trade_id,
        fee_currency=fill.fee_currency,
        direction=fill.direction,
    )


def _replaced(row: S, **fields: Any) -> S:
    return msgspec.structs.replace(row, **fields)

"""A person's or a program's commands, carried out on an engine that trades.

Each is checked against what is so now, journalled as an input, then turned into facts. Refused
means that nothing changed. What becomes of an order is told by its facts, not by the reply.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from monitor.engine import commands as cmd, events as ev
from monitor.engine.commands import Reply, accepted, refused
from monitor.engine.emergency import SEVERITY
from monitor.engine.orders import Order
from monitor.engine.trading.closing import close_all, close_one
from monitor.engine.trading.ordering import create_linked, create_one
from monitor.engine.trading.replacing import replace_objection
from monitor.engine.values import EngineState, InnerState, MoneyKind, RecordType, sane

if TYPE_CHECKING:
    from monitor.engine.trading.trading import Trading


def carry_out(trading: Trading, command: cmd.AnyCommand) -> Reply:
    handler = _HANDLERS.get(type(command))
    if handler is None:
        return refused(f"{type(command).__name__} is not for trading at a venue.", "invalid")
    return handler(trading, command)


def is_of_state(command: cmd.AnyCommand) -> bool:
    """It says what is to be so. Said again it is to be so again, whatever was meanwhile: an emergency
    stop is never answered with having stopped before."""
    return isinstance(command, cmd.SetEngineState | cmd.Reconcile)


def take(trading: Trading, command: Any) -> None:
    """The input itself becomes a fact, before its effects."""
    trading.record(ev.CommandTaken(command=command))


def _submit(trading: Trading, command: cmd.SubmitOrder) -> Reply:
    if command.strategy_id:
        return refused(f"There is no strategy {command.strategy_id}: none runs at a venue.", "unknown")
    request = cmd.OrderRequest(
        **{name: getattr(command, name) for name in cmd.OrderRequest.__struct_fields__}
    )
    return create_one(trading, request, command.strategy_id, lambda: take(trading, command))


def _submit_linked(trading: Trading, command: cmd.SubmitLinked) -> Reply:
    if command.strategy_id:
        return refused(f"There is no strategy {command.strategy_id}: none runs at a venue.", "unknown")
    return create_linked(trading, command, lambda: take(trading, command))


def _cancel(trading: Trading, command: cmd.CancelOrder) -> Reply:
    order = trading.state.book.orders.get(command.order_id)
    if order is None:
        return refused(f"There is no order {command.order_id}.", "unknown")
    if not _may_work(order):
        return refused(f"Order {command.order_id} is {order.status} already.", "gone")
    take(trading, command)
    cancel_order(trading, command.order_id, command.reason)
    return accepted()


def _cancel_many(trading: Trading, command: cmd.CancelOrders) -> Reply:
    book = trading.state.book
    unknown = [str(order_id) for order_id in command.order_ids if order_id not in book.orders]
    if unknown:
        return refused(f"There is no order {', '.join(unknown)}.", "unknown")
    if not command.order_ids:
        return refused("No order was named.", "invalid")
    if command.all and set(command.order_ids) != set(book.active):
        return refused(f"The working orders changed: {len(book.active)} by now.", "changed")
    take(trading, command)
    for order_id in command.order_ids:
        cancel_order(trading, order_id, command.reason)
    return accepted()


def cancel_order(trading: Trading, order_id: int, reason: str) -> None:
    """One that has not left is cancelled here; one at the venue is asked back. Ended: left alone."""
    order = trading.state.book.orders.get(order_id)
    if order is None or not _may_work(order):
        return
    if order.never_left:
        trading.record(ev.OrderCanceled(order_id=order_id, reason=reason, cumulative=Decimal(0)))
    elif not order.cancel_pending:
        trading.record(ev.CancelRequested(order_id=order_id, reason=reason))


def _may_work(order: Order) -> bool:
    """Also one that ended for us, when its venue contradicts: it may be live there, so it may be asked
    back."""
    return order.status.active or (order.dossier.conflict and bool(order.venue_order_id))


def _replace(trading: Trading, command: cmd.ReplaceOrder) -> Reply:
    objection = replace_objection(trading, command)
    if objection is not None:
        return objection
    take(trading, command)
    trading.record(
        ev.ReplaceRequested(
            order_id=command.order_id,
            quantity=command.quantity,
            price=command.price,
            trigger_price=command.trigger_price,
        )
    )
    return accepted(command.order_id)


def _decide(trading: Trading, command: cmd.DecideOrder) -> Reply:
    order = trading.state.book.active.get(command.order_id)
    if order is None or order.inner_state is not InnerState.MANUAL:
        return refused(f"Order {command.order_id} does not wait for a decision.", "changed")
    take(trading, command)
    if command.decision is cmd.Decision.SEND:
        trading.record(ev.OrderTakenBack(order_id=command.order_id))
    else:
        reason = "decided by hand"
        trading.record(ev.OrderCanceled(order_id=command.order_id, reason=reason, cumulative=Decimal(0)))
    return accepted(command.order_id)


def _resolve(trading: Trading, command: cmd.ResolveOrder) -> Reply:
    """A person's word about an order nobody knows the state of. The venue's evidence beats it."""
    order = trading.state.book.active.get(command.order_id)
    if order is None:
        return refused(f"Order {command.order_id} is not open.", "gone")
    if command.resolution is cmd.Resolution.LOOK_UP:
        take(trading, command)
        trading.tracker.look_up_now(command.order_id)
        return accepted(command.order_id)
    if order.inner_state is not InnerState.UNKNOWN:
        return refused(f"The state of order {command.order_id} is known: {order.status}.", "changed")
    if command.resolution is cmd.Resolution.NEVER_ARRIVED and order.placed:
        return refused(f"Order {command.order_id} had arrived: the venue acknowledged it.", "changed")
    take(trading, command)
    never = command.resolution is cmd.Resolution.NEVER_ARRIVED
    verdict = ev.OrderRejected if never else ev.OrderCanceled
    said = "said by hand: it never arrived" if never else "said by hand: it has ended"
    trading.record(verdict(order_id=command.order_id, reason=said, cumulative=order.filled, provisional=True))
    return accepted(command.order_id)


def _engine_state(trading: Trading, command: cmd.SetEngineState) -> Reply:
    if command.state is trading.state.engine_state:
        return accepted(reason=f"The engine is {command.state} already.")
    if SEVERITY[command.state] < SEVERITY[trading.state.engine_state] and _was_taken(trading, command):
        return refused("The engine was stopped since this was said first: say it anew.", "changed")
    take(trading, command)
    reason = command.reason or ("by hand" if command.state is not EngineState.NORMAL else "")
    trading.record(ev.EngineStateChanged(state=command.state, reason=reason, by=command.origin))
    return accepted()


def _was_taken(trading: Trading, command: cmd.Command) -> bool:
    return trading.state.taken.orders_of(command.key) is not None


def _reconcile(trading: Trading, command: cmd.Reconcile) -> Reply:
    if command.account_id and trading.terms.account(command.account_id) is None:
        return refused(f"There is no account {command.account_id}.", "unknown")
    take(trading, command)
    trading.reconciler.want(command.account_id)
    return accepted()


def _move_money(trading: Trading, command: cmd.MoveMoney) -> Reply:
    terms = trading.terms.account(command.account_id)
    if terms is None:
        return refused(f"There is no account {command.account_id}.", "unknown")
    if not sane(command.amount) or not command.amount:
        return refused(f"{command.amount} is not an amount.")
    take(trading, command)
    trading.record(
        ev.MoneyMoved(
            account_id=terms.account_id,
            amount=command.amount,
            currency=command.currency or terms.currency,
            kind=MoneyKind.DEPOSIT if command.amount > 0 else MoneyKind.WITHDRAWAL,
            venue_id=f"by hand {trading.journal.seq}",
            note=command.note,
        )
    )
    return accepted()


def _adjust(trading: Trading, command: cmd.AdjustPosition) -> Reply:
    if trading.terms.account(command.account_id) is None:
        return refused(f"There is no account {command.account_id}.", "unknown")
    instrument = trading.state.instrument(command.symbol)
    if instrument is None:
        return refused(f"{command.symbol} is not known.", "unknown")
    if not sane(command.volume) or command.volume < 0 or command.volume % instrument.lot:
        return refused(f"{command.volume} is not a volume of {command.symbol}.")
    price = command.average_price
    if price is not None and not (sane(price) and price > 0):
        return refused(f"{price} is not a price.")
    held = trading.state.position(command.account_id, command.symbol, command.direction)
    if command.volume and not held and price is None:
        return refused("A new position needs its average price.")
    if not command.reason.strip():
        return refused("An adjustment needs a reason: it is kept with the records.")
    take(trading, command)
    trading.record(
        ev.PositionCorrected(
            account_id=command.account_id,
            symbol=command.symbol,
            direction=command.direction,
            volume=command.volume,
            average_price=price,
            type=RecordType.ADJUSTMENT,
            reason=command.reason,
            by=command.origin,
        )
    )
    return accepted()


def _acknowledge(trading: Trading, command: cmd.AcknowledgeAlert) -> Reply:
    alert = trading.state.alerts.get(command.alert_id)
    if alert is None:
        return refused(f"There is no alert {command.alert_id}.", "unknown")
    if alert.settled_ns is not None:
        return refused("It is settled already.", "gone")
    take(trading, command)
    trading.record(ev.AlertSettled(alert_id=command.alert_id, by=command.origin))
    return accepted()


def _close(trading: Trading, command: cmd.ClosePosition) -> Reply:
    return close_one(trading, command, lambda: take(trading, command), cancel_order)


def _close_all(trading: Trading, command: cmd.CloseAllPositions) -> Reply:
    return close_all(trading, command, lambda: take(trading, command), cancel_order)


_HANDLERS: dict[type, Callable[[Any, Any], Reply]] = {
    cmd.SubmitOrder: _submit,
    cmd.SubmitLinked: _submit_linked,
    cmd.CancelOrder: _cancel,
    cmd.CancelOrders: _cancel_many,
    cmd.ReplaceOrder: _replace,
    cmd.ClosePosition: _close,
    cmd.CloseAllPositions: _close_all,
    cmd.DecideOrder: _decide,
    cmd.ResolveOrder: _resolve,
    cmd.SetEngineState: _engine_state,
    cmd.Reconcile: _reconcile,
    cmd.MoveMoney: _move_money,
    cmd.AdjustPosition: _adjust,
    cmd.AcknowledgeAlert: _acknowledge,
}

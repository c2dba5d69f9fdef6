"""Changing a working order in place: what may be changed, and what the guards say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from monitor.engine import commands as cmd
from monitor.engine.commands import OrderRequest, Reply, refused
from monitor.engine.events import OrderCreated
from monitor.engine.guards import GuardFacts, assess, gather
from monitor.engine.orders import Order
from monitor.engine.trading.ordering import refused_by_guard, wrong_numbers
from monitor.engine.trading.requests import venue_of
from monitor.engine.trading.state import State

if TYPE_CHECKING:
    from monitor.engine.trading.trading import Trading


def replace_objection(trading: Trading, command: cmd.ReplaceOrder) -> Reply | None:
    """Why a working order cannot be changed so. A change that takes more risk passes the guards."""
    state = trading.state
    order = state.book.active.get(command.order_id)
    if order is None:
        return refused(f"Order {command.order_id} is not open.", "gone")
    objection = _not_now(order) or _not_so(trading.state, order, command)
    if objection is not None:
        return objection
    intent = order.intent
    instrument = state.instrument(intent.symbol)
    if instrument is None:
        return refused(f"{intent.symbol} is not traded here.", "unknown")
    changed = _changed(order, command)
    wrong = wrong_numbers(changed, instrument)
    if wrong:
        return refused(wrong)
    if changed.quantity <= order.filled:
        return refused(f"{order.filled} are filled already: cancel the rest instead.")
    if changed.quantity <= order.target and command.price is None and command.trigger_price is None:
        return None
    rest = msgspec.structs.replace(
        intent,
        offset=order.offset,
        quantity=changed.quantity - order.filled,
        price=changed.price,
        trigger_price=changed.trigger_price,
    )
    verdict = assess(rest, _facts(state, order, rest), trading.guards, cuts=False)
    return refused_by_guard(trading, verdict, changed) if verdict.refusals else None


def _facts(state: State, order: Order, rest: OrderCreated) -> GuardFacts:
    """The margin that the order holds already is there for what it becomes."""
    facts = gather(state, rest)
    account = facts.account
    if account is None or account.available is None:
        return facts
    account = msgspec.structs.replace(account, available=account.available + state.frozen_by(order))
    return msgspec.structs.replace(facts, account=account)


def _not_now(order: Order) -> Reply | None:
    if not order.placed:
        where = f"Order {order.order_id} is not at the venue yet"
        return refused(f"{where}: cancel it and give it anew.", "changed")
    if order.verdict is not None:
        return refused(f"Order {order.order_id} has ended at the venue.", "gone")
    if order.cancel_pending:
        return refused(f"Order {order.order_id} is being cancelled.", "changed")
    if order.dossier.asked:
        return refused(f"Order {order.order_id} is being changed already.", "duplicate")
    return None


def _not_so(state: State, order: Order, command: cmd.ReplaceOrder) -> Reply | None:
    if command.quantity is None and command.price is None and command.trigger_price is None:
        return refused("Nothing is to be changed.")
    if command.price is not None and order.price is None:
        return refused(f"A {order.intent.type} order has no price.")
    if command.trigger_price is not None:
        if order.trigger_price is None:
            return refused(f"A {order.intent.type} order has no trigger price.")
        if order.triggered or not state.native(venue_of(state, order), order.intent.type):
            return refused(f"Order {order.order_id} was triggered already.", "changed")
    return None


def _changed(order: Order, command: cmd.ReplaceOrder) -> OrderRequest:
    intent = order.intent
    return OrderRequest(
        symbol=intent.symbol,
        side=intent.side,
        offset=order.offset,
        type=intent.type,
        quantity=order.target if command.quantity is None else command.quantity,
        price=order.price if command.price is None else command.price,
        trigger_price=order.trigger_price if command.trigger_price is None else command.trigger_price,
    )

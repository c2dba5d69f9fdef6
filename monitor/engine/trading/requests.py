"""Which request a fact makes: the only way anything leaves for a venue.

Pure: from a fact and the order it is about. A request carries the fact's number and may leave
only when that is durable.
"""

from __future__ import annotations

from monitor.engine import events as ev
from monitor.engine.ledger import PositionMode
from monitor.engine.orders import Order
from monitor.engine.trading.state import State
from monitor.engine.values import TRIGGERED_AS, Offset
from monitor.engine.venue import CancelRequest, Instruction, LookUpRequest, PlaceRequest, ReplaceRequest
from monitor.engine.waiting.exits import watched_here

LEAVING: frozenset[type] = frozenset({ev.OrderSent, ev.CancelRequested, ev.ReplaceRequested})
"""Facts that make one. Of the rest it need not be asked."""


def request_of(fact: ev.AnyEvent, state: State, seq: int) -> Instruction | None:
    """The request that this fact, already applied, stands for. None for most."""
    if isinstance(fact, ev.OrderSent):
        return _place(state, state.book.orders[fact.order_id], fact, seq)
    if isinstance(fact, ev.CancelRequested):
        order = state.book.orders[fact.order_id]
        if order.never_left:
            return None  # cancelled where it waits
        return CancelRequest(
            venue=venue_of(state, order),
            account_id=order.intent.account_id,
            seq=seq,
            client_order_id=order.intent.client_order_id,
            venue_order_id=order.venue_order_id,
            symbol=order.intent.symbol,
        )
    if isinstance(fact, ev.ReplaceRequested):
        order = state.book.orders[fact.order_id]
        return ReplaceRequest(
            venue=venue_of(state, order),
            account_id=order.intent.account_id,
            seq=seq,
            client_order_id=order.intent.client_order_id,
            venue_order_id=order.venue_order_id,
            symbol=order.intent.symbol,
            quantity=fact.quantity,
            price=fact.price,
            trigger_price=fact.trigger_price,
        )
    return None


def look_up(state: State, order: Order) -> LookUpRequest:
    intent = order.intent
    return LookUpRequest(
        venue=venue_of(state, order),
        account_id=intent.account_id,
        client_order_id=intent.client_order_id,
        venue_order_id=order.venue_order_id,
        symbol=intent.symbol,
    )


def venue_of(state: State, order: Order) -> str:
    """Where the order is or is meant to be: where it was sent last."""
    known = state.sent_to.get(order.order_id) or order.intent.venue
    if known:
        return known
    account = state.terms.account(order.intent.account_id)
    return account.venue if account is not None else ""


def _place(state: State, order: Order, sent: ev.OrderSent, seq: int) -> PlaceRequest:
    intent = order.intent
    name = sent.venue or venue_of(state, order)
    type_, trigger = intent.type, order.trigger_price
    if watched_here(state, name, intent):
        type_, trigger = TRIGGERED_AS[type_], None
    return PlaceRequest(
        venue=name,
        account_id=intent.account_id,
        seq=seq,
        client_order_id=intent.client_order_id,
        symbol=intent.symbol,
        side=intent.side,
        offset=intent.offset,
        type=type_,
        time_in_force=intent.time_in_force,
        quantity=order.remaining,
        price=order.price,
        trigger_price=trigger,
        reduce_only=intent.reduce_only or _must_reduce(state, order),
        expires_ns=intent.expires_ns,
        attempt=sent.attempt,
    )


def _must_reduce(state: State, order: Order) -> bool:
    """Where long and short make up for each other, an offset means nothing to the venue: two closes
    of the same position would turn it over unless the venue is told that they only reduce."""
    account = state.terms.account(order.intent.account_id)
    netting = account is not None and account.mode is PositionMode.NETTING
    return netting and order.offset is not Offset.OPEN

"""The order that takes another's place at a second venue, and the words in which the other ends.

One order, one venue, one account: what is tried elsewhere is a new order. It is created first and
waits until the other has ended, so no moment of the journal has two that may leave, or none that
remembers what was wanted. Pure; decides nothing.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from monitor.engine import events as ev
from monitor.engine.lifecycle.life import Life
from monitor.engine.orderplan import OrderPlan
from monitor.engine.orders import Order
from monitor.engine.trading.parts import View
from monitor.engine.values import TRIGGERED_AS, ZERO, OrderType


class LifeView(View, Protocol):
    """What the life cycle looks at."""

    def native(self, venue: str, type_: OrderType) -> bool:
        """Whether the venue takes this type itself; otherwise its trigger is watched here."""
        ...

    def account_at(self, venue: str) -> str:
        """The account that orders are given for there; "" when there is none."""
        ...

    def next_order_id(self) -> int: ...
    def client_order_id(self, order_id: int) -> str: ...


def held_here(view: LifeView, intent: ev.OrderCreated) -> bool:
    """Whether it waits for its trigger with us, because its venue knows no such type."""
    return intent.type in TRIGGERED_AS and not view.native(intent.venue, intent.type)


def heir_of(view: LifeView, order: Order, plan: OrderPlan) -> ev.OrderCreated:
    """The same order at the second venue of its plan: what it waited for has come and is left out, what
    its trigger made of it stays so."""
    intent, order_id = order.intent, view.next_order_id()
    triggered = held_here(view, intent)
    return msgspec.structs.replace(
        intent,
        order_id=order_id,
        client_order_id=view.client_order_id(order_id),
        venue=plan.second_venue,
        account_id=view.account_at(plan.second_venue),
        type=TRIGGERED_AS[intent.type] if triggered else intent.type,
        quantity=order.remaining,
        price=order.price,
        trigger_price=None if triggered else order.trigger_price,
        trail=None if triggered else intent.trail,
        plan=msgspec.structs.replace(
            plan,
            delay_s=None,
            not_before_ns=None,
            conditions=(),
            latched=False,
            second_venue="",
            instead_of=order.order_id,
            metadata={**plan.metadata, "instead_of": str(order.order_id)},
        ),
    )


def given_away(order: Order, life: Life, heir: int, patience_s: int) -> ev.OrderCanceled | ev.OrderRejected:
    """The end of an order whose place `heir` has taken: rejected, or (never sent) cancelled."""
    venue = life.venue or "its venue"
    if life.refusal is not None:
        tries = f" (tried {life.tries} times)" if life.tries > 1 else ""
        why = f"{venue} refused it: {life.refusal.reason}{tries}"
    else:
        why = f"{venue} was not reachable for {patience_s} s"
    reason = f"{why}; given to {life.plan.second_venue} as order {heir}"
    verdict = ev.OrderRejected if life.attempt else ev.OrderCanceled
    return verdict(order_id=order.order_id, reason=reason, cumulative=ZERO)

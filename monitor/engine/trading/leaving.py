"""The last look at an order before it leaves: the guards' word on the world as it is now.

Only an order that was given in the very input that sends it was judged by this world. Whatever
waited (for a line, a trigger, another attempt, a person) is judged again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from monitor.engine import events as ev
from monitor.engine.guards import assess, gather
from monitor.engine.orders import Order

if TYPE_CHECKING:
    from monitor.engine.trading.trading import Trading


class Leaving:
    """`begin` with each input, `given` with each order that comes into being in it."""

    def __init__(self) -> None:
        self._given: set[int] = set()

    def begin(self) -> None:
        self._given.clear()

    def given(self, order_id: int) -> None:
        self._given.add(order_id)

    def holds_back(self, trading: Trading, sent: ev.OrderSent) -> bool:
        """Whether the order must not leave: it is rejected then. One that is too large is cut."""
        order = trading.state.book.orders[sent.order_id]
        if sent.attempt == 1 and sent.order_id in self._given and not order.waited:
            return False
        rest = _rest_of(order)
        verdict = assess(rest, gather(trading.state, rest), trading.guards)
        if not verdict.refusals:
            if verdict.quantity is not None and verdict.quantity < order.remaining:
                why = next(w.message for w in reversed(verdict.warnings) if w.quantity is not None)
                less = order.filled + verdict.quantity
                trading.record(ev.OrderReleased(order_id=sent.order_id, reason=why, quantity=less))
            return False
        first = verdict.refusals[0]
        trading.record(
            ev.GuardFired(
                guard=first.guard,
                action="refuse",
                message=first.message,
                order_id=sent.order_id,
                symbol=order.intent.symbol,
            )
        )
        trading.record(ev.OrderRejected(order_id=sent.order_id, reason=first.message))
        return True


def _rest_of(order: Order) -> ev.OrderCreated:
    """The order as it would leave now."""
    return msgspec.structs.replace(
        order.intent,
        offset=order.offset,
        quantity=order.remaining,
        price=order.price,
        trigger_price=order.trigger_price,
    )

"""Several orders as one wish: checks them and gives each its plan. Pure, for command time.

OCO: one cancels the others. OTO: the first triggers the others. BRACKET: an entry, its target
(a limit) and its stop, of which the last two are reduce-only and cancel each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from monitor.engine.commands import OrderRequest
from monitor.engine.orderplan import AUTO_CANCEL_S, FOREVER, OrderPlan
from monitor.engine.values import ZERO, LinkKind, Offset, OrderType, Side

MOST_LINKED = 10
_STOPS = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING})


def linked(kind: LinkKind, requests: Sequence[OrderRequest], first_id: int) -> tuple[OrderPlan, ...] | str:
    """The orders' plans, made to belong together; they get the ids from `first_id` on. Or a refusal
    in one sentence."""
    objection = _objection(kind, requests)
    if objection:
        return objection
    plans = [request.plan for request in requests]
    if kind is LinkKind.OCO:
        return tuple(_tied(plan, None, first_id) for plan in plans)
    group_id = first_id + 1 if kind is LinkKind.BRACKET else None
    exits = [_lasting(plan) if kind is LinkKind.BRACKET else plan for plan in plans[1:]]
    return (plans[0], *(_tied(plan, first_id, group_id) for plan in exits))


def _tied(plan: OrderPlan, parent_id: int | None, group_id: int | None) -> OrderPlan:
    return msgspec.structs.replace(plan, parent_id=parent_id, group_id=group_id)


def exits_reduce(kind: LinkKind, requests: Sequence[OrderRequest]) -> tuple[OrderRequest, ...]:
    """A bracket's target and stop only ever reduce, whether that was said or not."""
    if kind is not LinkKind.BRACKET:
        return tuple(requests)
    exits = (msgspec.structs.replace(request, reduce_only=True) for request in requests[1:])
    return (requests[0], *exits)


def _lasting(plan: OrderPlan) -> OrderPlan:
    """An exit protects its position for as long as it is open: it is not cancelled after an hour,
    unless somebody said so."""
    if plan.auto_cancel_s != AUTO_CANCEL_S:
        return plan
    return msgspec.structs.replace(plan, auto_cancel_s=FOREVER)


def _objection(kind: LinkKind, requests: Sequence[OrderRequest]) -> str:
    if not 2 <= len(requests) <= MOST_LINKED:
        return f"{kind} takes 2 to {MOST_LINKED} orders, not {len(requests)}."
    if any(r.plan.parent_id is not None or r.plan.group_id is not None for r in requests):
        return "An order belongs to one link only."
    if not all(r.quantity.is_finite() and r.quantity > 0 for r in requests):
        return "Every order needs a volume above 0."
    if kind is LinkKind.OTO:
        return _oto_objection(requests)
    return _bracket_objection(requests) if kind is LinkKind.BRACKET else ""


def _oto_objection(requests: Sequence[OrderRequest]) -> str:
    parent, *children = requests
    total = sum((child.quantity for child in children), ZERO)
    if total > parent.quantity:
        return f"The orders that follow are {total} together, the first only {parent.quantity}."
    return ""


def _bracket_objection(requests: Sequence[OrderRequest]) -> str:
    if len(requests) != 3:
        return f"A bracket is an entry, a target and a stop, not {len(requests)} orders."
    entry, target, stop = requests
    if {entry.symbol} != {target.symbol, stop.symbol} or {entry.account_id} != {
        target.account_id,
        stop.account_id,
    }:
        return "Entry, target and stop are of one symbol and one account."
    if entry.offset is not Offset.OPEN or Offset.OPEN in {target.offset, stop.offset}:
        return "The entry opens, target and stop close."
    if {target.side, stop.side} != {entry.side.opposite}:
        return f"Target and stop of a {entry.side} are {entry.side.opposite}."
    if target.type is not OrderType.LIMIT or stop.type not in _STOPS:
        return "The target is a limit, the stop a stop, a stop-limit or a trailing stop."
    if max(target.quantity, stop.quantity) > entry.quantity:
        return f"Target and stop close at most the {entry.quantity} of the entry."
    return _prices_objection(entry, target, stop)


def _prices_objection(entry: OrderRequest, target: OrderRequest, stop: OrderRequest) -> str:
    """The stop, the entry and the target follow each other in price."""
    prices = [p for p in (stop.trigger_price, entry.price, target.price) if p is not None]
    ordered = sorted(set(prices), reverse=entry.side is Side.SELL)
    if not all(isinstance(p, Decimal) and p.is_finite() for p in prices) or prices != ordered:
        above, below = ("above", "below") if entry.side is Side.BUY else ("below", "above")
        return f"The target of a {entry.side} is {above} its price and the stop {below}."
    return ""

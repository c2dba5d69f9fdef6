"""Whether an order may be tried at a second venue: asked when it is given, not when it is refused."""

from __future__ import annotations

from monitor.engine.commands import OrderRequest
from monitor.engine.trading.state import State
from monitor.engine.trading.terms import AccountTerms
from monitor.engine.values import Offset


def objection_to_second(state: State, request: OrderRequest, account: AccountTerms, count: int) -> str:
    """Why not, in one sentence; "" when it may, or need not. `count`: it is one of so many that are
    given together."""
    plan, second = request.plan, request.plan.second_venue
    if plan.instead_of is not None:
        return "Which order takes another's place is not said by who gives it."
    if not second:
        return _relatives_objection(state, request)
    if state.terms.venue(second) is None:
        return f"There is no venue {second}."
    if second == account.venue:
        return f"{second} is where it goes first."
    if not state.account_at(second):
        return f"There is no account to trade on at {second}."
    if count > 1 or plan.parent_id is not None or plan.group_id is not None:
        return "Linked orders stay at one venue: leave out the second."
    if request.reduce_only or request.offset is not Offset.OPEN:
        return f"It closes a position of {account.account_id}: {second} cannot."
    if not state.listing.trades(second, request.symbol):
        return f"{request.symbol} is not traded at {second}."
    return ""


def _relatives_objection(state: State, request: OrderRequest) -> str:
    """An order that may go elsewhere ends here: nothing can depend on it."""
    for number in (request.plan.parent_id, request.plan.group_id):
        other = state.book.active.get(number or 0)
        if other is not None and other.intent.plan.second_venue:
            return f"Order {number} may go to another venue: no order can be linked to it."
    return ""

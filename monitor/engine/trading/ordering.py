"""New orders and changes of working ones: what makes sense, what the guards say, what is created.

Knows no venue: an order that is created here leaves when the waiting room sends it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from monitor.engine import commands as cmd, events as ev
from monitor.engine.commands import OrderRequest, Reply, accepted, refused
from monitor.engine.guards import Assessment, assess, gather
from monitor.engine.orderplan import begun
from monitor.engine.terms import malformed
from monitor.engine.trading.second_venue import objection_to_second
from monitor.engine.trading.state import State
from monitor.engine.trading.terms import AccountTerms
from monitor.engine.values import Instrument, Offset, OrderType, Origin, Side, sane
from monitor.engine.waiting import exits_reduce, linked
from monitor.engine.waiting.conditions import parse_all, symbols_of

if TYPE_CHECKING:
    from monitor.engine.trading.trading import Trading

LARGEST_VOLUME = 1_000_000_000


def create_one(trading: Trading, request: OrderRequest, strategy_id: int, take: Callable[[], None]) -> Reply:
    objection = objection_to(trading, request)
    if objection is not None:
        return objection
    verdict = assess(request, gather(trading.state, request), trading.guards)
    if verdict.refusals:
        return refused_by_guard(trading, verdict, request)
    take()
    order_id = create(trading, _clamped(request, verdict), strategy_id)
    tell_guards(trading, verdict, order_id, request.symbol)
    told = [w.message for w in verdict.warnings]
    venue = trading.state.book.orders[order_id].intent.venue
    if not trading.state.reachable(venue):
        told.append(f"It waits until the line to {venue} is back and was compared.")
    return accepted(order_id, reason=" ".join(told))


def create_linked(trading: Trading, command: cmd.SubmitLinked, take: Callable[[], None]) -> Reply:
    """All of them or none."""
    plans = linked(command.kind, command.orders, trading.state.next_order_id())
    if isinstance(plans, str):
        return refused(plans)
    requests = [
        msgspec.structs.replace(request, plan=plan)
        for request, plan in zip(exits_reduce(command.kind, command.orders), plans, strict=True)
    ]
    verdicts: list[Assessment] = []
    for number, request in enumerate(requests, 1):
        verdict = Assessment()
        objection = objection_to(trading, request, len(requests))
        if objection is None:
            verdict = assess(request, gather(trading.state, request), trading.guards)
            if verdict.refusals:
                objection = refused_by_guard(trading, verdict, request)
        if objection is not None:
            which = f"Order {number} of {len(requests)}: {objection.reason}"
            return msgspec.structs.replace(objection, reason=which)
        verdicts.append(verdict)
    take()
    made = []
    for request, verdict in zip(requests, verdicts, strict=True):
        made.append(create(trading, _clamped(request, verdict), command.strategy_id))
        tell_guards(trading, verdict, made[-1], request.symbol)
    return accepted(*made, reason=" ".join(w.message for v in verdicts for w in v.warnings))


def _clamped(request: OrderRequest, verdict: Assessment) -> OrderRequest:
    if verdict.quantity is None:
        return request
    return msgspec.structs.replace(request, quantity=verdict.quantity)


def create(
    trading: Trading,
    request: OrderRequest,
    strategy_id: int,
    origin: Origin = Origin.USER,
) -> int:
    """The order comes into being. Nothing has left yet."""
    state = trading.state
    account = trading.terms.account(request.account_id)
    assert account is not None  # checked by `objection_to`
    order_id = state.next_order_id()
    trading.record(_intent(state, request, account, order_id, strategy_id, origin))
    return order_id


def _intent(
    state: State,
    request: OrderRequest,
    account: AccountTerms,
    order_id: int,
    strategy_id: int,
    origin: Origin,
) -> ev.OrderCreated:
    return ev.OrderCreated(
        order_id=order_id,
        strategy_id=strategy_id,
        account_id=account.account_id,
        symbol=request.symbol,
        side=request.side,
        offset=request.offset,
        type=request.type,
        time_in_force=request.time_in_force,
        quantity=request.quantity,
        price=request.price,
        trigger_price=_trigger(state, request),
        trail=request.trail,
        expires_ns=request.expires_ns,
        reduce_only=request.reduce_only,
        origin=origin,
        client_order_id=state.client_order_id(order_id),
        venue=account.venue,
        plan=begun(request.plan, state.now_ns),
    )


def _trigger(state: State, request: OrderRequest) -> Decimal | None:
    """Where a trailing stop begins, when it was not said."""
    last = state.last_price(request.symbol)
    if request.type is not OrderType.TRAILING or request.trigger_price is not None:
        return request.trigger_price
    if request.trail is None or last is None:
        return None
    return last + request.trail if request.side is Side.BUY else last - request.trail


def objection_to(trading: Trading, request: OrderRequest, count: int = 1) -> Reply | None:
    """Why a request makes no order at all, before any question of risk. None: it does. `count`: it
    is one of so many."""
    state = trading.state
    account = trading.terms.account(request.account_id)
    if account is None or account.watched:
        return refused(f"There is no account {request.account_id or 'to trade on'}.", "unknown")
    instrument = state.instrument(request.symbol)
    if instrument is None:
        return refused(f"{request.symbol} is not traded here.", "unknown")
    closes = request.reduce_only or request.offset is not Offset.OPEN
    if not closes and not state.listing.trades(account.venue, request.symbol):
        return refused(f"{request.symbol} is not traded at {account.venue}.", "unknown")
    wrong = objection_to_second(state, request, account, count)
    if wrong:
        return refused(wrong)
    wrong = wrong_numbers(request, instrument)
    if wrong:
        return refused(wrong)
    intent = _intent(state, request, account, 0, 0, Origin.USER)
    wrong = malformed(intent)
    if wrong:
        return refused(f"{wrong[0].upper()}{wrong[1:]}.")
    return trading.room.refusal(request.plan, state.now_ns, count) or _unknown_in_conditions(state, request)


def _unknown_in_conditions(state: State, request: OrderRequest) -> Reply | None:
    """A condition on what nobody quotes would wait for ever."""
    named = frozenset[str]().union(*map(symbols_of, parse_all(request.plan.conditions)))
    unknown = sorted(named - state.instruments.keys())
    if not unknown:
        return None
    return refused(f"No venue has {', '.join(unknown)}: the condition could never be true.", "unknown")


def wrong_numbers(request: OrderRequest, instrument: Instrument) -> str:
    """What of its volume and prices no order can have, by the instrument's rules; "" nothing."""
    numbers = (request.quantity, request.price, request.trigger_price, request.trail)
    strange = next((number for number in numbers if number is not None and not sane(number)), None)
    if strange is not None:
        return f"{strange:.12g} is no volume and no price."
    return _wrong_volume(request.quantity, instrument) or _wrong_prices(request, instrument)


def _wrong_volume(quantity: Decimal, instrument: Instrument) -> str:
    most, least = instrument.max_volume or LARGEST_VOLUME, instrument.min_volume
    if quantity <= 0:
        return f"Volume {quantity} is not above 0."
    if quantity > most:
        return f"Volume {quantity} is above {most}."
    if quantity % instrument.lot:
        return f"Volume {quantity} is not a multiple of the lot {instrument.lot}."
    if least is not None and quantity < least:
        return f"Volume {quantity} is below {least}."
    return ""


def _wrong_prices(request: OrderRequest, instrument: Instrument) -> str:
    tick, upper, lower = instrument.tick, instrument.upper_limit, instrument.lower_limit
    named = (("Price", request.price), ("Trigger", request.trigger_price), ("Trail", request.trail))
    for name, price in named:
        if price is not None and (price <= 0 or price % tick):
            return f"{name} {price} is not a multiple of the tick {tick} above 0."
    limit = request.price
    if limit is not None and upper is not None and limit > upper:
        return f"Price {limit} is above the day's limit {upper}."
    if limit is not None and lower is not None and limit < lower:
        return f"Price {limit} is below the day's limit {lower}."
    return ""


def refused_by_guard(trading: Trading, verdict: Assessment, request: OrderRequest) -> Reply:
    """Refused, and journalled: a guard that fires is part of the story."""
    first = verdict.refusals[0]
    trading.record(
        ev.GuardFired(guard=first.guard, action="refuse", message=first.message, symbol=request.symbol)
    )
    return refused(" ".join(r.message for r in verdict.refusals), first.guard)


def tell_guards(trading: Trading, verdict: Assessment, order_id: int, symbol: str) -> None:
    for told in verdict.warnings:
        trading.record(
            ev.GuardFired(
                guard=told.guard, action=told.action, message=told.message, order_id=order_id, symbol=symbol
            )
        )

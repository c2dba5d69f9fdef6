"""What each guard finds in an order: a sentence with numbers, or nothing. Pure, one function each.

They say what is so; what is done about it is decided in `assess`. What is unknown (a price, a
figure) is not judged, except where not knowing is itself the danger: stale quote, unknown order.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from monitor.engine.guards.facts import GuardFacts, OrderIntent
from monitor.engine.guards.limits import GuardLimits, exact
from monitor.engine.values import (
    NS_PER_SECOND,
    ZERO,
    ContractKind,
    Instrument,
    OrderType,
    Quote,
    Side,
    tidy,
)


class Finding(NamedTuple):
    """`most`: the largest quantity that the guard lets pass, None when less would not help.
    `mild`: worth a warning, never more."""

    message: str
    most: Decimal | None = None
    mild: bool = False


def over_close(order: OrderIntent, facts: GuardFacts, limits: GuardLimits) -> Finding | None:
    """Of closing orders only. One that waits for something is judged when it leaves: what it is
    to close may not be there yet. Several that together close more than is held are worth a
    warning: the venue cuts or refuses the last of them. Who said reduce-only expects that."""
    plan = order.plan
    waits = plan.parent_id is not None or plan.conditions or plan.not_before_ns is not None
    if waits and not facts.leaving:
        return None
    if order.quantity <= facts.opposite:
        return _closed_twice(order, facts)
    if not facts.opposite:
        return Finding(f"There is no position in {order.symbol} that this could close.", ZERO)
    return Finding(f"{_n(order.quantity)} lots are more than the {_n(facts.opposite)} held.", facts.opposite)


def _closed_twice(order: OrderIntent, facts: GuardFacts) -> Finding | None:
    if order.reduce_only or not facts.closing or order.quantity + facts.closing <= facts.opposite:
        return None
    return Finding(
        f"{_n(facts.closing)} of the {_n(facts.opposite)} lots held are being closed already: "
        "together that is more than is held.",
        mild=True,
    )


def unknown_order(order: OrderIntent, facts: GuardFacts, limits: GuardLimits) -> Finding | None:
    if not facts.unknown:
        return None
    names = ", ".join(str(order_id) for order_id in facts.unknown)
    orders = "order" if len(facts.unknown) == 1 else "orders"
    return Finding(f"Nobody knows the state of {orders} {names} in {order.symbol}.")


def stale_account(order: OrderIntent, facts: GuardFacts, limits: GuardLimits) -> Finding | None:
    if facts.account is None or facts.account.compared_ns is None:
        return None
    age = facts.now_ns - facts.account.compared_ns
    if age <= int(limits.max_account_age_s * NS_PER_SECOND):
        return None
    seconds = age // NS_PER_SECOND
    return Finding(f"The account was last compared with its venue {seconds} s ago.")


def stale_quote(order: OrderIntent, facts: GuardFacts, limits: GuardLimits) -> Finding | None:
    """An order with a price of its own is protected by it: there it is worth a warning."""
    mild = order.price is not None
    if facts.quote is None:
        return Finding(f"There is no quote of {order.symbol}.", mild=mild)
    age = facts.now_ns - facts.quote.received_ns
    if age <= int(limits.max_quote_age_s * NS_PER_SECOND):
        return None
    return Finding(f"The quote of {order.symbol} is {age // NS_PER_SECOND} s old.", mild=mild)


def order_size(order: OrderIntent, facts: GuardFacts, limits: GuardLimits) -> Finding | None:
    most = exact(limits.max_order_size)
    if not most or order.quantity <= most:
        return None
    return Finding(f"{_n(order.quantity)} lots are more than the {_n(most)} allowed at once.", most)


def notional(order: OrderIntent, facts: GuardFacts, limits: GuardLimits) -> Finding | None:
    most, lot = exact(limits.max_notional), _money_per_lot(order, facts)
    if not most or not lot or order.quantity * lot <= most:
        return None
    worth = _n(order.quantity * lot)
    return Finding(f"The order is worth {worth}, more than the {_n(most)} allowed.", most / lot)


def position(order: OrderIntent, facts: GuardFacts, limits: GuardLimits) -> Finding | None:
    """Where long and short make up for each other, what is held the other way leaves room."""
    most = exact(limits.max_position)
    netting = facts.account is not None and facts.account.netting
    before = facts.same + facts.adding - (facts.opposite if netting else ZERO)
    if not most or before + order.quantity <= most:
        return None
    total = _n(before + order.quantity)
    return Finding(
        f"The position in {order.symbol} could grow to {total} lots, more than the {_n(most)} allowed.",
        max(ZERO, most - before),
    )


def working_orders(order: OrderIntent, facts: GuardFacts, limits: GuardLimits) -> Finding | None:
    most = limits.max_working_orders
    if not most or facts.leaving or facts.working < most:
        return None
    return Finding(f"{facts.working} orders are working already, {most} are allowed.")


def order_rate(order: OrderIntent, facts: GuardFacts, limits: GuardLimits) -> Finding | None:
    most = limits.max_orders_per_s
    if not most or facts.leaving or facts.last_second < most:
        return None
    return Finding(f"{facts.last_second} orders were given within a second, {most} are allowed.")


def duplicate(order: OrderIntent, facts: GuardFacts, limits: GuardLimits) -> Finding | None:
    within = int(limits.duplicate_s * NS_PER_SECOND)
    for other in facts.alike:
        age = facts.now_ns - other.created_ns
        if age < within:
            return Finding(f"Order {other.order_id} is the same and {age / NS_PER_SECOND:.1f} s old.")
    return None


def price_band(order: OrderIntent, facts: GuardFacts, limits: GuardLimits) -> Finding | None:
    """Only on the side that harms: a limit far from the market waits, one far through it pays. A
    stop-limit is measured against its own trigger."""
    last = order.trigger_price if order.type is OrderType.STOP_LIMIT else _last(facts.quote)
    band = exact(limits.max_price_worse)
    if order.price is None or not last or not band:
        return None
    worse = order.price - last if order.side is Side.BUY else last - order.price
    if worse <= last * band:
        return None
    way = "above" if order.side is Side.BUY else "below"
    percent = f"{worse / last:.1%}"
    return Finding(f"{_n(order.price)} is {percent} {way} {_n(last)}, more than the {band:.1%} allowed.")


def wide_spread(order: OrderIntent, facts: GuardFacts, limits: GuardLimits) -> Finding | None:
    quote, most = facts.quote, exact(limits.max_spread)
    if order.type is not OrderType.MARKET or quote is None or quote.bid is None or quote.ask is None:
        return None
    spread, middle = quote.ask - quote.bid, (quote.ask + quote.bid) / 2
    if not most or middle <= 0 or spread <= middle * most:
        return None
    return Finding(f"The spread is {spread / middle:.2%}, wider than {most:.2%}.")


def thin_book(order: OrderIntent, facts: GuardFacts, limits: GuardLimits) -> Finding | None:
    if order.type is not OrderType.MARKET or facts.quote is None:
        return None
    there = facts.quote.ask_volume if order.side is Side.BUY else facts.quote.bid_volume
    if there is None or order.quantity <= there:
        return None
    return Finding(f"The best price has {_n(there)} lots, the order takes {_n(order.quantity)}.")


def margin(order: OrderIntent, facts: GuardFacts, limits: GuardLimits) -> Finding | None:
    account, lot = facts.account, _margin_per_lot(order, facts)
    if account is None or account.available is None or not lot:
        return None
    needs_margin = order.quantity - (facts.opposite if account.netting else ZERO)
    if needs_margin * lot <= account.available:
        return None
    free = facts.opposite if account.netting else ZERO
    return Finding(
        f"It needs {_n(needs_margin * lot)} of margin, {_n(account.available)} are available.",
        max(ZERO, free + account.available / lot),
    )


def daily_loss(order: OrderIntent, facts: GuardFacts, limits: GuardLimits) -> Finding | None:
    most = exact(limits.max_daily_loss)
    if not most or facts.account is None or facts.account.today_profit is None:
        return None
    loss = -facts.account.today_profit
    if loss < most:
        return None
    return Finding(f"Today's loss of {_n(loss)} has reached the limit of {_n(most)}.")


def drawdown(order: OrderIntent, facts: GuardFacts, limits: GuardLimits) -> Finding | None:
    most = limits.max_drawdown
    if not most or facts.account is None or facts.account.drawdown is None:
        return None
    if facts.account.drawdown < most:
        return None
    return Finding(f"The drawdown of {facts.account.drawdown:.1%} has reached the limit of {most:.1%}.")


def whole_lots(most: Decimal, instrument: Instrument | None) -> Decimal:
    """The largest order not above `most`: whole lots, 0 when the smallest one is above it."""
    lot = instrument.lot if instrument is not None else Decimal(1)
    lots = (most / lot).to_integral_value(ROUND_DOWN) * lot
    least = instrument.min_volume if instrument is not None else None
    return lots if lots > 0 and (least is None or lots >= least) else ZERO


def _last(quote: Quote | None) -> Decimal | None:
    return quote.last or quote.mark if quote is not None else None


def _price(order: OrderIntent, facts: GuardFacts) -> Decimal | None:
    """What it will probably trade at."""
    quote = facts.quote
    best = (quote.ask if order.side is Side.BUY else quote.bid) if quote is not None else None
    return order.price or order.trigger_price or best or _last(quote)


def _money_per_lot(order: OrderIntent, facts: GuardFacts) -> Decimal | None:
    """A lot of an inverse contract is an amount of money, whatever the price."""
    price, instrument = _price(order, facts), facts.instrument
    if instrument is None:
        return None
    if instrument.contract is ContractKind.INVERSE:
        return instrument.multiplier
    quanto = instrument.quanto_rate if instrument.contract is ContractKind.QUANTO else Decimal(1)
    return price * instrument.multiplier * quanto if price is not None else None


def _margin_per_lot(order: OrderIntent, facts: GuardFacts) -> Decimal | None:
    """In the currency of the account: of an inverse contract that is the underlying."""
    money, instrument = _money_per_lot(order, facts), facts.instrument
    if money is None or instrument is None:
        return None
    if instrument.contract is not ContractKind.INVERSE:
        return money * instrument.margin_rate
    price = _price(order, facts)
    return money * instrument.margin_rate / price if price else None


def _n(number: Decimal) -> str:
    return f"{tidy(number):,f}"

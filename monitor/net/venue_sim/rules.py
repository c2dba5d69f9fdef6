"""Which orders the exchange refuses, and with which code. Pure: looks, changes nothing."""

from __future__ import annotations

from decimal import Decimal

from monitor.engine.values import ZERO, Instrument, Offset, OrderType, Quote, Side, TimeInForce
from monitor.net.venue_sim.accounts import VenueAccount, fee_of, margin_of
from monitor.net.venue_sim.orders import Refusal, VenueOrder
from monitor.net.venue_sim.wire import Place

_PRICED = (OrderType.LIMIT, OrderType.STOP_LIMIT)
_TRIGGERED = (OrderType.STOP, OrderType.STOP_LIMIT)


def refuse_form(asked: Place, native: tuple[OrderType, ...], now_ns: int) -> Refusal | None:
    """Whether it is an order at all, of a kind the venue works."""
    if not asked.client_order_id:
        return Refusal("malformed", "an order needs a client_order_id")
    if asked.type not in native:
        return Refusal("unsupported_type", f"{asked.type} orders are not worked here")
    if (asked.price is not None) is not (asked.type in _PRICED):
        return Refusal("bad_price", f"a price does not fit or is missing: {asked.type}")
    if (asked.trigger_price is not None) is not (asked.type in _TRIGGERED):
        return Refusal("bad_price", f"a trigger price does not fit or is missing: {asked.type}")
    if (asked.expires_ns is not None) is not (asked.time_in_force is TimeInForce.GTD):
        return Refusal("bad_time_in_force", "GTD, and nothing else, has expires_ns")
    if asked.expires_ns is not None and asked.expires_ns <= now_ns:
        return Refusal("bad_time_in_force", "expires_ns has passed")
    return None


def refuse_numbers(
    instrument: Instrument, quantity: Decimal, price: Decimal | None, trigger_price: Decimal | None
) -> Refusal | None:
    """Ticks, lots and limits of the instrument."""
    if quantity <= 0 or quantity % instrument.lot:
        return Refusal("bad_quantity", f"{quantity:f} is no whole number of lots of {instrument.lot:f}")
    if instrument.min_volume is not None and quantity < instrument.min_volume:
        return Refusal("bad_quantity", f"the least is {instrument.min_volume:f}")
    if instrument.max_volume is not None and quantity > instrument.max_volume:
        return Refusal("bad_quantity", f"the most is {instrument.max_volume:f}")
    for number in (price, trigger_price):
        if number is not None and (number <= 0 or number % instrument.tick):
            return Refusal("bad_price", f"{number:f} is not on a tick of {instrument.tick:f}")
    return refuse_limits(instrument, price)


def refuse_limits(instrument: Instrument, price: Decimal | None) -> Refusal | None:
    if price is None:
        return None
    if instrument.upper_limit is not None and price > instrument.upper_limit:
        return Refusal("price_limit", f"{price:f} is above the day's limit {instrument.upper_limit:f}")
    if instrument.lower_limit is not None and price < instrument.lower_limit:
        return Refusal("price_limit", f"{price:f} is below the day's limit {instrument.lower_limit:f}")
    return None


def refuse_position(
    account: VenueAccount, instrument: Instrument, order: VenueOrder, others: list[VenueOrder]
) -> Refusal | None:
    """A close needs what it closes, beyond what other working orders close already."""
    if order.offset is Offset.OPEN and not order.reduce_only:
        return None
    if account.terms.hedged and order.offset is Offset.OPEN:
        return Refusal("reduce_only", "an order that opens cannot be reduce-only")
    if not account.terms.hedged and not order.reduce_only:
        return None  # one net position: an offset says nothing here
    spoken_for = sum(
        (
            other.remaining
            for other in others
            if other.account_id == order.account_id
            and other.side is order.side
            and (other.reduce_only or other.offset is not Offset.OPEN)
        ),
        ZERO,
    )
    left = account.closable(instrument, order.side, order.offset) - spoken_for
    if order.remaining > left:
        code = "reduce_only" if order.reduce_only else "no_position"
        return Refusal(code, f"{max(ZERO, left):f} can be closed, not {order.remaining:f}")
    return None


def needed_margin(
    account: VenueAccount, instrument: Instrument, order: VenueOrder, quote: Quote | None
) -> Decimal:
    """What an order freezes: margin and fee of the part that opens, at its price."""
    volume = order.remaining
    opening = volume - account.closes(instrument, order.side, order.offset, volume)
    price = order.price or order.trigger_price or _touch(order.side, quote)
    if not opening or price is None:
        return ZERO
    return margin_of(instrument, price, opening) + fee_of(instrument, price, opening, ZERO)


def _touch(side: Side, quote: Quote | None) -> Decimal | None:
    if quote is None:
        return None
    return (quote.ask if side is Side.BUY else quote.bid) or quote.last

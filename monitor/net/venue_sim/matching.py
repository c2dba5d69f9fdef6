"""How the exchange fills: at the touch of a quote, up to the touch's volume, first come first served.

An arriving order takes the touch; one that rests fills at its own price when the touch crosses
it; a stop wakes when the last price reaches it. Pure: says what would fill, books nothing.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from monitor.engine.values import ZERO, Quote, Side
from monitor.net.venue_sim.orders import VenueOrder


class Touch:
    """The touch of one symbol, and what our orders have left of it since it was quoted."""

    def __init__(self, quote: Quote) -> None:
        self.quote = quote
        self._left = {Side.BUY: quote.ask_volume or ZERO, Side.SELL: quote.bid_volume or ZERO}

    def price(self, side: Side) -> Decimal | None:
        """What an order of this side would trade at."""
        return self.quote.ask if side is Side.BUY else self.quote.bid

    def takes(self, order: VenueOrder, *, resting: bool) -> tuple[Decimal, Decimal]:
        """Price and volume of the fill the order would get now; volume 0 for none."""
        price = self.price(order.side)
        if price is None or order.dormant or not _reaches(order, price):
            return ZERO, ZERO
        at = order.limit if resting and order.limit is not None else price
        return at, min(order.remaining, self._left[order.side])

    def use(self, side: Side, volume: Decimal) -> None:
        self._left[side] -= volume

    def wakes(self, order: VenueOrder) -> bool:
        last = self.quote.last
        if not order.dormant or last is None or order.trigger_price is None:
            return False
        return last >= order.trigger_price if order.side is Side.BUY else last <= order.trigger_price


def _reaches(order: VenueOrder, price: Decimal) -> bool:
    if order.limit is None:
        return True
    return price <= order.limit if order.side is Side.BUY else price >= order.limit


class Push(msgspec.Struct, frozen=True):
    """What is told unasked. `key` is the account, or of quotes the symbol; "" for everybody."""

    channel: str
    key: str
    data: dict[str, object]

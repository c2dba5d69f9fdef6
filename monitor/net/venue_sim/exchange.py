"""The exchange: every order, fill and account, and the requests that were ever made of it.

Deterministic: the same inputs with the same times give the same pushes, so a recorded exchange
can be taken up again. Knows no clock, no socket, and nothing of what goes wrong on the way.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from monitor.engine.values import ZERO, Instrument, Offset, OrderType, Quote, Side, TimeInForce
from monitor.engine.venue import VenueStatus
from monitor.net.venue_sim import rules, wire
from monitor.net.venue_sim.accounts import VenueAccount, money_of
from monitor.net.venue_sim.matching import Push, Touch
from monitor.net.venue_sim.orders import Refusal, VenueFill, VenueOrder, instrument_wire, quote_wire
from monitor.net.venue_sim.terms import PROTOCOL, WORLD, VenueTerms

Result = dict[str, Any] | Refusal
_AT_ONCE = (TimeInForce.IOC, TimeInForce.FOK)


class Exchange:
    """`pushes` collects what is to be told; whoever drives it takes them away."""

    def __init__(self, terms: VenueTerms) -> None:
        self.terms = terms
        self.instruments: dict[str, Instrument] = {one.symbol: one for one in terms.instruments}
        self.accounts = {one.account_id: VenueAccount(one) for one in terms.accounts}
        self.orders: dict[str, VenueOrder] = {}
        self.fills: list[VenueFill] = []
        self.touches: dict[str, Touch] = {}
        self.pushes: list[Push] = []
        self.reject_next: list[Refusal] = []
        self.day = 0
        self._chains: dict[tuple[str, str], list[VenueOrder]] = {}
        self._working: dict[str, dict[str, VenueOrder]] = {}
        self._fills_of: dict[str, list[VenueFill]] = {}
        self._at_most: dict[str, Decimal] = {}
        self._frozen_at_most = dict.fromkeys(self.accounts, ZERO)
        self._events = 0

    # Requests --------------------------------------------------------------------------------
    def answer(self, asked: wire.AnyAsked, now_ns: int) -> Result:
        """Do what was asked, or say why not."""
        if isinstance(asked, wire.Hello):
            return self._hello(asked, now_ns)
        if isinstance(asked, wire.Instruments):
            return {"instruments": [instrument_wire(one) for one in self.terms.instruments]}
        if isinstance(asked, wire.Subscribe):
            return self._subscribe(asked)
        if isinstance(asked, wire.Ping):
            return {"time_ns": now_ns}
        if asked.account_id not in self.accounts:
            return Refusal("unknown_account", f"there is no account {asked.account_id}")
        return self._trade(asked, now_ns)

    def _trade(self, asked: wire.Trading, now_ns: int) -> Result:
        if isinstance(asked, wire.Place):
            return self._place(asked, now_ns)
        if isinstance(asked, wire.Snapshot):
            return self._snapshot(asked, now_ns)
        chain = self.find(asked.account_id, asked.client_order_id, asked.venue_order_id)
        if not chain:
            return Refusal("unknown_order", "there is no such order")
        if isinstance(asked, wire.LookUp):
            fills = [fill.wire() for leg in chain for fill in self.fills_of(leg)]
            return {"orders": [order.wire() for order in chain], "fills": fills}
        if not chain[-1].working:
            return Refusal("order_closed", f"the order is {chain[-1].status}")
        if isinstance(asked, wire.Cancel):
            self.finish(chain[-1], VenueStatus.CANCELED, "asked", now_ns)
            return {"order": chain[-1].wire()}
        return self._replace(chain[-1], asked, now_ns)

    def _hello(self, asked: wire.Hello, now_ns: int) -> Result:
        if asked.protocol != PROTOCOL:
            return Refusal("wrong_protocol", f"this is {PROTOCOL}")
        return {
            "protocol": PROTOCOL,
            "venue": self.terms.venue,
            "world": WORLD,
            "accounts": [
                {"account_id": one.account_id, "currency": one.currency, "hedged": one.hedged}
                for one in self.terms.accounts
            ],
            "capabilities": {
                "native": list(self.terms.native),
                "replace_keeps_id": self.terms.replace_keeps_id,
                "trigger_new_id": self.terms.trigger_new_id,
            },
            "time_ns": now_ns,
        }

    def _subscribe(self, asked: wire.Subscribe) -> Result:
        if unknown := [one for one in asked.accounts if one not in self.accounts]:
            return Refusal("unknown_account", f"there is no account {unknown[0]}")
        symbols = [one for one in asked.symbols if one in self.instruments]
        return {"accounts": list(asked.accounts), "symbols": symbols}

    def _place(self, asked: wire.Place, now_ns: int) -> Result:
        if (asked.account_id, asked.client_order_id) in self._chains:
            return Refusal("duplicate_client_order_id", f"{asked.client_order_id} is an order already")
        if self.reject_next:
            return self.reject_next.pop(0)
        instrument = self.instruments.get(asked.symbol)
        if instrument is None:
            return Refusal("unknown_symbol", f"there is no {asked.symbol}")
        order = self._new_order(asked, now_ns)
        refusal = (
            rules.refuse_form(asked, self.terms.native, now_ns)
            or rules.refuse_numbers(instrument, asked.quantity, asked.price, asked.trigger_price)
            or rules.refuse_position(
                self.accounts[order.account_id], instrument, order, self.working(order.symbol)
            )
            or self._refuse_money(order)
        )
        if refusal is not None:
            return refusal
        self.accept(order)
        self._match_arrived(order, now_ns)
        return {"order": order.wire()}

    def _new_order(self, asked: wire.Place, now_ns: int) -> VenueOrder:
        fields = msgspec.structs.asdict(asked)
        del fields["id"]
        return VenueOrder(venue_order_id=self.next_id("V"), time_ns=now_ns, **fields)

    def _refuse_money(self, order: VenueOrder, besides: VenueOrder | None = None) -> Refusal | None:
        account = self.accounts[order.account_id]
        touch = self.touches.get(order.symbol)
        if touch is None and order.type is OrderType.MARKET and not self.terms.manual:
            return Refusal("no_price", f"{order.symbol} has no price yet", retryable=True)
        instrument = self.instruments[order.symbol]
        needed = rules.needed_margin(account, instrument, order, touch.quote if touch else None)
        if self._surely_available(account, needed):
            return None
        if needed and needed > self.available(account, instrument.currency, besides):
            return Refusal("insufficient_margin", f"{needed:.2f} is needed and not available")
        return None

    def _surely_available(self, account: VenueAccount, needed: Decimal) -> bool:
        """Without looking at every working order: even if each froze all it ever could."""
        frozen = self._frozen_at_most[account.terms.account_id]
        return needed <= self._free(account, self.instruments.values()) - frozen

    def _replace(self, old: VenueOrder, asked: wire.Replace, now_ns: int) -> Result:
        chain = self.find(old.account_id, old.client_order_id, old.venue_order_id)
        before = sum((leg.cumulative for leg in chain[:-1]), ZERO)
        quantity = old.quantity if asked.quantity is None else asked.quantity - before
        price = old.price if asked.price is None else asked.price
        trigger = old.trigger_price if asked.trigger_price is None else asked.trigger_price
        new = msgspec.structs.replace(old, quantity=quantity, price=price, trigger_price=trigger)
        instrument = self.instruments[old.symbol]
        others = [one for one in self.working(old.symbol) if one is not old]
        refusal = (
            Refusal("bad_quantity", f"{old.cumulative + before:f} is filled already")
            if quantity <= old.cumulative
            else rules.refuse_numbers(instrument, quantity, price, trigger)
            or rules.refuse_position(self.accounts[old.account_id], instrument, new, others)
            or self._refuse_money(new, besides=old)
        )
        if refusal is not None:
            return refusal
        if self.terms.replace_keeps_id:
            old.quantity, old.price, old.trigger_price, old.time_ns = quantity, price, trigger, now_ns
            self._freeze(old)
            self.tell(old)
            self._match_arrived(old, now_ns)
            return {"order": old.wire()}
        successor = self.succeed(
            old, "replaced", now_ns, quantity=quantity, price=price, trigger_price=trigger
        )
        self._match_arrived(successor, now_ns)
        return {"order": successor.wire(), "replaced": old.wire()}

    def _snapshot(self, asked: wire.Snapshot, now_ns: int) -> Result:
        account, since = self.accounts[asked.account_id], asked.fills_since_ns
        mine = [order for order in self.orders.values() if order.account_id == asked.account_id]
        fills = [
            fill.wire()
            for fill in self.fills
            if fill.account_id == asked.account_id and (since is None or fill.time_ns >= since)
        ]
        return {
            "time_ns": now_ns,
            "orders": [order.wire() for order in mine if order.working],
            "fills": fills,
            "positions": account.positions(),
            "balance": format(account.balance, "f"),
            "currency": account.terms.currency,
        }

    # What is so ------------------------------------------------------------------------------
    def find(self, account_id: str, client_order_id: str = "", venue_order_id: str = "") -> list[VenueOrder]:
        """All of one order, oldest first: itself and what took its place. [] for none."""
        order = self.orders.get(venue_order_id)
        if venue_order_id:
            if order is None or order.account_id != account_id:
                return []
            client_order_id = order.client_order_id or venue_order_id
        return self._chains.get((account_id, client_order_id), [])

    def fills_of(self, order: VenueOrder) -> list[VenueFill]:
        return self._fills_of.get(order.venue_order_id, [])

    def working(self, symbol: str) -> list[VenueOrder]:
        return list(self._working.get(symbol, {}).values())

    def available(self, account: VenueAccount, currency: str, besides: VenueOrder | None = None) -> Decimal:
        """Money for new positions: what is not margin, and not frozen by other orders. A venue
        of one account lends between currencies one to one: rates are not its business."""
        mine = [one for one in self.instruments.values() if one.currency == currency]
        return self._free(account, mine) - sum(
            (
                rules.needed_margin(account, instrument, order, self._quote_of(instrument.symbol))
                for instrument in mine
                for order in self._working.get(instrument.symbol, {}).values()
                if order is not besides and order.account_id == account.terms.account_id
            ),
            ZERO,
        )

    def _free(self, account: VenueAccount, instruments: Iterable[Instrument]) -> Decimal:
        """Balance and unrealised profit, less the margin of positions."""
        free = account.collateral
        for instrument in instruments:
            quote = self._quote_of(instrument.symbol)
            if quote is not None and quote.last is not None:
                free += account.unrealised(instrument, quote.last)
            free -= account.margin(instrument)
        return free

    def _quote_of(self, symbol: str) -> Quote | None:
        touch = self.touches.get(symbol)
        return touch.quote if touch is not None else None

    # What happens ----------------------------------------------------------------------------
    def accept(self, order: VenueOrder) -> None:
        """Take an order into the book and tell of it."""
        key = (order.account_id, order.client_order_id or order.venue_order_id)
        self.orders[order.venue_order_id] = order
        self._chains.setdefault(key, []).append(order)
        self._working.setdefault(order.symbol, {})[order.venue_order_id] = order
        self._freeze(order)
        self.tell(order)

    def _freeze(self, order: VenueOrder) -> None:
        """Twice its worth is more than any order freezes, wherever the price goes meanwhile."""
        instrument, quote = self.instruments[order.symbol], self._quote_of(order.symbol)
        price = order.price or order.trigger_price or (quote.last if quote is not None else None)
        worth = money_of(instrument, price, order.quantity) if price is not None else ZERO
        bound = 2 * (worth + order.quantity * instrument.margin_per_lot)
        self._frozen_at_most[order.account_id] += bound - self._at_most.pop(order.venue_order_id, ZERO)
        self._at_most[order.venue_order_id] = bound

    def succeed(self, old: VenueOrder, reason: str, now_ns: int, **changed: Any) -> VenueOrder:
        """Another order goes on in the place of this one, for what is not filled."""
        quantity = changed.pop("quantity", old.quantity) - old.cumulative
        new = msgspec.structs.replace(
            old,
            venue_order_id=self.next_id("V"),
            replaces=old.venue_order_id,
            quantity=quantity,
            cumulative=ZERO,
            notional=ZERO,
            time_ns=now_ns,
            **changed,
        )
        self.accept(new)
        self.finish(old, VenueStatus.CANCELED, reason, now_ns)
        return new

    def finish(self, order: VenueOrder, status: VenueStatus, reason: str, now_ns: int) -> None:
        order.status, order.reason, order.time_ns = status, reason, now_ns
        self._working[order.symbol].pop(order.venue_order_id, None)
        self._frozen_at_most[order.account_id] -= self._at_most.pop(order.venue_order_id, ZERO)
        self.tell(order)

    def tell(self, order: VenueOrder) -> None:
        self.pushes.append(Push("orders", order.account_id, order.wire()))

    def fill(
        self, order: VenueOrder, price: Decimal, volume: Decimal, now_ns: int, trade_id: str = ""
    ) -> None:
        """Book a fill and tell of it. An order that is closed, or full, may be filled: venues do."""
        instrument = self.instruments[order.symbol]
        booked = self.accounts[order.account_id].book(instrument, order.side, order.offset, price, volume)
        order.cumulative += volume
        order.notional += price * volume
        order.time_ns = now_ns
        number = self.next_id("T")
        fill = VenueFill(
            account_id=order.account_id,
            venue_order_id=order.venue_order_id,
            client_order_id=order.client_order_id,
            venue_trade_id=trade_id or number,
            symbol=order.symbol,
            side=order.side,
            offset=order.offset,
            direction=booked.direction,
            price=price,
            volume=volume,
            fee=booked.fee,
            fee_currency=instrument.currency,
            profit=booked.profit,
            chain=number[1:],
            liquidation=order.liquidation,
            time_ns=now_ns,
        )
        self.fills.append(fill)
        self._fills_of.setdefault(order.venue_order_id, []).append(fill)
        self.pushes.append(Push("fills", order.account_id, fill.wire()))
        if order.working and not order.remaining:
            self.finish(order, VenueStatus.FILLED, "", now_ns)
        else:
            self.tell(order)

    def next_id(self, letter: str) -> str:
        self._events += 1
        return f"{letter}{self._events:06}"

    # Quotes and time -------------------------------------------------------------------------
    def quote(self, quote: Quote, now_ns: int) -> None:
        """New prices: told, then stops wake and resting orders fill."""
        touch = self.touches[quote.symbol] = Touch(quote)
        self.pushes.append(Push("quotes", quote.symbol, quote_wire(quote)))
        if self.terms.manual:
            return
        for order in self.working(quote.symbol):
            if touch.wakes(order):
                self._take(self.trigger(order, now_ns), now_ns, resting=False)
            else:
                self._take(order, now_ns, resting=True)

    def trigger(self, order: VenueOrder, now_ns: int) -> VenueOrder:
        """Wake a stop; what goes on is itself, or its successor."""
        if self.terms.trigger_new_id:
            return self.succeed(order, "triggered", now_ns, triggered=True)
        order.triggered, order.status, order.time_ns = True, VenueStatus.TRIGGERED, now_ns
        self.tell(order)
        return order

    def pass_time(self, now_ns: int) -> None:
        """Orders that were good till now expire."""
        for book in list(self._working.values()):
            for order in list(book.values()):
                if order.expires_ns is not None and order.expires_ns <= now_ns:
                    self.finish(order, VenueStatus.EXPIRED, "good till date", now_ns)

    def _match_arrived(self, order: VenueOrder, now_ns: int) -> None:
        touch = self.touches.get(order.symbol)
        if self.terms.manual:
            return
        if touch is not None and touch.wakes(order):
            order = self.trigger(order, now_ns)
        if touch is not None and self._fits_at_once(order, touch):
            self._take(order, now_ns, resting=False)
        if order.working and order.time_in_force in _AT_ONCE and not order.dormant:
            self.finish(order, VenueStatus.CANCELED, f"{order.time_in_force}: nothing more at once", now_ns)

    def _fits_at_once(self, order: VenueOrder, touch: Touch) -> bool:
        if order.time_in_force is not TimeInForce.FOK:
            return True
        return touch.takes(order, resting=False)[1] == order.remaining

    def _take(self, order: VenueOrder, now_ns: int, *, resting: bool) -> None:
        touch = self.touches[order.symbol]
        price, volume = touch.takes(order, resting=resting)
        account = self.accounts[order.account_id]
        instrument = self.instruments[order.symbol]
        hedged_close = account.terms.hedged and order.offset is not Offset.OPEN
        if order.reduce_only or hedged_close:
            volume = min(volume, account.closable(instrument, order.side, order.offset))
            if touch.takes(order, resting=resting)[1] and not volume:
                self.finish(order, VenueStatus.CANCELED, "nothing left to close", now_ns)
        if volume > 0:
            touch.use(order.side, volume)
            self.fill(order, price, volume, now_ns)


def opposite_price(touch: Touch | None, side: Side) -> Decimal | None:
    """What an order of this side would trade at now; None when nothing was quoted."""
    return None if touch is None else touch.price(side) or touch.quote.last

"""A world for the tracker: it applies facts as an engine does, keeps them, and can die at any.

`Venue` says things of orders in few words; `World` hears them, lets time pass and answers what
is known and what was signalled.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import count
from typing import Any

from monitor.engine import events as ev
from monitor.engine.orders import Book, Order
from monitor.engine.rows import OrderRow
from monitor.engine.tracker import Tracker, TrackerTerms
from monitor.engine.values import (
    NS_PER_SECOND,
    FillDirection,
    Instrument,
    LogLevel,
    Offset,
    OrderType,
    Origin,
    Side,
    SignalKind,
    TimeInForce,
)
from monitor.engine.venue import FillReport, OrderReport, VenueMessage, VenueStatus

SYMBOL = "BTC"
START = 1_700_000_000 * NS_PER_SECOND


class World:
    def __init__(self, terms: TrackerTerms | None = None) -> None:
        self.now_ns = START
        self.terms = terms or TrackerTerms()
        self.book = Book()
        self.facts: list[tuple[ev.AnyEvent, int]] = []
        self.money: dict[int, Decimal] = {}
        self.profits: dict[int, Decimal] = {}
        self.last_prices: dict[str, Decimal] = {}
        self._ids = {"order": 0, "trade": 0, "signal": 0, "alert": 0}
        self.tracker = Tracker(self, self.terms)

    # What a tracker asks -------------------------------------------------------------------------
    def instrument(self, symbol: str) -> Instrument | None:
        return Instrument(symbol=symbol, currency="USDC")

    def last_price(self, symbol: str) -> Decimal | None:
        return self.last_prices.get(symbol)

    def next_order_id(self) -> int:
        return self._ids["order"] + 1

    def next_trade_id(self) -> int:
        return self._ids["trade"] + 1

    def next_signal_id(self) -> int:
        return self._ids["signal"] + 1

    def next_alert_id(self) -> int:
        return self._ids["alert"] + 1

    def profit_of(self, order_id: int) -> Decimal | None:
        return self.profits.get(order_id)

    # What happens --------------------------------------------------------------------------------
    def record(self, fact: ev.AnyEvent) -> None:
        self.facts.append((fact, self.now_ns))
        self._fold(fact, self.now_ns)

    def _fold(self, fact: ev.AnyEvent, time_ns: int) -> None:
        for name in self._ids:
            self._ids[name] = max(self._ids[name], getattr(fact, f"{name}_id", None) or 0)
        if isinstance(fact, ev.TradeExecuted) and self.book.is_new_fill(fact):
            self._post(fact, 1)
        if isinstance(fact, ev.FillCorrected):
            self._post(self.book.orders[fact.order_id].fills[fact.venue_trade_id], -1)
        if hasattr(fact, "order_id") and not isinstance(fact, _BESIDE):
            self.book.apply(fact, time_ns)  # type: ignore[arg-type]
        self.tracker.apply(fact, time_ns)

    def _post(self, fill: ev.TradeExecuted, sign: int) -> None:
        order = self.book.orders[fill.order_id]
        signed = fill.volume if order.intent.side is Side.BUY else -fill.volume
        self.money[order.order_id] = self.money.get(order.order_id, Decimal(0)) + sign * signed

    def hear(self, *messages: VenueMessage) -> None:
        for message in messages:
            for fact in self.tracker.hear(message, self.now_ns):
                self.record(fact)
            self.settle()

    def settle(self) -> None:
        for _ in range(100):
            said = 0
            for fact in self.tracker.decide(self.now_ns):
                self.record(fact)
                said += 1
            if not said:
                return
        raise AssertionError("the tracker never comes to rest")

    def pass_time(self, seconds: float) -> None:
        """Step by step, as an engine does that asks when something is due."""
        end = self.now_ns + int(seconds * NS_PER_SECOND)
        while (due := self.tracker.due_ns()) is not None and due <= end:
            self.now_ns = max(self.now_ns + 1, due)
            self.settle()
        self.now_ns = max(self.now_ns, end)
        self.settle()

    def look_ups(self) -> list[int]:
        """Those that are due, asked now."""
        asked = self.tracker.lookups(self.now_ns)
        for order_id in asked:
            self.tracker.looked_up(order_id, self.now_ns)
        return asked

    def dies(self, kept: int | None = None) -> World:
        """The program is killed; what follows knows the first `kept` facts (None: all)."""
        after = World(self.terms)
        for fact, time_ns in self.facts[:kept]:
            after.now_ns = time_ns
            after.facts.append((fact, time_ns))
            after._fold(fact, time_ns)
        after.now_ns = self.now_ns
        return after

    # Our own orders ------------------------------------------------------------------------------
    def creates(self, quantity: Any = 1, *, side: Side = Side.BUY, account: str = "a", **more: Any) -> int:
        """An order of ours that was not sent yet. Its client id is `c<number>`."""
        order_id = self.next_order_id()
        created: dict[str, Any] = {
            "strategy_id": 1,
            "symbol": SYMBOL,
            "offset": Offset.OPEN,
            "type": OrderType.LIMIT,
            "time_in_force": TimeInForce.GTC,
            "price": Decimal(100),
            "client_order_id": f"c{order_id}",
        }
        created |= more
        self.record(
            ev.OrderCreated(
                order_id=order_id,
                account_id=account,
                side=side,
                quantity=Decimal(str(quantity)),
                **created,
            )
        )
        return order_id

    def sends(self, quantity: Any = 1, **more: Any) -> int:
        order_id = self.creates(quantity, **more)
        self.record(ev.OrderSent(order_id=order_id))
        self.settle()
        return order_id

    def cancels(self, order_id: int) -> None:
        self.record(ev.CancelRequested(order_id=order_id, reason="asked"))
        self.settle()

    def replaces(self, order_id: int, quantity: Any = None, price: Any = None) -> None:
        self.record(
            ev.ReplaceRequested(order_id=order_id, quantity=_decimal(quantity), price=_decimal(price))
        )
        self.settle()

    # What is known -------------------------------------------------------------------------------
    def order(self, order_id: int) -> Order:
        return self.book.orders[order_id]

    def row(self, order_id: int) -> OrderRow:
        return self.order(order_id).row()

    def external(self, venue_order_id: str, account: str = "a") -> int:
        """Our number of an order that we only watch."""
        (found,) = [
            order.order_id
            for order in self.book.orders.values()
            if order.intent.origin is Origin.EXTERNAL
            and order.intent.account_id == account
            and order.dossier.merged_into is None
            and (order.intent.venue_order_id == venue_order_id)
        ]
        return found

    def signals(self, order_id: int, kind: SignalKind) -> list[ev.SignalEmitted]:
        return [
            fact
            for fact, _ in self.facts
            if isinstance(fact, ev.SignalEmitted) and fact.order_id == order_id and fact.kind is kind
        ]

    def finished(self, order_id: int) -> Decimal | None:
        """The volume of its only finished signal; None when there is none."""
        found = self.signals(order_id, SignalKind.FINISHED)
        assert len(found) < 2, "finished twice"
        return found[0].volume if found else None

    def corrections(self, order_id: int) -> list[Decimal]:
        return [signal.volume for signal in self.signals(order_id, SignalKind.CORRECTED)]

    def said_fills(self, order_id: int) -> list[str]:
        return [signal.key for signal in self.signals(order_id, SignalKind.FILL)]

    def alerts(self) -> list[str]:
        return [fact.cause for fact, _ in self.facts if isinstance(fact, ev.AlertRaised)]

    def count(self, kind: type[ev.Event]) -> int:
        return sum(isinstance(fact, kind) for fact, _ in self.facts)


_BESIDE = (ev.SignalEmitted, ev.AlertRaised, ev.EvidenceClaimed, ev.EvidenceHeld)


def _decimal(number: Any) -> Decimal | None:
    return None if number is None else Decimal(str(number))


class Venue:
    """Words of one venue about one order of one account. Its clock runs with each word made."""

    def __init__(
        self,
        account: str = "a",
        oid: str = "7",
        *,
        client: str = "",
        side: Side = Side.BUY,
        quantity: Any = 1,
        symbol: str = SYMBOL,
    ) -> None:
        self.account, self.oid, self.client, self.side = account, oid, client, side
        self.quantity = Decimal(str(quantity))
        self.symbol = symbol
        self._ticks = count(1)

    def says(
        self, status: VenueStatus, cumulative: Any = None, *, oid: str | None = None, **more: Any
    ) -> OrderReport:
        told: dict[str, Any] = {
            "client_order_id": self.client,
            "quantity": self.quantity,
            "symbol": self.symbol,
            "side": self.side,
            "time_ns": START + next(self._ticks),
        }
        return OrderReport(
            account_id=self.account,
            status=status,
            venue_order_id=self.oid if oid is None else oid,
            cumulative=_decimal(cumulative),
            **(told | more),
        )

    def accepts(self, cumulative: Any = None, **more: Any) -> OrderReport:
        return self.says(VenueStatus.OPEN, cumulative, **more)

    def cancels(self, cumulative: Any = None, **more: Any) -> OrderReport:
        return self.says(VenueStatus.CANCELED, cumulative, **more)

    def done(self, cumulative: Any = None, **more: Any) -> OrderReport:
        return self.says(VenueStatus.FILLED, cumulative, **more)

    def rejects(self, **more: Any) -> OrderReport:
        return self.says(VenueStatus.REJECTED, **more)

    def expires(self, cumulative: Any = None, **more: Any) -> OrderReport:
        return self.says(VenueStatus.EXPIRED, cumulative, **more)

    def fills(
        self,
        tid: str,
        volume: Any,
        price: Any = 100,
        *,
        oid: str | None = None,
        direction: FillDirection | None = FillDirection.OPEN_LONG,
        **more: Any,
    ) -> FillReport:
        told: dict[str, Any] = {
            "side": self.side,
            "fee": Decimal("0.01"),
            "fee_currency": "USDC",
            "time_ns": START + next(self._ticks),
        }
        return FillReport(
            account_id=self.account,
            venue_order_id=self.oid if oid is None else oid,
            venue_trade_id=tid,
            symbol=self.symbol,
            price=Decimal(str(price)),
            volume=Decimal(str(volume)),
            direction=direction,
            **(told | more),
        )


def heard(world: World, messages: Iterable[VenueMessage]) -> World:
    world.hear(*messages)
    return world


__all__ = ["LogLevel", "Venue", "World", "heard"]

"""The questions about positions and orders: what is asked, in which words, and which command a
yes means.

Pure: reads rows through a `View`, writes texts and commands. Knows no widget and no clock;
when a question may be answered is decided by `rules`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from monitor.engine.commands import CancelOrder, CancelOrders, ClosePosition
from monitor.engine.rows import PositionRow
from monitor.engine.values import Direction, Offset, OrderType
from monitor.models import format
from monitor.models.orders import status_text
from monitor.ui.tickets import words
from monitor.ui.tickets.facts import Facts, Leg
from monitor.ui.tickets.question import Line, PlainQuestion, Send, Step
from monitor.ui.tickets.told import (
    cancels,
    close_all,
    closing_lines,
    closing_orders,
    fee_line,
    last_price,
    leg_name,
    only_symbol,
    order_name,
    position_words,
    positions_facts,
    side_verb,
    tone_of,
)
from monitor.ui.tickets.view import View, currency_of, strategy_name


class CloseChoice(msgspec.Struct, frozen=True, kw_only=True):
    """How much, and how. `volume` None is all; `error` is what was typed wrongly."""

    volume: Decimal | None = None
    type: OrderType = OrderType.MARKET
    price: Decimal | None = None
    error: str = ""


class CloseQuestion(PlainQuestion):
    """Close one position, or a part of it."""

    title = "Close position"
    keep = "Keep position"

    def __init__(self, position_id: str, max_ticks: int = 5) -> None:
        self.position_id = position_id
        self.max_ticks = max_ticks
        self.choice = CloseChoice()
        self._row: PositionRow | None = None

    def look(self, view: View) -> Facts | None:
        row = view.position(self.position_id)
        if row is None or not row.volume:
            return None
        self._row = row
        return Facts(legs=(Leg(row, closing_orders(row, view.active_orders())),))

    def volume(self, facts: Facts) -> Decimal:
        whole = facts.legs[0].position.volume
        return whole if self.choice.volume is None else self.choice.volume

    def headline(self, facts: Facts) -> str:
        row, choice = facts.legs[0].position, self.choice
        how = "at market"
        if choice.type is OrderType.LIMIT:
            how = f"at {format.price(choice.price, row.price_digits)} or better"
        return f"{side_verb(row)} {format.volume(self.volume(facts))} {row.symbol} {how}"

    def consequence(self, facts: Facts) -> str:
        row, part = facts.legs[0].position, self.volume(facts)
        held = f"your {row.direction.lower()} {format.volume(row.volume)}"
        if part >= row.volume:
            return f"closes {held}, nothing remains"
        rest = f"{row.direction.lower()} {format.volume(row.volume - part)} remains"
        return f"closes {format.volume(part)} of {held}, {rest}"

    def verb(self, facts: Facts) -> str:
        row = facts.legs[0].position
        return f"{side_verb(row)} {format.volume(self.volume(facts))}"

    def problem(self) -> str:
        choice, row = self.choice, self._row
        if choice.error or row is None:
            return choice.error
        if choice.volume is not None and choice.volume > row.volume:
            return f"You hold {format.volume(row.volume)}: a close cannot be larger."
        if choice.type is OrderType.LIMIT:
            if choice.price is None:
                return "A limit needs a price."
            if choice.price % row.tick:
                return f"The price must be a whole number of ticks of {format.price(row.tick)}."
        return ""

    def lines(self, facts: Facts, view: View, engine_now_ns: int) -> list[Line]:
        leg = facts.legs[0]
        row, part = leg.position, self.volume(facts)
        at = self.choice.price if self.choice.type is OrderType.LIMIT else row.last_price
        currency = currency_of(view, row.account_id)
        gain = None if at is None else (at - row.average_price) * part * row.multiplier * row.direction.sign
        worth = None if at is None else at * part * row.multiplier
        received = "proceeds" if row.direction is Direction.LONG else "cost"
        cost = f"   cost {format.price(row.average_price, row.price_digits)}"
        return [
            Line("Last price", last_price(row, engine_now_ns) + cost),
            Line(f"Estimated {received}", words.money(worth, currency)),
            Line("Margin set free", words.money(row.margin * part / row.volume, currency)),
            Line("Estimated profit", f"{words.profit(gain, currency)} before fee", tone_of(gain)),
            _fee(row, part, currency),
            cancels(leg.working),
        ]

    def steps(self, seen: Facts, key: str, view: View) -> Iterator[Step]:
        choice = self.choice
        yield Send(
            (
                ClosePosition(
                    key=key,
                    seen=seen.legs[0].seen(),
                    volume=self.volume(seen),
                    type=choice.type,
                    price=choice.price if choice.type is OrderType.LIMIT else None,
                    max_ticks=self.max_ticks,
                ),
            )
        )

    def gone(self) -> str:
        return "The position is gone: nothing was sent."


def _fee(row: PositionRow, volume: Decimal, currency: str) -> Line:
    """Estimated at the last price, in proportion to the volume."""
    whole = row.close_commission
    return fee_line([None if whole is None else whole * volume / row.volume], currency)


class CloseAllQuestion(PlainQuestion):
    """Close every position at market."""

    title = "Close all positions"
    keep = "Keep positions"

    def __init__(self, max_ticks: int = 5) -> None:
        self.max_ticks = max_ticks

    def look(self, view: View) -> Facts | None:
        return positions_facts(view)

    def headline(self, facts: Facts) -> str:
        if len(facts.legs) == 1:
            row = facts.legs[0].position
            return f"{side_verb(row)} {format.volume(row.volume)} {row.symbol} at market"
        return f"Close {words.plural(len(facts.legs), 'position')} at market"

    def consequence(self, facts: Facts) -> str:
        held = words.listed(facts.legs, lambda leg: leg_name(leg.position))
        return f"closes {held}, nothing remains"

    def verb(self, facts: Facts) -> str:
        return f"Close {words.plural(len(facts.legs), 'position')}"

    def words(self, facts: Facts) -> tuple[str, ...]:
        return position_words(facts)

    def lines(self, facts: Facts, view: View, engine_now_ns: int) -> list[Line]:
        return closing_lines(facts, view, engine_now_ns)

    def steps(self, seen: Facts, key: str, view: View) -> Iterator[Step]:
        yield Send((close_all(seen, key, self.max_ticks),))

    def gone(self) -> str:
        return "No position is open any more: nothing was sent."


class CancelQuestion(PlainQuestion):
    """Cancel the chosen orders, or all that work when `order_ids` is None."""

    def __init__(self, order_ids: tuple[int, ...] | None = None) -> None:
        self.order_ids = order_ids
        single = order_ids is not None and len(order_ids) == 1
        self.title = (
            "Cancel all orders" if order_ids is None else "Cancel order" if single else "Cancel orders"
        )
        self.keep = "Keep order" if single else "Keep orders"

    def look(self, view: View) -> Facts | None:
        orders = tuple(view.active_orders())
        if self.order_ids is not None:
            orders = tuple(row for row in orders if row.order_id in self.order_ids)
        return Facts(orders=orders) if orders else None

    def headline(self, facts: Facts) -> str:
        if len(facts.orders) == 1:
            return f"Cancel {order_name(facts.orders[0])}"
        every = "all " if self.order_ids is None else ""
        return f"Cancel {every}{words.plural(len(facts.orders), 'order')}"

    def consequence(self, facts: Facts) -> str:
        filled = sum(1 for row in facts.orders if row.filled_quantity)
        if not filled:
            return "nothing of it has been filled"
        if len(facts.orders) == 1:
            row = facts.orders[0]
            done = f"{format.volume(row.filled_quantity)} of {format.volume(row.quantity)}"
            return f"{done} is filled already and stays"
        return f"{words.plural(filled, 'order')} partly filled: what is filled stays"

    def verb(self, facts: Facts) -> str:
        return f"Cancel {words.plural(len(facts.orders), 'order')}"

    def words(self, facts: Facts) -> tuple[str, ...]:
        """One chosen order needs no typing; several, or all, need their count."""
        if self.order_ids is not None and len(self.order_ids) == 1:
            return ()
        return (str(len(facts.orders)), *only_symbol({row.symbol for row in facts.orders}))

    def lines(self, facts: Facts, view: View, engine_now_ns: int) -> list[Line]:
        rows = facts.orders
        found = [Line("Orders", words.listed(rows, order_name, 2))]
        if len(rows) == 1:
            row = rows[0]
            effect = "opens a position" if row.offset is Offset.OPEN else "closes a position"
            found = [
                Line("Status", f"{status_text(row)}, {effect} when it fills"),
                Line("Working for", format.age(engine_now_ns - row.created_ns)),
            ]
        names = sorted({strategy_name(view, row.strategy_id) for row in rows})
        return [*found, Line("Strategy", words.listed(names)), Line("Positions", "stay as they are", "muted")]

    def steps(self, seen: Facts, key: str, view: View) -> Iterator[Step]:
        ids = seen.order_ids()
        if self.order_ids is not None and len(ids) == 1:
            yield Send((CancelOrder(key=key, order_id=ids[0]),))
        else:
            yield Send((CancelOrders(key=key, order_ids=ids, all=self.order_ids is None),))

    def gone(self) -> str:
        return "Nothing of it is working any more: nothing was sent."

"""What several questions tell and compute alike: names of orders, prices with their age, the
facts and lines of closing everything. Pure: rows in, texts and facts out.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from monitor.engine.closing import competing_orders
from monitor.engine.commands import CloseAllPositions
from monitor.engine.rows import OrderRow, PositionRow
from monitor.models import format
from monitor.ui.tickets import words
from monitor.ui.tickets.facts import Facts, Leg
from monitor.ui.tickets.question import Line
from monitor.ui.tickets.view import View, currency_of


def closing_orders(position: PositionRow, orders: Sequence[OrderRow]) -> tuple[OrderRow, ...]:
    """Working orders that a close of this position cancels first, by the engine's own rule."""
    ids = frozenset(competing_orders(position, orders))
    return tuple(order for order in orders if order.order_id in ids)


def part_of(volume: Decimal, percent: int) -> Decimal:
    """A share of a position in whole units of its own precision, at least one."""
    unit = Decimal(1).scaleb(min(0, int(volume.normalize().as_tuple().exponent)))
    share = (volume * percent / 100).quantize(unit, ROUND_HALF_UP)
    return min(volume, max(unit, share))


def side_verb(position: PositionRow) -> str:
    return position.direction.closing_side.title()


def order_name(row: OrderRow) -> str:
    """An order in words: "#17 Sell 3 DCE.m2005 at 2,671"."""
    left = row.quantity - row.filled_quantity
    return f"#{row.order_id} {row.side.title()} {format.volume(left)} {row.symbol} {words.terms(row)}"


def positions_facts(view: View) -> Facts | None:
    orders = view.active_orders()
    legs = tuple(Leg(row, closing_orders(row, orders)) for row in view.positions())
    return Facts(legs=legs) if legs else None


def close_all(seen: Facts, key: str, max_ticks: int) -> CloseAllPositions:
    return CloseAllPositions(key=key, seen=tuple(leg.seen() for leg in seen.legs), max_ticks=max_ticks)


def position_words(facts: Facts) -> tuple[str, ...]:
    return (str(len(facts.legs)), *only_symbol({leg.position.symbol for leg in facts.legs}))


def only_symbol(symbols: set[str]) -> tuple[str, ...]:
    """The one symbol, also without its exchange; several cannot stand for "all"."""
    if len(symbols) != 1:
        return ()
    symbol = next(iter(symbols))
    return tuple(dict.fromkeys((symbol, symbol.rpartition(".")[2])))


def leg_name(row: PositionRow) -> str:
    return f"{row.direction.lower()} {format.volume(row.volume)} {row.symbol}"


def last_price(row: PositionRow, engine_now_ns: int) -> str:
    age = None if row.quote_ns is None else engine_now_ns - row.quote_ns
    return f"{format.price(row.last_price, row.price_digits)}, {words.age(age)}"


def cancels(orders: tuple[OrderRow, ...]) -> Line:
    if not orders:
        return Line("Cancels first", "no working order", "muted")
    return Line("Cancels first", words.listed(orders, order_name, 1), "warn")


def closing_lines(facts: Facts, view: View, engine_now_ns: int) -> list[Line]:
    rows = [leg.position for leg in facts.legs]
    profits = [row.unrealised_profit for row in rows if row.unrealised_profit is not None]
    gain = sum(profits, Decimal(0)) if len(profits) == len(rows) else None
    worths = [row.last_price * row.volume * row.multiplier for row in rows if row.last_price is not None]
    worth = sum(worths, Decimal(0)) if len(worths) == len(rows) else None
    margin: Decimal | None = sum((row.margin for row in rows), Decimal(0))
    currencies = {currency_of(view, row.account_id) for row in rows}
    if len(currencies) > 1:
        gain = worth = margin = None
    currency = min(currencies, default="")
    working = tuple(order for leg in facts.legs for order in leg.working)

    def priced(row: PositionRow) -> str:
        return f"{row.symbol} {last_price(row, engine_now_ns)}"

    return [
        Line("Last price", words.listed(rows, priced, 2)),
        Line("Contract value", words.money(worth, currency)),
        Line("Margin set free", words.money(margin, currency)),
        Line("Estimated profit", f"{words.profit(gain, currency)} before fee", tone_of(gain)),
        fee_line([row.close_commission for row in rows], currency, len(currencies) > 1),
        cancels(working),
    ]


def fee_line(fees: Sequence[Decimal | None], currency: str, mixed: bool = False) -> Line:
    """The estimated fee of all closes together; unknown when any of them is."""
    known = [fee for fee in fees if fee is not None]
    if mixed or len(known) < len(fees):
        return Line("Fee", "known when it fills", "muted")
    return Line("Estimated fee", words.money(sum(known, Decimal(0)), currency))


def tone_of(gain: Decimal | None) -> str:
    return "" if not gain else "gain" if gain > 0 else "loss"

"""Words of the tickets that tables do not need: counts, lists, ages in words, typed numbers.

Numbers themselves look as everywhere in the window (`monitor.models.format`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeVar

from monitor.engine.rows import OrderRow
from monitor.engine.values import NS_PER_SECOND, OrderType
from monitor.models import format

T = TypeVar("T")
NUMBER = re.compile(r"\d{1,12}(\.\d{1,12})?|\.\d{1,12}")


def money(value: Decimal | None, currency: str) -> str:
    return format.money(value) if value is None else f"{format.money(value)} {currency}".rstrip()


def profit(value: Decimal | None, currency: str) -> str:
    return format.DASH if value is None else f"{format.signed(value)} {currency}".rstrip()


def age(ns: int | None) -> str:
    """Tenths matter near the limit of two seconds, minutes do not."""
    if ns is None:
        return "of unknown age"
    if ns < 10 * NS_PER_SECOND:
        return f"{max(0, ns) / NS_PER_SECOND:.1f} s old"
    return f"{format.age(ns)} old"


def terms(row: OrderRow) -> str:
    """At which price an order works: "at 2,671", "at market", "stop 2,700", "stop 2,700 at 2,705"."""
    limit = "" if row.price is None else f"at {format.price(row.price)}"
    if row.type in (OrderType.MARKET, OrderType.LIMIT):
        return limit or "at market"
    return f"{row.type.replace('_LIMIT', '').lower()} {format.price(row.trigger_price)} {limit}".rstrip()


def parsed(text: str) -> Decimal | None:
    """What somebody typed as a positive number, or None. Commas may group thousands."""
    plain = text.strip().replace(",", "").replace(" ", "")
    if not NUMBER.fullmatch(plain):
        return None
    return Decimal(plain) or None


def plural(count: int, one: str) -> str:
    return f"{count:,} {one if count == 1 else one + 's'}"


def listed(things: Sequence[T], name: Callable[[T], str] = str, most: int = 4) -> str:
    """A few by name, the rest as a count; only what is named costs anything."""
    told = ", ".join(name(one) for one in things[:most])
    return told if len(things) <= most else f"{told} and {len(things) - most:,} more"

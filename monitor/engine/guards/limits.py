"""The limits that a user sets for the risk guards, each documented where it is defined.

`[guards]` of the settings file is this struct. What is written there is a plain number; `exact`
is the one place where such a number becomes a Decimal that money and volumes are held against.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

Action: TypeAlias = Literal["off", "warn", "refuse", "clamp"]
_Unclamped: TypeAlias = Literal["off", "warn", "refuse"]


def _documented(description: str, allowed: str, **limits: Any) -> Meta:
    return Meta(description=description, extra={"allowed": allowed}, **limits)


def _what(subject: str) -> Meta:
    return _documented(f"What to do about {subject}.", "off, warn or refuse")


def _what_or_clamp(subject: str) -> Meta:
    return _documented(f"What to do about {subject}.", "off, warn, refuse or clamp")


def _most(subject: str) -> Meta:
    return _documented(f"{subject}; 0 sets no limit.", "a number from 0", ge=0, lt=1e15)


def _share(subject: str) -> Meta:
    return _documented(f"{subject}; 0 sets no limit.", "a fraction from 0 to 1", ge=0, le=1)


def _seconds(subject: str, most: int) -> Meta:
    return _documented(subject, f"a number of seconds from 0 to {most}", ge=0, le=most)


class GuardLimits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much is too much, and what to do then: nothing, warn, refuse, or clamp to what is still
    allowed. Limits of size, money and position depend on what is traded: 0 until somebody sets
    them. Closing orders are bound by few of them: see `assess.GUARDS`."""

    over_close: Annotated[
        Literal["refuse", "clamp"],
        _documented("What to do about closing more than is held.", "refuse or clamp"),
    ] = "refuse"
    unknown_order: Annotated[_Unclamped, _what("a symbol with an order whose state nobody knows")] = "refuse"
    stale_account: Annotated[_Unclamped, _what("an account not compared with its venue for long")] = "refuse"
    max_account_age_s: Annotated[
        float, _seconds("An account compared longer ago than this many seconds is stale.", 86400)
    ] = 180.0
    stale_quote: Annotated[
        _Unclamped, _what("an order without a price of its own while the quote is old")
    ] = "refuse"
    max_quote_age_s: Annotated[float, _seconds("A quote older than this many seconds is stale.", 86400)] = (
        10.0
    )
    order_size: Annotated[Action, _what_or_clamp("a large order")] = "refuse"
    max_order_size: Annotated[float, _most("The most lots of one order")] = 0.0
    notional: Annotated[Action, _what_or_clamp("an order worth much money")] = "refuse"
    max_notional: Annotated[float, _most("The most money one order may be worth")] = 0.0
    position: Annotated[Action, _what_or_clamp("an order that may make a large position")] = "refuse"
    max_position: Annotated[
        float, _most("The most lots of one direction of a symbol, with what working orders may add")
    ] = 0.0
    working_orders: Annotated[_Unclamped, _what("many working orders")] = "refuse"
    max_working_orders: Annotated[
        int, _documented("The most working orders of an account; 0 sets no limit.", "a whole number", ge=0)
    ] = 500
    order_rate: Annotated[_Unclamped, _what("many orders at once")] = "refuse"
    max_orders_per_s: Annotated[
        int, _documented("The most new orders in a second; 0 sets no limit.", "a whole number", ge=0)
    ] = 10
    duplicate: Annotated[_Unclamped, _what("the same order given twice")] = "refuse"
    duplicate_s: Annotated[
        float, _seconds("The same order again within this many seconds is a duplicate.", 60)
    ] = 10.0
    price_band: Annotated[_Unclamped, _what("a price far worse than the last one")] = "refuse"
    max_price_worse: Annotated[
        float, _share("How much above the last price to buy, below it to sell, as a fraction")
    ] = 0.02
    wide_spread: Annotated[_Unclamped, _what("a market order while the spread is wide")] = "refuse"
    max_spread: Annotated[float, _share("The widest spread for market orders, as a fraction of the mid")] = (
        0.005
    )
    thin_book: Annotated[_Unclamped, _what("a market order for more than the best price of the book has")] = (
        "warn"
    )
    margin: Annotated[Action, _what_or_clamp("an order whose margin is not available")] = "refuse"
    daily_loss: Annotated[_Unclamped, _what("opening after a large loss today")] = "refuse"
    max_daily_loss: Annotated[float, _most("Today's loss, in money of the account, that ends opening")] = 0.0
    drawdown: Annotated[_Unclamped, _what("opening in a deep drawdown")] = "refuse"
    max_drawdown: Annotated[
        float, _share("The drawdown from the highest equity that ends opening, as a fraction")
    ] = 0.0


@lru_cache(maxsize=256)
def exact(written: float) -> Decimal:
    """A limit as it was written in the settings: 0.3 is 0.3."""
    return Decimal(repr(written))

"""Conditions as values: what a text means. `str` is the canonical text and parses back to the same.

Plain frozen structs; what they are worth at a moment is `evaluation.py`'s business.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

import msgspec

from monitor.engine.values import Direction, OrderStatus
from monitor.engine.waiting.conditions.tokens import PLAIN_SYMBOL


class Node(msgspec.Struct, frozen=True, tag=True):
    pass


class PriceOf(StrEnum):
    LAST = "last"
    BID = "bid"
    ASK = "ask"
    MARK = "mark"
    VOLUME = "volume"


class SeriesOf(StrEnum):
    """Of the closes of a symbol's bars; the arithmetic and its sources are in `averages.py`."""

    MA = "ma"
    EMA = "ema"
    HIGHEST = "highest"
    LOWEST = "lowest"
    RSI = "rsi"


def symbol_text(symbol: str) -> str:
    return symbol if PLAIN_SYMBOL.fullmatch(symbol) else f'"{symbol}"'


class QuoteValue(Node, frozen=True):
    """A number of a symbol's newest quote; `volume` is the trading day's."""

    of: PriceOf
    symbol: str

    def __str__(self) -> str:
        return f"{self.of}({symbol_text(self.symbol)})"


class Spread(Node, frozen=True):
    """Ask less bid of one symbol in price; with `other`, last of the first less last of the other."""

    symbol: str
    other: str | None = None

    def __str__(self) -> str:
        second = "" if self.other is None else f", {symbol_text(self.other)}"
        return f"spread({symbol_text(self.symbol)}{second})"


class PositionOf(Node, frozen=True):
    """Volume held by the order's account; without a direction long less short."""

    symbol: str
    direction: Direction | None = None

    def __str__(self) -> str:
        which = "" if self.direction is None else f", {self.direction.lower()}"
        return f"position({symbol_text(self.symbol)}{which})"


class ProfitOf(Node, frozen=True):
    """Of an account since the trading day's start; "" is the order's."""

    account_id: str = ""

    def __str__(self) -> str:
        return f"profit({symbol_text(self.account_id) if self.account_id else ''})"


class Indicator(Node, frozen=True):
    of: SeriesOf
    symbol: str
    window: int

    def __str__(self) -> str:
        return f"{self.of}({symbol_text(self.symbol)}, {self.window})"


class Number(Node, frozen=True):
    value: Decimal

    def __str__(self) -> str:
        return f"{self.value:f}"


Source: TypeAlias = QuoteValue | Spread | PositionOf | ProfitOf | Indicator
Operand: TypeAlias = Source | Number


class Comparison(StrEnum):
    AT_LEAST = ">="
    AT_MOST = "<="
    ABOVE = ">"
    BELOW = "<"
    EQUAL = "=="


class Compared(Node, frozen=True):
    left: Source
    comparison: Comparison
    right: Operand

    def __str__(self) -> str:
        return f"{self.left} {self.comparison} {self.right}"


class Crosses(Node, frozen=True):
    """`up`: below at the previous evaluated event, at or above now. Down is its mirror image. It is
    true at that one event only; `latched` keeps it while other conditions are awaited."""

    left: Source
    up: bool
    right: Operand

    def __str__(self) -> str:
        return f"{self.left} crosses {'up' if self.up else 'down'} {self.right}"


class TimeWithin(Node, frozen=True):
    """Time of day from `start_s` on, before `end_s`, in seconds after midnight; over midnight when
    the end is the smaller one."""

    start_s: int
    end_s: int

    def __str__(self) -> str:
        return f"time in {_clock(self.start_s)}..{_clock(self.end_s)}"


class TimeCompared(Node, frozen=True):
    """`at` carries its offset; microseconds are the finest."""

    comparison: Comparison
    at: dt.datetime

    def __str__(self) -> str:
        return f"time {self.comparison} {_moment(self.at)}"


class OrderIs(Node, frozen=True):
    order_id: int
    status: OrderStatus

    def __str__(self) -> str:
        return f"order({self.order_id}) is {self.status}"


Condition: TypeAlias = Compared | Crosses | TimeWithin | TimeCompared | OrderIs


def _clock(seconds: int) -> str:
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}"
    return f"{text}:{seconds % 60:02}" if seconds % 60 else text


def _moment(at: dt.datetime) -> str:
    if at.microsecond:
        return at.isoformat(timespec="microseconds")
    return at.isoformat(timespec="seconds" if at.second else "minutes")


def symbols_of(condition: Condition) -> frozenset[str]:
    """Whose quotes or bars can change this condition."""
    if not isinstance(condition, Compared | Crosses):
        return frozenset()
    found: set[str] = set()
    for side in (condition.left, condition.right):
        if isinstance(side, QuoteValue | Indicator | Spread):
            found.add(side.symbol)
        if isinstance(side, Spread) and side.other is not None:
            found.add(side.other)
    return frozenset(found)


def follows_all(condition: Condition) -> bool:
    """Whether any market event can change it: profits follow all quotes."""
    return isinstance(condition, Compared | Crosses) and any(
        isinstance(side, ProfitOf) for side in (condition.left, condition.right)
    )


def follows_facts(condition: Condition) -> bool:
    """Whether facts about orders and positions can change it."""
    if isinstance(condition, Compared | Crosses):
        return any(isinstance(side, PositionOf) for side in (condition.left, condition.right))
    return isinstance(condition, OrderIs)

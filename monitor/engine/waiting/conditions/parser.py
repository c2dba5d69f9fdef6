"""From text to conditions, by recursive descent: no `eval`, bounded length, no nesting.

    text       = condition { "and" condition }
    condition  = "time" "in" CLOCK ".." CLOCK | "time" comparison MOMENT
               | "order" "(" NUMBER ")" "is" STATUS
               | source comparison operand | source "crosses" ("up" | "down") operand
    operand    = NUMBER | source

Raises `ConditionError` and nothing else, whatever the text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TypeVar

from monitor.engine.orderplan import MOST_CONDITIONS
from monitor.engine.values import Direction, OrderStatus
from monitor.engine.waiting.conditions.tokens import ConditionError, Kind, Token, suggestion, tokens
from monitor.engine.waiting.conditions.tree import (
    Compared,
    Comparison,
    Condition,
    Crosses,
    Indicator,
    Number,
    Operand,
    OrderIs,
    PositionOf,
    PriceOf,
    ProfitOf,
    QuoteValue,
    SeriesOf,
    Source,
    Spread,
    TimeCompared,
    TimeWithin,
)

T = TypeVar("T")

LONGEST_WINDOW = 1_000
LARGEST_NUMBER = Decimal(10) ** 15
SMALLEST_STEP = -12
_STATUSES = {status.lower(): status for status in OrderStatus}
_DIRECTIONS = {direction.lower(): direction for direction in Direction}


def parse(text: str) -> tuple[Condition, ...]:
    """The conditions of one text, all of which must be true."""
    return _Parser(text).conditions()


def parse_all(texts: tuple[str, ...]) -> tuple[Condition, ...]:
    """The conditions of an order's plan, at most five in all."""
    found: list[Condition] = []
    for text in texts:
        found.extend(parse(text))
        if len(found) > MOST_CONDITIONS:
            raise ConditionError(text, 0, f"An order has at most {MOST_CONDITIONS} conditions.")
    return tuple(found)


def canonical(conditions: tuple[Condition, ...]) -> str:
    """The text of all of them together."""
    return " and ".join(map(str, conditions))


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._at = 0
        self._sources: dict[str, Callable[[], Source]] = {
            **{of.value: partial(self._quote, of) for of in PriceOf},
            "spread": self._spread,
            "position": self._position,
            "profit": self._profit,
            **{of.value: partial(self._indicator, of) for of in SeriesOf},
        }
        self._names = (*self._sources, "time", "order")

    def conditions(self) -> tuple[Condition, ...]:
        found = [self._condition()]
        while self._now.kind is not Kind.END:
            self._word("and")
            if len(found) == MOST_CONDITIONS:
                raise self._error(f"An order has at most {MOST_CONDITIONS} conditions.")
            found.append(self._condition())
        return tuple(found)

    # Conditions --------------------------------------------------------------------------------
    def _condition(self) -> Condition:
        if self._take_word("time"):
            return self._time()
        if self._take_word("order"):
            return self._order()
        left = self._source()
        if self._take_word("crosses"):
            up = self._one_of({"up": True, "down": False}, "direction")
            return Crosses(left, up, self._operand())
        return Compared(left, self._comparison(), self._operand())

    def _time(self) -> Condition:
        if self._take_word("in"):
            start = self._clock()
            self._mark("..")
            place = self._now
            end = self._clock()
            if start == end:
                raise self._error("A window that ends as it begins is empty or whole: say which.", place)
            return TimeWithin(start, end)
        comparison = self._comparison()
        if comparison is Comparison.EQUAL:
            raise self._error("No moment is hit exactly: use >= or a window.", self._before)
        return TimeCompared(comparison, self._moment())

    def _order(self) -> OrderIs:
        self._mark("(")
        order_id = self._whole(1, 10**15, "An order's number")
        self._mark(")")
        self._word("is")
        return OrderIs(order_id, self._one_of(_STATUSES, "status"))

    def _comparison(self) -> Comparison:
        token = self._now
        if token.kind is not Kind.COMPARISON:
            known = (">=", "<=", ">", "<", "==", "crosses")
            hint = suggestion(token.text, known) if token.kind is Kind.WORD else f"{', '.join(known)}."
            raise self._error(f"A comparison is missing: {hint}")
        self._at += 1
        return Comparison(token.text)

    # Operands ----------------------------------------------------------------------------------
    def _operand(self) -> Operand:
        if self._now.kind is Kind.NUMBER:
            return Number(self._number())
        if self._now.kind is not Kind.WORD:
            raise self._error("A number or a source such as last(SYMBOL) is missing.")
        return self._source()

    def _number(self) -> Decimal:
        token = self._take(Kind.NUMBER, "A number")
        value = Decimal(token.text)
        exponent = value.as_tuple().exponent
        if abs(value) > LARGEST_NUMBER or (isinstance(exponent, int) and exponent < SMALLEST_STEP):
            raise self._error(f"The number is above {LARGEST_NUMBER:,} or finer than 12 decimals.", token)
        return abs(value) if not value else value + 0

    def _source(self) -> Source:
        token = self._now
        if token.kind is not Kind.WORD:
            raise self._error("A condition begins with a source such as last(SYMBOL), time or order(1).")
        make = self._sources.get(token.text.lower())
        if make is None:
            raise self._error(f"There is no {token.text!r}: {suggestion(token.text, self._names)}")
        self._at += 1
        self._mark("(")
        source = make()
        self._mark(")")
        return source

    def _quote(self, of: PriceOf) -> Source:
        return QuoteValue(of, self._symbol())

    def _spread(self) -> Source:
        first = self._symbol()
        return Spread(first, self._symbol() if self._take_mark(",") else None)

    def _position(self) -> Source:
        symbol = self._symbol()
        which = self._one_of(_DIRECTIONS, "direction") if self._take_mark(",") else None
        return PositionOf(symbol, which)

    def _profit(self) -> Source:
        closed = self._now.kind is Kind.MARK and self._now.text == ")"
        return ProfitOf("" if closed else self._symbol("An account"))

    def _indicator(self, of: SeriesOf) -> Source:
        symbol = self._symbol()
        self._mark(",")
        return Indicator(of, symbol, self._whole(1, LONGEST_WINDOW, "A window of bars"))

    # Words -------------------------------------------------------------------------------------
    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    @property
    def _before(self) -> Token:
        return self._tokens[self._at - 1]

    def _error(self, sentence: str, token: Token | None = None) -> ConditionError:
        return ConditionError(self._text, (token or self._now).position, sentence)

    def _take(self, kind: Kind, what: str) -> Token:
        token = self._now
        if token.kind is not kind:
            raise self._error(f"{what} is missing here.")
        self._at += 1
        return token

    def _take_word(self, word: str) -> bool:
        found = self._now.kind is Kind.WORD and self._now.text.lower() == word
        self._at += found
        return found

    def _word(self, word: str) -> None:
        if not self._take_word(word):
            raise self._error(f"{word!r} is missing here.")

    def _take_mark(self, mark: str) -> bool:
        found = self._now.kind is Kind.MARK and self._now.text == mark
        self._at += found
        return found

    def _mark(self, mark: str) -> None:
        if not self._take_mark(mark):
            raise self._error(f"{mark!r} is missing here.")

    def _symbol(self, what: str = "A symbol") -> str:
        token = self._now
        if token.kind not in {Kind.WORD, Kind.QUOTED, Kind.NUMBER}:
            raise self._error(f"{what} is missing here.")
        self._at += 1
        return token.text

    def _one_of(self, known: dict[str, T], what: str) -> T:
        token = self._take(Kind.WORD, f"A {what} ({', '.join(known)})")
        found = known.get(token.text.lower())
        if found is None:
            hint = suggestion(token.text, tuple(known))
            raise self._error(f"There is no {what} {token.text!r}: {hint}", token)
        return found

    def _whole(self, least: int, most: int, what: str) -> int:
        token = self._take(Kind.NUMBER, what)
        if not token.text.isdecimal() or not least <= int(token.text) <= most:
            raise self._error(f"{what} is a whole number from {least} to {most:,}.", token)
        return int(token.text)

    def _clock(self) -> int:
        token = self._take(Kind.CLOCK, "A time of day such as 09:00")
        hours, minutes, seconds = (*map(int, token.text.split(":")), 0)[:3]
        if hours > 23 or minutes > 59 or seconds > 59:
            raise self._error(f"There is no {token.text} in a day.", token)
        return hours * 3600 + minutes * 60 + seconds

    def _moment(self) -> dt.datetime:
        token = self._take(Kind.MOMENT, "A moment such as 2026-11-20T09:00+08:00")
        try:
            at = dt.datetime.fromisoformat(token.text)
        except ValueError:
            raise self._error(f"There is no {token.text} in the calendar.", token) from None
        if at.tzinfo is None:
            raise self._error("Say the moment's offset from UTC, such as +08:00 or Z.", token)
        if not 1971 <= at.year <= 2200:
            raise self._error("A moment is between 1971 and 2200.", token)
        return at

"""What a condition is worth at one evaluated event: true, false, or None while it cannot be told.

Unknown is not an error: a quote may come. An error is what waiting does not cure by itself (no
such symbol, no such order), raised as `ConditionEvaluationError`.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from monitor.engine.advanced_errors import ConditionEvaluationError
from monitor.engine.trading.parts import View
from monitor.engine.values import NS_PER_SECOND, Direction, Quote
from monitor.engine.waiting.conditions.averages import closes_needed, indicator
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
    Spread,
    TimeCompared,
    TimeWithin,
)

_TESTS: dict[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.AT_LEAST: operator.ge,
    Comparison.AT_MOST: operator.le,
    Comparison.ABOVE: operator.gt,
    Comparison.BELOW: operator.lt,
    Comparison.EQUAL: operator.eq,
}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Asker(msgspec.Struct, frozen=True):
    """For whom: the order's account, and the IANA zone of its instrument."""

    account_id: str
    zone: str


class Crossing:
    """On which side of the line the value was: -1 below, 0 on it, 1 above, None not known yet.

    It lives as long as the program: after a restart the first evaluation only primes it.
    """

    __slots__ = ("side",)

    def __init__(self) -> None:
        self.side: int | None = None

    def moved(self, left: Decimal, right: Decimal) -> tuple[int | None, int]:
        """The side before and now."""
        before = self.side
        self.side = (left > right) - (left < right)
        return before, self.side


def evaluate(condition: Condition, view: View, asker: Asker, crossing: Crossing) -> bool | None:
    """`crossing` is this condition's own. Raises ConditionEvaluationError."""
    try:
        return _evaluate(condition, view, asker, crossing)
    except ArithmeticError as error:
        raise ConditionEvaluationError(f"{condition} cannot be computed: {type(error).__name__}.") from error


def _evaluate(condition: Condition, view: View, asker: Asker, crossing: Crossing) -> bool | None:
    if isinstance(condition, TimeWithin):
        return _within(condition, view.now_ns, asker.zone)
    if isinstance(condition, TimeCompared):
        return _TESTS[condition.comparison](view.now_ns, moment_ns(condition))
    if isinstance(condition, OrderIs):
        order = view.book.orders.get(condition.order_id)
        if order is None:
            raise ConditionEvaluationError(f"There is no order {condition.order_id}.")
        return order.status is condition.status
    left = _value(condition.left, view, asker)
    right = _value(condition.right, view, asker)
    if left is None or right is None:
        return None
    if isinstance(condition, Compared):
        return _TESTS[condition.comparison](left, right)
    return _crossed(condition, *crossing.moved(left, right))


def _crossed(condition: Crosses, before: int | None, now: int) -> bool | None:
    if before is None:
        return None
    return before < 0 <= now if condition.up else before > 0 >= now


def _within(window: TimeWithin, now_ns: int, zone: str) -> bool:
    try:
        local = dt.datetime.fromtimestamp(now_ns // NS_PER_SECOND, ZoneInfo(zone))
    except (KeyError, ValueError, OSError) as error:  # a venue may call a zone anything
        raise ConditionEvaluationError(f"{zone[:40]!r} is no time zone.") from error
    second = local.hour * 3600 + local.minute * 60 + local.second
    if window.start_s < window.end_s:
        return window.start_s <= second < window.end_s
    return second >= window.start_s or second < window.end_s


def moment_ns(condition: TimeCompared) -> int:
    since = condition.at - _EPOCH
    return (since.days * 86_400 + since.seconds) * NS_PER_SECOND + since.microseconds * 1000


# Values ----------------------------------------------------------------------------------------
def _value(operand: Operand, view: View, asker: Asker) -> Decimal | None:
    return _VALUES[type(operand)](operand, view, asker)


def _number(operand: Number, _view: View, _asker: Asker) -> Decimal:
    return operand.value


def _quote(symbol: str, view: View) -> Quote | None:
    found = view.quote(symbol)
    if found is None and view.instrument(symbol) is None:
        raise ConditionEvaluationError(f"{symbol} is not known here.")
    return found


def _quote_value(operand: QuoteValue, view: View, _asker: Asker) -> Decimal | None:
    quote = _quote(operand.symbol, view)
    return None if quote is None else _FIELDS[operand.of](quote)


_FIELDS: dict[PriceOf, Callable[[Quote], Decimal | None]] = {
    PriceOf.LAST: operator.attrgetter("last"),
    PriceOf.BID: operator.attrgetter("bid"),
    PriceOf.ASK: operator.attrgetter("ask"),
    PriceOf.MARK: operator.attrgetter("mark"),
    PriceOf.VOLUME: operator.attrgetter("volume"),
}


def _spread(operand: Spread, view: View, _asker: Asker) -> Decimal | None:
    first = _quote(operand.symbol, view)
    if operand.other is None:
        return _less(first.ask, first.bid) if first is not None else None
    second = _quote(operand.other, view)
    return _less(first.last, second.last) if first is not None and second is not None else None


def _less(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return one - other if one is not None and other is not None else None


def _position(operand: PositionOf, view: View, asker: Asker) -> Decimal:
    if operand.direction is not None:
        return view.position(asker.account_id, operand.symbol, operand.direction)
    long = view.position(asker.account_id, operand.symbol, Direction.LONG)
    return long - view.position(asker.account_id, operand.symbol, Direction.SHORT)


def _profit(operand: ProfitOf, view: View, asker: Asker) -> Decimal | None:
    return view.profit(operand.account_id or asker.account_id)


def _indicator(operand: Indicator, view: View, _asker: Asker) -> Decimal | None:
    closes = view.closes(operand.symbol, closes_needed(operand.of, operand.window))
    if not len(closes) and view.instrument(operand.symbol) is None:
        raise ConditionEvaluationError(f"{operand.symbol} is not known here.")
    return indicator(operand.of, operand.window, closes)


_VALUES: dict[type, Callable[[Any, View, Asker], Decimal | None]] = {
    Number: _number,
    QuoteValue: _quote_value,
    Spread: _spread,
    PositionOf: _position,
    ProfitOf: _profit,
    Indicator: _indicator,
}

"""A new order as somebody writes it: what is missing, what it says, and the command it becomes.

Pure: texts in, one sentence or one command out. Knows no widget; whether the order may be sent is
for the engine to say.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from monitor.engine.commands import OrderRequest, SubmitLinked, SubmitOrder
from monitor.engine.orderplan import LONGEST_DELAY_S, MOST_CONDITIONS, OrderPlan
from monitor.engine.values import NS_PER_SECOND, LinkKind, Offset, OrderType, Priority, Side
from monitor.engine.waiting.conditions import ConditionError, parse
from monitor.models import format
from monitor.ui.tickets.words import parsed

LIMITED = (OrderType.LIMIT, OrderType.STOP_LIMIT)
STOPS = (OrderType.STOP, OrderType.STOP_LIMIT)
TYPES = (
    OrderType.LIMIT,
    OrderType.MARKET,
    OrderType.STOP_LIMIT,
    OrderType.STOP,
    OrderType.TRAILING,
)


class Problem(msgspec.Struct, frozen=True):
    """Which field is not right yet, and one sentence about it. `at` is the place in its text."""

    field: str
    sentence: str
    at: int | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """The fields as they are typed."""

    symbol: str = ""
    side: Side | None = None
    offset: Offset = Offset.OPEN
    type: OrderType = OrderType.LIMIT
    volume: str = ""
    price: str = ""
    trigger: str = ""
    trail: str = ""
    target: str = ""
    stop: str = ""
    condition: str = ""
    delay: str = ""
    priority: Priority = Priority.NORMAL

    def problem(self) -> Problem | None:
        """The first thing that is missing or wrong, None when it can be sent."""
        return self._order_problem() or self._exit_problem() or self._when_problem()

    @property
    def bracket(self) -> bool:
        """Whether a target and a stop follow the order."""
        return bool(self.target.strip() or self.stop.strip())

    @property
    def begun(self) -> bool:
        """Whether more than a symbol is there of an order."""
        typed = (self.volume, self.price, self.trigger, self.trail, self.condition, self.delay)
        return self.side is not None or self.bracket or any(text.strip() for text in typed)

    @property
    def waits(self) -> bool:
        """Whether it waits here first, instead of going to the venue at once."""
        return bool(self.condition.strip() or self.delay.strip())

    def _order_problem(self) -> Problem | None:
        if not self.symbol.strip():
            return Problem("symbol", "Which symbol?")
        if self.side is None:
            return Problem("side", "Buy or sell?")
        if parsed(self.volume) is None:
            return Problem("volume", "How much? A volume above 0.")
        if self.type in LIMITED and parsed(self.price) is None:
            return Problem("price", f"A {format.words(self.type)} order needs a price.")
        if self.type in STOPS and parsed(self.trigger) is None:
            return Problem("trigger", f"A {format.words(self.type)} order needs a trigger price.")
        if self.type is OrderType.TRAILING and parsed(self.trail) is None:
            return Problem("trail", "How far behind the price does the stop follow?")
        return None

    def _exit_problem(self) -> Problem | None:
        if not self.bracket:
            return None
        if self.offset is not Offset.OPEN:
            return Problem("offset", "Only an order that opens has a target and a stop.")
        if parsed(self.target) is None:
            return Problem("target", "A bracket has a stop and a target: at which price is the target?")
        if parsed(self.stop) is None:
            return Problem("stop", "A bracket has a target and a stop: at which price is the stop?")
        return None

    def _when_problem(self) -> Problem | None:
        wrong = condition_problem(self.condition)
        if wrong is not None:
            return wrong
        delay = parsed(self.delay)
        if self.delay.strip() and (delay is None or delay > LONGEST_DELAY_S):
            return Problem("delay", f"A delay is 1 to {LONGEST_DELAY_S} seconds.")
        return None

    def conditions(self) -> tuple[str, ...]:
        """Each condition in its one form."""
        return tuple(str(one) for one in parse(self.condition)) if self.condition.strip() else ()

    def sentence(self) -> str:
        """The whole order in words, as far as it is complete."""
        side = self.side.title() if self.side is not None else "?"
        price = {
            OrderType.MARKET: "at market",
            OrderType.LIMIT: f"at {self.price or '?'}",
            OrderType.STOP: f"stop {self.trigger or '?'}",
            OrderType.STOP_LIMIT: f"stop {self.trigger or '?'} at {self.price or '?'}",
            OrderType.TRAILING: f"trailing stop {self.trail or '?'} behind",
        }[self.type]
        order = f"{side} {self.volume or '?'} {self.symbol or '?'} {price}, {format.words(self.offset)}"
        when = f"when {self.condition.strip()}" if self.condition.strip() else ""
        delay = f"not before {self.delay.strip()} s from now" if self.delay.strip() else ""
        ends = f"then target {self.target or '?'} or stop {self.stop or '?'}" if self.bracket else ""
        return "; ".join(filter(None, (order, when, delay, ends)))

    def command(
        self, key: str, engine_now_ns: int, account_id: str = "", strategy_id: int = 0
    ) -> SubmitOrder | SubmitLinked:
        """What it asks of the engine. Only for a draft without a problem."""
        entry = self._entry(engine_now_ns, account_id)
        if self.bracket:
            orders = (entry, self._exit(entry, target=True), self._exit(entry, target=False))
            return SubmitLinked(key=key, strategy_id=strategy_id, kind=LinkKind.BRACKET, orders=orders)
        return SubmitOrder(key=key, strategy_id=strategy_id, **msgspec.structs.asdict(entry))

    def _entry(self, engine_now_ns: int, account_id: str) -> OrderRequest:
        delay, volume = parsed(self.delay), parsed(self.volume)
        assert self.side is not None
        assert volume is not None
        return OrderRequest(
            symbol=self.symbol.strip(),
            side=self.side,
            offset=self.offset,
            type=self.type,
            quantity=volume,
            price=parsed(self.price) if self.type in LIMITED else None,
            trigger_price=parsed(self.trigger) if self.type in STOPS else None,
            trail=parsed(self.trail) if self.type is OrderType.TRAILING else None,
            account_id=account_id,
            plan=OrderPlan(
                priority=self.priority,
                conditions=self.conditions(),
                not_before_ns=None if delay is None else engine_now_ns + _nanoseconds(delay),
            ),
        )

    def _exit(self, entry: OrderRequest, *, target: bool) -> OrderRequest:
        return OrderRequest(
            symbol=entry.symbol,
            side=entry.side.opposite,
            offset=Offset.CLOSE,
            type=OrderType.LIMIT if target else OrderType.STOP,
            quantity=entry.quantity,
            price=parsed(self.target) if target else None,
            trigger_price=None if target else parsed(self.stop),
            reduce_only=True,
            account_id=entry.account_id,
        )


def condition_problem(text: str) -> Problem | None:
    """What is wrong with a condition, by the engine's own grammar; None for none and for a right one."""
    if not text.strip():
        return None
    try:
        found = parse(text)
    except ConditionError as error:
        return Problem("condition", error.sentence, error.position)
    if len(found) > MOST_CONDITIONS:
        return Problem("condition", f"At most {MOST_CONDITIONS} conditions.")
    return None


def _nanoseconds(delay: Decimal) -> int:
    return int(delay * NS_PER_SECOND)

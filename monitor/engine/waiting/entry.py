"""One order that waits: what it waits for, as facts tell it, and how its conditions were last seen.

What facts tell (`stage`, `latched`, `trigger` ...) is the same after a restart; what was observed
(`truth`, crossings) begins anew there. Decides nothing.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from monitor.engine import events as ev
from monitor.engine.orderplan import begun
from monitor.engine.rows import WaitingRow
from monitor.engine.values import OrderType, WaitingKind
from monitor.engine.waiting.conditions import (
    Condition,
    ConditionError,
    Crossing,
    OrderIs,
    TimeCompared,
    canonical,
    follows_all,
    follows_facts,
    moment_ns,
    parse_all,
    symbols_of,
)


class Stage(StrEnum):
    HELD = "held"
    QUEUED = "queued"
    MANUAL = "manual"


class Entry:
    """`trigger`: the price that releases it here, because its venue has no such type; `local` says
    so. `parent_filled`: at least in part. `quantity` is what may leave, None all. `attempts` were
    sent before and refused."""

    __slots__ = (
        "attempts",
        "broken",
        "conditions",
        "crossings",
        "errors",
        "evaluated_ns",
        "failures",
        "intent",
        "latched",
        "local",
        "not_before_ns",
        "note",
        "parent_filled",
        "quantity",
        "since_ns",
        "stage",
        "trigger",
        "truth",
        "venue",
    )

    def __init__(self, intent: ev.OrderCreated, time_ns: int, *, local: bool) -> None:
        self.intent = intent
        self.local = local
        self.venue = intent.venue
        self.trigger = None if self._begins_later(intent) else intent.trigger_price
        self.quantity: Decimal | None = None
        self.latched: set[int] = set()
        self.failures: set[tuple[str, str]] = set()
        self.stage = Stage.HELD
        self.parent_filled = False
        self.attempts = 0
        self.note = ""
        self.since_ns = time_ns
        self.not_before_ns = begun(intent.plan, time_ns).not_before_ns
        self.broken = ""
        self.conditions: tuple[Condition, ...] = ()
        try:
            self.conditions = parse_all(intent.plan.conditions)
        except ConditionError as error:
            self.broken = error.sentence
        self.observe_anew()

    @staticmethod
    def _begins_later(intent: ev.OrderCreated) -> bool:
        """A trailing stop that waits first follows the price from then on."""
        plan = intent.plan
        waits = plan.parent_id is not None or plan.conditions or plan.delay_s or plan.not_before_ns
        return intent.type is OrderType.TRAILING and bool(waits)

    def observe_anew(self) -> None:
        """Forget what was seen: crossings are primed again."""
        self.crossings = [Crossing() for _ in self.conditions]
        self.truth: list[bool | None] = [None] * len(self.conditions)
        self.errors = {" and ".join(self.intent.plan.conditions): self.broken} if self.broken else {}
        self.evaluated_ns: int | None = None

    @property
    def order_id(self) -> int:
        return self.intent.order_id

    @property
    def conditional(self) -> bool:
        return bool(self.conditions or self.broken)

    @property
    def armed(self) -> bool:
        """Whether its conditions are behind it."""
        return not self.broken and len(self.latched) == len(self.conditions)

    @property
    def waits_for_something(self) -> bool:
        """As it was meant: not only for its turn."""
        plan = self.intent.plan
        return bool(
            self.conditional
            or self.local
            or plan.parent_id is not None
            or plan.instead_of is not None
            or self.not_before_ns is not None
        )

    @property
    def symbols(self) -> frozenset[str]:
        """Whose quotes may release it."""
        named = frozenset[str]().union(*map(symbols_of, self.conditions))
        return named | {self.intent.symbol} if self.local else named

    @property
    def named_orders(self) -> set[int]:
        """Those whose status it waits for."""
        return {c.order_id for c in self.conditions if isinstance(c, OrderIs)}

    @property
    def moments(self) -> list[int]:
        """Times that may release it, to be looked at exactly then."""
        named = [moment_ns(c) for c in self.conditions if isinstance(c, TimeCompared)]
        return named if self.not_before_ns is None else [self.not_before_ns, *named]

    @property
    def follows_all(self) -> bool:
        return any(map(follows_all, self.conditions))

    @property
    def follows_facts(self) -> bool:
        return any(map(follows_facts, self.conditions))

    @property
    def expires_ns(self) -> int | None:
        """When it gives up: its plan's moment, or the order's own."""
        moments = [m for m in (self.intent.plan.expires_ns, self.intent.expires_ns) if m is not None]
        return min(moments, default=None)

    def kind(self, now_ns: int) -> WaitingKind:
        """What it waits for now."""
        if self.stage is not Stage.HELD:
            return WaitingKind.QUEUED if self.stage is Stage.QUEUED else WaitingKind.MANUAL
        plan = self.intent.plan
        if plan.parent_id is not None and not self.parent_filled:
            return WaitingKind.LINKED
        if plan.instead_of is not None and not self.local:
            return WaitingKind.LINKED
        if self.not_before_ns is not None and self.not_before_ns > now_ns:
            return WaitingKind.DELAYED
        return WaitingKind.CONDITIONAL if self.conditional and not self.armed else WaitingKind.TRIGGER

    def detail(self, kind: WaitingKind) -> str:
        """In words."""
        if kind is WaitingKind.LINKED and self.intent.plan.instead_of is not None:
            return f"until order {self.intent.plan.instead_of} has ended"
        if kind is WaitingKind.LINKED:
            return f"until order {self.intent.plan.parent_id} is filled"
        if kind is WaitingKind.DELAYED:
            return "for its time"
        if kind is WaitingKind.CONDITIONAL:
            missing = [str(c) for c, truth in zip(self.conditions, self.truth, strict=True) if not truth]
            return (
                f"for {' and '.join(missing) or canonical(self.conditions)}" if self.conditions else "in vain"
            )
        if kind is WaitingKind.TRIGGER:
            return f"for the price {self.trigger}" if self.trigger is not None else "for a first price"
        if kind is WaitingKind.MANUAL:
            return f"for a person: {self.note}" if self.note else "for a person"
        return f"for its turn: {self.note}" if self.note else "for its turn"

    def row(self, now_ns: int, place: int | None, *, over: bool = False) -> WaitingRow:
        intent, plan = self.intent, self.intent.plan
        kind = self.kind(now_ns)
        text = " and ".join(plan.conditions) if self.broken else canonical(self.conditions)
        return WaitingRow(
            order_id=intent.order_id,
            strategy_id=intent.strategy_id,
            account_id=intent.account_id,
            symbol=intent.symbol,
            kind=kind,
            priority=plan.priority,
            detail=self.detail(kind),
            condition=text,
            truth=tuple(True if i in self.latched else t for i, t in enumerate(self.truth)),
            place=place,
            not_before_ns=self.not_before_ns,
            expires_ns=self.expires_ns,
            parent_id=plan.parent_id,
            group_id=plan.group_id,
            attempts=self.attempts,
            error=" ".join(self.errors.values()),
            since_ns=self.since_ns,
            evaluated_ns=self.evaluated_ns,
            over=over,
        )

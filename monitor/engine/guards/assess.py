"""The table of guards, in the order they are asked, and the verdict on an order.

Getting out of risk must stay possible, so closing orders (by offset or reduce-only) are bound
by two guards only: never more than is held, and no price far through the market. Some others
warn about them, and those that are about taking risk do not look at them at all.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple, TypeAlias, cast

import msgspec

from monitor.engine.emergency import allowed, closes
from monitor.engine.guards import checks
from monitor.engine.guards.checks import Finding, whole_lots
from monitor.engine.guards.facts import GuardFacts, OrderIntent
from monitor.engine.guards.limits import Action, GuardLimits
from monitor.engine.values import EngineState

Check: TypeAlias = Callable[[OrderIntent, GuardFacts, GuardLimits], Finding | None]


class OnClose(Enum):
    """What a guard is to a closing order."""

    BINDS = "binds"
    WARNS = "warns"
    SILENT = "silent"


class GuardVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """`action` is warn, refuse or clamp; `quantity` what a clamp leaves, whole lots above 0."""

    guard: str
    action: Action
    message: str
    quantity: Decimal | None = None


class Guard(NamedTuple):
    """`name` is also the setting that holds its action. `only_closes`: it looks at nothing else, and
    an order that leaves now is cut, never refused, where something is left to close: a stop must
    still protect a position that has become smaller meanwhile."""

    name: str
    check: Check
    on_close: OnClose
    only_closes: bool = False

    def judge(
        self, order: OrderIntent, facts: GuardFacts, limits: GuardLimits, cuts: bool = True
    ) -> GuardVerdict | None:
        """None when it is off, is not about such orders, or finds nothing."""
        action: Action = getattr(limits, self.name)
        closing = closes(order)
        if action == "off" or (self.only_closes and not closing):
            return None
        if closing and self.on_close is OnClose.SILENT:
            return None
        if self.only_closes and facts.leaving:
            action = "clamp"
        if action == "clamp" and not cuts:
            action = "refuse"
        finding = self.check(order, facts, limits)
        if finding is None:
            return None
        if finding.mild or (closing and self.on_close is OnClose.WARNS):
            action = "warn"
        return self._verdict(action, finding, facts)

    def _verdict(self, action: Action, finding: Finding, facts: GuardFacts) -> GuardVerdict:
        if action != "clamp":
            return GuardVerdict(guard=self.name, action=action, message=finding.message)
        quantity = whole_lots(finding.most, facts.instrument) if finding.most is not None else None
        if not quantity:
            return GuardVerdict(guard=self.name, action="refuse", message=finding.message)
        message = f"{finding.message} It is cut to {quantity:f}."
        return GuardVerdict(guard=self.name, action="clamp", message=message, quantity=quantity)


GUARDS = (
    Guard("over_close", checks.over_close, OnClose.BINDS, only_closes=True),
    Guard("unknown_order", checks.unknown_order, OnClose.WARNS),
    Guard("stale_account", checks.stale_account, OnClose.SILENT),
    Guard("stale_quote", checks.stale_quote, OnClose.WARNS),
    Guard("order_size", checks.order_size, OnClose.SILENT),
    Guard("notional", checks.notional, OnClose.SILENT),
    Guard("position", checks.position, OnClose.SILENT),
    Guard("working_orders", checks.working_orders, OnClose.SILENT),
    Guard("order_rate", checks.order_rate, OnClose.WARNS),
    Guard("duplicate", checks.duplicate, OnClose.WARNS),
    Guard("price_band", checks.price_band, OnClose.BINDS),
    Guard("wide_spread", checks.wide_spread, OnClose.WARNS),
    Guard("thin_book", checks.thin_book, OnClose.WARNS),
    Guard("margin", checks.margin, OnClose.SILENT),
    Guard("daily_loss", checks.daily_loss, OnClose.SILENT),
    Guard("drawdown", checks.drawdown, OnClose.SILENT),
)
"""After the engine's state, which comes first and cannot be switched off."""

_STATE_NAMES = {EngineState.HALTED: "halted", EngineState.REDUCE_ONLY: "reduce-only"}


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """`quantity` is what a clamp left, None when it is as asked. A clamp is among the warnings,
    as somebody must be told of it."""

    refusals: tuple[GuardVerdict, ...] = ()
    warnings: tuple[GuardVerdict, ...] = ()
    quantity: Decimal | None = None

    @property
    def passes(self) -> bool:
        return not self.refusals


def assess(order: OrderIntent, facts: GuardFacts, limits: GuardLimits, *, cuts: bool = True) -> Assessment:
    """All that the guards say about an order. After a clamp the following ones see what is left.

    `order` is a request, a command or a creation: any frozen struct with an `OrderIntent`'s
    fields. Without `cuts` what would be cut is refused: so it is with the change of an order that
    works, which is made as it was asked for or not at all."""
    refusals: list[GuardVerdict] = []
    warnings: list[GuardVerdict] = []
    clamped: Decimal | None = None
    objection = allowed(facts.state, order)
    if objection:
        name = _STATE_NAMES[facts.state]
        refusals.append(GuardVerdict(guard=name, action="refuse", message=objection))
    for guard in GUARDS:
        verdict = guard.judge(order, facts, limits, cuts)
        if verdict is None:
            continue
        (refusals if verdict.action == "refuse" else warnings).append(verdict)
        if verdict.quantity is not None:
            clamped = verdict.quantity
            order = cast(OrderIntent, msgspec.structs.replace(cast(Any, order), quantity=clamped))
    return Assessment(refusals=tuple(refusals), warnings=tuple(warnings), quantity=clamped)

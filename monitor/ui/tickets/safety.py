"""Questions about what may be sent at all, and about orders nobody knows the state of.

Pure: reads rows through a `View`, writes texts and commands. Knows no widget and no clock.
"""

from __future__ import annotations

from collections.abc import Iterator

from monitor.engine.commands import (
    AnyCommand,
    DecideOrder,
    Decision,
    Resolution,
    ResolveOrder,
    SetEngineState,
)
from monitor.engine.rows import OrderRow
from monitor.engine.values import EngineState, InnerState
from monitor.models import format
from monitor.models.orders import is_straggler
from monitor.ui.tickets import words
from monitor.ui.tickets.facts import Facts
from monitor.ui.tickets.question import Line, PlainQuestion, Send, Step
from monitor.ui.tickets.told import order_name
from monitor.ui.tickets.view import View, running_strategies


def _state(view: View) -> EngineState | None:
    return view.session.engine_state if view.session is not None else None


def _past(view: View) -> bool:
    """Whether the view shows a past moment: of the present it says nothing."""
    return view.session is not None and view.session.past_seq is not None


def _working(view: View) -> list[OrderRow]:
    return [row for row in view.active_orders() if row.inner_state is not InnerState.MANUAL]


class EmergencyQuestion(PlainQuestion):
    """Stop everything: hold Enter, or the button, for a second, or type STOP. Nothing that
    changes meanwhile holds it back."""

    title = "Emergency stop"
    keep = "Go on trading"
    holds = True

    def look(self, view: View) -> Facts | None:
        halted = _state(view) is EngineState.HALTED and not _past(view)
        return None if halted else Facts()

    def headline(self, facts: Facts) -> str:
        return "Stop all trading now"

    def consequence(self, facts: Facts) -> str:
        return (
            "stops strategies, cancels working orders until the venue confirms, and sends nothing but "
            "closes that you choose; positions stay open"
        )

    def verb(self, facts: Facts) -> str:
        return "Hold 1 s: stop all"

    def words(self, facts: Facts) -> tuple[str, ...]:
        return ("STOP",)

    def lines(self, facts: Facts, view: View, engine_now_ns: int) -> list[Line]:
        if _past(view):
            return [Line("Meant is the present", "what works and runs now, not what is shown", "warn")]
        orders = _working(view)
        names = [row.name for row in running_strategies(view)]
        positions = words.plural(len(view.positions()), "position") if view.positions() else "none"
        return [
            Line("Cancels", words.listed(orders, order_name, 2) if orders else "no working order"),
            Line("Stops", words.listed(names) if names else "no strategy"),
            Line("Stays open", positions, "warn" if view.positions() else "muted"),
        ]

    def steps(self, seen: Facts, key: str, view: View) -> Iterator[Step]:
        yield Send((SetEngineState(key=key, state=EngineState.HALTED, reason="emergency stop"),))

    def gone(self) -> str:
        return "The engine is halted."


class ReduceOnlyQuestion(PlainQuestion):
    """Only what makes positions smaller from now on."""

    title = "Reduce only"
    keep = "Leave it as it is"

    def look(self, view: View) -> Facts | None:
        return None if _state(view) is EngineState.REDUCE_ONLY else Facts()

    def headline(self, facts: Facts) -> str:
        return "Only reduce positions from now on"

    def consequence(self, facts: Facts) -> str:
        return "orders that would open or enlarge a position are refused, and those that work are cancelled"

    def verb(self, facts: Facts) -> str:
        return "Reduce only"

    def lines(self, facts: Facts, view: View, engine_now_ns: int) -> list[Line]:
        now = _state(view)
        return [Line("Now", now.replace("_", "-") if now else "unknown")]

    def steps(self, seen: Facts, key: str, view: View) -> Iterator[Step]:
        yield Send((SetEngineState(key=key, state=EngineState.REDUCE_ONLY, reason="by hand"),))

    def gone(self) -> str:
        return "The engine reduces only."


class NormalQuestion(PlainQuestion):
    """Trade again: type NORMAL."""

    title = "Back to normal"
    keep = "Stay stopped"

    def look(self, view: View) -> Facts | None:
        return None if _state(view) in (None, EngineState.NORMAL) else Facts()

    def headline(self, facts: Facts) -> str:
        return "Trade normally again"

    def consequence(self, facts: Facts) -> str:
        return "orders are sent again; strategies stay stopped until you start them"

    def verb(self, facts: Facts) -> str:
        return "Back to normal"

    def words(self, facts: Facts) -> tuple[str, ...]:
        return ("NORMAL",)

    def lines(self, facts: Facts, view: View, engine_now_ns: int) -> list[Line]:
        left = [row for row in view.active_orders() if is_straggler(row)]
        why = view.session.engine_reason if view.session is not None else ""
        now = _state(view)
        return [
            Line("Now", f"{now.replace('_', '-') if now else 'unknown'} {why}".strip()),
            Line(
                "Not confirmed",
                words.listed(left, order_name, 2) if left else "no straggler",
                "warn" if left else "muted",
            ),
        ]

    def steps(self, seen: Facts, key: str, view: View) -> Iterator[Step]:
        yield Send((SetEngineState(key=key, state=EngineState.NORMAL, reason="by hand"),))

    def gone(self) -> str:
        return "The engine trades normally."


RISKS = {
    Resolution.NEVER_ARRIVED: (
        "It never arrived",
        "counts it as rejected; if it did arrive, it works or fills without you looking at it",
    ),
    Resolution.ENDED: (
        "It has ended",
        "counts it as cancelled with the fills known by now; what it filled beyond them is not in your books",
    ),
}


class ResolveQuestion(PlainQuestion):
    """A person's word about an order whose answer is missing."""

    title = "Unknown order"
    keep = "Leave it unknown"

    def __init__(self, order_id: int, resolution: Resolution) -> None:
        self.order_id, self.resolution = order_id, resolution

    def look(self, view: View) -> Facts | None:
        row = view.order(self.order_id)
        if row is None or row.inner_state is not InnerState.UNKNOWN:
            return None
        return Facts(orders=(row,))

    def headline(self, facts: Facts) -> str:
        return f"{RISKS[self.resolution][0]}: {order_name(facts.orders[0])}"

    def consequence(self, facts: Facts) -> str:
        return RISKS[self.resolution][1]

    def verb(self, facts: Facts) -> str:
        return RISKS[self.resolution][0]

    def lines(self, facts: Facts, view: View, engine_now_ns: int) -> list[Line]:
        row = facts.orders[0]
        filled = f"{format.volume(row.filled_quantity)} of {format.volume(row.quantity)}"
        return [
            Line("No word since", format.age(engine_now_ns - row.updated_ns)),
            Line("Filled, as far as known", filled),
            Line("Venue order", row.venue_order_id or "none: it was never confirmed"),
            Line("Your word is", "provisional: what the venue says still beats it", "warn"),
        ]

    def steps(self, seen: Facts, key: str, view: View) -> Iterator[Step]:
        command: AnyCommand = ResolveOrder(key=key, order_id=self.order_id, resolution=self.resolution)
        yield Send((command,))

    def gone(self) -> str:
        return "The order is not unknown any more: nothing was sent."


class SendWaitingQuestion(PlainQuestion):
    """Send an order that waits for a person."""

    title = "Your decision"
    keep = "Let it wait"

    def __init__(self, order_id: int) -> None:
        self.order_ids = (order_id,)

    def look(self, view: View) -> Facts | None:
        row = view.order(self.order_ids[0])
        return Facts(orders=(row,)) if row is not None and row.inner_state is InnerState.MANUAL else None

    def headline(self, facts: Facts) -> str:
        return f"Send {order_name(facts.orders[0])} now"

    def consequence(self, facts: Facts) -> str:
        return "it failed before and waits for you; d cancels it instead"

    def verb(self, facts: Facts) -> str:
        return f"Send {format.volume(facts.orders[0].quantity)}"

    def lines(self, facts: Facts, view: View, engine_now_ns: int) -> list[Line]:
        row = facts.orders[0]
        return [
            Line("Why it waits", row.reason or "no reason was given", "warn"),
            Line("Given", f"{format.age(engine_now_ns - row.created_ns)} ago"),
        ]

    def steps(self, seen: Facts, key: str, view: View) -> Iterator[Step]:
        yield Send((DecideOrder(key=key, order_id=self.order_ids[0], decision=Decision.SEND),))

    def gone(self) -> str:
        return "The order does not wait for a decision any more: nothing was sent."

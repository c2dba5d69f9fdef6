"""What somebody may ask of the engine, as frozen values in the imperative, and its answer.

A command carries who asked (`origin`, for the operation log) and an idempotency `key`: the
same key is carried out once, later ones get the first answer. Refusals are values.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

import msgspec

from monitor.engine.orderplan import PLAIN, OrderPlan
from monitor.engine.values import Direction, EngineState, LinkKind, Offset, OrderType, Side, TimeInForce


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag=True):
    """`origin` such as "window", "mirror 127.0.0.1", "cli"; `key` "" means not idempotent."""

    origin: str = "window"
    key: str = ""


class PlayReplay(Command, frozen=True, kw_only=True):
    pass


class PauseReplay(Command, frozen=True, kw_only=True):
    pass


class StepReplay(Command, frozen=True, kw_only=True):
    """Advance by `bars` (at least 1) and pause. Negative steps back."""

    bars: int = 1


class SetReplaySpeed(Command, frozen=True, kw_only=True):
    """`speed` 1.0 is ten bars a second; None is as fast as possible."""

    speed: float | None


class SeekReplay(Command, frozen=True, kw_only=True):
    """Go to the state after `bar` bars (0 .. bars), forward or back; with `time_ns` instead to
    the last bar that has closed by then."""

    bar: int = 0
    time_ns: int | None = None


class ResetReplay(Command, frozen=True, kw_only=True):
    """Back to before the first bar: the orders of the session are cleared everywhere."""

    strategy_id: int | None = None


class OpenReplay(Command, frozen=True, kw_only=True):
    """Start a new replay session. `parameters` are those of the strategy; `options` are
    fields of `ReplayOptions` as text (symbol, tick, multiplier, capital, matching, ...)."""

    file: str
    strategy: str
    parameters: dict[str, str] = msgspec.field(default_factory=dict)
    options: dict[str, str] = msgspec.field(default_factory=dict)
    play: bool = True


class StartStrategy(Command, frozen=True, kw_only=True):
    strategy_id: int


class StopStrategy(Command, frozen=True, kw_only=True):
    """The working orders it gave are cancelled; its position and a person's orders stay."""

    strategy_id: int


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order to be. `trail` is a trailing stop's distance in price, `expires_ns` of GTD.
    `account_id` "" is the only account, or the first."""

    symbol: str
    side: Side
    offset: Offset
    type: OrderType
    quantity: Decimal
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    trail: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    expires_ns: int | None = None
    reduce_only: bool = False
    account_id: str = ""
    plan: OrderPlan = PLAIN


class SubmitOrder(Command, frozen=True, kw_only=True):
    """`strategy_id` 0 is none. In a plan `not_before_ns` counts from the engine's clock."""

    strategy_id: int
    symbol: str
    side: Side
    offset: Offset
    type: OrderType
    quantity: Decimal
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    trail: Decimal | None = None
    expires_ns: int | None = None
    reduce_only: bool = False
    account_id: str = ""
    plan: OrderPlan = PLAIN


class SubmitLinked(Command, frozen=True, kw_only=True):
    """All or none of them. OCO: two or more of which one cancels the others. OTO: the first
    triggers the others. BRACKET: the entry, then its target, then its stop."""

    strategy_id: int
    kind: LinkKind
    orders: tuple[OrderRequest, ...]


class ReplaceOrder(Command, frozen=True, kw_only=True):
    """Change a working order in place; None leaves as it is. `quantity` is the new total."""

    order_id: int
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None


class Decision(StrEnum):
    """Of an order handed over to a person."""

    SEND = "send"
    CANCEL = "cancel"


class DecideOrder(Command, frozen=True, kw_only=True):
    order_id: int
    decision: Decision


class Resolution(StrEnum):
    """Of an order nobody knows the state of. LOOK_UP asks the venue again; NEVER_ARRIVED and
    ENDED are a person's word, kept as provisional: the venue's evidence still beats it."""

    LOOK_UP = "look_up"
    NEVER_ARRIVED = "never_arrived"
    ENDED = "ended"


class ResolveOrder(Command, frozen=True, kw_only=True):
    order_id: int
    resolution: Resolution


class SetEngineState(Command, frozen=True, kw_only=True):
    """NORMAL, REDUCE_ONLY or HALTED (the emergency stop). Also allowed while nothing can be
    written: then it holds at once and is journalled when it can be."""

    state: EngineState
    reason: str = ""


class Reconcile(Command, frozen=True, kw_only=True):
    """Compare with the venue now."""

    account_id: str = ""


class ReconnectVenue(Command, frozen=True, kw_only=True):
    """Try the line to a venue again now, with all tries anew; "" is every venue whose line is lost."""

    venue: str = ""


class MoveMoney(Command, frozen=True, kw_only=True):
    """Tell the books of a deposit (above 0) or a withdrawal (below 0)."""

    account_id: str
    amount: Decimal
    currency: str = ""
    note: str = ""


class AdjustPosition(Command, frozen=True, kw_only=True):
    """A person's word about what the account has, with a reason that is kept."""

    account_id: str
    symbol: str
    direction: Direction
    volume: Decimal
    average_price: Decimal | None = None
    reason: str = ""


class AcknowledgeAlert(Command, frozen=True, kw_only=True):
    alert_id: int


class CancelOrder(Command, frozen=True, kw_only=True):
    order_id: int
    reason: str = "manual"


class CancelOrders(Command, frozen=True, kw_only=True):
    """Cancel the orders the asker saw; one that ended meanwhile is left alone. With `all`
    they were meant to be all: refused when others work by now."""

    order_ids: tuple[int, ...]
    reason: str = "manual"
    all: bool = False


class SeenPosition(msgspec.Struct, frozen=True, kw_only=True):
    """What the asker saw: a close is refused when it is no longer so."""

    position_id: str
    version: int
    volume: Decimal
    price: Decimal | None
    working_orders: tuple[int, ...] = ()


class ClosePosition(Command, frozen=True, kw_only=True):
    """Close `volume` of the position seen; its working orders are cancelled first.

    MARKET, or LIMIT at `price`. Refused when the position or its working orders changed,
    when the last price moved more than `max_ticks`, or when the quote is stale.
    """

    seen: SeenPosition
    volume: Decimal
    type: OrderType = OrderType.MARKET
    price: Decimal | None = None
    max_ticks: int = 5


class CloseAllPositions(Command, frozen=True, kw_only=True):
    """Close all that was seen at market, or nothing: refused when any of it changed."""

    seen: tuple[SeenPosition, ...]
    max_ticks: int = 5


AnyCommand: TypeAlias = (
    PlayReplay
    | PauseReplay
    | StepReplay
    | SetReplaySpeed
    | SeekReplay
    | ResetReplay
    | OpenReplay
    | StartStrategy
    | StopStrategy
    | SubmitOrder
    | CancelOrder
    | CancelOrders
    | ClosePosition
    | CloseAllPositions
    | SubmitLinked
    | ReplaceOrder
    | DecideOrder
    | ResolveOrder
    | SetEngineState
    | Reconcile
    | ReconnectVenue
    | MoveMoney
    | AdjustPosition
    | AcknowledgeAlert
)


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Accepted or refused with a sentence.

    What changes orders, positions, strategies or the session is on disk when the core accepts
    it; play, pause, speed, step and seek are answered at once: losing them loses only a place.

    `guard` is a stable word for the refusal: "changed", "stale", "moved", "duplicate",
    "gone", "unknown", "invalid", "finished", "read-only", "not-durable", "halted", "reduce-only",
    "queue-full", "unreachable", or the name of a risk guard (`guards.py`). `order_ids` are the orders that
    the command made.
    """

    accepted: bool
    reason: str = ""
    guard: str = ""
    order_ids: tuple[int, ...] = ()


def accepted(*order_ids: int, reason: str = "") -> Reply:
    return Reply(accepted=True, reason=reason, order_ids=order_ids)


def refused(reason: str, guard: str = "invalid") -> Reply:
    return Reply(accepted=False, reason=reason, guard=guard)

"""What is to be done with an order besides sending it: when, in which order, and if it fails.

A frozen value that travels with the order's creation, so a restart knows all of it. Numbers
are those of the order queue, conditions and life cycle in the documents (seed 4).
"""

from __future__ import annotations

import msgspec

from monitor.engine.values import NS_PER_SECOND, FailurePolicy, PartialPolicy, Priority

MOST_WAITING = 1_000
MOST_CONDITIONS = 5
LONGEST_DELAY_S = 300
BATCH = 10
AUTO_CANCEL_S = 3_600
EVALUATE_EVERY_S = 5
RETRIES = 3
RETRY_AFTER_S = 5
FOREVER = 0
"""For `auto_cancel_s`: never."""


class OrderPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`delay_s`: send that much later than it was taken (at most 300 s). `not_before_ns`: the same
    as a moment, however far ahead; the engine makes the one of the other (`begun`).
    `conditions`: at most five texts, all of which must be true, at one moment, or with
    `latched` each at its own. `expires_ns`: give up waiting then.

    `parent_id`: send when that order was filled, never more than it was filled (OTO).
    `group_id`: the first order of a group of which one cancels the others (OCO); "" none.

    `auto_cancel_s` after it was sent, `FOREVER` for never. `partial_after_s`: how long
    CANCEL_REMAINING lets a partly filled order work on. `second_venue`: tried when the first
    refuses or is down, only when it is certain that the first does not have the order. That one
    ends then, and a new order takes its place there: `instead_of` is the id of the one that ended,
    given by the life cycle and by nobody else.
    """

    priority: Priority = Priority.NORMAL
    execute_immediately: bool = False
    delay_s: int | None = None
    not_before_ns: int | None = None
    conditions: tuple[str, ...] = ()
    latched: bool = False
    expires_ns: int | None = None
    parent_id: int | None = None
    group_id: int | None = None
    auto_cancel_s: int = AUTO_CANCEL_S
    partial: PartialPolicy = PartialPolicy.WAIT_REMAINING
    partial_after_s: int = 0
    on_failure: FailurePolicy = FailurePolicy.RETRY
    second_venue: str = ""
    instead_of: int | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


PLAIN = OrderPlan()


def begun(plan: OrderPlan, now_ns: int) -> OrderPlan:
    """The plan of an order that is taken now: a delay becomes the moment that a restart keeps. The
    plain plan is one value, so that a fact is the same bytes wherever its command came from."""
    if plan.delay_s is None:
        return PLAIN if plan == PLAIN else plan
    not_before_ns = max(plan.not_before_ns or 0, now_ns + plan.delay_s * NS_PER_SECOND)
    return msgspec.structs.replace(plan, delay_s=None, not_before_ns=not_before_ns)

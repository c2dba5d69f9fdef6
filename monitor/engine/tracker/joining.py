"""Two orders turn out to be one: by a client id, or because one took the place of the other.

Says which facts that makes. Knows neither how messages are heard nor how names are kept.
"""

from __future__ import annotations

from monitor.engine import events as ev
from monitor.engine.orders import Order
from monitor.engine.tracker.concluding import Concluder, Facts
from monitor.engine.tracker.watch import Watch
from monitor.engine.values import Origin

TWO_ORDERS = "two orders"


def named(concluder: Concluder, ours: Order, found: Watch) -> Facts:
    """A client id links what was adopted under a venue id to the order of ours that it is."""
    if found.order.intent.origin is Origin.EXTERNAL:
        yield ev.OrdersMerged(order_id=ours.order_id, orphan_id=found.order.order_id)
    else:
        yield from _refused(concluder, ours, found)


def linked(concluder: Concluder, before: Watch, after: Watch) -> Facts:
    """One took the place of the other: what was adopted is the order of ours, or the older one."""
    pair = sorted((before, after), key=_seniority)
    if _one(*pair):
        yield ev.OrdersMerged(order_id=pair[0].order.order_id, orphan_id=pair[1].order.order_id)
    else:
        yield from _refused(concluder, before.order, after)


def _seniority(watch: Watch) -> tuple[bool, int]:
    intent = watch.order.intent
    return intent.origin is Origin.EXTERNAL, intent.order_id


def _one(watch: Watch, orphan: Watch) -> bool:
    mine, theirs = watch.order.intent, orphan.order.intent
    alike = mine.side is theirs.side and mine.symbol == theirs.symbol
    return alike and theirs.origin is Origin.EXTERNAL


def _refused(concluder: Concluder, ours: Order, found: Watch) -> Facts:
    message = f"the venue has orders {found.order.order_id} and {ours.order_id} as one"
    return concluder.alert(found, TWO_ORDERS, message)

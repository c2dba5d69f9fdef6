"""Which facts of a journal still matter: what a checkpoint keeps of it, and what it forgets.

Pure: from what the last checkpoint kept and the records since to what the next one keeps. An
order that is open, ended lately or is not settled keeps all its facts; of an older one only a
tombstone stays, by which late and doubled messages are still recognised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from monitor.engine import events as ev
from monitor.engine.journal import JournalRecord
from monitor.engine.trading.taken import MOST_KEYS


class KeptFact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    seq: int
    time_ns: int
    payload: bytes


class Tombstone(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An order nobody needs any more but a venue may still speak of. `fills`: keys of its fills."""

    order_id: int
    account_id: str
    client_order_id: str
    venue_order_ids: tuple[str, ...]
    fills: tuple[str, ...]
    filled: Decimal


_ORDER_KINDS = frozenset(kind.__name__ for kind in ev.ORDER_EVENTS) | {"SignalEmitted"}
_FORGOTTEN = frozenset(
    {
        "PricesMarked",
        "Reconciled",
        "LinkChanged",
        "GuardFired",
        "InstrumentsListed",
        "MoneyMoved",
        "DayRolled",
        "PositionCorrected",
    }
)
"""What they led to is in the accounts and the state that a checkpoint holds besides."""


def compact(
    kept: Iterable[KeptFact],
    records: Iterable[JournalRecord],
    *,
    forget: Callable[[int], bool],
    open_alerts: frozenset[int],
) -> list[KeptFact]:
    """The facts to keep of all these, in their order. `forget` says of an order whether a tombstone
    is enough."""
    facts = [*kept, *(KeptFact(r.seq, r.time_ns, r.payload) for r in records if r.kind not in _FORGOTTEN)]
    held: dict[tuple[str, str], list[KeptFact]] = {}
    result: list[KeptFact] = []
    for fact in facts:
        event = ev.DECODER.decode(fact.payload)
        if isinstance(event, ev.EvidenceHeld):
            key = (event.message.account_id, event.message.venue_order_id)
            held.setdefault(key, []).append(fact)
        elif isinstance(event, ev.EvidenceClaimed):
            held.pop((event.account_id, event.venue_order_id), None)
        elif _matters(event, forget, open_alerts):
            result.append(fact)
    result += [fact for facts_held in held.values() for fact in facts_held]
    return _without_old_keys(sorted(result, key=lambda fact: fact.seq))


def _matters(event: ev.AnyEvent, forget: Callable[[int], bool], open_alerts: frozenset[int]) -> bool:
    if isinstance(event, ev.AlertRaised | ev.AlertSettled):
        return event.alert_id in open_alerts
    if isinstance(event, ev.CommandTaken):
        return bool(event.command.key)
    if isinstance(event, ev.OrdersMerged):
        return not forget(event.order_id)
    if type(event).__name__ in _ORDER_KINDS:
        order_id: int = getattr(event, "order_id")  # noqa: B009 every fact of an order has one
        return not forget(order_id)
    return True


def _without_old_keys(facts: list[KeptFact]) -> list[KeptFact]:
    """Of commands, only the newest keys."""
    marker = b'"event":"CommandTaken"'
    commands = [fact.seq for fact in facts if marker in fact.payload[:40]]
    old = frozenset(commands[:-MOST_KEYS])
    return [fact for fact in facts if fact.seq not in old] if old else facts

"""Which facts were asked for: what the database can filter, and what only the facts tell.

Owns the meaning of "of an order" and "of a strategy". Knows neither wording nor files.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from zoneinfo import ZoneInfo

import msgspec

from monitor.engine import events as ev
from monitor.engine.journal import JournalRecord
from monitor.journal.zones import nanoseconds
from monitor.journal_options import JournalRequest, Point
from monitor.store.archive import Archive, FactQuery


def query_of(request: JournalRequest, zone: ZoneInfo) -> FactQuery:
    """The part that the database carries out."""
    start, end = request.start or Point(), request.end or Point()
    return FactQuery(
        kinds=request.kinds,
        from_seq=request.since_seq,
        from_bar=start.bar,
        to_bar=end.bar,
        from_ns=None if start.time is None else nanoseconds(start.time, zone),
        to_ns=None if end.time is None else _end(end.time, end.whole_day, zone),
    )


def _end(time: dt.datetime, whole_day: bool, zone: ZoneInfo) -> int:
    if not whole_day:
        return nanoseconds(time, zone)
    return nanoseconds(dt.datetime.combine(time.date(), dt.time.max), zone) + 999


class Owners:
    """Which strategy an order is of. After a rewind an order's number is given again, perhaps
    to another strategy: the last that was created under it before a fact counts."""

    def __init__(self) -> None:
        self._created: dict[int, list[tuple[int, int]]] = defaultdict(list)

    def learn(self, seq: int, event: ev.OrderCreated) -> None:
        insort(self._created[event.order_id], (seq, event.strategy_id))

    def strategy_of(self, order_id: int, seq: int) -> int | None:
        known = self._created.get(order_id, [])
        place = bisect_left(known, (seq + 1,))
        return known[place - 1][1] if place else None


def decoded(record: JournalRecord) -> ev.AnyEvent | None:
    """None for a fact that cannot be read."""
    try:
        event: ev.AnyEvent = ev.DECODER.decode(record.payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return event


def orders_of(event: ev.AnyEvent | None) -> tuple[int, ...]:
    """The orders that a fact, or the command in it, names."""
    named = event.command if isinstance(event, ev.CommandTaken) else event
    single = getattr(named, "order_id", None)
    many: tuple[int, ...] = getattr(named, "order_ids", ())
    return many if single is None else (single,)


def strategies_of(event: ev.AnyEvent | None, seq: int, owners: Owners) -> set[int | None]:
    """The strategies that a fact, or the command in it, names, and those of its orders."""
    named = event.command if isinstance(event, ev.CommandTaken) else event
    strategy_id: int | None = getattr(named, "strategy_id", None)
    if strategy_id is not None:
        return {strategy_id}
    return {owners.strategy_of(order_id, seq) for order_id in orders_of(event)}


async def selected(
    archive: Archive, session_id: int, zone: ZoneInfo, request: JournalRequest, *, newest_first: bool = False
) -> AsyncGenerator[JournalRecord, None]:
    """The facts asked for, streamed. A fact that cannot be read is of no order or strategy."""
    owners = Owners()
    if request.strategy is not None:
        await _learn(owners, archive, session_id)
    query = query_of(request, zone)
    async with aclosing(archive.records(session_id, query, newest_first=newest_first)) as records:
        async for record in records:
            if _accepts(record, request, owners):
                yield record


async def _learn(owners: Owners, archive: Archive, session_id: int) -> None:
    created = FactQuery(kinds=(ev.OrderCreated.__name__,))
    async with aclosing(archive.records(session_id, created)) as records:
        async for record in records:
            event = decoded(record)
            if isinstance(event, ev.OrderCreated):
                owners.learn(record.seq, event)


def _accepts(record: JournalRecord, request: JournalRequest, owners: Owners) -> bool:
    if request.order is None and request.strategy is None:
        return True
    event = decoded(record)
    if request.order is not None and request.order not in orders_of(event):
        return False
    return request.strategy is None or request.strategy in strategies_of(event, record.seq, owners)

"""Which facts were asked for: what the database can filter, and what only the facts tell.

Owns the meaning of "of an order", "of a strategy", "of an account" and "of a symbol". Knows
neither wording nor files.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from decimal import Decimal
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from monitor.engine import events as ev
from monitor.engine.journal import JournalRecord
from monitor.journal.zones import nanoseconds
from monitor.journal_options import JournalRequest, Point
from monitor.store.archive import Archive, FactQuery
from monitor.store.scan import RowQuery


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


def row_query_of(request: JournalRequest, zone: ZoneInfo) -> RowQuery:
    """The same of rows, for which the database carries out everything."""
    facts = query_of(request, zone)
    return RowQuery(
        order_id=request.order,
        account_id=request.account,
        symbol=request.symbol,
        strategy_id=request.strategy,
        from_ns=facts.from_ns,
        to_ns=facts.to_ns,
        archived=request.archived,
    )


def _end(time: dt.datetime, whole_day: bool, zone: ZoneInfo) -> int:
    if not whole_day:
        return nanoseconds(time, zone)
    return nanoseconds(dt.datetime.combine(time.date(), dt.time.max), zone) + 999


class Owner(msgspec.Struct, frozen=True):
    """What an order was created with: facts about it name only its number."""

    strategy_id: int
    account_id: str
    symbol: str


class Owners:
    """Whose an order is. After a rewind an order's number is given again, perhaps to another strategy:
    the last that was created under it before a fact counts."""

    def __init__(self) -> None:
        self._created: dict[int, list[tuple[int, Owner]]] = defaultdict(list)

    def learn(self, seq: int, event: ev.OrderCreated) -> None:
        owner = Owner(event.strategy_id, event.account_id, event.symbol)
        insort(self._created[event.order_id], (seq, owner), key=itemgetter(0))

    def of(self, order_id: int, seq: int) -> Owner | None:
        known = self._created.get(order_id, [])
        place = bisect_right(known, seq, key=itemgetter(0))
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
    if isinstance(event, ev.OrdersMerged):
        return event.order_id, event.orphan_id
    named = event.command if isinstance(event, ev.CommandTaken) else event
    single = getattr(named, "order_id", None)
    many: tuple[int, ...] = getattr(named, "order_ids", ())
    return many if single is None else (single,)


def places_of(event: ev.AnyEvent) -> tuple[frozenset[str], frozenset[str]]:
    """The accounts and the symbols that a fact, or the message or the command in it, names itself."""
    named: Any = event
    if isinstance(event, ev.EvidenceHeld):
        named = event.message
    elif isinstance(event, ev.CommandTaken):
        named = event.command
    prices: dict[str, Decimal] = getattr(named, "prices", {})
    listed = getattr(named, "instruments", ()) or getattr(named, "orders", ())
    symbols = [getattr(named, "symbol", ""), *prices, *(one.symbol for one in listed)]
    accounts = [getattr(named, "account_id", ""), *(getattr(one, "account_id", "") for one in listed)]
    return frozenset(filter(None, accounts)), frozenset(filter(None, symbols))


def _owners_of(event: ev.AnyEvent | None, seq: int, owners: Owners) -> list[Owner]:
    """Of the orders that it names; those that were never created are nobody's."""
    found = (owners.of(order_id, seq) for order_id in orders_of(event))
    return [owner for owner in found if owner is not None]


def strategies_of(event: ev.AnyEvent | None, seq: int, owners: Owners) -> set[int]:
    """The strategies that a fact, or the command in it, names, and those of its orders."""
    named = event.command if isinstance(event, ev.CommandTaken) else event
    strategy_id: int | None = getattr(named, "strategy_id", None)
    if strategy_id is not None:
        return {strategy_id}
    return {owner.strategy_id for owner in _owners_of(event, seq, owners)}


async def selected(
    archive: Archive, session_id: int, zone: ZoneInfo, request: JournalRequest, *, newest_first: bool = False
) -> AsyncGenerator[JournalRecord, None]:
    """The facts asked for, streamed. A fact that cannot be read is of no order or strategy."""
    owners = Owners()
    if _wants_owners(request):
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


def _wants_owners(request: JournalRequest) -> bool:
    return any(asked is not None for asked in (request.strategy, request.account, request.symbol))


def _accepts(record: JournalRecord, request: JournalRequest, owners: Owners) -> bool:
    if request.order is None and not _wants_owners(request):
        return True
    event = decoded(record)
    if event is None or (request.order is not None and request.order not in orders_of(event)):
        return False
    if request.strategy is not None and request.strategy not in strategies_of(event, record.seq, owners):
        return False
    return _is_at(event, record.seq, request, owners)


def _is_at(event: ev.AnyEvent, seq: int, request: JournalRequest, owners: Owners) -> bool:
    """Whether a fact, or one of its orders, is of the account and of the symbol asked for."""
    if request.account is None and request.symbol is None:
        return True
    accounts, symbols = places_of(event)
    of_orders = _owners_of(event, seq, owners)
    accounts |= {owner.account_id for owner in of_orders}
    symbols |= {owner.symbol for owner in of_orders}
    mine = request.account is None or request.account in accounts
    return mine and (request.symbol is None or request.symbol in symbols)

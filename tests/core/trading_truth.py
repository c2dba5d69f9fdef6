"""What we know held against what the venue has, and what we kept against itself.

`differences` compares one moment of ours with the venue's truth; `sent_twice` reads the venue's list of
requests; `kept` judges the database of a session that has ended: journal, rows, signals, records.
All of them give sentences; none means that all is well.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import msgspec
from venue_world import Truth

from monitor.boundary import RecordQuery, SignalQuery
from monitor.core.live import LiveConfig
from monitor.engine import events as ev
from monitor.engine.changes import Changes
from monitor.engine.records import verify
from monitor.engine.rows import AccountRow, OrderRow, PositionRow, TradeRow
from monitor.engine.trading.trading import Trading
from monitor.engine.values import Direction, OrderStatus, Origin, SignalKind
from monitor.store.store import Store

CENT = Decimal("0.0001")
_EVERYTHING = 1_000_000
_ENDS = {
    "filled": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELED,
    "rejected": OrderStatus.REJECTED,
    "expired": OrderStatus.EXPIRED,
}


class Ours(Protocol):
    """A `Changes`, or what a child has told of one."""

    orders: dict[int, OrderRow]
    trades: dict[int, TradeRow]
    positions: dict[str, PositionRow]
    accounts: dict[str, AccountRow]


# The venue and us -----------------------------------------------------------------------------
def differences(truth: Truth, ours: Ours) -> list[str]:
    """Orders, fills, positions and money: one for one, both ways."""
    named = {row.client_order_id: row for row in ours.orders.values() if row.client_order_id}
    adopted = {row.venue_order_id: row for row in ours.orders.values() if row.origin is Origin.EXTERNAL}
    found: list[str] = []
    owner: dict[str, int] = {}
    for name, legs in _by_name(truth).items():
        row = named.get(name) or adopted.get(name)
        if row is None:
            found.append(f"{name}: the venue has it, we do not")
            continue
        owner.update({leg["venue_order_id"]: row.order_id for leg in legs})
        found += _order_differs(row, legs)
    there = set(_by_name(truth))
    for row in ours.orders.values():
        if row.client_order_id and row.client_order_id not in there:
            found += _never_there(row)
    return [
        *found,
        *_fills_differ(truth, ours, owner),
        *_positions_differ(truth, ours),
        *_money_differs(truth, ours),
    ]


def _by_name(truth: Truth) -> dict[str, list[dict[str, Any]]]:
    """The legs of each order of the venue; what others gave has only the venue's name."""
    legs = defaultdict(list)
    for leg in truth.orders:
        legs[leg["client_order_id"] or leg["venue_order_id"]].append(leg)
    return legs


def _order_differs(row: OrderRow, legs: list[dict[str, Any]]) -> Iterator[str]:
    replaced = {leg["replaces"] for leg in legs}
    (last,) = [leg for leg in legs if leg["venue_order_id"] not in replaced]
    filled = sum((Decimal(leg["cumulative"]) for leg in legs), Decimal(0))
    name = f"order {row.order_id} ({row.client_order_id or row.venue_order_id})"
    if row.filled_quantity != filled:
        yield f"{name}: filled {filled} at the venue, {row.filled_quantity} for us"
    if last["status"] in _ENDS:
        if row.status is not _ENDS[last["status"]]:
            yield f"{name}: {last['status']} at the venue, {row.status} {row.inner_state} for us"
    elif not row.status.active or row.status is OrderStatus.CREATED or row.inner_state is not None:
        yield f"{name}: works at the venue, {row.status} {row.inner_state} for us"
    elif row.price is not None and row.price != Decimal(last["price"] or 0):
        yield f"{name}: at {last['price']} at the venue, {row.price} for us"


def _never_there(row: OrderRow) -> Iterator[str]:
    waits = row.inner_state is not None and row.inner_state.certain
    ended = row.status in (OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED)
    if row.filled_quantity or not (ended or (row.status is OrderStatus.CREATED and waits)):
        yield f"order {row.order_id} is not at the venue, {row.status} {row.inner_state} for us"


def _fills_differ(truth: Truth, ours: Ours, owner: dict[str, int]) -> Iterator[str]:
    theirs = {
        one["venue_trade_id"]: (
            owner.get(one["venue_order_id"]),
            Decimal(one["price"]),
            Decimal(one["volume"]),
            Decimal(one["fee"]),
        )
        for one in truth.fills
    }
    counted = Counter(trade.venue_trade_id for trade in ours.trades.values() if not trade.void)
    yield from (f"fill {name} is there {number} times" for name, number in counted.items() if number > 1)
    mine = {
        trade.venue_trade_id: (trade.order_id, trade.price, trade.volume, trade.commission)
        for trade in ours.trades.values()
        if not trade.void
    }
    for name in {**theirs, **mine}:
        if theirs.get(name) != mine.get(name):
            yield f"fill {name}: {theirs.get(name)} at the venue, {mine.get(name)} for us"


def _positions_differ(truth: Truth, ours: Ours) -> Iterator[str]:
    theirs = {
        (account_id, held["symbol"], Direction.LONG if held["long"] else Direction.SHORT): held
        for account_id, account in truth.accounts.items()
        for held in account["positions"]
    }
    mine = {(row.account_id, row.symbol, row.direction): row for row in ours.positions.values() if row.volume}
    for key in {**theirs, **mine}:
        held, row = theirs.get(key), mine.get(key)
        if held is None or row is None or Decimal(held["volume"]) != row.volume:
            volume = held["volume"] if held is not None else 0
            yield f"{key}: {volume} at the venue, {row.volume if row is not None else 0} for us"
        elif abs(Decimal(held["average_price"]) - row.average_price) > CENT:
            yield f"{key}: at {held['average_price']} at the venue, {row.average_price} for us"


def _money_differs(truth: Truth, ours: Ours) -> Iterator[str]:
    for account_id, account in truth.accounts.items():
        row = ours.accounts.get(account_id)
        if row is None:
            continue
        money = row.balance - row.unrealised_profit
        if abs(Decimal(account["balance"]) - money) > CENT:
            yield f"{account_id}: {account['balance']} at the venue, {money} for us"


def sent_twice(truth: Truth) -> list[str]:
    """A name may be placed again only after a definite refusal of the time before. What the script
    doubled on its way has the same number on the same line and is one request."""
    asked: dict[str, dict[tuple[int, int], str]] = defaultdict(dict)
    for one in truth.requests:
        if one["request"] == "place":
            asked[one["client_order_id"]].setdefault((one["connection"], one["id"]), one["code"])
    return [
        f"{name} was placed {len(codes)} times: {list(codes.values())}"
        for name, codes in asked.items()
        if len(codes) > 1 and any(code in _INDEFINITE for code in list(codes.values())[:-1])
    ]


_INDEFINITE = frozenset({"", "duplicate_client_order_id", "internal_error", "timeout"})


# What was kept --------------------------------------------------------------------------------
class Kept(msgspec.Struct, kw_only=True):
    """All of a session's facts, its rows, and its engine folded from the first fact on."""

    facts: list[ev.AnyEvent]
    rows: Changes
    folded: Trading
    wrong: list[str]
    seq: int

    def of(self, kind: type[Any]) -> list[Any]:
        return [fact for fact in self.facts if isinstance(fact, kind)]


async def kept(database: Path | str, session_id: int | None = None) -> Kept:
    """What a program that has ended has left. A gap of the journal raises StoreError."""
    store = await Store.open(database)
    try:
        saved = await (store.session(session_id) if session_id is not None else store.last_session())
        assert saved is not None
        records = await store.journal(saved.session_id)
        config = msgspec.json.decode(saved.config, type=LiveConfig)
        folded = Trading(config.terms)
        for _ in folded.restore(records):
            pass
        rows = await store.rows(saved.session_id)
        signals = (await store.signals(saved.session_id, SignalQuery(size=_EVERYTHING))).signals
        trail = (await store.position_records(saved.session_id, RecordQuery(size=_EVERYTHING))).records
    finally:
        await store.close()
    facts = [ev.DECODER.decode(record.payload) for record in records]
    wrong = [
        *_numbers([record.seq for record in records], saved.last_seq),
        *_rows_differ(folded, rows),
        *_signals_differ(folded, facts, signals),
        *verify(sorted(trail, key=lambda row: row.record_id)),
        *_taken_twice(facts),
    ]
    return Kept(facts=facts, rows=rows, folded=folded, wrong=wrong, seq=saved.last_seq)


def _numbers(seqs: list[int], last: int) -> Iterator[str]:
    if seqs != list(range(1, last + 1)):
        yield f"the journal's numbers are not 1 to {last}"


_OF_THE_CLOCK = ("updated_ns", "quote_ns", "last_price", "unrealised_profit", "margin", "close_commission")


def _rows_differ(folded: Trading, rows: Changes) -> Iterator[str]:
    """Orders, trades and positions to the last field; what depends on a price that is no fact is not
    compared."""
    book, state = folded.state.book, folded.state
    orders = {number: one.row() for number, one in book.orders.items()}
    positions = {name: row for name, row in folded.snapshot().positions.items() if row.volume}
    tables: dict[str, tuple[dict[Any, Any], dict[Any, Any]]] = {
        "order": (orders, rows.orders),
        "trade": (dict(state.trades), rows.trades),
        "position": (positions, rows.positions),
    }
    for name, (expected, there) in tables.items():
        for key in {**expected, **there}:
            one, other = _timeless(expected.get(key)), _timeless(there.get(key))
            if one != other:
                fields = [f for f in one or {} if (other or {}).get(f) != (one or {})[f]]
                told = {f: ((one or {}).get(f), (other or {}).get(f)) for f in fields} or (one, other)
                yield f"{name} {key}: folded and kept differ: {told}"
    settled = {i: a.settled_ns is None for i, a in state.alerts.items() if i in rows.alerts}
    if settled != {i: a.settled_ns is None for i, a in rows.alerts.items()}:
        yield "alerts: folded and kept differ"


def _timeless(row: Any) -> dict[str, Any] | None:
    if row is None:
        return None
    return {name: value for name, value in msgspec.structs.asdict(row).items() if name not in _OF_THE_CLOCK}


def _signals_differ(folded: Trading, facts: list[ev.AnyEvent], rows: Iterable[Any]) -> Iterator[str]:
    """Each signal once, as a fact and as a row; an order that ended has one `finished`."""
    said = Counter((s.order_id, s.kind, s.key) for s in facts if isinstance(s, ev.SignalEmitted))
    there = Counter((row.order_id, row.kind, row.key) for row in rows)
    yield from (f"signal {key} was said {n} times" for key, n in said.items() if n > 1)
    if said != there:
        yield f"signals: {len(said)} as facts, {len(there)} as rows: {sorted(said.keys() ^ there.keys())[:5]}"
    merged = {fact.orphan_id for fact in facts if isinstance(fact, ev.OrdersMerged)}
    finished = Counter(order_id for order_id, kind, _ in said if kind is SignalKind.FINISHED)
    for number, order in folded.state.book.orders.items():
        expected = 0 if order.status.active or number in merged else 1
        if number not in merged and finished[number] != expected:
            yield f"order {number}, {order.status}, has {finished[number]} finished signals"


def _taken_twice(facts: list[ev.AnyEvent]) -> Iterator[str]:
    keys = Counter(fact.command.key for fact in facts if isinstance(fact, ev.CommandTaken))
    for key, number in keys.items():
        if key and number > 1:
            yield f"the command {key} was carried out {number} times"

"""Pages of what was: newest first, filtered, nothing twice or left out."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from store_world import alert, begin, execution, order, record, signal, trade

from monitor.boundary import (
    AlertQuery,
    ExecutionQuery,
    OrderQuery,
    RecordQuery,
    SignalQuery,
    TradeQuery,
)
from monitor.engine.changes import Changes
from monitor.engine.values import LogLevel, OrderStatus, RecordType, SignalKind
from monitor.store import Batch, Store

DICE = Random(5)
SYMBOLS = ["SHFE.au2512", "DCE.m2005", "m'; --"]
ORDERS = {
    i: order(
        i,
        status=DICE.choice(list(OrderStatus)),
        symbol=DICE.choice(SYMBOLS),
        strategy_id=DICE.randint(1, 2),
        updated_ns=DICE.randint(1, 20),
    )
    for i in range(1, 81)
}
TRADES = {
    i: trade(
        i,
        order_id=DICE.randint(1, 5),
        symbol=DICE.choice(SYMBOLS),
        strategy_id=DICE.randint(1, 2),
        time_ns=DICE.randint(1, 20),
    )
    for i in range(1, 81)
}
ACCOUNTS = ["sim", "模拟"]
SIGNALS = {
    i: signal(
        i,
        order_id=i % 9,
        key=str(i),
        kind=DICE.choice(list(SignalKind)),
        symbol=DICE.choice(SYMBOLS),
        account_id=DICE.choice(ACCOUNTS),
        time_ns=DICE.randint(1, 20),
    )
    for i in range(1, 81)
}
EXECUTIONS = {
    i: execution(
        i,
        symbol=DICE.choice(SYMBOLS),
        account_id=DICE.choice(ACCOUNTS),
        venue=DICE.choice(["a", "b"]),
        updated_ns=DICE.randint(1, 20),
    )
    for i in range(1, 81)
}
ALERTS = {
    i: alert(
        i,
        symbol=DICE.choice(SYMBOLS),
        account_id=DICE.choice(ACCOUNTS),
        order_id=DICE.choice([None, 1, 2]),
        level=DICE.choice(list(LogLevel)),
        cause=DICE.choice(["margin", "link"]),
        settled_ns=DICE.choice([None, 21]),
        time_ns=DICE.randint(1, 20),
    )
    for i in range(1, 81)
}
RECORDS = {
    i: record(
        i,
        symbol=DICE.choice(SYMBOLS),
        account_id=DICE.choice(ACCOUNTS),
        strategy_id=DICE.randint(1, 2),
        order_id=DICE.choice([None, 1, 2]),
        type=DICE.choice(list(RecordType)),
        time_ns=DICE.randint(1, 20),
    )
    for i in range(1, 81)
}
EVERYTHING = Changes(
    orders=ORDERS,
    trades=TRADES,
    signals=SIGNALS,
    executions=EXECUTIONS,
    alerts=ALERTS,
    records=RECORDS,
)
MAYBE_TIME = st.none() | st.integers(0, 21)
PAGES: dict[str, st.SearchStrategy[Any]] = {
    "page": st.integers(1, 5),
    "size": st.integers(1, 40),
    "symbol": st.none() | st.sampled_from([*SYMBOLS, "nothing"]),
    "from_ns": MAYBE_TIME,
    "to_ns": MAYBE_TIME,
}
FILTERS = PAGES | {"strategy_id": st.none() | st.integers(1, 3)}
OF_ACCOUNTS = PAGES | {"account_id": st.none() | st.sampled_from(ACCOUNTS)}
MAYBE_ORDER = st.none() | st.integers(0, 9)
quick = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
async def history(store: Store) -> int:
    """The session with the rows above, beside another one that must not be seen."""
    other, session_id = await begin(store), await begin(store)
    for each in (other, session_id):
        store.write(Batch(each, [], EVERYTHING))
    await store.flush()
    return session_id


def matches(row: Any, time_ns: int, query: Any) -> bool:
    """Whatever the query names by the name of a field is that; and the time is between."""
    own = set(type(query).__struct_fields__) & set(type(row).__struct_fields__)
    return (
        all(getattr(query, field) in (None, getattr(row, field)) for field in own)
        and (query.from_ns is None or time_ns >= query.from_ns)
        and (query.to_ns is None or time_ns <= query.to_ns)
    )


def page_of(wanted: list[Any], query: Any) -> list[Any]:
    return wanted[(query.page - 1) * query.size : query.page * query.size]


@quick
@given(query=st.builds(OrderQuery, status=st.none() | st.sampled_from(OrderStatus), **FILTERS))
async def test_finished_orders_are_those_asked_for(store: Store, history: int, query: OrderQuery) -> None:
    wanted = [
        row
        for row in ORDERS.values()
        if not row.status.active
        and query.status in (None, row.status)
        and matches(row, row.updated_ns, query)
    ]
    wanted.sort(key=lambda row: (row.updated_ns, row.order_id), reverse=True)
    found = await store.finished_orders(history, query)
    assert (found.total, found.page, found.size) == (len(wanted), query.page, query.size)
    assert found.orders == wanted[(query.page - 1) * query.size : query.page * query.size]


@quick
@given(query=st.builds(TradeQuery, order_id=st.none() | st.integers(1, 6), **FILTERS))
async def test_trades_are_those_asked_for(store: Store, history: int, query: TradeQuery) -> None:
    wanted = [
        row
        for row in TRADES.values()
        if query.order_id in (None, row.order_id) and matches(row, row.time_ns, query)
    ]
    wanted.sort(key=lambda row: (row.time_ns, row.trade_id), reverse=True)
    found = await store.trades(history, query)
    assert (found.total, found.page, found.size) == (len(wanted), query.page, query.size)
    assert found.trades == wanted[(query.page - 1) * query.size : query.page * query.size]


@quick
@given(
    query=st.builds(
        SignalQuery, order_id=MAYBE_ORDER, kind=st.none() | st.sampled_from(SignalKind), **OF_ACCOUNTS
    )
)
async def test_signals_are_those_asked_for(store: Store, history: int, query: SignalQuery) -> None:
    wanted = [row for row in SIGNALS.values() if matches(row, row.time_ns, query)]
    wanted.sort(key=lambda row: (row.time_ns, row.signal_id), reverse=True)
    found = await store.signals(history, query)
    assert (found.total, found.signals) == (len(wanted), page_of(wanted, query))


@quick
@given(
    query=st.builds(
        ExecutionQuery, order_id=MAYBE_ORDER, venue=st.sampled_from([None, "a", "b", "c"]), **OF_ACCOUNTS
    )
)
async def test_executions_are_those_asked_for(store: Store, history: int, query: ExecutionQuery) -> None:
    wanted = [row for row in EXECUTIONS.values() if matches(row, row.updated_ns, query)]
    wanted.sort(key=lambda row: (row.updated_ns, row.order_id), reverse=True)
    found = await store.executions(history, query)
    assert (found.total, found.executions) == (len(wanted), page_of(wanted, query))


@quick
@given(
    query=st.builds(
        AlertQuery,
        standing=st.none() | st.booleans(),
        level=st.none() | st.sampled_from(LogLevel),
        cause=st.sampled_from([None, "margin", "nothing"]),
        order_id=MAYBE_ORDER,
        **OF_ACCOUNTS,
    )
)
async def test_alerts_are_those_asked_for(store: Store, history: int, query: AlertQuery) -> None:
    wanted = [
        row
        for row in ALERTS.values()
        if matches(row, row.time_ns, query) and query.standing in (None, row.settled_ns is None)
    ]
    wanted.sort(key=lambda row: (row.time_ns, row.alert_id), reverse=True)
    found = await store.alerts(history, query)
    assert (found.total, found.alerts) == (len(wanted), page_of(wanted, query))


RECORD_QUERIES = st.builds(
    RecordQuery,
    strategy_id=st.none() | st.integers(1, 3),
    order_id=MAYBE_ORDER,
    type=st.none() | st.sampled_from(RecordType),
    include_archive=st.booleans(),
    **OF_ACCOUNTS,
)


@quick
@given(query=RECORD_QUERIES)
async def test_position_records_are_those_asked_for(store: Store, history: int, query: RecordQuery) -> None:
    wanted = [row for row in RECORDS.values() if matches(row, row.time_ns, query)]
    wanted.sort(key=lambda row: (row.time_ns, row.record_id), reverse=True)
    found = await store.position_records(history, query)
    assert (found.total, found.records) == (len(wanted), page_of(wanted, query))
    parts = [part async for part in store.all_position_records(history, query)]
    assert [row for part in parts for row in part] == wanted[::-1]


async def test_all_pages_together_are_everything_once(store: Store, history: int) -> None:
    pages = [await store.trades(history, TradeQuery(page=page, size=9)) for page in range(1, 10)]
    ids = [row.trade_id for page in pages for row in page.trades]
    assert sorted(ids) == sorted(TRADES)


@pytest.mark.parametrize("wrong", [{"page": 0}, {"size": 0}, {"page": -1}])
async def test_there_is_no_page_nought(store: Store, history: int, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="pages start at 1"):
        await store.trades(history, TradeQuery(**wrong))

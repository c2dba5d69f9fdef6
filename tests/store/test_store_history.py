"""Pages of what was: newest first, filtered, nothing twice or left out."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from store_world import begin, order, trade

from monitor.boundary import OrderQuery, TradeQuery
from monitor.engine.changes import Changes
from monitor.engine.rows import OrderRow, TradeRow
from monitor.engine.values import OrderStatus
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
MAYBE_TIME = st.none() | st.integers(0, 21)
FILTERS: dict[str, st.SearchStrategy[Any]] = {
    "page": st.integers(1, 5),
    "size": st.integers(1, 40),
    "symbol": st.none() | st.sampled_from([*SYMBOLS, "nothing"]),
    "strategy_id": st.none() | st.integers(1, 3),
    "from_ns": MAYBE_TIME,
    "to_ns": MAYBE_TIME,
}
quick = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
async def history(store: Store) -> int:
    """The session with the orders and trades above, beside another one that must not be seen."""
    other = await begin(store)
    store.write(
        Batch(other, [], Changes(orders={1: order(1, status=OrderStatus.FILLED)}, trades={1: trade(1)}))
    )
    session_id = await begin(store)
    await store.write(Batch(session_id, [], Changes(orders=ORDERS, trades=TRADES)))
    return session_id


def matches(row: OrderRow | TradeRow, time_ns: int, query: OrderQuery | TradeQuery) -> bool:
    return (
        query.symbol in (None, row.symbol)
        and query.strategy_id in (None, row.strategy_id)
        and (query.from_ns is None or time_ns >= query.from_ns)
        and (query.to_ns is None or time_ns <= query.to_ns)
    )


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


async def test_all_pages_together_are_everything_once(store: Store, history: int) -> None:
    pages = [await store.trades(history, TradeQuery(page=page, size=9)) for page in range(1, 10)]
    ids = [row.trade_id for page in pages for row in page.trades]
    assert sorted(ids) == sorted(TRADES)


@pytest.mark.parametrize("wrong", [{"page": 0}, {"size": 0}, {"page": -1}])
async def test_there_is_no_page_nought(store: Store, history: int, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="pages start at 1"):
        await store.trades(history, TradeQuery(**wrong))

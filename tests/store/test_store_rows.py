"""What is written comes back: every kind of row, digit by digit, after any history."""

from __future__ import annotations

from decimal import Decimal
from typing import get_type_hints

import msgspec
import numpy as np
import pytest
from database_places import Place
from hypothesis import HealthCheck, given, settings, strategies as st
from store_strategies import changes, rows
from store_world import (
    account,
    alert,
    exactly,
    execution,
    fold,
    operation,
    order,
    position,
    record,
    records,
    signal,
    strategy,
    trade,
    trigger,
)

from monitor.engine.changes import Changes, EquityChunk
from monitor.engine.journal import JournalRecord
from monitor.engine.values import SignalKind
from monitor.store import Batch, Store, StoreError
from monitor.store.tables import metadata

in_one_store = settings(
    deadline=None,
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Words of the program: without NUL, which PostgreSQL cannot store.
KINDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


async def new_session(store: Store) -> int:
    return await store.begin_session(created_ns=1, world="REPLAY", title="t", config=b"")


@in_one_store
@given(history=st.lists(st.tuples(changes(), st.booleans()), max_size=6))
async def test_the_rows_after_any_history_are_its_fold(
    store: Store, history: list[tuple[Changes, bool]]
) -> None:
    await judge(store, history)


async def judge(store: Store, history: list[tuple[Changes, bool]]) -> None:
    session_id = await new_session(store)
    for part, wait in history:
        durable = store.write(Batch(session_id, [], part))
        if wait:
            await durable
    await store.flush()
    assert fold([await store.rows(session_id)]) == fold(part for part, _ in history)


@in_one_store
@given(
    facts=st.lists(rows(JournalRecord, kind=KINDS), max_size=5).map(
        lambda found: [
            JournalRecord(seq, r.time_ns, r.bar, r.kind, r.payload) for seq, r in enumerate(found, 1)
        ]
    )
)
async def test_journal_records_come_back_as_they_were(store: Store, facts: list[JournalRecord]) -> None:
    session_id = await new_session(store)
    await store.write(Batch(session_id, facts, Changes()))
    assert await store.journal(session_id) == facts
    assert await store.journal(session_id, from_seq=3) == facts[2:]


async def test_every_kind_of_row_has_a_column_for_each_field(store: Store, session_id: int) -> None:
    names = {
        "orders": order(1),
        "trades": trade(1),
        "positions": position(Decimal(1), 1),
        "accounts": account(),
        "strategies": strategy(1),
    }
    names |= {"strategy_triggers": trigger(1), "operation_log": operation(1)}
    names |= {"signals": signal(1), "executions": execution(1), "alerts": alert(1)}
    names |= {"position_records": record(1), "position_records_archive": record(1)}
    for table, row in names.items():
        assert set(metadata.tables[table].columns.keys()) == {"session_id", *get_type_hints(type(row))}


async def test_zeros_at_the_end_of_a_price_are_kept(store: Store, session_id: int) -> None:
    exact = Decimal("980.0200000000000000000000000000000000000000000000000000")
    await store.write(Batch(session_id, [], Changes(orders={1: order(1, price=exact)})))
    kept = (await store.rows(session_id)).orders[1].price
    assert str(kept) == str(exact)


async def test_every_character_is_kept(store: Store, session_id: int, place: Place) -> None:
    said = "涨停 🚀 ' \" \\ % $1 :x \n e\u0301 \0 " + "长" * 100_000
    await store.write(Batch(session_id, [], Changes(orders={1: order(1, reason=said)})))
    kept = (await store.rows(session_id)).orders[1].reason
    assert kept == (said.replace("\0", "\u2400") if place.kind == "postgresql" else said)


async def test_names_that_differ_in_case_only_are_two(store: Store, session_id: int) -> None:
    positions = {
        name: msgspec.structs.replace(position(Decimal(1), 1), position_id=name)
        for name in ("sim-au", "sim-AU", "sim-aü", "sim-au ")
    }
    await store.write(Batch(session_id, [], Changes(positions=positions)))
    assert (await store.rows(session_id)).positions == positions


async def test_a_position_of_no_volume_is_gone(store: Store, session_id: int) -> None:
    held, gone = position(Decimal(2), 3), position(Decimal("0.00"), 6)
    await store.write(Batch(session_id, [], Changes(positions={held.position_id: held})))
    assert exactly((await store.rows(session_id)).positions) == exactly({held.position_id: held})
    await store.write(Batch(session_id, [], Changes(positions={gone.position_id: gone})))
    assert (await store.rows(session_id)).positions == {}


async def test_a_clear_leaves_the_operations_the_journal_and_other_sessions(store: Store) -> None:
    one, two = await new_session(store), await new_session(store)
    everything = Changes(orders={1: order(1)}, trades={1: trade(1)}, operations=[operation(1)])
    store.write(Batch(one, records(1), everything))
    store.write(Batch(two, records(1), everything))
    await store.write(Batch(one, records(2), Changes(cleared=True, orders={9: order(9)})))
    left = await store.rows(one)
    assert (list(left.orders), left.trades, len(left.operations), left.seq) == ([9], {}, 1, 2)
    assert len(await store.journal(one)) == 2
    assert list((await store.rows(two)).orders) == [1]


async def test_an_equity_curve_comes_back_in_one_piece(store: Store, session_id: int) -> None:
    times, curve = np.arange(1200), np.linspace(1e6, 2e6, 1200)
    curve[7] = np.nan
    for start in range(0, 1200, 100):
        part = slice(start, start + 100)
        chunk = EquityChunk("sim", start, times[part], curve[part])
        store.write(Batch(session_id, [], Changes(equity=[chunk])))
    await store.flush()
    (chunk,) = (await store.rows(session_id)).equity
    assert (chunk.account_id, chunk.start) == ("sim", 0)
    np.testing.assert_array_equal(chunk.time_ns, times)
    np.testing.assert_array_equal(chunk.equity, curve)


async def test_of_many_operations_the_latest_500_are_shown(store: Store, session_id: int) -> None:
    given_commands = [operation(number) for number in range(1, 601)]
    await store.write(Batch(session_id, [], Changes(operations=given_commands)))
    shown = (await store.rows(session_id)).operations
    assert [row.operation_id for row in shown] == list(range(101, 601))


async def test_of_what_only_grows_the_latest_500_are_shown(store: Store, session_id: int) -> None:
    numbers = range(1, 601)
    grown = Changes(
        signals={i: signal(i) for i in numbers},
        executions={i: execution(i) for i in numbers},
        records={i: record(i) for i in numbers},
        alerts={i: alert(i, settled_ns=None if i == 7 else i) for i in numbers},
    )
    await store.write(Batch(session_id, [], grown))
    shown = await store.rows(session_id)
    latest = list(range(101, 601))
    assert list(shown.signals) == list(shown.executions) == list(shown.records) == latest
    assert list(shown.alerts) == [7, *latest[1:]], "one that still stands is never left out"


async def test_the_same_signal_is_written_again_but_never_a_second_of_its_kind_and_key(
    place: Place,
) -> None:
    store = await Store.open(place.address)
    session_id, other = await new_session(store), await new_session(store)
    first = signal(1, order_id=7, key="x")
    for each in (session_id, other, session_id):
        await store.write(Batch(each, [], Changes(signals={1: first})))
    apart = {
        2: signal(2, order_id=8, key="x"),
        3: signal(3, order_id=7, key="X"),
        4: signal(4, order_id=7, key="x", kind=SignalKind.ALERT),
    }
    await store.write(Batch(session_id, [], Changes(signals=apart)))
    with pytest.raises(StoreError, match="refused a row"):
        await store.write(Batch(session_id, records(1), Changes(signals={9: signal(9, order_id=7, key="x")})))
    assert (await store.rows(session_id)).signals == {1: first, **apart}
    assert await store.journal(session_id) == []
    await store.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(in_one_store, max_examples=100)
@given(history=st.lists(st.tuples(changes(), st.booleans()), max_size=10))
async def test_the_rows_after_any_long_history_are_its_fold(
    store: Store, history: list[tuple[Changes, bool]]
) -> None:
    await judge(store, history)

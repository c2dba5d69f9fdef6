"""What a window asks of the journal: the facts of one order, a past moment, and what ends a look back."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from core_world import core_world, options, wave, write_bars, write_strategies
from hypothesis import given, strategies as st
from trading_desk import desk_at
from venue_world import venue_here

from monitor.boundary import RecordQuery, Unavailable
from monitor.core.history import MOST_FACTS, facts_of, naming
from monitor.core.outbox import WindowOutbox
from monitor.engine import events as ev
from monitor.engine.changes import Changes
from monitor.engine.commands import CancelOrders, OpenReplay, SeekReplay, SetEngineState, SubmitOrder
from monitor.engine.journal import JournalRecord
from monitor.engine.rows import AlertRow, SessionRow
from monitor.engine.values import (
    EngineState,
    LogLevel,
    Offset,
    OrderStatus,
    OrderType,
    Side,
    World,
)

# -- the facts of one order


async def test_a_filled_order_tells_its_facts_in_order_and_no_others(tmp_path: Path) -> None:
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        await desk.buys("1", at="99")
        order_id = await desk.buys("0.5", at="100")
        await desk.until_order(order_id, OrderStatus.PLACED)
        await venue.fills(desk.name(order_id))
        row = await desk.until_order(order_id, OrderStatus.FILLED)
        facts = await desk.core.order_history(order_id, row.created_ns)
        kinds = [type(fact.event) for fact in facts]
        for earlier, later in ((ev.OrderCreated, ev.OrderSent), (ev.OrderSent, ev.TradeExecuted)):
            assert kinds.index(earlier) < kinds.index(later)
        assert {getattr(fact.event, "order_id", order_id) for fact in facts} == {order_id}
        assert [fact.seq for fact in facts] == sorted({fact.seq for fact in facts})
        placed = next(fact for fact in facts if isinstance(fact.event, ev.OrderSent))
        until = await desk.core.order_history(order_id, row.created_ns, placed.seq)
        assert until == tuple(fact for fact in facts if fact.seq <= placed.seq)
        page = await desk.core.position_records(RecordQuery(size=10))
        assert [record.order_id for record in page.records] == [order_id]


async def test_facts_that_a_rewind_voided_are_not_told(tmp_path: Path) -> None:
    file = write_bars(tmp_path / "bars.csv", wave(60))
    start = options(file, f"{write_strategies(tmp_path)}:Idle")
    async with core_world(tmp_path / "db.sqlite", start) as world:
        for price in ("50", "60"):
            await world.does(SeekReplay(bar=10))
            assert (await world.does(bid(price))).accepted
            created = next(fact.event for fact in await world.core.order_history(1))
            assert isinstance(created, ev.OrderCreated)
            assert created.price == Decimal(price), "the number was given again after the rewind"
            await world.does(SeekReplay(bar=5))
            assert await world.core.order_history(1) == ()


def bid(price: str) -> SubmitOrder:
    return SubmitOrder(
        strategy_id=1,
        symbol="SHFE.test",
        side=Side.BUY,
        offset=Offset.OPEN,
        type=OrderType.LIMIT,
        quantity=Decimal(1),
        price=Decimal(price),
    )


@given(id=st.integers(1, 10**9), other=st.integers(1, 10**9))
def test_a_payload_names_exactly_its_orders(id: int, other: int) -> None:
    events: list[ev.AnyEvent] = [
        ev.OrderPlaced(order_id=other),
        ev.OrdersMerged(order_id=other, orphan_id=other + 1),
        ev.CommandTaken(command=CancelOrders(order_ids=(other, other + 1))),
        ev.CommandTaken(command=CancelOrders(order_ids=(other + 1, other))),
    ]
    for event in events:
        found = naming(id).search(ev.ENCODER.encode(event)) is not None
        one = isinstance(event, ev.OrderPlaced)
        assert found is (id == other or (not one and id == other + 1))
        assert naming(other).search(ev.ENCODER.encode(event))


async def test_no_more_than_the_newest_are_told() -> None:
    class Many:
        async def journal_parts(self, _session: int, first: int, _to: int | None):  # type: ignore[no-untyped-def]
            payload = ev.ENCODER.encode(ev.OrderTriggered(order_id=3))
            yield [JournalRecord(seq, seq, 0, "OrderTriggered", payload) for seq in range(first, 901)]

    facts = await facts_of(Many(), 1, 3, None, None)  # type: ignore[arg-type]
    assert [fact.seq for fact in facts] == list(range(901 - MOST_FACTS, 901))


# -- looking back


def row(session_id: int = 1, **given: object) -> SessionRow:
    fields: dict[str, object] = {"world": World.LIVE, "engine_state": EngineState.NORMAL, "zone": "UTC"}
    return SessionRow(session_id=session_id, title="t", **{**fields, **given})  # type: ignore[arg-type]


def test_in_the_past_alerts_of_the_present_are_still_heard() -> None:
    outbox = WindowOutbox()
    outbox.show_past(Changes(cleared=True, session=row(past_seq=5, past_ns=5)))
    alert = AlertRow(alert_id=1, time_ns=9, level=LogLevel.ERROR, cause="x", message="look")
    outbox.put(Changes(session=row(), alerts={1: alert}))
    outbox.put(Changes(session=row()))
    taken = outbox.take()
    assert taken is not None
    assert taken.alerts == {1: alert}
    assert taken.session is not None
    assert taken.session.past_seq == 5


async def test_signals_are_those_of_then_and_all_of_them_again_in_the_present(tmp_path: Path) -> None:
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite", window=True) as desk:
        first = await desk.buys("1", at="100")
        await desk.until_order(first, OrderStatus.PLACED)
        await venue.fills(desk.name(first))
        await desk.until(lambda: [s for s in desk.seen.signals.values() if s.kind == "finished"])
        moment = await desk.core.look_back(None, None)
        second = await desk.buys("1", at="99", origin="mirror")
        await desk.until(lambda: [s for s in desk.seen.signals.values() if s.order_id == second])
        past = desk.core.outbox.take()
        assert past is not None
        assert {s.order_id for s in past.signals.values()} == {first}
        assert all(s.time_ns <= moment.time_ns for s in past.signals.values())
        await desk.core.look_ahead()
        present = desk.core.outbox.take()
        assert present is not None
        assert present.signals == desk.seen.signals
        assert set(present.orders) == {first, second}


async def test_a_window_hears_after_a_restart_what_was_told_before(tmp_path: Path) -> None:
    async with venue_here() as venue:
        async with desk_at(venue, tmp_path / "db.sqlite") as desk:
            order_id = await desk.buys("1", at="100")
            await desk.until_order(order_id, OrderStatus.PLACED)
            await venue.fills(desk.name(order_id))
            await desk.until(lambda: [s for s in desk.seen.signals.values() if s.kind == "finished"])
        async with desk_at(venue, tmp_path / "db.sqlite", window=True) as again:
            taken = again.core.outbox.take()
            assert taken is not None
            assert [s.kind for s in taken.signals.values() if s.order_id == order_id][-1] == "finished"


def test_another_session_ends_the_look_back() -> None:
    outbox = WindowOutbox()
    outbox.show_past(Changes(cleared=True, session=row(past_seq=5, past_ns=5)))
    outbox.put(Changes(cleared=True, session=row(2)))
    assert not outbox.in_past
    taken = outbox.take()
    assert taken is not None
    assert taken.session == row(2)


async def test_a_replay_opened_meanwhile_is_shown_as_it_is(tmp_path: Path) -> None:
    file = write_bars(tmp_path / "bars.csv", wave(60))
    async with core_world(tmp_path / "db.sqlite", options(file)) as world:
        await world.does(SeekReplay(bar=40))
        moment = await world.core.look_back(None, None)
        assert moment.seq == moment.last_seq
        refused = await world.does(SeekReplay(bar=10))
        assert "past" in refused.reason
        command = OpenReplay(
            origin="mirror",
            file=str(file),
            strategy="double_ma",
            options={"symbol": "SHFE.test", "tick": "1"},
        )
        assert (await world.does(command)).accepted
        assert not world.core.outbox.in_past
        assert (await world.does(SeekReplay(bar=10))).accepted


async def test_only_the_emergency_stop_is_possible_while_looking_back(tmp_path: Path) -> None:
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        order_id = await desk.buys("1", at="99")
        await desk.until_order(order_id, OrderStatus.PLACED)
        await desk.core.look_back(1, None)
        refused = await desk.does(CancelOrders(order_ids=(order_id,)))
        assert "past" in refused.reason
        assert (await desk.does(SetEngineState(state=EngineState.HALTED, reason="test"))).accepted
        await desk.until_order(order_id, OrderStatus.CANCELED)
        await desk.core.look_ahead()
        assert (await desk.does(SetEngineState(state=EngineState.NORMAL))).accepted


async def test_a_moment_that_never_was_is_unavailable(tmp_path: Path) -> None:
    file = write_bars(tmp_path / "bars.csv", wave(60))
    async with core_world(tmp_path / "db.sqlite", options(file)) as world:
        with pytest.raises(Unavailable, match="moments 1 to"):
            await world.core.look_back(10**9, None)
        assert not world.core.outbox.in_past

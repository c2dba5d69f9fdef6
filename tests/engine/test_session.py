"""A session can be left and taken up again at any bar: bytes, rows and curve are as if never gone."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from market import MINUTE, bar, flat, plan, scripted

from monitor.engine import commands as cmd
from monitor.engine.changes import Changes
from monitor.engine.closing import see
from monitor.engine.journal import Journal, JournalRecord, first_difference, holding, reached_bar
from monitor.engine.klines.series import BarSeries
from monitor.engine.options import Matching
from monitor.engine.readside import order_rows, position_row
from monitor.engine.sample import make_sample
from monitor.engine.session import Plan, ReplaySession
from monitor.engine.strategies.channel_breakout import ChannelBreakout
from monitor.engine.values import Offset, OrderStatus, OrderType, Side, StrategyState

BARS = 260


def sample() -> BarSeries:
    return make_sample().slice(0, BARS)


def half_hours() -> BarSeries:
    """The same bars, each told to be half an hour, so that five trading days begin among them."""
    made, half = sample(), 30 * MINUTE
    times = int(made.time_ns[0]) + half * np.arange(BARS, dtype=np.int64)
    return msgspec.structs.replace(made, time_ns=times, interval_ns=half)


def breakout(matching: Matching, bars: BarSeries, **terms: Any) -> Plan:
    """A strategy that keeps stops and targets working, on bars with gaps, nights and thin volume."""
    return plan(
        bars,
        ChannelBreakout,
        matching=matching,
        hedging=matching is Matching.STANDARD,
        tick="0.02",
        participation="0.02",
        parameters={"window": 8, "target": 1.0, "volume": 3},
        **terms,
    )


PLANS = {
    "standard": breakout(Matching.STANDARD, sample()),
    "vnpy": breakout(Matching.VNPY, sample()),
    "settled": breakout(Matching.STANDARD, half_hours(), settles=True, rate="0.00002", today_per_lot="3"),
}
KINDS = st.sampled_from(sorted(PLANS))


# What a person may do: the command is made from what is there at that moment.
def close_first(session: ReplaySession) -> cmd.AnyCommand | None:
    run = session.run
    held = [p for p in run.ledger.positions.values() if p.volume]
    if not held:
        return None
    row = position_row(run, held[0])
    return cmd.ClosePosition(seen=see(row, order_rows(run.book.active.values())), volume=row.volume)


def close_all(session: ReplaySession) -> cmd.AnyCommand | None:
    run = session.run
    rows = [position_row(run, p) for p in run.ledger.positions.values() if p.volume]
    orders = order_rows(run.book.active.values())
    return cmd.CloseAllPositions(seen=tuple(see(row, orders) for row in rows)) if rows else None


def cancel_first(session: ReplaySession) -> cmd.AnyCommand | None:
    active = session.run.book.active
    return cmd.CancelOrder(order_id=min(active)) if active else None


def cancel_all(session: ReplaySession) -> cmd.AnyCommand | None:
    active = session.run.book.active
    return cmd.CancelOrders(order_ids=tuple(active), all=True) if active else None


def submit(session: ReplaySession) -> cmd.AnyCommand:
    return cmd.SubmitOrder(
        strategy_id=1,
        symbol=session.plan.instrument.symbol,
        side=Side.BUY,
        offset=Offset.OPEN,
        type=OrderType.MARKET,
        quantity=Decimal(1),
    )


def submit_too_much(session: ReplaySession) -> cmd.AnyCommand:
    """Accepted as a command, refused by the venue: journalled all the same."""
    return msgspec.structs.replace(submit(session), offset=Offset.CLOSE, side=Side.SELL, quantity=Decimal(99))


def stop(_: ReplaySession) -> cmd.AnyCommand:
    return cmd.StopStrategy(strategy_id=1)


def start(_: ReplaySession) -> cmd.AnyCommand:
    return cmd.StartStrategy(strategy_id=1)


ASKS: dict[str, Callable[[ReplaySession], cmd.AnyCommand | None]] = {
    act.__name__: act
    for act in (close_first, close_all, cancel_first, cancel_all, submit, submit_too_much, stop, start)
}


class Player:
    """Plays a session as a person would, and remembers what was given, and where."""

    def __init__(self, kind: str) -> None:
        self.session = ReplaySession(PLANS[kind])
        self.records: list[JournalRecord] = []
        self.given: list[tuple[int, cmd.AnyCommand]] = []
        self.acknowledge()

    def act(self, step: tuple[str, Any]) -> None:
        kind, what = step
        if kind == "advance":
            self.session.advance(what)
        elif kind == "ask":
            self.ask(what)
        else:
            self.rewind(int(self.session.bar * what))
        self.acknowledge()

    def ask(self, name: str) -> None:
        command = ASKS[name](self.session)
        if command is not None:
            reply = self.session.handle(command)
            if reply.accepted or reply.order_ids:
                self.given.append((self.session.bar, command))

    def rewind(self, bar_: int) -> None:
        for _ in self.session.rewind(bar_):
            pass
        self.given = [] if bar_ == 0 else [(at, command) for at, command in self.given if at <= bar_]

    def acknowledge(self) -> None:
        self.records += self.session.take_records()


def never_gone(player: Player, kind: str) -> Player:
    """A session that went straight to where this one is, with the commands that still hold."""
    straight = Player(kind)
    for at, command in player.given:
        straight.session.advance(at - straight.session.bar)
        straight.session.handle(command)
    straight.session.advance(player.session.bar - straight.session.bar)
    straight.acknowledge()
    return straight


def shown(session: ReplaySession) -> dict[str, Any]:
    found = session.snapshot()
    fields = {name: getattr(found, name) for name in found.__struct_fields__ if name not in {"seq", "equity"}}
    fields["equity"] = [(c.start, c.time_ns.tolist(), c.equity.tolist()) for c in found.equity]
    return fields


STEPS = st.one_of(
    st.tuples(st.just("advance"), st.integers(1, 90)),
    st.tuples(st.just("ask"), st.sampled_from(sorted(ASKS))),
    st.tuples(st.just("rewind"), st.sampled_from([0.0, 0.3, 0.6, 0.9, 1.0])),
)
LIVES = st.lists(STEPS, max_size=10)


@given(LIVES, KINDS)
@settings(max_examples=60, deadline=None)
def test_going_back_and_forth_leaves_no_trace(life: list[tuple[str, Any]], kind: str) -> None:
    player = Player(kind)
    for step in life:
        player.act(step)
    straight = never_gone(player, kind)
    assert first_difference(holding(player.records), straight.records) is None
    assert shown(player.session) == shown(straight.session)


@given(LIVES, KINDS)
@settings(max_examples=60, deadline=None)
def test_every_acknowledged_prefix_is_restored_as_it_was(life: list[tuple[str, Any]], kind: str) -> None:
    """A process may be killed after any of its writes: each leaves a journal that can be continued."""
    player = Player(kind)
    for step in [("advance", 0), *life]:
        player.act(step)
        restored = ReplaySession(PLANS[kind])
        for _ in restored.restore(list(player.records)):
            pass
        assert shown(restored) == shown(player.session)
        assert restored.journal.seq == player.records[-1].seq
    restored.advance(30)
    player.session.advance(30)
    assert shown(restored) == shown(player.session)
    assert restored.take_records() == player.session.take_records()


@given(LIVES, KINDS)
@settings(max_examples=30, deadline=None)
def test_the_same_life_writes_the_same_bytes_without_gaps(life: list[tuple[str, Any]], kind: str) -> None:
    one, other = Player(kind), Player(kind)
    for step in life:
        one.act(step)
        other.act(step)
    assert one.records == other.records
    assert [record.seq for record in one.records] == list(range(1, len(one.records) + 1))


@given(LIVES, KINDS)
@settings(max_examples=30, deadline=None)
def test_changes_told_one_by_one_make_the_whole(life: list[tuple[str, Any]], kind: str) -> None:
    """Who follows from the beginning sees what somebody who comes late is shown."""
    player = Player(kind)
    told = player.session.take_changes()
    for step in life:
        player.act(step)
        told.absorb(player.session.take_changes())
    whole = player.session.snapshot()
    assert told.orders == whole.orders
    assert told.trades == whole.trades
    assert {key: row for key, row in told.positions.items() if row.volume} == whole.positions
    assert told.triggers == whole.triggers
    assert told.accounts == whole.accounts
    assert told.strategies == whole.strategies
    assert curve(told) == curve(whole)


def curve(changes: Changes) -> list[float]:
    parts = sorted(changes.equity, key=lambda chunk: chunk.start)
    return np.concatenate([chunk.equity for chunk in parts]).tolist() if parts else []


@given(LIVES, KINDS)
@settings(max_examples=40, deadline=None)
def test_the_identities_of_the_account_hold_after_every_step(life: list[tuple[str, Any]], kind: str) -> None:
    player = Player(kind)
    for step in life:
        player.act(step)
        found = player.session.snapshot()
        (account,) = found.accounts.values()
        assert account.balance == account.static_balance + account.realised_profit + (
            account.unrealised_profit - account.commission - account.slippage
        )
        assert account.available == account.balance - account.margin - account.frozen
        for order in found.orders.values():
            parts = [t.volume for t in found.trades.values() if t.order_id == order.order_id]
            assert sum(parts, Decimal(0)) == order.filled_quantity
        if found.equity and player.session.bar:
            assert found.equity[-1].equity[-1] == pytest.approx(float(account.balance), abs=1e-4)


def test_the_life_of_these_tests_is_a_busy_one() -> None:
    """Else the properties above say nothing."""
    for kind in PLANS:
        player = Player(kind)
        player.act(("advance", BARS))
        found = player.session.snapshot()
        assert len(found.trades) > 8
        assert {order.status for order in found.orders.values()} >= {OrderStatus.FILLED, OrderStatus.CANCELED}
        run = player.session.run
        rolled = [record for record in player.records if record.kind == "DayRolled"]
        assert len(run.settlements) == len(rolled) == (5 if kind == "settled" else 0)
        if run.settlements:
            assert run.ledger.static_balance != run.terms.capital


def test_a_reset_voids_everything_the_commands_at_the_beginning_too() -> None:
    player = Player("standard")
    player.act(("ask", "stop"))
    player.act(("advance", 60))
    assert player.session.run.hosts[1].state is StrategyState.STOPPED
    player.act(("rewind", 0.0))
    assert player.session.run.hosts[1].state is StrategyState.RUNNING
    assert player.session.take_changes().cleared
    assert reached_bar(player.records) == 0
    assert [record.kind for record in holding(player.records)] == ["StrategyStarted"]


def test_commands_before_the_first_bar_hold() -> None:
    player = Player("standard")
    player.act(("ask", "submit"))
    player.act(("advance", 40))
    player.act(("rewind", 0.5))
    assert player.session.run.trades[0].order_id == 1
    assert player.session.run.book.orders[1].created_ns == int(player.session.plan.series.time_ns[0])


def test_a_journal_of_another_run_is_not_trusted() -> None:
    player = Player("standard")
    player.act(("advance", 120))
    other = ReplaySession(msgspec.structs.replace(PLANS["standard"], series=sample().slice(20, 200)))
    with pytest.raises(ValueError, match="differs from the journal"):
        list(other.restore(player.records))


def test_a_session_killed_before_its_first_fact_was_kept_begins_anew() -> None:
    session = ReplaySession(PLANS["standard"])
    assert list(session.restore([])) == []
    records = session.take_records()
    assert (records[0].seq, records[0].kind) == (1, "StrategyStarted")


def test_a_session_whose_strategy_failed_is_restored_failed() -> None:
    def fails(s: Any) -> None:
        raise ArithmeticError("by zero")

    kind = scripted({0: lambda s: [s.buy(), s.buy(90)], 4: fails})
    made = plan([flat(100)] * 8, kind)
    session = ReplaySession(made)
    session.advance(6)
    records = session.take_records()
    restored = ReplaySession(made)
    assert list(restored.restore(records)) is not None
    assert restored.run.hosts[1].state is StrategyState.FAILED
    assert shown(restored) == shown(session)
    for _ in session.rewind(3):
        pass
    assert session.run.hosts[1].state is StrategyState.RUNNING


def test_a_bar_ahead_is_no_way_back() -> None:
    session = ReplaySession(PLANS["standard"])
    session.advance(10)
    with pytest.raises(ValueError, match="ahead"):
        list(session.rewind(11))


def test_rebuilding_breathes_between_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.engine.session.SLICE", 50)
    session = ReplaySession(PLANS["standard"])
    session.advance(200)
    assert len(list(session.rewind(180))) >= 3


def test_the_end_of_the_data_is_the_end() -> None:
    session = ReplaySession(PLANS["vnpy"])
    session.advance(10 * BARS)
    assert session.finished
    assert session.bar == session.bars == BARS


def test_a_journal_without_a_taker_keeps_what_it_has() -> None:
    journal = Journal(7)
    run = plan([flat(100)] * 3, scripted({0: lambda s: s.buy()})).run(journal)
    run.start()
    run.advance(3)
    kinds = [record.kind for record in journal.take()]
    assert kinds == ["StrategyStarted", "StrategyTriggered", "OrderCreated", "OrderPlaced", "TradeExecuted"]
    assert journal.seq == 7 + len(kinds)
    assert journal.take() == []


def test_a_note_is_told_once() -> None:
    kind = scripted({0: lambda s: s.log("the first bar")})
    session = ReplaySession(plan([flat(100), bar(100, 101, 99, 100)], kind))
    session.advance(2)
    assert [(note.source, note.message) for note in session.take_notes()] == [("script 1", "the first bar")]
    assert session.take_notes() == []

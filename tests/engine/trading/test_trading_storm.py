"""Whatever happens on the line, and however often the program dies: what we know in the end is what
the venue has, nothing was sent twice, and every order that ended was signalled as finished once."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings, strategies as st
from trading_world import ACCOUNT, SYMBOL, World

from monitor.engine import commands as cmd, events as ev
from monitor.engine.changes import Changes
from monitor.engine.orderplan import OrderPlan
from monitor.engine.trading.trading import Trading
from monitor.engine.values import Direction, EngineState, Side, SignalKind
from monitor.engine.venue import VenueStatus

DEEDS = (
    "submit",
    "submit",
    "sell",
    "delayed",
    "conditional",
    "cancel",
    "cancel_all",
    "deliver",
    "deliver",
    "deliver",
    "deliver",
    "late",
    "double",
    "drop",
    "fill",
    "fill",
    "part",
    "over",
    "venue_cancel",
    "venue_expire",
    "external",
    "reject",
    "busy",
    "wait",
    "wait",
    "wait_long",
    "cut",
    "crash",
    "quote",
    "halt",
    "normal",
)


def storm(deeds: list[tuple[str, int]], lost: float) -> World:
    world = World(seed=len(deeds), lost=lost)
    for deed, number in deeds:
        _do(world, deed, number)
    return world


def _do(world: World, deed: str, number: int) -> None:
    venue, working = world.venue, world.venue.working
    order = working[number % len(working)] if working else None
    ours = list(world.trading.state.book.active)
    match deed:
        case "submit":
            world.submit(1 + number % 5, key=f"k{number}")
        case "sell":
            world.submit(1 + number % 5, Side.SELL)
        case "delayed":
            world.submit(1, plan=OrderPlan(delay_s=1 + number % 20))
        case "conditional":
            world.submit(1, plan=OrderPlan(conditions=(f"last({SYMBOL}) >= {98 + number % 6}",)))
        case "cancel" if ours:
            world.do(cmd.CancelOrder(order_id=ours[number % len(ours)]))
        case "cancel_all" if ours:
            world.do(cmd.CancelOrders(order_ids=tuple(ours)))
        case "deliver":
            world.deliver(0)
        case "late":
            world.deliver(number)
        case "double" if world.pushed:
            world.hear(world.pushed[number % len(world.pushed)])
        case "drop" if world.pushed:
            world.pushed.pop(number % len(world.pushed))
        case "fill" if order is not None:
            world.pushed += venue.fill(order, order.quantity - order.filled, world.now_ns)
        case "part" if order is not None and order.quantity - order.filled > 1:
            world.pushed += venue.fill(order, Decimal(1), world.now_ns)
        case "over" if order is not None and number % 5 == 0:
            world.pushed += venue.fill(order, order.quantity - order.filled + 1, world.now_ns)
        case "venue_cancel" if order is not None:
            world.pushed.append(venue.end(order, VenueStatus.CANCELED, world.now_ns))
        case "venue_expire" if order is not None:
            world.pushed.append(venue.end(order, VenueStatus.EXPIRED, world.now_ns))
        case "external":
            world.pushed.append(venue.external(Side.SELL, 1 + number % 3, world.now_ns))
        case "reject":
            venue.reject_next = "no money"
        case "busy":
            venue.reject_next = "busy"
        case "wait":
            world.wait(1 + number % 3)
        case "wait_long":
            world.wait(20 + number)
        case "cut":
            world.disconnect()
            world.wait(1)
            world.connect()
        case "crash":
            world.crash()
        case "quote":
            world.quote(95 + number % 11)
        case "halt" if number % 4 == 0:
            world.do(cmd.SetEngineState(state=EngineState.HALTED))
        case "normal":
            world.do(cmd.SetEngineState(state=EngineState.NORMAL))


def facts(world: World, kind: type) -> list[ev.AnyEvent]:
    decoded = (ev.DECODER.decode(r.payload) for r in world.records if r.kind == kind.__name__)
    return list(decoded)


def shown(trading: Trading) -> Changes:
    """Without what is no fact and so is not there after a restart: quotes and the clock."""
    state = trading.state
    state.quotes.clear()
    for account in state.accounts.values():
        for symbol, price in state.marked.items():
            account.mark(symbol, price)
    return trading.snapshot()


deeds = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 40)), max_size=60)


@given(deeds, st.sampled_from([0.0, 0.2, 0.5]))
def test_in_the_end_we_know_what_the_venue_has(deeds: list[tuple[str, int]], lost: float) -> None:
    world = storm(deeds, lost)
    world.do(cmd.SetEngineState(state=EngineState.NORMAL))
    world.settle()
    venue, state = world.venue, world.trading.state
    held = state.position(ACCOUNT, SYMBOL, Direction.LONG) - state.position(ACCOUNT, SYMBOL, Direction.SHORT)
    assert held == venue.net
    for order in state.book.orders.values():
        intent = order.intent
        theirs = venue.orders.get(intent.client_order_id) or venue.orders.get(intent.venue_order_id)
        if theirs is None:
            assert not order.filled
            continue
        assert order.filled == theirs.filled, order.row()
        assert order.status.active == (theirs.status is VenueStatus.OPEN), order.row()


@given(deeds, st.sampled_from([0.0, 0.3]))
def test_nothing_is_sent_twice(deeds: list[tuple[str, int]], lost: float) -> None:
    world = storm(deeds, lost)
    world.settle()
    ours = Counter(order.client_id for order in world.venue.orders.values() if order.client_id)
    assert all(number == 1 for number in ours.values())
    refused = {fact.order_id for fact in facts(world, ev.OrderRefused)}  # type: ignore[attr-defined]
    for client_id, times in world.venue.received.items():
        order_id = int(client_id.rpartition("-")[2])
        assert times == 1 or order_id in refused, client_id


@given(deeds, st.sampled_from([0.0, 0.3]))
def test_each_order_that_ended_finished_once(deeds: list[tuple[str, int]], lost: float) -> None:
    world = storm(deeds, lost)
    world.settle()
    world.wait(700)
    finished = Counter(
        fact.order_id  # type: ignore[attr-defined]
        for fact in facts(world, ev.SignalEmitted)
        if fact.kind is SignalKind.FINISHED  # type: ignore[attr-defined]
    )
    merged = {fact.orphan_id for fact in facts(world, ev.OrdersMerged)}  # type: ignore[attr-defined]
    for order in world.trading.state.book.orders.values():
        if order.order_id in merged:
            continue
        assert finished[order.order_id] == (0 if order.status.active else 1), order.row()


@given(deeds, st.integers(0, 59))
def test_a_restart_shows_what_was_shown(deeds: list[tuple[str, int]], at: int) -> None:
    """From the first fact, and from a checkpoint taken anywhere."""
    world = storm(deeds[:at], 0.2)
    first = world.checkpoint()
    for deed, number in deeds[at:]:
        _do(world, deed, number)
    second = world.checkpoint(first)
    world.keep()
    live = shown(world.trading)
    for again in (world.restored(), world.restored_from(first), world.restored_from(second)):
        told = shown(again)
        for name in Changes.__struct_fields__:
            if name in _NO_FACTS:
                continue
            assert _timeless(getattr(told, name)) == _timeless(getattr(live, name)), name


_OF_THE_CLOCK = ("updated_ns", "quote_ns", "evaluated_ns", "truth", "detail", "version")
"""And of counting changes: a ticket that was open over a restart is asked again."""
_NO_FACTS = ("equity", "queue", "evidence", "executions", "records", "alerts", "links")


def _timeless(rows: object) -> object:
    if not isinstance(rows, dict):
        return rows
    return {key: _plain(row) for key, row in rows.items()}


def _plain(row: object) -> object:
    if not isinstance(row, msgspec.Struct):
        return row
    fields = msgspec.structs.asdict(row)
    return {name: value for name, value in fields.items() if name not in _OF_THE_CLOCK}


@pytest.mark.slow
@settings(max_examples=1500)
@given(st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 40)), min_size=80, max_size=200))
def test_in_the_end_we_know_what_the_venue_has_after_long_storms(deeds: list[tuple[str, int]]) -> None:
    test_in_the_end_we_know_what_the_venue_has.hypothesis.inner_test(deeds, 0.3)  # type: ignore[attr-defined]

"""A bracket at a venue where a resting exit reserves what it may close, whatever happens on the line:
the position is flat or has its exits, is never closed twice, and nobody is left without a stop unawares."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings, strategies as st
from trading_world import SYMBOL, TERMS, ReservingVenue, VenueOrder, World

from monitor.engine import commands as cmd, events as ev
from monitor.engine.commands import OrderRequest
from monitor.engine.orders import Order
from monitor.engine.trading.terms import TradingTerms, VenueTerms
from monitor.engine.values import (
    ZERO,
    LinkKind,
    LogLevel,
    Offset,
    OrderStatus,
    OrderType,
    Side,
)
from monitor.engine.venue import VenueStatus

ENTRY, TARGET, STOP = 1, 2, 3
NATIVE: TradingTerms = msgspec.structs.replace(
    TERMS, venues=(VenueTerms(name="sim", native=frozenset(OrderType)),)
)
"""A venue that has stops of its own."""


class Bracketed(World):
    """Long `quantity` when the entry fills at 100; target 110, stop 95."""

    def __init__(self, quantity: int = 4, seed: int = 0, lost: float = 0.0) -> None:
        super().__init__(seed, lost, NATIVE, ReservingVenue)
        entry = OrderRequest(
            symbol=SYMBOL,
            side=Side.BUY,
            offset=Offset.OPEN,
            type=OrderType.LIMIT,
            quantity=Decimal(quantity),
            price=Decimal(100),
        )
        exit_ = {"side": Side.SELL, "offset": Offset.CLOSE}
        target = msgspec.structs.replace(entry, price=Decimal(110), **exit_)
        stop = msgspec.structs.replace(
            entry, type=OrderType.STOP, price=None, trigger_price=Decimal(95), **exit_
        )
        reply = self.do(cmd.SubmitLinked(strategy_id=0, kind=LinkKind.BRACKET, orders=(entry, target, stop)))
        assert reply.order_ids == (ENTRY, TARGET, STOP), reply

    def order(self, order_id: int) -> Order:
        return self.trading.state.book.orders[order_id]

    def theirs(self, order_id: int) -> VenueOrder:
        return self.venue.orders[self.order(order_id).intent.client_order_id]

    def hear_all(self) -> None:
        while self.pushed:
            self.deliver()

    def fills(self, order_id: int, volume: int) -> None:
        self.hear_all()
        self.pushed += self.venue.fill(self.theirs(order_id), Decimal(volume), self.now_ns)
        self.hear_all()

    def falls(self) -> None:
        """Through the stop."""
        self.quote(94)

    @property
    def alerts(self) -> list[tuple[str, int | None]]:
        raised = (ev.DECODER.decode(r.payload) for r in self.records if r.kind == "AlertRaised")
        return [(a.cause, a.order_id) for a in raised if isinstance(a, ev.AlertRaised)]

    @property
    def at_venue(self) -> list[int]:
        return [int(order.client_id.rpartition("-")[2]) for order in self.venue.working]

    @property
    def refused(self) -> list[str]:
        assert isinstance(self.venue, ReservingVenue)
        return self.venue.refused


def test_only_the_target_rests_at_the_venue() -> None:
    world = Bracketed()
    world.fills(ENTRY, 4)
    assert world.at_venue == [TARGET]
    assert world.trading.room.holds(STOP)
    assert world.refused == []


def test_a_stop_that_triggers_asks_the_target_back_and_leaves_when_that_has_ended() -> None:
    world = Bracketed()
    world.fills(ENTRY, 4)
    world.falls()
    assert world.order(TARGET).cancel_pending
    assert world.trading.room.holds(STOP)
    world.quote(100)
    world.hear_all()
    assert world.at_venue == [STOP]
    assert world.theirs(STOP).quantity == 4
    world.fills(STOP, 4)
    assert (world.venue.net, world.refused, world.alerts) == (0, [], [])


def test_the_stop_leaves_for_what_the_target_has_not_closed() -> None:
    world = Bracketed()
    world.fills(ENTRY, 4)
    world.pushed += world.venue.fill(world.theirs(TARGET), Decimal(1), world.now_ns)
    world.falls()
    world.hear_all()
    assert world.theirs(STOP).quantity == 3
    world.fills(STOP, 3)
    assert (world.venue.net, world.refused, world.alerts) == (0, [], [])


def test_a_target_that_is_partly_filled_keeps_its_stop() -> None:
    world = Bracketed()
    world.fills(ENTRY, 4)
    world.fills(TARGET, 1)
    assert world.at_venue == [TARGET]
    assert world.trading.room.holds(STOP)
    world.fills(TARGET, 3)
    assert world.order(STOP).status is OrderStatus.CANCELED
    assert world.order(STOP).verdict.reason == "its sibling filled"  # type: ignore[union-attr]


def test_a_target_that_fills_while_it_is_asked_back_ends_the_stop() -> None:
    world = Bracketed()
    world.fills(ENTRY, 4)
    world.hear_all()
    told = world.venue.fill(world.theirs(TARGET), Decimal(4), world.now_ns)
    world.falls()
    assert world.order(TARGET).cancel_pending
    world.deliver()  # the cancel finds nothing: the target is looked up, and until then nothing leaves
    assert world.trading.room.holds(STOP)
    world.pushed += told
    world.hear_all()
    assert world.order(STOP).status is OrderStatus.CANCELED
    assert (world.venue.net, world.refused) == (0, [])
    assert world.theirs(TARGET).quantity == 4
    assert world.order(STOP).attempt == 0


def test_a_target_that_does_not_end_is_asked_again_and_somebody_is_told_once() -> None:
    world = Bracketed()
    world.fills(ENTRY, 4)
    world.lost = 1.0
    world.falls()
    for _ in range(10):
        world.wait(2)
        world.pushed.clear()
    assert world.alerts == [("stop-waits", STOP)]
    assert world.trading.room.holds(STOP)
    world.settle()
    assert world.at_venue == [STOP]
    assert world.alerts.count(("stop-waits", STOP)) == 1


def test_a_restart_remembers_that_the_stop_is_due() -> None:
    world = Bracketed()
    world.fills(ENTRY, 4)
    world.lost = 1.0
    world.falls()
    world.lost = 0.0
    world.crash()
    world.quote(105)
    world.settle()
    assert world.at_venue == [STOP]


@pytest.mark.parametrize("exit_", [TARGET, STOP])
def test_an_exit_that_is_refused_is_told_once(exit_: int) -> None:
    world = Bracketed()
    world.hear_all()
    if exit_ == TARGET:
        world.venue.reject_next = "no"
    world.fills(ENTRY, 4)
    if exit_ == STOP:
        world.hear_all()
        world.falls()
        world.venue.reject_next = "no"
    world.settle()
    world.crash()
    world.settle()
    assert world.alerts == [("exit-refused", exit_)]
    (alert,) = (a for a in world.present().alerts.values() if a.cause == "exit-refused")
    word = "target" if exit_ == TARGET else "stop"
    assert alert.level is LogLevel.ERROR
    assert alert.message.endswith(f"no. The position has no {word} now.")


DEEDS = (
    *("deliver", "deliver", "late", "double", "drop", "fill", "fill", "part", "venue_cancel", "cancel"),
    *("reject", "busy", "wait", "wait", "wait_long", "cut", "crash", "quote", "falls", "rises"),
)
deeds = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 40)), max_size=40)


def _do(world: Bracketed, deed: str, number: int) -> None:
    venue, working = world.venue, world.venue.working
    order = working[number % len(working)] if working else None
    match deed:
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
        case "venue_cancel" if order is not None:
            world.pushed.append(venue.end(order, VenueStatus.CANCELED, world.now_ns))
        case "cancel" if number % 4 == 0:
            world.do(cmd.CancelOrder(order_id=ENTRY))
        case "reject" | "busy":
            venue.reject_next = deed
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
            world.quote(96 + number % 10)
        case "falls":
            world.falls()
        case "rises":
            world.quote(111)


def _check(world: Bracketed) -> None:
    net = ZERO
    for fill in world.venue.fills:
        net += fill.volume if fill.side is Side.BUY else -fill.volume
        assert net >= 0, "closed more than there was"
    told = {order_id for cause, order_id in world.alerts if cause in {"exit-refused", "exit-too-small"}}
    target, stop = world.order(TARGET), world.order(STOP)
    if not net:
        entry_works = world.order(ENTRY).status.active
        assert entry_works or not (target.status.active or stop.status.active)
        return
    if stop.status.active:
        assert stop.remaining >= net or (not stop.never_left and told), stop.row()
        assert stop.never_left or stop.remaining == net or told
        assert stop.never_left or not target.status.active
    else:
        assert told & {ENTRY, STOP} or (told and stop.filled), (stop.row(), target.row(), world.alerts)
    if not target.status.active and stop.never_left and stop.status.active and not target.filled:
        assert TARGET in told, target.row()


@given(deeds, st.integers(1, 5), st.integers(0, 5), st.sampled_from([0.0, 0.2, 0.5]))
def test_the_position_is_flat_or_has_its_exits(
    deeds: list[tuple[str, int]], quantity: int, opened: int, lost: float
) -> None:
    world = Bracketed(quantity, seed=len(deeds))
    if opened:
        world.hear_all()
        world.fills(ENTRY, min(opened, quantity))
        world.hear_all()
    world.lost = lost
    for deed, number in deeds:
        _do(world, deed, number)
    world.settle()
    _check(world)
    world.falls()
    world.settle()
    _check(world)
    for order in world.venue.working:
        if order.side is Side.SELL:
            world.pushed += world.venue.fill(order, order.quantity - order.filled, world.now_ns)
    world.settle()
    _check(world)
    assert not world.venue.net or world.alerts
    assert world.refused == []


@pytest.mark.slow
@settings(max_examples=2000)
@given(
    st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 40)), min_size=20, max_size=100),
    st.integers(1, 5),
    st.integers(0, 5),
)
def test_the_position_is_flat_or_has_its_exits_after_long_storms(
    deeds: list[tuple[str, int]], quantity: int, opened: int
) -> None:
    test_the_position_is_flat_or_has_its_exits.hypothesis.inner_test(deeds, quantity, opened, 0.3)  # type: ignore[attr-defined]

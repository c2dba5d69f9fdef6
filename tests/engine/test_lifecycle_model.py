"""Invariants 15, 16 and 20 of the order model against a little venue that counts what it has.

The venue tells the truth about each request, but late, doubled, out of order or not at all, and a
request may arrive long after it was given up. Between all this the program is restarted.
"""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings, strategies as st

from monitor.engine import events as ev
from monitor.engine.emergency import Emergency
from monitor.engine.lifecycle import LifeCycle
from monitor.engine.orders import Order
from monitor.engine.values import (
    NS_PER_SECOND,
    ZERO,
    EngineState,
    FailurePolicy,
    InnerState,
    LinkState,
    OrderStatus,
)
from tests.order_bench import SECOND, Bench

AUTO_S = 200


class LittleVenue:
    """Requests on their way, what was accepted, and everything ever said about it. Two venues in one:
    what counts is how many orders they have together."""

    def __init__(self) -> None:
        self.coming: list[tuple[int, int, str]] = []
        self.accepted: list[int] = []
        self.said: list[ev.AnyEvent] = []
        self.ended = False
        self.id = ""

    def accept(self) -> None:
        while self.coming:
            order_id, attempt, venue = self.coming.pop(0)
            self.accepted.append(order_id)
            self.id = f"{venue}-{attempt}"
            self.say(ev.OrderPlaced(order_id=order_id, venue_order_id=self.id))

    def refuse(self, retryable: bool) -> None:
        if self.coming:
            order_id, attempt, _ = self.coming.pop(0)
            self.say(ev.OrderRefused(order_id=order_id, reason="no", retryable=retryable, attempt=attempt))

    def cancel(self) -> None:
        if self.accepted and not self.ended:
            self.ended = True
            order_id = self.accepted[-1]
            self.say(ev.OrderCanceled(order_id=order_id, venue_order_id=self.id, cumulative=ZERO))

    def say(self, fact: ev.AnyEvent) -> None:
        self.said.append(fact)


class World:
    """One intent, the parts, a queue that sends what is due, and a link that may lose anything."""

    def __init__(self, policy: FailurePolicy, second: bool) -> None:
        self.bench = Bench(Emergency, LifeCycle)
        self.venue = LittleVenue()
        self.heard = 0
        self.sent: dict[int, int] = {}
        venue = SECOND if second else ""
        self.bench.order(sent=False, on_failure=policy, second_venue=venue, auto_cancel_s=AUTO_S)

    @property
    def order(self) -> Order:
        """The one that stands for the intent now."""
        return self.bench.book.orders[self.bench.orders]

    def send(self) -> None:
        """What the waiting room does: only what is certainly here, and only when it is due."""
        order = self.order
        if order.status is not OrderStatus.CREATED or not order.never_left:
            return
        if order.inner_state not in (InnerState.QUEUED, InnerState.HELD):
            return
        mine = [fact for fact in self.bench.all_made(ev.OrderQueued) if fact.order_id == order.order_id]
        if mine and self.bench.now_ns < mine[-1].not_before_ns:
            self.bench.wait((mine[-1].not_before_ns - self.bench.now_ns) / NS_PER_SECOND + 0.001)
            self.send()
            return
        attempt = self.sent[order.order_id] = self.sent.get(order.order_id, 0) + 1
        self.bench.sent(order.order_id, attempt=attempt, venue=order.intent.venue)
        self.venue.coming.append((order.order_id, attempt, order.intent.venue))

    def hear(self) -> None:
        while self.heard < len(self.venue.said):
            self.heard += 1
            self.bench.tell(self.venue.said[self.heard - 1])

    def hear_again(self, which: int) -> None:
        if self.heard:
            self.bench.tell(self.venue.said[which % self.heard])

    def lose(self) -> None:
        order_id = self.order.order_id
        if order_id in self.sent:
            self.bench.tell(ev.OrderLost(order_id=order_id, reason="timeout", attempt=self.sent[order_id]))

    def refuse(self, retryable: bool) -> None:
        """Most refusals are heard at once; some later."""
        self.venue.refuse(retryable)
        if retryable:
            self.hear()

    def restart(self) -> None:
        new = self.bench.restarted()
        new.made = self.bench.made  # what was decided before is still worth judging
        self.bench = new
        self.bench.settle()

    def play(self, steps: Iterable[tuple[str, int]]) -> None:
        deeds = {
            "send": lambda n: self.send(),
            "accept": lambda n: self.venue.accept(),
            "refuse": lambda n: self.refuse(retryable=n % 8 != 0),
            "cancel": lambda n: self.venue.cancel(),
            "hear": lambda n: self.hear(),
            "hear again": self.hear_again,
            "lose": lambda n: self.lose(),
            "absent": lambda n: self.bench.tell(
                ev.OrderAbsent(order_id=self.order.order_id, polled_ns=self.bench.now_ns)
            ),
            "wait": lambda n: self.bench.wait(n),
            "restart": lambda n: self.restart(),
            "down": lambda n: self.bench.line(LinkState.LOST),
            "up": lambda n: self.bench.line(LinkState.LIVE),
            "second down": lambda n: self.bench.line(LinkState.LOST, SECOND),
            "second up": lambda n: self.bench.line(LinkState.LIVE, SECOND),
            "halt": lambda n: self.bench.stop(EngineState.HALTED if n % 5 == 0 else EngineState.NORMAL),
        }
        for name, number in steps:
            deeds[name](number)
            assert len(self.venue.accepted) <= 1, "two orders at the venues for one intent"
            assert len(self.bench.book.active) <= 1, "two orders for one intent"


NAMES = ["send", "refuse", "hear again"] * 3 + [
    "accept",
    "hear",
    "wait",
    "cancel",
    "lose",
    "absent",
    "restart",
    "down",
    "up",
    "second down",
    "second up",
    "halt",
]
STEPS = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 60)), min_size=15, max_size=60)


@settings(max_examples=300)
@given(steps=STEPS, policy=st.sampled_from(FailurePolicy), second=st.booleans())
def test_one_request_never_becomes_two_orders(
    steps: list[tuple[str, int]], policy: FailurePolicy, second: bool
) -> None:
    world = World(policy, second)
    world.play(steps)
    asked = [(fact.order_id, fact.reason) for fact in world.bench.all_made(ev.CancelRequested)]
    for order_id in world.bench.book.orders:
        assert asked.count((order_id, f"auto-cancel after {AUTO_S} s")) <= 1


@settings(max_examples=300)
@given(steps=STEPS, policy=st.sampled_from(FailurePolicy))
def test_no_moment_of_the_journal_has_two_that_may_leave_or_none_that_remembers(
    steps: list[tuple[str, int]], policy: FailurePolicy
) -> None:
    """A restart after any fact at all: the intent is at exactly one order, until that one has ended with
    a reason of its own."""
    world = World(policy, second=True)
    world.play(steps)
    for kept in range(1, len(world.bench.journal) + 1):
        again = world.bench.restarted(kept)
        again.settle()
        active = list(again.book.active)
        assert len(active) <= 1
        newest = again.book.orders[again.orders]
        assert active == [newest.order_id] or "given to" not in newest.reason
        assert again.orders <= 2


@settings(max_examples=200)
@given(steps=STEPS, policy=st.sampled_from(FailurePolicy), second=st.booleans())
def test_once_the_venue_answers_every_order_that_was_sent_comes_to_an_end(
    steps: list[tuple[str, int]], policy: FailurePolicy, second: bool
) -> None:
    """The venue answers everything, cancels what it is asked to, and time passes."""
    world = World(policy, second)
    world.play(steps)
    world.bench.line(LinkState.LIVE)
    world.bench.line(LinkState.LIVE, SECOND)
    for _ in range(30):
        world.venue.accept()
        while world.heard < len(world.venue.said):
            world.hear()
        world.send()
        if world.bench.all_made(ev.CancelRequested):
            world.venue.cancel()
        world.bench.wait(61)
    order = world.order
    waits_for_a_person = order.inner_state is InnerState.MANUAL
    assert not order.status.active or waits_for_a_person or not world.sent


@settings(max_examples=150)
@given(before=STEPS, after=st.lists(st.integers(1, 90), max_size=10), policy=st.sampled_from(FailurePolicy))
def test_after_a_restart_the_same_is_decided_at_the_same_times(
    before: list[tuple[str, int]], after: list[int], policy: FailurePolicy
) -> None:
    world = World(policy, second=True)
    world.play(before)
    old, new = world.bench, world.bench.restarted()
    old.made.clear()
    for seconds in after:
        old.wait(seconds)
        new.wait(seconds)
    assert new.made == old.made

"""Whatever happens to the room, its facts are enough: folded anew it is the same and goes on the same."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings, strategies as st
from lobby import START, Lobby

from monitor.engine import events as ev
from monitor.engine.values import NS_PER_SECOND, EngineState, OrderType, Priority

price = st.integers(95, 105)
plans = st.fixed_dictionaries(
    {},
    optional={
        "priority": st.sampled_from(Priority),
        "execute_immediately": st.booleans(),
        "delay_s": st.integers(1, 20),
        "conditions": st.lists(price.map(lambda p: f"last(SHFE.x1) >= {p}"), min_size=1, max_size=2).map(
            tuple
        ),
        "latched": st.booleans(),
        "expires_ns": st.integers(21, 60).map(lambda s: START + s * NS_PER_SECOND),
        "trigger_price": price,
        "parent_id": st.integers(1, 6),
        "group_id": st.integers(1, 3),
    },
)
deeds = st.one_of(
    st.tuples(st.just("give"), plans),
    st.tuples(st.just("quote"), price),
    st.tuples(st.just("wait"), st.integers(0, 12)),
    st.tuples(st.sampled_from(["place", "fill", "refuse", "cancel", "hand over"]), st.integers(0, 20)),
    st.tuples(st.just("reach"), st.booleans()),
    st.tuples(st.just("state"), st.sampled_from(EngineState)),
)


def do(lobby: Lobby, deed: str, what: Any, number: int) -> None:
    book = lobby.market.book
    if deed == "give":
        fields = dict(what)
        if fields.get("parent_id", 0) >= number:
            del fields["parent_id"]
        if "trigger_price" in fields:
            fields["type"] = OrderType.STOP
        lobby.give(number, quantity=2, **fields)
    elif deed == "quote":
        lobby.quote(last=what)
    elif deed == "wait":
        lobby.wait(what)
    elif deed == "reach":
        (lobby.market.unreachable.discard if what else lobby.market.unreachable.add)("v")
        lobby.settle()
    elif deed == "state":
        lobby.market.engine_state = what
        lobby.settle()
    elif book.active:
        order_id = list(book.active)[what % len(book.active)]
        _about(lobby, deed, order_id, number)


def _about(lobby: Lobby, deed: str, order_id: int, number: int) -> None:
    if deed == "cancel":
        lobby.cancel(order_id)
    elif lobby.room.holds(order_id) or order_id not in lobby.sent:
        return
    elif deed == "place":
        lobby.places(order_id)
    elif deed == "fill":
        lobby.fills(order_id, 1)
    elif not lobby.market.book.orders[order_id].placed:
        lobby.record(ev.OrderRefused(order_id=order_id, reason="no"))
        if deed == "refuse":
            later = lobby.market.now_ns + 5 * NS_PER_SECOND
            lobby.record(ev.OrderQueued(order_id=order_id, not_before_ns=later))
        else:
            lobby.record(ev.OrderHandedOver(order_id=order_id, reason="no"))


@settings(max_examples=150, deadline=None)
@given(st.lists(deeds, max_size=25), st.integers(0, 25))
def test_a_restart_anywhere_changes_nothing(life: list[tuple[str, Any]], killed_at: int) -> None:
    lived, killed = Lobby(batch=2), Lobby(batch=2)
    for number, (deed, what) in enumerate(life, start=1):
        do(lived, deed, what, number)
        do(killed, deed, what, number)
        if number == killed_at:
            killed = killed.restarted()
            assert killed.folded() == lived.folded()
            killed.settle()
    assert killed.facts == lived.facts
    _check(lived)


def _check(lobby: Lobby) -> None:
    """Invariants 17 and 18: a condition set fires once, never while one is false (unless latched),
    a delay is kept, nothing happens after a cancel."""
    intents = {
        fact.order_id: (time_ns, fact) for time_ns, fact in lobby.facts if type(fact) is ev.OrderCreated
    }
    gone: set[int] = set()
    first_sent: dict[int, int] = {}
    for (time_ns, fact), last in zip(lobby.facts, lobby.lasts, strict=True):
        if isinstance(fact, ev.OrderCanceled | ev.OrderExpired):
            gone.add(fact.order_id)
        elif isinstance(fact, ev.OrderReleased):
            assert fact.order_id not in gone
            intent = intents[fact.order_id][1]
            if intent.plan.conditions and not intent.plan.latched and intent.type is OrderType.LIMIT:
                bounds = [Decimal(text.rsplit(" ", 1)[1]) for text in intent.plan.conditions]
                assert last is not None
                assert all(last >= bound for bound in bounds) or intent.plan.parent_id is not None
        elif isinstance(fact, ev.OrderSent):
            assert fact.order_id not in gone
            first_sent.setdefault(fact.order_id, time_ns)
    for order_id, (created_ns, intent) in intents.items():
        whole = [f for f in lobby.of(ev.OrderReleased) if f.order_id == order_id and f.quantity in (None, 2)]
        assert len(whole) <= 1
        if order_id in first_sent and intent.plan.delay_s is not None:
            assert first_sent[order_id] >= created_ns + intent.plan.delay_s * NS_PER_SECOND
        if order_id in first_sent and intent.plan.parent_id is not None:
            assert lobby.market.book.orders[intent.plan.parent_id].filled >= Decimal(1)

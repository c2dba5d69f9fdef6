"""Two venues in one session: whatever is refused, lost, down or killed, an intent never has two orders
that live, is never forgotten, and what it trades is the account's of the venue where it did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings, strategies as st
from trading_world import ACCOUNT, OPEN_LIMITS, SYMBOL, TERMS, World

from monitor.engine import commands as cmd, events as ev
from monitor.engine.commands import OrderRequest, Reply
from monitor.engine.orderplan import OrderPlan
from monitor.engine.orders import Order
from monitor.engine.trading.terms import AccountTerms, TradingTerms, VenueTerms
from monitor.engine.values import (
    Direction,
    EngineState,
    FailurePolicy,
    InnerState,
    Instrument,
    LinkKind,
    LinkSide,
    LinkState,
    Offset,
    OrderStatus,
    OrderType,
    Origin,
    Quote,
    Side,
)
from monitor.engine.venue import InstrumentReport, LinkReport, QuoteReport, VenueStatus

FIRST, SECOND = "sim", "sim2"
OTHER = "sim2:a1"
ELSEWHERE = OrderPlan(second_venue=SECOND)
TWO = msgspec.structs.replace(
    TERMS,
    venues=(VenueTerms(name=FIRST), VenueTerms(name=SECOND)),
    accounts=(
        *TERMS.accounts,
        AccountTerms(
            account_id=OTHER,
            venue=SECOND,
            venue_account=ACCOUNT,
            currency="USD",
            balance=Decimal(1_000_000),
        ),
    ),
    guards=msgspec.structs.replace(OPEN_LIMITS, unknown_order="off"),
)


class TwoVenues(World):
    """`intents` counts what was wanted; each order carries the number of its intent."""

    def __init__(self, seed: int = 0, lost: float = 0.0, terms: TradingTerms = TWO) -> None:
        self.intents = 0
        super().__init__(seed, lost, terms)

    def asks(self, plan: OrderPlan = ELSEWHERE) -> Reply:
        """Somebody wants an order; guards may refuse it."""
        self.intents += 1
        plan = msgspec.structs.replace(plan, metadata={"intent": str(self.intents)})
        return self.submit(2, plan=plan)

    def wants(self, plan: OrderPlan = ELSEWHERE) -> int:
        """One that must be accepted; its number."""
        reply = self.asks(plan)
        assert reply.accepted, reply
        return reply.order_ids[0]

    def order(self, order_id: int) -> Order:
        return self.trading.state.book.orders[order_id]

    def of_intents(self) -> dict[str, list[Order]]:
        """The orders of each, the oldest first. What was adopted because a fill came before the
        venue had told whose it was is nobody's until it is merged."""
        found: dict[str, list[Order]] = defaultdict(list)
        for order in self.trading.state.book.orders.values():
            if order.intent.origin is not Origin.EXTERNAL:
                found[order.intent.plan.metadata.get("intent", "")].append(order)
        return found

    def dies(self, deed: Callable[[], object], facts: int) -> None:
        """Killed while it did something: only so many of the new facts are on disk, and nothing left."""
        kept = self.keep
        self.keep = lambda: None  # type: ignore[method-assign]
        deed()
        self.keep = kept  # type: ignore[method-assign]
        self.records += self.trading.take_records()[:facts]
        self.trading = self.restored()
        self.trading.resume(self.now_ns)
        self.keep()
        self.disconnect()
        self.connect()

    def check(self) -> None:
        """What must be so at any moment."""
        for orders in self.of_intents().values():
            active = [order for order in orders if order.status.active]
            assert len(active) <= 1, [order.row() for order in orders]
            there = [
                venue.orders[order.intent.client_order_id]
                for order in orders
                for venue in self.venues.values()
                if order.intent.client_order_id in venue.orders
            ]
            assert len(there) <= 1, "two orders of one intent"
            for old, heir in pairwise(orders):
                assert heir.intent.plan.instead_of == old.order_id
                assert old.reason.endswith(f"given to {SECOND} as order {heir.order_id}")
            assert "given to" not in orders[-1].reason, "an intent was lost"


# What becomes of an order -----------------------------------------------------------------------
def test_what_the_first_refuses_the_second_fills() -> None:
    world = TwoVenues()
    world.settle()
    world.venue.reject_next = "no money"
    first = world.wants()
    while world.pushed:
        world.deliver()
    (heir,) = world.venues[SECOND].orders.values()
    world.pushed += world.venues[SECOND].fill(heir, Decimal(2), world.now_ns)
    while world.pushed:
        world.deliver()
    old, new = world.of_intents()["1"]
    assert (old.status, old.reason) == (
        OrderStatus.REJECTED,
        f"sim refused it: no money; given to sim2 as order {first + 1}",
    )
    assert (new.status, new.intent.account_id, new.intent.client_order_id) == (
        OrderStatus.FILLED,
        OTHER,
        f"t-{first + 1}",
    )
    state = world.trading.state
    assert state.position(OTHER, SYMBOL, Direction.LONG) == 2
    assert state.position(ACCOUNT, SYMBOL, Direction.LONG) == 0
    assert not world.venue.orders
    world.check()


def test_what_the_first_cannot_take_goes_to_the_second_after_its_time() -> None:
    world = TwoVenues()
    world.settle()
    world.disconnect(FIRST)
    order_id = world.wants()
    world.wait(29)
    assert world.order(order_id).status is OrderStatus.CREATED
    world.wait(2)
    assert world.order(order_id).status is OrderStatus.CANCELED
    assert list(world.venues[SECOND].orders) == [f"t-{order_id + 1}"]
    world.check()


def test_what_nobody_knows_the_state_of_goes_nowhere() -> None:
    world = TwoVenues()
    world.settle()
    world.lost = 1.0
    order_id = world.wants()
    while world.pushed:
        world.deliver()
    world.disconnect(FIRST)
    world.wait(300)
    assert world.order(order_id).inner_state is InnerState.UNKNOWN
    assert not world.venues[SECOND].received


def test_guards_judge_it_anew_where_it_goes() -> None:
    """The second account may not hold more of the symbol."""
    strict = msgspec.structs.replace(OPEN_LIMITS, position="refuse", max_position=3)
    world = TwoVenues(terms=msgspec.structs.replace(TWO, guards=strict))
    world.settle()
    assert world.do(_submit(account_id=OTHER, quantity=Decimal(2))).accepted
    world.venue.reject_next = "no money"
    world.wants()
    while world.pushed:
        world.deliver()
    old, new = world.of_intents()["1"]
    assert (old.status, new.status) == (OrderStatus.REJECTED, OrderStatus.REJECTED)
    assert len(world.venues[SECOND].received) == 1


def test_the_same_command_again_is_answered_with_its_own_order() -> None:
    world = TwoVenues()
    world.settle()
    world.disconnect(FIRST)
    world.submit(key="ticket", plan=ELSEWHERE)
    world.now_ns += 31 * 10**9  # the second venue's turn comes within the next command
    other = world.submit(key="other")
    assert world.submit(key="other").order_ids == other.order_ids


# Whatever happens ---------------------------------------------------------------------------------
DEEDS = (
    "submit",
    "submit",
    "manual",
    "elsewhere only",
    "deliver",
    "deliver",
    "deliver",
    "deliver",
    "late",
    "double",
    "drop",
    "refuse first",
    "refuse first",
    "busy first",
    "refuse second",
    "busy second",
    "down first",
    "down first",
    "down second",
    "up",
    "wait",
    "wait_long",
    "crash",
    "die hearing",
    "die hearing",
    "die waiting",
    "cancel",
    "fill",
    "halt",
    "normal",
)
STEPS = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 40)), max_size=60)


def _do(world: TwoVenues, deed: str, number: int) -> None:
    ours = list(world.trading.state.book.active)
    working = [(venue, order) for venue in world.venues.values() for order in venue.working]
    first, second = world.venues[FIRST], world.venues[SECOND]
    match deed:
        case "submit":
            world.asks()
        case "manual":
            world.asks(msgspec.structs.replace(ELSEWHERE, on_failure=FailurePolicy.MANUAL))
        case "elsewhere only":
            world.asks(msgspec.structs.replace(ELSEWHERE, delay_s=1 + number))
        case "deliver":
            world.deliver(0)
        case "late":
            world.deliver(number)
        case "double" if world.pushed:
            world.hear(world.pushed[number % len(world.pushed)])
        case "drop" if world.pushed:
            world.pushed.pop(number % len(world.pushed))
        case "refuse first":
            first.reject_next = "no money"
        case "busy first":
            first.reject_next = "busy"
        case "refuse second":
            second.reject_next = "no money"
        case "busy second":
            second.reject_next = "busy"
        case "down first":
            world.disconnect(FIRST)
        case "down second":
            world.disconnect(SECOND)
        case "up":
            world.connect()
        case "wait":
            world.wait(1 + number % 10)
        case "wait_long":
            world.wait(31)
        case "crash":
            world.crash()
        case "die hearing" if world.pushed:
            message = world.pushed.pop(0)
            world.dies(lambda: world.hear(message), number % 5)
        case "die waiting":
            world.dies(lambda: world.wait(31), number % 5)
        case "cancel" if ours:
            world.do(cmd.CancelOrder(order_id=ours[number % len(ours)]))
        case "fill" if working:
            venue, order = working[number % len(working)]
            world.pushed += venue.fill(order, order.quantity, world.now_ns)
        case "halt" if number % 4 == 0:
            world.do(cmd.SetEngineState(state=EngineState.HALTED))
        case "normal":
            world.do(cmd.SetEngineState(state=EngineState.NORMAL))


def storm(steps: list[tuple[str, int]], lost: float) -> TwoVenues:
    world = TwoVenues(seed=len(steps), lost=lost)
    for deed, number in steps:
        _do(world, deed, number)
        world.check()
    return world


def _ends_true(world: TwoVenues) -> None:
    """Once the lines are good, what we know is what the venues have, each account its own."""
    world.do(cmd.SetEngineState(state=EngineState.NORMAL))
    for venue in world.venues.values():
        venue.reject_next = ""
    world.settle()
    world.check()
    state = world.trading.state
    for account in world.terms.accounts:
        venue = world.venues[account.venue]
        held = [state.position(account.account_id, SYMBOL, side) for side in Direction]
        assert sum(held) == abs(venue.net)
        for theirs in venue.orders.values():
            ours = state.book.orders[int(theirs.client_id.rpartition("-")[2])]
            assert (ours.intent.account_id, ours.intent.venue) == (account.account_id, account.venue)
            assert ours.filled == theirs.filled
            assert ours.status.active == (theirs.status is VenueStatus.OPEN)


@settings(deadline=None)
@given(STEPS, st.sampled_from([0.0, 0.2]))
def test_an_intent_has_one_live_order_at_most_and_is_never_lost(
    steps: list[tuple[str, int]], lost: float
) -> None:
    _ends_true(storm(steps, lost))


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 40)), min_size=60, max_size=150))
def test_nor_in_long_storms(steps: list[tuple[str, int]]) -> None:
    _ends_true(storm(steps, 0.2))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 40)), max_size=40))
def test_at_every_prefix_of_the_journal_the_intent_is_there_once(steps: list[tuple[str, int]]) -> None:
    """Killed after any fact at all, and never connected again: nothing more leaves, nothing is lost."""
    world = storm(steps, 0.2)
    world.keep()
    records = list(world.records)
    kinds = {"OrderCreated", "OrderRefused", "OrderRejected", "OrderCanceled", "OrderReleased"}
    for kept in (number for number, record in enumerate(records, 1) if record.kind in kinds):
        world.records = records[:kept]
        world.trading = world.restored()
        world.trading.resume(world.now_ns)
        assert not [f for f in world.trading.take_requests() if hasattr(f, "quantity")]
        for orders in world.of_intents().values():
            assert sum(order.status.active for order in orders) <= 1
            assert "given to" not in orders[-1].reason


# What is asked for --------------------------------------------------------------------------------
def _submit(plan: OrderPlan = OrderPlan(), **fields: object) -> cmd.SubmitOrder:  # noqa: B008 frozen
    usual = {
        "strategy_id": 0,
        "symbol": SYMBOL,
        "side": Side.BUY,
        "offset": Offset.OPEN,
        "type": OrderType.LIMIT,
        "quantity": Decimal(1),
        "price": Decimal(100),
    }
    return cmd.SubmitOrder(**{**usual, **fields}, plan=plan)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("plan", "fields", "sentence"),
    [
        (OrderPlan(second_venue="nowhere"), {}, "There is no venue nowhere."),
        (OrderPlan(second_venue=FIRST), {}, "sim is where it goes first."),
        (ELSEWHERE, {"account_id": OTHER}, "sim2 is where it goes first."),
        (ELSEWHERE, {"reduce_only": True}, "It closes a position of a1: sim2 cannot."),
        (ELSEWHERE, {"offset": Offset.CLOSE, "side": Side.SELL}, "It closes a position of a1: sim2 cannot."),
        (
            OrderPlan(second_venue=SECOND, parent_id=1),
            {},
            "Linked orders stay at one venue: leave out the second.",
        ),
        (OrderPlan(instead_of=1), {}, "Which order takes another's place is not said by who gives it."),
        (OrderPlan(parent_id=1), {}, "Order 1 may go to another venue: no order can be linked to it."),
    ],
)
def test_a_second_venue_that_cannot_be_is_refused_with_a_sentence(
    plan: OrderPlan, fields: dict[str, object], sentence: str
) -> None:
    world = TwoVenues()
    world.settle()
    assert world.wants() == 1
    reply = world.do(_submit(plan, **fields))
    assert (reply.accepted, reply.reason) == (False, sentence)


def test_a_venue_without_an_account_is_no_second() -> None:
    world = World(terms=msgspec.structs.replace(TWO, accounts=TWO.accounts[:1]))
    reply = world.do(_submit(ELSEWHERE))
    assert reply.reason == "There is no account to trade on at sim2."


def test_linked_orders_have_no_second_venue() -> None:
    world = TwoVenues()
    world.settle()
    request = OrderRequest(
        symbol=SYMBOL,
        side=Side.BUY,
        offset=Offset.OPEN,
        type=OrderType.LIMIT,
        quantity=Decimal(1),
        price=Decimal(100),
    )
    leaving = msgspec.structs.replace(request, plan=ELSEWHERE)
    reply = world.do(cmd.SubmitLinked(strategy_id=0, kind=LinkKind.OTO, orders=(leaving, request)))
    assert not reply.accepted
    assert "Linked orders stay at one venue" in reply.reason
    assert not world.trading.state.book.orders


# What venues list and quote -----------------------------------------------------------------------
COIN = Instrument(symbol="X.two", currency="USD", zone="UTC")


def _listed(world: World, venue: str, *instruments: Instrument) -> None:
    world.hear(InstrumentReport(instruments=instruments, venue=venue))


def test_what_the_second_does_not_list_is_not_traded_there() -> None:
    world = TwoVenues()
    world.settle()
    known = world.trading.state.instruments[SYMBOL]
    _listed(world, FIRST, known, COIN)
    _listed(world, SECOND, known)
    reply = world.do(_submit(ELSEWHERE, symbol=COIN.symbol))
    assert reply.reason == "X.two is not traded at sim2."
    assert world.do(_submit(symbol=COIN.symbol, account_id=OTHER)).reason == "X.two is not traded at sim2."
    assert world.do(_submit(symbol=COIN.symbol)).accepted
    assert world.do(_submit(ELSEWHERE)).accepted


def test_another_contract_under_the_same_name_is_told_and_not_traded() -> None:
    world = TwoVenues()
    world.settle()
    _listed(world, FIRST, COIN)
    twice = msgspec.structs.replace(COIN, multiplier=Decimal(10))
    for _ in range(2):
        _listed(world, SECOND, twice)
    assert world.trading.state.instruments[COIN.symbol] == COIN
    assert world.do(_submit(symbol=COIN.symbol, account_id=OTHER)).reason == "X.two is not traded at sim2."
    way_out = _submit(symbol=COIN.symbol, account_id=OTHER, reduce_only=True)
    assert "not traded" not in world.do(way_out).reason
    told = [alert.message for alert in world.trading.state.alerts.values()]
    assert told == ["X.two is another contract at sim2: it is not traded there."]


def test_fees_of_the_second_change_nothing_and_what_it_alone_lists_is_its_own() -> None:
    world = TwoVenues()
    world.settle()
    _listed(world, FIRST, COIN)
    dearer = msgspec.structs.replace(COIN, commission_per_lot=Decimal(3))
    own = msgspec.structs.replace(COIN, symbol="X.three")
    _listed(world, SECOND, dearer, own)
    _listed(world, SECOND, dearer, msgspec.structs.replace(own, tick=Decimal("0.5")))
    known = world.trading.state.instruments
    assert (known[COIN.symbol], known[own.symbol].tick) == (COIN, Decimal("0.5"))
    assert world.do(_submit(symbol=COIN.symbol, account_id=OTHER)).accepted


def test_a_price_is_the_first_venues_while_it_tells_any() -> None:
    world = TwoVenues()
    world.settle()
    for venue in (FIRST, SECOND):
        _listed(world, venue, COIN)

    def quoted(venue: str, last: int) -> Decimal | None:
        quote = Quote(symbol=COIN.symbol, last=Decimal(last))
        world.hear(QuoteReport(quote=quote, venue=venue))
        return world.trading.state.last_price(COIN.symbol)

    assert [quoted(FIRST, 100), quoted(SECOND, 90), quoted(FIRST, 101)] == [100, 100, 101]
    world.hear(LinkReport(venue=FIRST, side=LinkSide.MARKET, state=LinkState.LOST))
    assert quoted(SECOND, 91) == 91
    world.hear(LinkReport(venue=FIRST, side=LinkSide.MARKET, state=LinkState.LIVE))
    assert [quoted(SECOND, 92), quoted(FIRST, 102)] == [91, 102]


def test_facts_of_one_venue_are_the_same_as_ever() -> None:
    """A session at one venue writes nothing new into its journal."""
    world = World()
    world.settle()
    world.submit()
    created = [r for r in world.records if r.kind == "OrderCreated"]
    assert b"instead_of" not in created[0].payload
    listed = [ev.DECODER.decode(r.payload) for r in world.records if r.kind == "InstrumentsListed"]
    assert [fact.venue for fact in listed] == [""]  # type: ignore[attr-defined]

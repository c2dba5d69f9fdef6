"""A comparison makes our view the venue's, in one go, whatever was lost, doubled or late."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given, settings, strategies as st
from model_desk import Desk, held_elsewhere, sent
from model_venue import ACCOUNT, SECOND, ModelBooks, ModelVenue

from monitor.engine import events as ev
from monitor.engine.reconcile import Comparison, LookUp
from monitor.engine.reconcile.comparison import Difference, Step
from monitor.engine.values import Direction, RecordType, Side
from monitor.engine.venue import FillReport, OrderReport, VenueSnapshot, VenueStatus

LONG = ("X", Direction.LONG)


def compare(
    venue: ModelVenue,
    books: ModelBooks,
    snapshot: VenueSnapshot | None = None,
    *,
    suspected: dict[tuple[str, Direction], Decimal] | None = None,
    connecting: bool = True,
    compared_ns: int | None = 10**18,
    moved: frozenset[str] = frozenset(),
) -> tuple[list[Step], Comparison]:
    """Carry out one comparison; look-ups are answered after it."""
    comparison = Comparison(
        snapshot or venue.snapshot(),
        books,
        suspected=suspected or {},
        connecting=connecting,
        compared_ns=compared_ns,
        moved=moved,
    )
    steps: list[Step] = []
    for step in comparison.steps():
        steps.append(step)
        if isinstance(step, OrderReport | FillReport):
            books.hear(step, venue.now_ns)
        elif isinstance(step, ev.PositionCorrected | ev.MoneyMoved):
            books.now_ns = venue.now_ns
            books.take(step)
    for step in steps:
        if isinstance(step, LookUp):
            for answer in books.look_up(step, venue):
                books.hear(answer, venue.now_ns)
    return steps, comparison


def kinds(steps: list[Step]) -> list[str]:
    return [step.cause if isinstance(step, Difference) else type(step).__name__ for step in steps]


def told(steps: list[Step]) -> list[str]:
    return [step.message for step in steps if isinstance(step, Difference)]


# Orders ------------------------------------------------------------------------------------------
def test_what_is_heard_comes_as_accept_update_fill_terminal() -> None:
    venue, books = ModelVenue(), ModelBooks()
    one, two = sent(venue, books, "c1"), sent(venue, books, "c2")
    venue.fill(one, 2)
    venue.fill(two, 5)
    venue.wait()
    steps, _ = compare(venue, books)
    assert kinds(steps) == ["OrderReport", "FillReport", "FillReport"]
    assert [step.venue_order_id for step in steps if isinstance(step, OrderReport)] == ["V1"]
    assert isinstance(steps[0], OrderReport)
    assert steps[0].polled_ns == venue.now_ns


def test_an_order_the_venue_does_not_list_is_looked_up_and_not_closed() -> None:
    venue, books = ModelVenue(), ModelBooks()
    order = sent(venue, books)
    books.hear(order.report(), venue.now_ns)
    venue.cancel(order)
    venue.wait()
    steps, comparison = compare(venue, books)
    assert steps[0] == LookUp(order_id=1)
    assert told(steps) == ["order 1: open for us, not among the venue's open orders"]
    assert comparison.undecided == {"X"}
    assert books.orders[1].verdict is VenueStatus.CANCELED  # by the answer
    assert compare(venue, books)[0] == []


def test_an_order_active_less_than_five_seconds_before_the_poll_is_left_alone() -> None:
    venue, books = ModelVenue(), ModelBooks()
    books.send("c1", "X", 5, venue.now_ns)
    venue.wait(4)
    assert compare(venue, books, connecting=False)[0] == []
    venue.wait(2)
    assert compare(venue, books, connecting=False)[0][0] == LookUp(order_id=1)


def test_an_order_heard_of_after_the_poll_started_is_left_alone() -> None:
    venue, books = ModelVenue(), ModelBooks()
    order = sent(venue, books)
    venue.wait(60)
    poll = venue.snapshot()
    venue.wait(1)
    venue.cancel(order)
    books.hear(order.report(), venue.now_ns)
    assert compare(venue, books, poll, connecting=False)[0] == []  # an older word than its end
    assert books.orders[1].verdict is VenueStatus.CANCELED


def test_an_order_that_ended_for_us_and_is_open_at_the_venue_is_looked_up() -> None:
    venue, books = ModelVenue(), ModelBooks()
    order = sent(venue, books)
    books.hear(msgspec.structs.replace(order.report(), status=VenueStatus.CANCELED), venue.now_ns)
    venue.wait()
    steps, _ = compare(venue, books)
    assert kinds(steps) == ["LookUp", "contradicted"]
    assert told(steps) == ["order 1: ended for us, open at the venue"]


def test_an_end_that_was_inferred_from_silence_is_taken_back_by_presence() -> None:
    venue, books = ModelVenue(), ModelBooks()
    sent(venue, books)
    mine = books.orders[1]
    mine.acknowledged, mine.verdict, mine.inferred = True, VenueStatus.REJECTED, True
    venue.wait()
    assert kinds(compare(venue, books)[0]) == ["OrderReport"]
    assert not mine.ended


def test_an_unknown_order_at_the_venue_is_adopted_and_told() -> None:
    venue, books = ModelVenue(), ModelBooks()
    venue.place(quantity=3)
    steps, _ = compare(venue, books)
    assert kinds(steps) == ["OrderReport", "adopted"]
    assert told(steps) == ["X: order V1 was found at the venue, buy 3 at 100; adopted as order 1"]
    venue.wait()
    assert compare(venue, books)[0] == []


def test_a_changed_price_is_heard_and_an_unchanged_order_is_not() -> None:
    venue, books = ModelVenue(), ModelBooks()
    order = sent(venue, books)
    books.hear(order.report(), venue.now_ns)
    venue.wait()
    assert compare(venue, books)[0] == []
    venue.amend(order, 101)
    assert kinds(compare(venue, books)[0]) == ["OrderReport"]
    assert books.orders[1].price == 101


# Positions ---------------------------------------------------------------------------------------
def test_at_connect_the_position_becomes_the_venues_at_once() -> None:
    venue, books = ModelVenue(), ModelBooks()
    held_elsewhere(venue, 3)
    steps, _ = compare(venue, books, venue.snapshot(venue.now_ns))
    fact = steps[0]
    assert isinstance(fact, ev.PositionCorrected)
    assert (fact.volume, fact.average_price, fact.by) == (3, 99, "reconciliation")
    assert fact.polled_ns == venue.now_ns
    assert told(steps) == ["X long: venue 3, ours 0; corrected to the venue's"]


def test_later_a_difference_is_told_first_and_corrected_when_it_lasts() -> None:
    venue, books = ModelVenue(), ModelBooks()
    held_elsewhere(venue, 3)
    steps, found = compare(venue, books, venue.snapshot(venue.now_ns), connecting=False)
    assert told(steps) == ["X long: venue 3, ours 0"]
    assert found.suspected == {LONG: 3}
    venue.wait(60)
    steps, found = compare(
        venue, books, venue.snapshot(venue.now_ns), connecting=False, suspected=found.suspected
    )
    assert kinds(steps) == ["PositionCorrected", "position corrected"]
    assert found.suspected == {}


def test_a_difference_that_changes_is_another_one() -> None:
    venue, books = ModelVenue(), ModelBooks()
    held_elsewhere(venue, 3)
    steps, found = compare(
        venue,
        books,
        venue.snapshot(venue.now_ns),
        connecting=False,
        suspected={LONG: Decimal(2)},
    )
    assert kinds(steps) == ["position differs"]
    assert found.suspected == {LONG: 3}


def test_a_difference_is_not_judged_while_a_fill_was_heard_since_the_question() -> None:
    venue, books = ModelVenue(), ModelBooks()
    order = sent(venue, books)
    books.hear(order.report(), venue.now_ns)
    venue.wait(60)
    poll = venue.snapshot()
    venue.wait(1)
    venue.fill(order, 2)
    books.hear(venue.fills[0], venue.now_ns)
    steps, found = compare(venue, books, poll, suspected={LONG: Decimal(-2)}, moved=frozenset({"X"}))
    assert (steps, found.undecided, found.suspected) == ([], {"X"}, {LONG: -2})


def test_a_short_that_became_a_long_is_two_corrections() -> None:
    venue, books = ModelVenue(), ModelBooks()
    held_elsewhere(venue, 2)
    books.corrected.append((0, _position(Direction.SHORT, 4)))
    steps, _ = compare(venue, books, venue.snapshot(venue.now_ns))
    facts = [(s.direction, s.volume) for s in steps if isinstance(s, ev.PositionCorrected)]
    assert facts == [(Direction.LONG, 2), (Direction.SHORT, 0)]
    assert books.net("X") == 2


def _position(direction: Direction, volume: int) -> ev.PositionCorrected:
    return ev.PositionCorrected(
        account_id=ACCOUNT,
        symbol="X",
        direction=direction,
        volume=Decimal(volume),
        average_price=None,
        type=RecordType.CORRECTION,
        reason="",
        by="test",
    )


# Money -------------------------------------------------------------------------------------------
def test_the_balance_is_taken_over_at_the_first_comparison_and_only_told_later() -> None:
    venue, books = ModelVenue(), ModelBooks(opening=Decimal(0))
    venue.balance = Decimal("1000.50")
    steps, _ = compare(venue, books, compared_ns=None)
    fact = steps[0]
    assert isinstance(fact, ev.MoneyMoved)
    assert (fact.amount, fact.venue_id) == (Decimal("1000.50"), f"reconciliation {venue.now_ns}")
    venue.balance += 7
    steps, found = compare(venue, books)
    assert told(steps) == ["a1 balance: venue 1007.5 USD, ours 1000.5 USD"]
    assert found.found == {("balance differs", ACCOUNT)}
    venue.balance = Decimal("1000.505")  # as a venue rounds it
    assert compare(venue, books)[0] == []


def test_fills_that_the_venue_tells_no_more_are_a_gap_that_is_told() -> None:
    venue, books = ModelVenue(), ModelBooks()
    held_elsewhere(venue, 3)
    compared_ns, since_ns = venue.now_ns - 7000 * SECOND, venue.now_ns - 100 * SECOND
    steps, _ = compare(venue, books, venue.snapshot(since_ns), compared_ns=compared_ns)
    assert kinds(steps) == ["fills not told", "PositionCorrected", "position corrected"]
    assert told(steps)[0] == (
        "a1: the venue does not tell the fills of the first 6900 s after the last comparison"
    )
    assert kinds(compare(venue, books, venue.snapshot(since_ns), compared_ns=since_ns)[0]) == []


# Whatever happens --------------------------------------------------------------------------------
@st.composite
def histories(draw: st.DrawFn) -> tuple[ModelVenue, ModelBooks]:
    """Ours and others' orders are placed, filled and cancelled; time passes as it likes. Some are
    sent and never arrive."""
    venue, books = ModelVenue(), ModelBooks()
    for number in range(draw(st.integers(1, 6))):
        symbol = draw(st.sampled_from(["X", "Y"]))
        side = draw(st.sampled_from(Side))
        quantity = draw(st.integers(1, 6))
        client_id = f"c{number}" if draw(st.booleans()) else ""
        if client_id:
            books.send(client_id, symbol, quantity, venue.now_ns)
        order = venue.place(client_id, symbol, side, quantity)
        for size in draw(st.lists(st.integers(1, 3), max_size=3)):
            venue.wait(draw(st.sampled_from([0, 2, 3000])))
            if order.filled + size <= order.quantity:
                venue.fill(order, size)
        if order.status is VenueStatus.OPEN and draw(st.booleans()):
            venue.cancel(order)
    return venue, books


def deliver(draw: st.DataObject, venue: ModelVenue, books: ModelBooks) -> list[OrderReport | FillReport]:
    """Some of what was said arrives, in any order, some twice. Returns what has not arrived yet."""
    late = draw.draw(st.permutations(venue.said)) if venue.said else []
    count = draw.draw(st.integers(0, len(late)))
    for message in [*late[:count], *late[: count // 2]]:
        books.hear(message, venue.now_ns)
    return list(late[count:])


def assert_agreed(venue: ModelVenue, books: ModelBooks) -> None:
    for order in venue.orders:
        mine = books.order_of(order.report())
        if mine is None:  # somebody else's, over before anybody asked, and without a fill in sight
            assert order.status is not VenueStatus.OPEN
            continue
        assert mine.ended is (order.status is not VenueStatus.OPEN)
        assert (mine.cumulative, mine.fills_missing) == (order.filled, False)
    for symbol in ("X", "Y"):
        assert books.net(symbol) == venue.net(symbol)


@settings(deadline=None)
@given(histories(), st.data())
def test_after_reconciling_our_view_is_the_venues_and_nothing_is_left_to_do(
    history: tuple[ModelVenue, ModelBooks], data: st.DataObject
) -> None:
    """Invariant 28; 12 s after the last message, so that nothing is "just active"."""
    venue, books = history
    deliver(data, venue, books)
    venue.wait(12)
    desk = Desk(venue, books)
    desk.until_settled()
    assert_agreed(venue, books)
    venue.wait(60)
    before = len(desk.facts)
    assert [type(step).__name__ for step in desk.take(desk.ask())] == ["Reconciled"]
    assert len(desk.facts) == before + 1
    assert not any(isinstance(fact, ev.PositionCorrected) for fact in desk.facts)  # all fills were told


@settings(deadline=None)
@given(histories(), st.data(), st.integers(0, 9000))
def test_a_partial_look_back_gives_the_venues_net_position(
    history: tuple[ModelVenue, ModelBooks], data: st.DataObject, back_s: int
) -> None:
    """Invariant 32."""
    venue, books = history
    venue.wait(12)
    desk = Desk(venue, books)
    desk.until_settled(venue.now_ns - back_s * 1_000_000_000)
    for _ in range(3):
        venue.wait(60)
        desk.take(desk.ask(venue.now_ns))
    for symbol in ("X", "Y"):
        assert books.net(symbol) == venue.net(symbol)


@settings(deadline=None)
@given(histories(), st.data())
def test_messages_around_an_answer_change_nothing(
    history: tuple[ModelVenue, ModelBooks], data: st.DataObject
) -> None:
    """Invariant 31: the question is asked, the market goes on, and live messages arrive before
    and after the answer, in any order. As every fill is told, nothing is ever corrected."""
    venue, books = history
    late = deliver(data, venue, books)
    desk = Desk(venue, books)
    poll = desk.ask()
    heard = len(venue.said)
    for order in venue.orders:
        venue.wait(data.draw(st.integers(0, 3)))
        if order.status is VenueStatus.OPEN and data.draw(st.booleans()):
            venue.fill(order, 1)
        elif order.status is VenueStatus.OPEN and data.draw(st.booleans()):
            venue.cancel(order)
    late = data.draw(st.permutations([*late, *venue.said[heard:]])) if late or venue.said[heard:] else []
    cut = data.draw(st.integers(0, len(late)))
    for message in late[:cut]:
        desk.hear(message)
    desk.take(poll)
    for message in late[cut:]:
        desk.hear(message)
    venue.wait(12)
    desk.until_settled()
    assert_agreed(venue, books)
    assert not any(isinstance(fact, ev.PositionCorrected) for fact in desk.facts)


@settings(deadline=None)
@given(histories())
def test_the_same_words_give_the_same_steps(history: tuple[ModelVenue, ModelBooks]) -> None:
    """Invariant 29: ids and keys follow from what was compared and from nothing else."""
    venue, books = history
    venue.wait(12)
    runs = []
    for _ in range(2):
        fresh = ModelBooks()
        for client_id, order_id in books.ours.items():
            mine = books.orders[order_id]
            fresh.send(client_id, mine.symbol, int(mine.quantity), venue.now_ns - 12)
        desk = Desk(venue, fresh)
        runs.append([*desk.take(desk.ask()), *desk.facts])
    assert runs[0] == runs[1]

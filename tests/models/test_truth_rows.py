"""What the desk shows of orders that wait, of what was not confirmed, and of what was recorded."""

from __future__ import annotations

from decimal import Decimal

import pytest
from desk_rows import (
    SECOND,
    START,
    account,
    alert,
    evidence,
    execution,
    link,
    order,
    record,
    session,
    waiting,
)
from hypothesis import given, strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from monitor.engine.changes import Changes, merged
from monitor.engine.rows import QueueRow
from monitor.engine.values import (
    EngineState,
    InnerState,
    LinkSide,
    LinkState,
    OrderFlag,
    OrderStatus,
    Priority,
    WaitingKind,
    World,
)
from monitor.models.columns import Tone
from monitor.models.context import Context
from monitor.models.desk import Desk
from monitor.models.filter import parse
from monitor.models.orders import (
    ACTIVE_ORDERS,
    INNER,
    MARKS,
    flags_text,
    is_straggler,
    status_text,
    status_tip,
    status_tone,
)
from monitor.models.table import RowTable
from monitor.models.waiting import conditions, queue_text


@pytest.fixture
def desk(qapp) -> Desk:
    made = Desk()
    for table in made.tables():
        QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal, table)
    made.apply(Changes(session=session(world=World.LIVE), accounts={"sim-1": account()}))
    return made


def cell(table: RowTable, place: int, column_id: str, role: int = Qt.ItemDataRole.DisplayRole) -> str:
    return table.index(place, table.spec.index(column_id)).data(role)


# -- a status and what stands beside it


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        (InnerState.HELD, "Held"),
        (InnerState.QUEUED, "Queued"),
        (InnerState.MANUAL, "Your decision"),
        (InnerState.IN_FLIGHT, "Sending?"),
        (InnerState.REPLACE_IN_FLIGHT, "Replacing?"),
        (InnerState.CANCEL_IN_FLIGHT, "Cancelling?"),
        (InnerState.UNKNOWN, "Unknown?"),
    ],
)
def test_only_what_is_not_certain_has_a_question_mark(inner, said):
    row = order(1, inner_state=inner)
    assert status_text(row) == said
    assert said.endswith("?") is not inner.certain
    assert (status_tone(row) is Tone.WARN) is (not inner.certain or inner is InnerState.MANUAL)
    assert INNER[inner][1] in status_tip(row)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((OrderFlag.CANCEL_PENDING,), "Cancelling?"),
        ((OrderFlag.REPLACE_PENDING,), "Replacing?"),
        ((OrderFlag.REPLACE_PENDING, OrderFlag.CANCEL_PENDING), "Cancelling?"),
        ((OrderFlag.STALE,), "Placed?"),
        ((OrderFlag.STALE, OrderFlag.CONFLICT), "Placed!"),
        ((OrderFlag.ADOPTED, OrderFlag.TRIGGERED), "Placed"),
    ],
)
def test_flags_are_said_with_the_status_and_never_instead_of_it(flags, said):
    row = order(1, status=OrderStatus.PLACED, flags=flags)
    assert status_text(row) == said
    assert status_tip(row).startswith("Placed")


def test_a_finished_order_is_not_cancelling_any_more():
    row = order(1, status=OrderStatus.FILLED, flags=(OrderFlag.CANCEL_PENDING, OrderFlag.FILLS_MISSING))
    assert status_text(row) == "Filled?"
    assert flags_text(row) == "cancel pending, fills missing"
    assert not is_straggler(row)


@given(
    st.sampled_from(OrderStatus), st.none() | st.sampled_from(InnerState), st.sets(st.sampled_from(OrderFlag))
)
def test_every_risk_is_told_in_the_tip(status, inner, flags):
    row = order(1, status=status, inner_state=inner, flags=tuple(sorted(flags)))
    tip = status_tip(row)
    assert tip.startswith(str(status))
    assert all(MARKS[flag][2] in tip for flag in flags & MARKS.keys())
    if inner is not None:
        assert INNER[inner][1] in tip
    if flags & {OrderFlag.CONFLICT, OrderFlag.OVERFILL} and inner is None and not status.active:
        assert status_text(row).endswith("!")


def test_flags_and_client_id_are_in_the_details_of_an_order(desk):
    desk.apply(Changes(orders={1: order(1, client_order_id="c-7", flags=(OrderFlag.ADOPTED,))}))
    assert cell(desk.active_orders, 0, "flags") == "found at the venue"
    assert cell(desk.active_orders, 0, "client_id") == "c-7"


# -- what waits


def test_an_order_waits_until_it_is_over(desk):
    held = order(1, inner_state=InnerState.HELD)
    desk.apply(Changes(orders={1: held}, waiting={1: waiting(1)}))
    assert cell(desk.waiting, 0, "what") == "Buy 2 at 752.30, open"
    desk.apply(Changes(waiting={1: waiting(1, over=True)}))
    assert desk.waiting.rows() == []


def test_what_needs_a_person_stands_first_then_what_goes_next(desk):
    rows = {
        1: waiting(1, WaitingKind.DELAYED),
        2: waiting(2, WaitingKind.QUEUED, place=2),
        3: waiting(3, WaitingKind.QUEUED, priority=Priority.HIGH, place=1),
        4: waiting(4, WaitingKind.MANUAL),
    }
    desk.apply(Changes(waiting=rows))
    assert [row.order_id for row in desk.waiting.shown()] == [4, 3, 2, 1]


def test_each_condition_tells_whether_it_holds():
    row = waiting(1, condition="last(SHFE.au2512) >= 752.30 and time in 09:30..11:30", truth=(True, None))
    assert conditions(row) == [("last(SHFE.au2512) >= 752.30", True), ("time in 09:30..11:30", None)]


def test_a_condition_is_shown_by_mark_and_word(desk):
    desk.apply(Changes(waiting={1: waiting(1, condition="a and b and c", truth=(True, False, None))}))
    assert cell(desk.waiting, 0, "condition") == "✗ not yet: b · ? unknown: c · ✓ true: a"
    assert cell(desk.waiting, 0, "condition", Qt.ItemDataRole.ToolTipRole).startswith("waits\n✓ true: a\n")


def test_conditions_that_cannot_be_told_apart_stay_one():
    assert conditions(waiting(1, condition="a or b", truth=(True, False))) == [("a or b", False)]
    assert conditions(waiting(1, condition="a or b", truth=(True, True))) == [("a or b", True)]
    assert conditions(waiting(1)) == []


def test_countdowns_run_by_the_clock_of_the_day_where_nothing_is_replayed(desk):
    desk.pass_time(START)
    desk.apply(Changes(waiting={1: waiting(1, not_before_ns=START + 58 * SECOND)}))
    assert cell(desk.waiting, 0, "not_before") == "in 58 s"
    assert cell(desk.waiting, 0, "expires") == "–"
    desk.pass_time(START + 60 * SECOND)
    assert cell(desk.waiting, 0, "not_before") == "now"


def test_the_clock_of_the_day_never_ages_a_replay(qapp):
    desk = Desk()
    desk.apply(Changes(session=session(), accounts={"sim-1": account()}))
    before = desk.clock_ns
    desk.pass_time(START + 60 * SECOND)
    assert desk.clock_ns == before


def test_the_queue_in_one_line():
    row = QueueRow(
        length=12, high=2, normal=9, low=1, held=3, conditional=2, manual=1, rate=2.44, sent=4_211,
        refused=3, retried=7, longest_wait_s=75.0, average_wait_s=0.0352,
    )  # fmt: skip
    assert queue_text(row) == (
        "12 of 1,000 queued  ·  high 2, normal 9, low 1  ·  5 held, 2 on conditions  ·  1 for you  ·  "
        "wait 35 ms, longest 75 s  ·  2.4/s  ·  4,211 sent, 3 refused, 7 retried"
    )


# -- what is not confirmed, and what was recorded


def test_stragglers_are_orders_whose_end_was_not_confirmed(desk):
    desk.apply(
        Changes(
            orders={
                1: order(1, status=OrderStatus.PLACED, flags=(OrderFlag.CANCEL_PENDING,)),
                2: order(2, status=OrderStatus.PLACED, inner_state=InnerState.UNKNOWN),
                3: order(3, status=OrderStatus.PLACED),
            }
        )
    )
    assert {row.order_id for row in desk.stragglers.rows()} == {1, 2}
    assert [row.order_id for row in desk.unknown_orders()] == [2]
    desk.apply(Changes(orders={1: order(1, status=OrderStatus.CANCELED), 2: order(2)}))
    assert desk.stragglers.rows() == []


def test_evidence_leaves_when_it_is_over(desk):
    desk.apply(Changes(evidence={"a": evidence("a"), "b": evidence("b", until_ns=None)}))
    desk.pass_time(START + 20 * SECOND)
    assert {cell(desk.evidence, at, "until") for at in (0, 1)} == {"9 min", "–"}
    desk.apply(Changes(evidence={"a": evidence("a", over=True)}))
    assert [row.evidence_id for row in desk.evidence.rows()] == ["b"]


def test_an_alert_that_is_settled_stays_and_stands_no_longer(desk):
    desk.apply(Changes(alerts={1: alert(1), 2: alert(2)}))
    desk.apply(Changes(alerts={2: alert(2, settled_ns=START, by="window")}))
    assert [row.alert_id for row in desk.standing_alerts()] == [1]
    assert [cell(desk.alerts, at, "state") for at in (0, 1)] == ["stands", "noted, window"]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (LinkState.LIVE, "● live"),
        (LinkState.CONNECTING, "○ connecting"),
        (LinkState.DEGRADED, "▲ degraded"),
        (LinkState.LOST, "✕ lost"),
    ],
)
def test_a_line_is_said_by_shape_and_word(desk, state, said):
    desk.pass_time(START)
    row = link(state=state, last_message_ns=START - 3 * SECOND, next_try_ns=START + 8 * SECOND, attempt=2)
    desk.apply(Changes(links={"deribit.orders": row}))
    told = [cell(desk.links, 0, id) for id in ("state", "message_age", "round_trip", "retries", "next_try")]
    assert told == [said, "3 s", "–", "2", "in 8 s"]


def test_a_record_says_who_and_what_resulted(desk):
    desk.apply(
        Changes(
            records={
                1: record(1),
                2: record(
                    2, change=Decimal(-2), volume=Decimal(1), realised_profit=Decimal("-40.00"), by="me"
                ),
            }
        )
    )
    ids = ("change", "volume", "average", "realised", "who")
    assert [cell(desk.records, 0, id) for id in ids] == ["−2", "1", "752.32", "−40.00", "me"]
    assert [cell(desk.records, 1, id) for id in ids] == ["+1", "3", "752.32", "–", "1"]


def test_records_are_filtered_by_tokens(desk):
    desk.apply(Changes(records={1: record(1), 2: record(2, by="reconciliation", change=Decimal(-1))}))
    found = parse("by:recon change:<0", desk.records.spec, desk.context)
    assert found.problem == ""
    assert [row.record_id for row in desk.records.rows() if found.predicate(row)] == [2]


def test_slippage_that_cost_is_a_loss(desk):
    desk.apply(Changes(executions={1: execution(1)}))
    ids = ("slippage", "queue_wait", "acknowledged", "first_fill", "last_fill")
    assert [cell(desk.executions, 0, id) for id in ids] == ["+40.00", "–", "34 ms", "1.20 s", "75 s"]
    slippage = next(column for column in desk.executions.spec.columns if column.id == "slippage")
    assert slippage.tone(execution(1), desk.context) is Tone.LOSS


def everything(number: int) -> Changes:
    return Changes(
        seq=number,
        orders={1: order(1, inner_state=InnerState.UNKNOWN)},
        waiting={2: waiting(2)},
        records={3: record(3)},
        alerts={4: alert(4)},
        evidence={"e": evidence("e")},
        links={"deribit.market": link(LinkSide.MARKET)},
        executions={5: execution(5)},
        queue=QueueRow(length=1),
    )


def test_a_clear_takes_all_of_it_away(desk):
    desk.apply(everything(1))
    desk.apply(Changes(seq=2, cleared=True, session=session(state=EngineState.HALTED)))
    assert [len(table) for table in desk.tables()[:-2]] == [0] * (len(desk.tables()) - 2)
    assert desk.queue is None


def test_everything_is_in_place_before_anybody_is_told(desk):
    seen = []
    desk.queue_changed.connect(lambda: seen.append((len(desk.waiting), desk.queue.length)))
    desk.system_changed.connect(lambda: seen.append((len(desk.alerts), len(desk.stragglers))))
    desk.apply(everything(1))
    assert seen == [(1, 1), (1, 1)]


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=12))
def test_merged_changes_show_the_same_as_one_after_the_other(qapp, steps):
    changes = [
        Changes(
            seq=at,
            waiting={id: waiting(id, over=over, attempts=at)},
            evidence={str(id): evidence(str(id), over=over, detail=str(at))},
        )
        for at, (id, over) in enumerate(steps)
    ]
    one_by_one, at_once = Desk(), Desk()
    for change in changes:
        one_by_one.apply(change)
    together = merged(changes)
    if together is not None:
        at_once.apply(together)
    for name, key in (("waiting", "order_id"), ("evidence", "evidence_id")):
        tables = [getattr(desk, name).rows() for desk in (one_by_one, at_once)]
        assert len({tuple(sorted(map(repr, rows))) for rows in tables}) == 1, (name, key)


def test_prices_of_orders_have_the_digits_of_their_symbol() -> None:
    context = Context()
    row = order(1, price=Decimal("752.3"), trigger_price=Decimal(750))
    cells = {column.id: column.text for column in ACTIVE_ORDERS.columns}
    assert (cells["price"](row, context), cells["trigger"](row, context)) == ("752.3", "750")
    context.digits[row.symbol] = 2
    assert (cells["price"](row, context), cells["trigger"](row, context)) == ("752.30", "750.00")
    context.digits[row.symbol] = 0
    assert cells["price"](row, context) == "752.3", "never less than was said"

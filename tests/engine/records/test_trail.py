"""The audit trail: every change is recorded once, with its cause, and the records add up."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, strategies as st
from record_words import GOLD, Trail

from monitor.engine.records import FOR_REVIEW, PositionRecords, verify
from monitor.engine.rows import PositionRecordRow
from monitor.engine.trading.parts import PositionChange
from monitor.engine.values import Direction, RecordType


def change(lots: int, volume: int) -> PositionChange:
    return PositionChange(
        symbol=GOLD,
        direction=Direction.LONG,
        change=Decimal(lots),
        price=Decimal(500),
        volume=Decimal(volume),
        average_price=Decimal(500),
        realised_profit=Decimal(0),
        commission=Decimal(0),
    )


def note(
    records: PositionRecords,
    what: PositionChange,
    *,
    type: RecordType = RecordType.EXECUTION,
    order_id: int | None = 1,
    by: str = "double_ma",
) -> PositionRecordRow:
    return records.note(
        what,
        time_ns=0,
        account_id="a1",
        strategy_id=1,
        type=type,
        order_id=order_id,
        trade_id=order_id,
        by=by,
    )


def again(records: PositionRecords, row: PositionRecordRow) -> None:
    """Note what this row notes."""
    records.note(
        PositionChange(**{name: getattr(row, name) for name in PositionChange.__struct_fields__}),
        time_ns=row.time_ns,
        account_id=row.account_id,
        strategy_id=row.strategy_id,
        type=row.type,
        order_id=row.order_id,
        trade_id=row.trade_id,
        by=row.by,
    )


@st.composite
def trails(draw: st.DrawFn) -> list[PositionRecordRow]:
    trail = Trail()
    held: dict[tuple[str, Direction], int] = {}
    for _ in range(draw(st.integers(1, 30))):
        key = (draw(st.sampled_from([GOLD, "DCE.m2601"])), draw(st.sampled_from(Direction)))
        lots = draw(st.integers(-held.get(key, 0), 5).filter(bool))
        held[key] = held.get(key, 0) + lots
        trail.wait(1).trade(lots, symbol=key[0], direction=key[1])
    return trail.rows


def test_ids_are_consecutive_and_go_on_after_a_snapshot() -> None:
    trail = Trail()
    assert [trail.trade(2).record_id, trail.trade(-1).record_id] == [1, 2]
    later = PositionRecords(next_id=3)
    assert note(later, change(1, 8)).record_id == 3


def test_a_row_says_what_happened_and_who_did_it() -> None:
    row = Trail().trade(3, fee=12, price=512)
    assert (row.change, row.volume, row.average_price, row.commission) == (3, 3, 512, 12)
    assert (row.order_id, row.trade_id, row.by, row.type) == (1, 1, "double_ma", RecordType.EXECUTION)


def test_changed_rows_are_told_once_and_memory_keeps_the_newest() -> None:
    records = PositionRecords(keep=2)
    rows = [note(records, change(1, n)) for n in (1, 2, 3)]
    assert records.rows_changed() == {1: rows[0], 2: rows[1], 3: rows[2]}
    assert records.rows_changed() == {}
    assert records.newest() == {2: rows[1], 3: rows[2]}
    assert records.newest(1) == {3: rows[2]}


def test_current_positions_are_the_last_records_of_what_is_open() -> None:
    trail = Trail()
    trail.trade(2)
    trail.trade(3, account="a2")
    trail.trade(-2)
    assert [(row.account_id, row.volume) for row in trail.records.current()] == [("a2", 3)]
    assert trail.records.current("a1") == []


@pytest.mark.parametrize(
    ("what", "type", "order_id", "by"),
    [
        (change(1, 1), RecordType.EXECUTION, None, "double_ma"),
        (change(1, 1), RecordType.CORRECTION, None, ""),
        (change(-1, -1), RecordType.EXECUTION, 1, "double_ma"),
        (change(3, 2), RecordType.EXECUTION, 1, "double_ma"),
    ],
)
def test_a_change_without_a_cause_or_that_cannot_be_is_marked_for_review(
    what: PositionChange, type: RecordType, order_id: int | None, by: str
) -> None:
    records = PositionRecords()
    row = note(records, what, type=type, order_id=order_id, by=by)
    assert row.note.startswith(FOR_REVIEW)
    assert records.rows_for_review() == [row]
    assert len(verify([row])) == 1


def test_what_does_not_add_up_is_recorded_and_marked_for_review() -> None:
    records = PositionRecords()
    note(records, change(2, 2))
    odd = note(records, change(1, 5))
    assert odd.note == f"{FOR_REVIEW}2 and a change of 1 are not 5"
    assert records.rows_for_review() == [odd]
    assert records.rows_for_review() == []
    assert note(records, change(1, 6)).note == ""


def test_a_trail_from_the_start_begins_with_nothing_held() -> None:
    assert note(PositionRecords(), change(1, 4)).note == f"{FOR_REVIEW}3 were held before the first record"
    assert note(PositionRecords(next_id=7), change(1, 4)).note == ""


@given(trails(), st.data())
def test_a_checkpoint_goes_on_as_if_nothing_had_been(
    rows: list[PositionRecordRow], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(rows)))
    before, after = PositionRecords(), PositionRecords()
    for row in rows[:cut]:
        again(before, row)
    after.take_up(before.current(), before.next_id)
    for row in rows[cut:]:
        again(after, row)
    assert list(after.rows_changed().values()) == rows[cut:]
    assert after.rows_for_review() == []
    assert {r.record_id for r in after.current()} == {r.record_id for r in last_open(rows)}


def last_open(rows: list[PositionRecordRow]) -> list[PositionRecordRow]:
    last = {(row.symbol, row.direction): row for row in rows}
    return [row for row in last.values() if row.volume]


@given(trails())
def test_a_trail_is_sound_and_so_is_every_end_of_it(rows: list[PositionRecordRow]) -> None:
    assert verify(rows) == []
    assert verify(rows[len(rows) // 2 :]) == []
    assert verify([row for row in rows if row.symbol == GOLD], whole=False) == []


@given(trails(), st.data())
def test_a_record_that_is_changed_missing_or_doubled_is_found(
    rows: list[PositionRecordRow], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(rows) - 1))
    assert verify([*rows[: index + 1], *rows[index:]])
    if 0 < index < len(rows) - 1:
        assert verify(rows[:index] + rows[index + 1 :])
    mine = [row for row in rows if (row.symbol, row.direction) == (rows[index].symbol, rows[index].direction)]
    if rows[index] is not mine[0]:
        forged = msgspec.structs.replace(rows[index], volume=rows[index].volume + 1)
        assert verify([*rows[:index], forged, *rows[index + 1 :]])


@given(trails())
def test_the_same_changes_give_the_same_rows(rows: list[PositionRecordRow]) -> None:
    records = PositionRecords()
    for row in rows:
        again(records, row)
    assert list(records.rows_changed().values()) == rows

"""The row table against a plain dictionary, with Qt's own model tester looking on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from PySide6.QtCore import QCoreApplication, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from monitor.models import columns as c
from monitor.models.cells import Role
from monitor.models.columns import TableSpec, Tone
from monitor.models.context import Context
from monitor.models.sorting import Sort
from monitor.models.table import Hold, RowTable


@dataclass(frozen=True)
class Lot:
    id: int
    number: int | None
    name: str


def spec(sort: tuple[tuple[str, bool], ...] = (), cap: int | None = None) -> TableSpec:
    return TableSpec(
        id="lots",
        title="Lots",
        key=lambda lot: lot.id,
        columns=(
            c.identity("id", "id", lambda lot: lot.id),
            c.volume("number", "number", lambda lot: lot.number),
            c.text("name", "name", lambda lot: lot.name),
        ),
        sort=sort,
        cap=cap,
    )


def table(rows: list[Lot] | None = None, **given: Any) -> RowTable:
    made = RowTable(spec(**given), Context())
    made.apply(rows or [])
    return made


def ids(model: RowTable) -> list[int]:
    """What Qt sees, top to bottom."""
    return [model.index(at, 0).data(Role.ROW).id for at in range(model.rowCount())]


def watched(model: RowTable) -> list[tuple[int, int, int, int]]:
    """Every dataChanged as (top, bottom, left, right)."""
    seen: list[tuple[int, int, int, int]] = []
    model.dataChanged.connect(lambda a, b, _: seen.append((a.row(), b.row(), a.column(), b.column())))
    return seen


# -- what is signalled


def test_scattered_changes_are_signalled_in_runs_of_rows_and_changed_columns_only(qapp):
    model = table([Lot(at, at, "x") for at in range(10)])
    seen = watched(model)
    model.apply([Lot(2, 20, "x"), Lot(3, 30, "x"), Lot(7, 7, "y"), Lot(8, 8, "x")])
    assert seen == [(2, 3, 1, 1), (7, 7, 2, 2)]


def test_changes_out_of_sight_are_not_signalled_but_are_there(qapp):
    model = table([Lot(at, at, "x") for at in range(10)])
    model.set_window(0, 4)
    seen = watched(model)
    model.apply([Lot(4, 40, "x"), Lot(5, 50, "x")])
    assert seen == [(4, 4, 1, 1)]
    assert model.index(5, 1).data() == "50"


def test_a_batch_of_new_rows_is_one_insertion(qapp):
    model = table([Lot(0, 0, "x")])
    seen: list[tuple[int, int]] = []
    model.rowsInserted.connect(lambda _, first, last: seen.append((first, last)))
    model.apply([Lot(at, at, "x") for at in range(1, 500)])
    assert seen == [(1, 499)]


def test_many_scattered_insertions_and_removals_cost_few_signals(qapp):
    model = table([Lot(at, at, "x") for at in range(0, 1000, 2)], sort=(("number", False),))
    seen: list[str] = []
    model.rowsInserted.connect(lambda *_: seen.append("in"))
    model.rowsRemoved.connect(lambda *_: seen.append("out"))
    model.apply([Lot(at, at, "x") for at in range(1, 1000, 2)])
    assert ids(model) == list(range(1000))
    model.apply([], range(0, 1000, 2))
    assert ids(model) == list(range(1, 1000, 2))
    assert seen == ["in", "out"]


# -- order


def test_numbers_sort_as_numbers_and_unknown_is_last_both_ways(qapp):
    model = table([Lot(1, 10, ""), Lot(2, None, ""), Lot(3, 9, ""), Lot(4, 100, "")])
    model.sort(1, Qt.SortOrder.AscendingOrder)
    assert ids(model) == [3, 1, 4, 2]
    model.sort(1, Qt.SortOrder.DescendingOrder)
    assert ids(model) == [4, 1, 3, 2]


def test_several_levels_and_text_backwards(qapp):
    model = table([Lot(1, 1, "b"), Lot(2, 2, "a"), Lot(3, 3, "b"), Lot(4, 4, "")])
    model.sort_by([Sort("name", descending=True), Sort("number", descending=True)])
    assert ids(model) == [3, 1, 2, 4]
    assert [model.headerData(at, Qt.Orientation.Horizontal) for at in (1, 2)] == ["number ▾2", "name ▾1"]


def test_a_changed_sort_value_moves_the_row_and_a_selection_goes_with_it(qapp):
    model = table([Lot(1, 1, ""), Lot(2, 2, ""), Lot(3, 3, "")], sort=(("number", False),))
    mark = QPersistentModelIndex(model.index(0, 2))
    model.apply([Lot(1, 9, "")])
    assert ids(model) == [2, 3, 1]
    assert (mark.row(), mark.column()) == (2, 2)


def test_sort_role_is_a_number_where_the_column_is(qapp):
    model = table([Lot(1, 7, "x")])
    assert model.index(0, 1).data(Role.SORT) == 7.0
    assert isinstance(model.index(0, 1).data(Role.SORT), float)
    assert model.index(0, 2).data(Role.TONE) == Tone.PLAIN


# -- holding still


def test_nothing_moves_while_the_user_points(qapp):
    model = table([Lot(at, at, "") for at in range(4)], sort=(("number", True),))
    assert ids(model) == [3, 2, 1, 0]
    model.hold(True)
    model.apply([Lot(0, 99, ""), Lot(9, 50, "")], removals=[2])
    assert ids(model) == [3, 2, 1, 0, 9]
    assert model.is_leaving(model.row_at(1))
    assert {row.id for row in model.rows()} == {0, 1, 3, 9}
    model.hold(False)
    assert ids(model) == [0, 9, 3, 1]


def test_with_a_selection_rows_do_not_swap_but_new_ones_take_their_place(qapp):
    model = table([Lot(at, at, "") for at in range(4)], sort=(("number", True),))
    model.hold(Hold.SORT)
    model.apply([Lot(0, 99, ""), Lot(9, 50, "")], removals=[2])
    assert ids(model) == [9, 3, 1, 0]
    model.hold(False)
    assert ids(model) == [0, 9, 3, 1]


def test_a_row_that_comes_back_while_held_stays(qapp):
    model = table([Lot(1, 1, ""), Lot(2, 2, "")])
    model.hold(True)
    model.apply([], removals=[1])
    model.apply([Lot(1, 5, "")])
    model.hold(False)
    assert ids(model) == [1, 2]
    assert model.index(0, 1).data() == "5"


def test_a_row_that_leaves_shows_how_it_ended(qapp):
    model = table([Lot(at, at, "works") for at in range(4)])
    model.hold(True)
    model.apply(ended=[Lot(1, 0, "ended")])
    assert ids(model) == [0, 1, 2, 3]
    assert model.index(1, 2).data() == "ended"
    assert model.leaving() == [1]
    assert (len(model), model.present_count()) == (3, 3)
    assert model.get(1) is None


def test_rows_that_begin_or_stop_leaving_are_signalled(qapp):
    model = table([Lot(at, at, "") for at in range(6)])
    model.hold(True)
    seen = watched(model)
    left: list[list[Any]] = []
    model.rows_left.connect(lambda: left.append(model.leaving()))
    model.apply(removals=[1, 2], ended=[Lot(4, 0, "ended")])
    assert seen == [(1, 2, 0, 2), (4, 4, 0, 2)]
    assert left == [[1, 2, 4]]
    seen.clear()
    model.apply([Lot(2, 2, "")])
    assert seen == [(2, 2, 0, 2)]
    assert len(left) == 1


def test_a_leaving_row_goes_at_the_second_call_though_the_table_is_held(qapp):
    model = table([Lot(at, at, "") for at in range(4)])
    model.hold(True)
    model.apply(removals=[1])
    assert model.let_leave()
    model.apply(removals=[2])
    assert ids(model) == [0, 1, 2, 3]
    assert model.let_leave()
    assert ids(model) == [0, 2, 3]
    assert not model.let_leave()
    assert ids(model) == [0, 3]
    assert model.held is Hold.ROWS


def test_a_row_that_left_the_filter_gets_no_more_time_by_changing(qapp):
    model = table([Lot(0, 1, ""), Lot(1, 1, "")])
    model.set_filter(lambda lot: lot.number > 0)
    model.hold(True)
    model.apply([Lot(0, -1, "")])
    model.let_leave()
    model.apply([Lot(0, -2, "")])
    model.let_leave()
    assert ids(model) == [1]


def test_without_a_pointer_a_row_goes_at_once(qapp):
    for hold in (Hold.NONE, Hold.SORT):
        model = table([Lot(0, 0, ""), Lot(1, 1, "")])
        model.hold(hold)
        model.apply(ended=[Lot(0, 0, "ended")])
        assert ids(model) == [1]


def test_a_held_row_that_left_the_filter_is_there_again_without_it(qapp):
    """Found by the machine below: it stayed marked as leaving for ever."""
    model = table([])
    model.hold(Hold.ROWS)
    model.set_filter(lambda lot: (lot.number or 0) >= 0)
    model.apply([Lot(0, None, "")])
    model.apply([Lot(0, -1, "")])
    assert model.leaving() == [0]
    seen = watched(model)
    model.set_filter(None)
    assert ids(model) == [0]
    assert model.leaving() == []
    assert seen == [(0, 0, 0, 2)]


def test_an_older_row_that_comes_into_sight_waits_behind_the_newer_one_that_is_seen(qapp):
    """Found by the machine below: it pushed the newer one down while the table was held."""
    model = table([Lot(0, -1, "")])
    model.set_filter(lambda lot: (lot.number or 0) >= 0)
    model.hold(Hold.ROWS)
    model.apply([Lot(1, 1, "")])
    model.apply([Lot(0, 1, "")])
    assert ids(model) == [1, 0]
    model.hold(Hold.NONE)
    assert ids(model) == [0, 1]


def test_a_row_that_goes_comes_back_and_overflows_at_once_is_gone(qapp):
    """Found by the machine below: it was forgotten twice."""
    model = table([Lot(0, -1, ""), Lot(1, 1, "")], cap=1)
    model.set_filter(lambda lot: (lot.number or 0) >= 0)
    model.apply([Lot(0, -1, "")])
    model.apply([Lot(0, -1, ""), Lot(2, 2, "")], removals=[0])
    assert [lot.id for lot in model.rows()] == [2]


def test_a_held_row_that_came_back_with_another_value_finds_its_place(qapp):
    """Found by the machine below: what changed while it was leaving was not sorted in."""
    model = table([Lot(0, 2, ""), Lot(1, 1, "")], sort=(("number", True),))
    model.set_filter(lambda lot: (lot.number or 0) >= 0)
    model.hold(Hold.ROWS)
    model.apply([Lot(0, -1, "")])
    model.set_filter(None)
    model.hold(Hold.NONE)
    assert ids(model) == [1, 0]
    model.hold(Hold.ROWS)
    model.apply(ended=[Lot(1, -5, "")])
    model.apply([Lot(1, -5, "")])
    model.hold(Hold.NONE)
    assert ids(model) == [0, 1]


# -- filter and cap


def test_a_row_enters_and_leaves_the_filter_as_it_changes(qapp):
    model = table([Lot(1, 1, ""), Lot(2, 5, "")])
    model.set_filter(lambda lot: lot.number > 3)
    assert ids(model) == [2]
    model.apply([Lot(1, 7, ""), Lot(2, 0, "")])
    assert ids(model) == [1]
    model.set_filter(None)
    assert ids(model) == [1, 2]


def test_the_cap_drops_the_oldest(qapp):
    model = table([Lot(at, at, "") for at in range(5)], cap=3)
    assert ids(model) == [2, 3, 4]
    model.apply([Lot(9, 9, "")])
    assert [row.id for row in model.rows()] == [3, 4, 9]
    assert len(model) == 3


# -- any history of changes


class TableMachine(RuleBasedStateMachine):
    """Random changes; after each, the model tells what a dictionary and `sorted` tell."""

    lots = st.builds(
        Lot,
        st.integers(0, 40),
        st.one_of(st.none(), st.integers(-3, 3)),
        st.sampled_from(["", "a", "b", "C"]),
    )

    @initialize(cap=st.sampled_from([None, 12]), few=st.sampled_from([1, 1000]))
    def begin(self, cap: int | None, few: int) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr("monitor.models.rowlist.FEW_MOVES", few)
        self.patch.setattr("monitor.models.table.MAX_RUNS", few)
        QCoreApplication.instance() or QCoreApplication([])
        self.model = RowTable(spec((("number", True),), cap), Context())
        self.tester = QAbstractItemModelTester(
            self.model, QAbstractItemModelTester.FailureReportingMode.Fatal
        )
        self.cap = cap
        self.plain: dict[int, Lot] = {}
        self.arrived: dict[int, int] = {}
        self.count = 0
        self.limit: int | None = None
        self.levels: list[Sort] = [Sort("number", descending=True)]
        self.held = Hold.NONE
        self.marks: list[tuple[int, QPersistentModelIndex]] = []

    @rule(
        rows=st.lists(lots, max_size=60),
        removals=st.lists(st.integers(0, 40), max_size=40),
        ended=st.lists(lots, max_size=40, unique_by=lambda lot: lot.id),
    )
    def apply(self, rows: list[Lot], removals: list[int], ended: list[Lot]) -> None:
        before = ids(self.model)
        self.model.apply(rows, removals, ended)
        for row_id in (*removals, *(lot.id for lot in ended)):
            self.plain.pop(row_id, None)
        here = {lot.id for lot in rows}
        for lot in ended:
            if self.held is Hold.ROWS and lot.id in before and lot.id not in here:
                assert self.model.row_at(self.model.position(lot.id)) == lot
        for lot in rows:
            self.plain[lot.id] = lot
        for row_id in list(self.plain)[: max(0, len(self.plain) - self.cap) if self.cap else 0]:
            del self.plain[row_id]
        if self.held is Hold.ROWS:
            assert ids(self.model)[: len(before)] == before

    @rule(
        levels=st.lists(
            st.builds(Sort, st.sampled_from(["id", "number", "name"]), st.booleans()),
            max_size=2,
            unique_by=lambda level: level.column,
        )
    )
    def sort(self, levels: list[Sort]) -> None:
        self.levels = levels
        self.model.sort_by(levels)

    @rule(limit=st.one_of(st.none(), st.integers(-3, 3)))
    def filter(self, limit: int | None) -> None:
        self.limit = limit
        self.model.set_filter(None if limit is None else self.passes)

    @rule(held=st.sampled_from(list(Hold)))
    def hold(self, held: Hold) -> None:
        self.held = held
        self.model.hold(held)

    @rule()
    def wait(self) -> None:
        old = set(self.model.leaving())
        self.model.let_leave()
        self.model.let_leave()
        assert not old & set(ids(self.model))

    @rule()
    def clear(self) -> None:
        self.model.clear()
        self.plain.clear()
        self.marks.clear()

    @precondition(lambda self: self.model.rowCount() > 0)
    @rule(data=st.data())
    def mark(self, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, self.model.rowCount() - 1))
        self.marks.append((self.model.row_at(at).id, QPersistentModelIndex(self.model.index(at, 1))))

    def teardown(self) -> None:
        self.patch.undo()

    def passes(self, lot: Lot) -> bool:
        return self.limit is None or (lot.number or 0) >= self.limit

    @invariant()
    def rows_are_those_of_the_dictionary(self) -> None:
        if not hasattr(self, "plain"):
            return
        assert {row.id: row for row in self.model.rows()} == self.plain
        visible = {lot.id for lot in self.plain.values() if self.passes(lot)}
        shown = ids(self.model)
        assert len(shown) == len(set(shown))
        if self.held is Hold.ROWS:
            leaving = {row.id for row in self.model.shown() if self.model.is_leaving(row)}
            assert set(shown) - leaving == visible
            assert not leaving & visible
            assert self.model.present_count() == len(visible)
        else:
            assert set(shown) == visible
        for row in self.model.shown():
            assert self.model.position(row.id) is not None
            assert self.model.row_at(self.model.position(row.id)) is row
            if not self.model.is_leaving(row):
                assert row == self.plain[row.id]

    @invariant()
    def a_table_at_rest_is_sorted(self) -> None:
        if not hasattr(self, "plain") or self.held is not Hold.NONE:
            return
        rows = self.model.shown()
        for level in reversed(self.levels):
            known = [row for row in rows if worth(row, level.column) is not None]
            unknown = [row for row in rows if worth(row, level.column) is None]
            known.sort(key=lambda row: worth(row, level.column), reverse=level.descending)
            rows = known + unknown
        told = [[worth(row, level.column) for level in self.levels] for row in self.model.shown()]
        assert told == [[worth(row, level.column) for level in self.levels] for row in rows]

    @invariant()
    def a_mark_follows_its_row(self) -> None:
        for row_id, index in getattr(self, "marks", []):
            if index.isValid():
                assert self.model.row_at(index.row()).id == row_id


def worth(lot: Lot, column: str) -> Any:
    """A sort value as the reference understands it."""
    return getattr(lot, column) if getattr(lot, column) != "" else None


TableMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.usefixtures("qapp")
class TestAnyHistory(TableMachine.TestCase):
    """Runs the machine with an application in place."""

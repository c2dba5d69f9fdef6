"""One Qt model over immutable rows: it owns their order, their filter and what is held still.

No proxy stands behind it. Changes come in batches (`apply`) and go out as few signals as
possible: runs of rows, changed columns, only where somebody looks. Knows no widget and no colour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import Any, TypeAlias

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from monitor.models.cells import ALIGNMENT, ANSWERS, Role
from monitor.models.columns import Column, TableSpec
from monitor.models.context import Context
from monitor.models.rowlist import Id, Row, RowList, Run
from monitor.models.runs import bits, masked_runs, runs
from monitor.models.sorting import Key, Sort, Sorter

Index: TypeAlias = QModelIndex | QPersistentModelIndex
Predicate: TypeAlias = Callable[[Any], bool]
Update: TypeAlias = tuple[Id, Row]  # a displayed row's id and what was displayed

MAX_RUNS = 24  # more signals than this cost more than sorting everything once


class Hold(IntEnum):
    """How still the table keeps. SORT: rows do not swap places when their values change. ROWS: no
    row moves at all; new rows wait at the end and gone rows stay, as they ended, until it is over
    or `let_leave` lets them go."""

    NONE = 0
    SORT = 1
    ROWS = 2


class RowTable(QAbstractTableModel):
    """Rows keyed by id. `apply` and `clear` are the only ways to change them.

    `rows_left` says, after a change, that there are rows leaving which were not before.
    """

    sort_changed = Signal()
    filter_changed = Signal()
    rows_left = Signal()

    def __init__(self, spec: TableSpec, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.spec = spec
        self.context = context
        self.columns: tuple[Column, ...] = spec.columns
        self._rows: dict[Id, Row] = {}
        self._arrivals: dict[Id, int] = {}
        self._arrived = self._waited = 0
        self._shown = RowList(spec.key)
        self._stale: set[Id] = set()  # shown, but not where the sort wants them
        self._leaving: dict[Id, bool] = {}  # shown, but gone: held for the eye; True: since a while
        self._restated: set[Id] = set()  # began or stopped leaving in the change under way
        self._hold = Hold.NONE
        self._changing = False
        self._asked: Hold | None = None  # a hold asked for by a slot while the rows were changing
        self._predicate: Predicate | None = None
        self._window: tuple[int, int] | None = None
        self._sorter = Sorter(spec, self.default_sort(), context)

    # -- what there is

    def get(self, row_id: Id) -> Row | None:
        """The row of this id, shown or not; None when there is none."""
        return self._rows.get(row_id)

    def rows(self) -> list[Row]:
        """All rows there are, in order of arrival; filter and hold do not matter."""
        return list(self._rows.values())

    def row_at(self, position: int) -> Row:
        """The row displayed at a position. It may be leaving: see `is_leaving`."""
        return self._shown.rows[position]

    def shown(self) -> list[Row]:
        """The rows displayed, from top to bottom."""
        return list(self._shown.rows)

    def is_leaving(self, row: Row) -> bool:
        """True for a row that is gone, or does not match the filter any more, and is displayed
        only because the table is held. What is displayed of it is its last state."""
        return bool(self._leaving) and self.spec.key(row) in self._leaving

    def leaving(self) -> list[Id]:
        """The ids of all rows that are leaving."""
        return list(self._leaving)

    def present_count(self) -> int:
        """How many of the displayed rows are there and match: those that are leaving not counted."""
        return len(self._shown) - len(self._leaving)

    def position(self, row_id: Id) -> int | None:
        """Where a row is displayed, or None."""
        return self._shown.place(row_id) if row_id in self._shown else None

    def __len__(self) -> int:
        return len(self._rows)

    # -- what changes

    def apply(
        self, upserts: Iterable[Row] = (), removals: Iterable[Id] = (), ended: Iterable[Row] = ()
    ) -> None:
        """Take new and changed rows and drop others, all at once. `ended` are rows to drop, too,
        each in its last state: that is displayed while it leaves. A row in `upserts` stays."""
        with self._change():
            self._apply(upserts, removals, ended)

    def _apply(self, upserts: Iterable[Row], removals: Iterable[Id], ended: Iterable[Row]) -> None:
        updates: list[Update] = []
        new: list[Row] = []
        gone: dict[Id, None] = {}
        key = self.spec.key
        last = {key(row): row for row in ended}
        removed = [row_id for row_id in (*removals, *last) if self._rows.pop(row_id, None) is not None]
        gone.update(dict.fromkeys(row_id for row_id in removed if row_id in self._shown))
        self._show_last(last)
        for row in upserts:
            row_id = key(row)
            self._take(row_id, row)
            if row_id in self._shown:
                gone.pop(row_id, None)
                place = self._shown.place(row_id)
                updates.append((row_id, self._shown.rows[place]))
                self._shown.rows[place] = row
            else:
                new.append(row)
        for row_id in self._overflow():
            gone[row_id] = None
        self._emit_all(updates, new, gone, removed)

    def let_leave(self) -> bool:
        """Rows that were leaving already when this was called before go now, held or not; True
        when there are younger ones, so that it is to be called again."""
        with self._change():
            self._remove(dict.fromkeys(row_id for row_id, waited in self._leaving.items() if waited))
        self._leaving = dict.fromkeys(self._leaving, True)
        return bool(self._leaving)

    def clear(self) -> None:
        """Forget every row. Sort and filter stay."""
        if not self._rows and not self._shown:
            return
        with self._change():
            self.beginResetModel()
            for store in (self._rows, self._arrivals, self._shown, self._stale, self._leaving):
                store.clear()
            self._restated.clear()
            self.endResetModel()

    def tick(self) -> None:
        """The clock moved: texts that age are to be drawn anew."""
        first, last = self.window()
        if first > last:
            return
        for at, column in enumerate(self.columns):
            if column.ages:
                roles = [Qt.ItemDataRole.DisplayRole, Role.TONE]
                self.dataChanged.emit(self.index(first, at), self.index(last, at), roles)

    def refresh(self) -> None:
        """The context changed (zone, names): every text is to be drawn anew."""
        if self._shown:
            last = self.index(len(self._shown) - 1, len(self.columns) - 1)
            self.dataChanged.emit(self.index(0, 0), last, [Qt.ItemDataRole.DisplayRole])

    # -- order, filter, hold, window

    def default_sort(self) -> tuple[Sort, ...]:
        return tuple(Sort(column, descending) for column, descending in self.spec.sort)

    def sort_levels(self) -> tuple[Sort, ...]:
        return self._sorter.levels

    def sort_by(self, levels: Sequence[Sort] | None) -> None:
        """Sort by these levels, the first counts most; None for the table's own order."""
        self._sorter = Sorter(self.spec, self.default_sort() if levels is None else levels, self.context)
        with self._change():
            self._resort(self._shown.key_of)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)
        self.sort_changed.emit()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Qt's own entry; -1 is the table's own order."""
        if not 0 <= column < len(self.columns):
            self.sort_by(None)
        else:
            self.sort_by([Sort(self.columns[column].id, order == Qt.SortOrder.DescendingOrder)])

    def set_filter(self, predicate: Predicate | None) -> None:
        """Show only rows that pass; None shows all."""
        self._predicate = predicate
        gone = dict.fromkeys(row_id for row_id in self._shown.key_of if not self._passes(row_id))
        held, self._hold = self._hold, Hold.NONE  # asked for by the user: nothing waits
        with self._change():
            self._remove(gone)
            self._restated.update(self._leaving)  # what is left of them matches again
            self._leaving.clear()
            self._insert([row for row_id, row in self._rows.items() if row_id not in self._shown])
            self._hold = held
            self._emit_restated()
        self.filter_changed.emit()

    @property
    def filtered(self) -> bool:
        return self._predicate is not None

    @property
    def held(self) -> Hold:
        return self._hold

    def hold(self, still: Hold | bool) -> None:
        """Keep rows where they are while the user points at them, or let them go where they belong."""
        level = (Hold.ROWS if still else Hold.NONE) if isinstance(still, bool) else still
        if self._changing:
            self._asked = level
            return
        relaxed = level < self._hold
        self._hold = level
        if not relaxed:
            return
        with self._change():
            self._remove(dict.fromkeys(self._leaving))
            settle = level is Hold.NONE
            self._resort([row_id for row_id in self._stale if settle or self._shown.key_of[row_id][0]])

    @contextmanager
    def _change(self) -> Iterator[None]:
        """Rows change within. A slot that asks for a hold meanwhile is heard afterwards; one that
        changes rows is a mistake."""
        if self._changing:
            raise RuntimeError(f"table {self.spec.id} was changed by a slot of its own signal")
        self._changing = True
        before = self._leaving.copy()
        try:
            yield
        finally:
            self._changing = False
            self._shown.forget_places()
        asked, self._asked = self._asked, None
        if asked is not None:
            self.hold(asked)
        if not self._leaving.keys() <= before.keys():
            self.rows_left.emit()

    def set_window(self, first: int, last: int) -> None:
        """The displayed positions somebody sees: changes elsewhere are not signalled, since they
        are read when scrolled to. `last` < `first` when nobody looks."""
        self._window = (first, last)

    def window(self) -> tuple[int, int]:
        """First and last displayed position that somebody may see; empty when last < first."""
        first, last = self._window or (0, len(self._shown) - 1)
        return first, min(last, len(self._shown) - 1)

    # -- Qt's questions

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        answer = ANSWERS.get(role)
        if answer is None:
            return None
        return answer(self._shown.rows[index.row()], self.columns[index.column()], self.context)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title + self._arrow(column.id)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return ALIGNMENT[column.align]
        return (column.help or column.title) if role == Qt.ItemDataRole.ToolTipRole else None

    def _arrow(self, column_id: str) -> str:
        for rank, level in enumerate(self._sorter.levels, 1):
            if level.column == column_id:
                arrow = " ▾" if level.descending else " ▴"
                chosen = len(self._sorter.levels) > 1 and self._sorter.levels != self.default_sort()
                return arrow + (str(rank) if chosen else "")
        return ""

    # -- how

    def _take(self, row_id: Id, row: Row) -> None:
        if row_id not in self._rows and row_id not in self._arrivals:
            self._arrived += 1
            self._arrivals[row_id] = self._arrived
        self._rows[row_id] = row

    def _overflow(self) -> Iterator[Id]:
        """Drop the oldest rows above the cap; gives those that are displayed."""
        excess = len(self._rows) - self.spec.cap if self.spec.cap is not None else 0
        oldest = [row_id for row_id, _ in zip(self._rows, range(excess), strict=False)]
        for row_id in oldest:
            del self._rows[row_id]
            if row_id in self._shown:
                yield row_id
            else:
                del self._arrivals[row_id]

    def _passes(self, row_id: Id) -> bool:
        row = self._rows.get(row_id)
        return row is not None and (self._predicate is None or self._predicate(row))

    def _emit_all(
        self, updates: list[Update], new: list[Row], gone: dict[Id, None], removed: list[Id]
    ) -> None:
        moved: list[Id] = []
        for row_id, old in updates:
            if not self._passes(row_id):
                gone[row_id] = None
            elif self._leaving.pop(row_id, None) is not None:
                self._restated.add(row_id)
            if self._sorter.moves(old, self._shown.rows[self._shown.place(row_id)]):
                moved.append(row_id)  # a row that leaves, too: it may come back
        for row_id in removed:
            if row_id not in self._rows and row_id not in self._shown:
                self._arrivals.pop(row_id, None)  # one that came back and overflowed has none
        if self._hold is Hold.ROWS:
            self._leave(gone)
        else:
            self._remove(gone)
            moved = [row_id for row_id in moved if row_id not in gone]
        if self._hold:
            self._stale.update(moved)
        else:
            self._resort(moved)
        self._insert(new)
        self._emit_changed(updates)
        self._emit_restated()

    def _show_last(self, last: dict[Id, Row]) -> None:
        """Of rows that leave, display how they ended."""
        if self._hold is not Hold.ROWS:
            return  # they go at once
        for row_id, row in last.items():
            if row_id in self._shown:
                place = self._shown.place(row_id)
                if self._sorter.moves(self._shown.rows[place], row):
                    self._stale.add(row_id)  # should it come back
                self._shown.rows[place] = row
                self._restated.add(row_id)

    def _leave(self, gone: Iterable[Id]) -> None:
        """Keep displaying rows that are gone. One that was leaving already gets no more time."""
        for row_id in gone:
            if row_id not in self._leaving:
                self._leaving[row_id] = False
                self._restated.add(row_id)

    def _insert(self, new: list[Row]) -> None:
        """Show rows that are not displayed: runs at their places, or all at the end then sorted."""
        id_of = self.spec.key
        fresh = dict.fromkeys(id_of(row) for row in new)
        keyed: Run = []
        for row_id in fresh:
            if row_id in self._rows and self._passes(row_id):
                keyed.append((self._key_for_new(row_id), self._rows[row_id]))
        keyed.sort(key=lambda pair: pair[0])
        chunks = self._shown.chunks(keyed)
        at_end: Run = []
        if len(chunks) > MAX_RUNS:
            at_end = [((3, nth), row) for nth, (_, row) in enumerate(keyed)]
            chunks = [(len(self._shown), at_end)]
        for at, run in reversed(chunks):
            self.beginInsertRows(QModelIndex(), at, at + len(run) - 1)
            self._shown.insert(at, run)
            self.endInsertRows()
        if at_end:
            self._resort([id_of(row) for _, row in at_end])

    def _key_for_new(self, row_id: Id) -> Key:
        if self._hold is Hold.ROWS:
            self._stale.add(row_id)
            self._waited += 1  # not its arrival: it may be older than one that waits already
            return Sorter.waiting(self._waited)
        return self._sorter.key(self._rows[row_id], self._arrivals[row_id])

    def _remove(self, gone: dict[Id, None]) -> None:
        """Stop showing rows, in runs from the bottom up; many runs are gathered at the end first."""
        if not gone:
            return
        places = runs(sorted(self._shown.place(row_id) for row_id in gone))
        if len(places) > MAX_RUNS:
            self._relayout(lambda: self._shown.gather(gone))
            places = [(len(self._shown) - len(gone), len(self._shown) - 1)]
        for first, last in reversed(places):
            self.beginRemoveRows(QModelIndex(), first, last)
            for row_id in self._shown.cut(first, last):
                self._stale.discard(row_id)
                self._leaving.pop(row_id, None)
                if row_id not in self._rows:
                    del self._arrivals[row_id]
            self.endRemoveRows()

    def _resort(self, row_ids: Iterable[Id]) -> None:
        """Put rows where the sort wants them."""
        moves: dict[Id, Key] = {}
        for row_id in row_ids:
            row = self._shown.rows[self._shown.place(row_id)]
            moves[row_id] = self._sorter.key(row, self._arrivals[row_id])
        self._stale.difference_update(moves)
        moves = {row_id: key for row_id, key in moves.items() if key != self._shown.key_of[row_id]}
        if moves:
            self._relayout(lambda: self._shown.move(moves))

    def _relayout(self, rearrange: Callable[[], None]) -> None:
        """Rows change places; indexes that somebody keeps follow their rows."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        ids = [self.spec.key(self._shown.rows[index.row()]) for index in before]
        rearrange()
        after = [
            self.index(self._shown.place(row_id), index.column())
            for row_id, index in zip(ids, before, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _emit_changed(self, updates: list[Update]) -> None:
        """dataChanged per run of rows with the same changed columns, where somebody looks."""
        before = dict(reversed(updates))
        id_of = self.spec.key
        masks: dict[int, int] = {}
        if self._window is None:
            places = [self._shown.place(row_id) for row_id in before if row_id in self._shown]
        else:
            first, last = self.window()
            places = [at for at in range(first, last + 1) if id_of(self._shown.rows[at]) in before]
        for place in places:
            row = self._shown.rows[place]
            masks[place] = self._changed_columns(before[id_of(row)], row)
        for top, bottom, mask in masked_runs(masks):
            for left, right in runs(bits(mask)):
                self.dataChanged.emit(self.index(top, left), self.index(bottom, right), [])

    def _emit_restated(self) -> None:
        """dataChanged, with roles, for rows that began or stopped leaving, where somebody looks."""
        if not self._restated:
            return
        id_of, (first, last) = self.spec.key, self.window()
        places = [at for at in range(first, last + 1) if id_of(self._shown.rows[at]) in self._restated]
        self._restated.clear()
        for top, bottom in runs(places):
            right = self.index(bottom, len(self.columns) - 1)
            self.dataChanged.emit(self.index(top, 0), right, [Qt.ItemDataRole.DisplayRole, Role.TONE])

    def _changed_columns(self, old: Row, row: Row) -> int:
        mask = 0
        for at, column in enumerate(self.columns):
            if column.value(old) != column.value(row):
                mask |= 1 << at
        return mask

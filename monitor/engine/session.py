"""A replay session: one run at a time, and the way to make it again at any bar.

Going back makes a new run and replays it with the commands that still hold, so the state at a
bar is always the same, byte for byte. Rebuilding is done in slices: the caller decides when
to breathe. Knows no clock, no thread and no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np

from monitor.engine import commands as cmd, events as ev
from monitor.engine.changes import Changes
from monitor.engine.commands import Reply
from monitor.engine.host import StrategySpec
from monitor.engine.journal import Journal, JournalRecord, commands_in, first_difference, holding, reached_bar
from monitor.engine.klines.series import BarSeries
from monitor.engine.orders_desk import carry_out
from monitor.engine.readside import ReadSide
from monitor.engine.simulation import Note, Simulation
from monitor.engine.terms import Terms
from monitor.engine.values import Instrument

SLICE = 256


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that a run is made of; the same plan and commands give the same run."""

    series: BarSeries
    instrument: Instrument
    terms: Terms
    strategies: tuple[StrategySpec, ...]

    def run(self, journal: Journal | None = None) -> Simulation:
        return Simulation(self.series, self.instrument, self.terms, self.strategies, journal=journal)


class RunDiffersError(ValueError):
    """A rebuilt run does not tell the facts of its journal. `seq` is that of the first fact kept
    that it does not tell, or the number after the last when it tells more."""

    def __init__(self, seq: int) -> None:
        super().__init__("the rebuilt run differs from the journal")
        self.seq = seq


class ReplaySession:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.journal = Journal()
        self._commands: list[tuple[int, cmd.AnyCommand]] = []
        self._cleared = True
        self._told_bar = 0
        self.run = plan.run(self.journal)
        self.run.start()
        self._reader = ReadSide(self.run)

    @property
    def bar(self) -> int:
        return self.run.bar

    @property
    def bars(self) -> int:
        return len(self.plan.series)

    @property
    def finished(self) -> bool:
        return self.run.bar >= self.bars

    def advance(self, bars: int) -> None:
        self.run.advance(self.run.bar + bars)

    def bars_closed_by(self, time_ns: int) -> int:
        """How many bars have closed at a moment."""
        series = self.plan.series
        return int(np.searchsorted(series.time_ns, time_ns - series.interval_ns, side="right"))

    def commands_after(self, bar: int) -> int:
        """How many of a person's commands a rewind to `bar` would take back."""
        return sum(at > bar for at, _ in self._commands)

    def handle(self, command: cmd.AnyCommand) -> Reply:
        """Carry out a command about orders, positions or strategies."""
        reply = carry_out(self.run, command)
        if reply.accepted or reply.order_ids:
            self._commands.append((self.run.bar, command))
        return reply

    # Time ------------------------------------------------------------------------------------
    def rewind(self, bar: int) -> Iterator[None]:
        """Go back to `bar`; commands given later are void, at 0 all are. Yields between slices.

        A bar that was not reached yet is no way back: ValueError.
        """
        if bar > self.run.bar:
            raise ValueError(f"bar {bar} is ahead of {self.run.bar}")
        self._commands = [] if bar <= 0 else [(at, c) for at, c in self._commands if at <= bar]
        run = self.plan.run()
        if bar > 0:
            yield from _replay(run, bar, self._commands)
        self._install(run)
        self.journal.append(ev.Rewound(bar=run.bar, reset=bar <= 0), run.time_ns, run.bar)
        run.journal = self.journal
        if bar <= 0:
            run.start()

    def restore(self, records: list[JournalRecord]) -> Iterator[None]:
        """Bring a kept journal's state back. Raises RunDiffersError when a rebuilt run does not
        tell the same facts as the journal: then neither may be trusted blindly. A session that was
        killed before its first fact was kept begins anew."""
        if not records:
            return
        facts = holding(records)
        bar = reached_bar(records)
        self._commands = [(at, taken.command) for at, taken in commands_in(facts)]
        check = Journal()
        run = self.plan.run(check)
        yield from _replay(run, bar, self._commands)
        if (different := first_difference(check.take(), facts)) is not None:
            kept = any(different is fact for fact in facts)
            raise RunDiffersError(different.seq if kept else records[-1].seq + 1)
        self._install(run)
        self.journal = Journal(records[-1].seq if records else 0)
        run.journal = self.journal

    def reach(self, records: list[JournalRecord]) -> Iterator[None]:
        """Be at the bar that these facts had reached, with the commands that held then: to look
        at, not to go on from. Yields between slices."""
        facts = holding(records)
        self._commands = [(at, taken.command) for at, taken in commands_in(facts)]
        run = self.plan.run()
        yield from _replay(run, reached_bar(records), self._commands)
        self._install(run)

    def _install(self, run: Simulation) -> None:
        self.run = run
        run.notes.clear()  # they were told when it happened
        self._reader = ReadSide(run)
        self._cleared = True
        self._told_bar = run.bar

    # What to tell ----------------------------------------------------------------------------
    def take_records(self) -> list[JournalRecord]:
        """Facts since the last call, the replay's progress last."""
        if self.run.bar != self._told_bar:
            self._told_bar = self.run.bar
            self.journal.append(ev.BarsReplayed(bar=self.run.bar), self.run.time_ns, self.run.bar)
        return self.journal.take()

    def take_changes(self) -> Changes:
        """Rows since the last call. `cleared` after a rewind or at first."""
        changes = self._reader.take()
        changes.seq = self.journal.seq
        changes.cleared, self._cleared = self._cleared, False
        return changes

    def snapshot(self) -> Changes:
        """The whole present, for a reader that comes late."""
        changes = self._reader.snapshot()
        changes.seq = self.journal.seq
        return changes

    def take_notes(self) -> list[Note]:
        notes, self.run.notes = self.run.notes, []
        return notes


def _replay(run: Simulation, bar: int, commands: Iterable[tuple[int, cmd.AnyCommand]]) -> Iterator[None]:
    """Start a run and bring it to `bar`, giving each command again where it was given."""
    run.start()
    waiting = list(commands)
    while True:
        while waiting and waiting[0][0] <= run.bar:
            carry_out(run, waiting.pop(0)[1])
        if run.bar >= bar:
            return
        limit = min(bar, waiting[0][0]) if waiting else bar
        run.advance(min(limit, run.bar + SLICE))
        yield

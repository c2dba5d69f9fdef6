"""Sessions that a real core has recorded, and `monitor journal` as somebody types it."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path

import pytest

from monitor.cli import main
from monitor.engine import events as ev
from monitor.engine.closing import see
from monitor.engine.commands import ClosePosition, SeekReplay
from monitor.engine.journal import JournalRecord

sys.path.insert(0, str(Path(__file__).parents[1] / "core"))
from core_world import CoreWorld, core_world, options, wave, write_bars, write_strategies

DATABASE = "monitor.sqlite"
HOLDER, CROSSES = 1, 2  # the sessions


async def record(folder: Path, database: Path | str) -> None:
    """Two sessions: a strategy in a file of its own, a person who closes, goes back and closes
    again; and the shipped crossing of averages."""
    strategies = write_strategies(folder)
    file = write_bars(folder / "bars.csv", wave(200))
    async with core_world(database, options(file, f"{strategies}:Holder")) as world:
        await world.does(SeekReplay(bar=100))
        await close_half(world)
        await world.does(SeekReplay(bar=40))
        await close_half(world)
        await world.does(SeekReplay(bar=70))
    async with core_world(database, options(file)) as world:
        await world.does(SeekReplay(bar=180))


async def close_half(world: CoreWorld) -> None:
    position = world.position()
    assert position is not None
    seen = see(position, world.active_orders().values())
    assert (await world.does(ClosePosition(seen=seen, volume=position.volume / 2))).accepted


class Desk:
    """A data folder with both sessions, and a terminal."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capture = capture

    def journal(self, *words: str) -> tuple[int, str, str]:
        """Exit code, output and complaints of `monitor journal WORDS`."""
        self._capture.readouterr()
        code = main(["--data-dir", str(self.folder), "journal", *words])
        shown = self._capture.readouterr()
        return code, shown.out, shown.err

    def lines(self, *words: str) -> list[str]:
        code, out, complaints = self.journal(*words)
        assert (code, complaints) == (0, "")
        return out.splitlines()

    def seqs(self, *words: str) -> list[int]:
        """The numbers of the facts listed."""
        return [int(line.split()[0]) for line in self.lines(*words) if line.split()[0].isdigit()]

    def refusal(self, *words: str) -> str:
        code, out, complaint = self.journal(*words)
        assert (code, out) == (2, "")
        assert complaint.startswith("monitor: ")
        assert complaint.count("\n") == 1
        return complaint

    def damage(self, statement: str, *values: object) -> None:
        with sqlite3.connect(self.folder / DATABASE) as vandal:
            vandal.execute(statement, values)
            assert vandal.total_changes > 0
        vandal.close()

    def records(self, session_id: int) -> list[JournalRecord]:
        query = "select seq, time_ns, bar, kind, payload from journal where session_id = ? order by seq"
        reader = sqlite3.connect(self.folder / DATABASE)
        rows = reader.execute(query, (session_id,)).fetchall()
        reader.close()
        return [JournalRecord(*row) for row in rows]

    def seq_of(self, session_id: int, kind: type[ev.Event]) -> int:
        """The first fact of a kind."""
        return next(r.seq for r in self.records(session_id) if r.kind == kind.__name__)


def recorded(folder: Path) -> Path:
    asyncio.run(record(folder, folder / DATABASE))
    return folder

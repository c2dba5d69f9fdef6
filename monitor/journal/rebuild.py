"""Making a session's run again for `verify`: from the same file, by the same strategy.

Owns what it means that one of them is gone (nobody can say) or another one (the data: wrong;
the strategy, which its owner may edit: nobody can say).
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from monitor.core.sessions import SessionConfig, digest_of
from monitor.engine.changes import Changes
from monitor.engine.journal import JournalRecord, holding, reached_bar
from monitor.engine.klines import KlineError
from monitor.engine.plans import make_plan
from monitor.engine.session import Plan, ReplaySession, RunDiffersError


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """`sound` None: it could not be made again, and `text` says why. `rows` are those of the
    run at the bar that the journal had reached."""

    sound: bool | None
    text: str
    seq: int | None = None
    rows: Changes | None = None


def rebuild(config: SessionConfig, records: list[JournalRecord]) -> Rebuilt:
    """Never raises for what happened to files, strategies or facts."""
    if not records:
        return Rebuilt(sound=True, text="nothing was recorded, nothing is to be rebuilt", rows=Changes())
    data = Path(config.options.file)
    if not data.is_file():
        return Rebuilt(sound=None, text=f"the data file {data} is not there any more")
    strategy = _strategy_file(config)
    if strategy is not None and not strategy.is_file():
        return Rebuilt(sound=None, text=f"the strategy file {strategy} is not there any more")
    changed = digest_of(config.options.strategy) != config.strategy_digest
    name = strategy.name if strategy is not None else config.options.strategy
    try:
        plan = make_plan(config.options)
    except KlineError as error:
        return Rebuilt(sound=False, text=f"{data.name} is not the file that was replayed: {error}")
    except (ValueError, OSError) as error:
        return Rebuilt(sound=None, text=f"{name} cannot be loaded any more: {error}")
    if plan.series.digest != config.digest:
        return Rebuilt(sound=False, text=f"{data.name} is not the file that was replayed")
    return _replayed(plan, records, f"{name} has changed since" if changed else "")


def _replayed(plan: Plan, records: list[JournalRecord], changed: str) -> Rebuilt:
    session = ReplaySession(plan)
    try:
        for _ in session.restore(records):
            pass
    except RunDiffersError as error:
        if changed:
            return Rebuilt(sound=None, text=f"{changed}, and would have traded differently")
        return Rebuilt(sound=False, text=_difference(error.seq, records), seq=error.seq)
    except ValueError as error:
        return Rebuilt(sound=False, text=f"it cannot be rebuilt: {error}")
    same = f"rebuilt to bar {session.bar:,}: {len(holding(records)):,} facts are the same, byte for byte"
    return Rebuilt(
        sound=True, text=f"{same} ({changed}, to no effect)" if changed else same, rows=session.snapshot()
    )


def _difference(seq: int, records: list[JournalRecord]) -> str:
    if seq > records[-1].seq:
        return f"the run tells more than the {len(records):,} facts that are kept: the end is missing"
    bar, reached = records[seq - 1].bar, reached_bar(records)
    if bar > reached:
        return f"fact {seq} is of bar {bar}, but only {reached} are told to be replayed: the end is missing"
    return f"fact {seq} is not what the run tells"


def _strategy_file(config: SessionConfig) -> Path | None:
    """None for a shipped strategy."""
    path, python, _ = config.options.strategy.partition(".py")
    return Path(path + python) if python else None

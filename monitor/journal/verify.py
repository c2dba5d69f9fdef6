"""`monitor journal verify` of a replay: whether its journal and rows still tell one true story.

Owns the order of the checks and the verdict. The run is made again by the engine itself, as a
restart would; nothing is changed.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from monitor.core.sessions import SessionConfig
from monitor.engine import events as ev
from monitor.engine.changes import Changes
from monitor.engine.journal import JournalRecord, holding
from monitor.engine.klines.report import counted
from monitor.journal.findings import Finding as Finding, verdict
from monitor.journal.rebuild import Rebuilt, rebuild
from monitor.journal.rowcheck import Facts, first_difference, row_counts
from monitor.journal.selection import decoded
from monitor.journal.wording import one_line, sentence
from monitor.store.archive import Archive, FactQuery, SessionSummary
from monitor.store.faults import StoreError


class Kept(msgspec.Struct, kw_only=True):
    """All that the database holds of a session, of one moment. Without `rows` they could not be
    read, and `rows_error` says why."""

    session: SessionSummary
    records: list[JournalRecord]
    rows: Changes | None
    rows_error: str = ""


async def read_kept(archive: Archive, session: SessionSummary) -> Kept:
    """Everything at once, so that a program that runs beside us does not matter afterwards."""
    records = [record async for record in archive.records(session.session_id, FactQuery())]
    try:
        rows, error = await archive.rows(session.session_id), ""
    except StoreError as problem:
        rows, error = None, str(problem)
    return Kept(session=session, records=records, rows=rows, rows_error=error)


def tell(session: SessionSummary, findings: list[Finding]) -> int:
    """Print what was checked and the verdict; 0, or 1 when something is wrong."""
    print(f"Session {session.session_id}: {one_line(session.title)}, {counted(session.facts, 'fact')}")
    words = {True: "ok", False: "WRONG", None: "not checked"}
    for finding in findings:
        print(f"  {words[finding.sound]:<11}  {finding.subject:<8}  {one_line(finding.text)}")
    print(verdict(session.session_id, findings))
    return int(any(finding.sound is False for finding in findings))


def check(kept: Kept) -> list[Finding]:
    """All checks, in the order in which later ones stand on earlier ones."""
    findings = [check_numbers(kept.records), check_contents(kept.records)]
    if not all(finding.sound for finding in findings):
        why = "the journal is damaged, see above"
        return [
            *findings,
            Finding(subject="run", sound=None, text=why),
            _unread_rows(kept) or Finding(subject="rows", sound=None, text=why),
        ]
    try:
        config = msgspec.json.decode(kept.session.config, type=SessionConfig)
    except ValueError as error:
        rebuilt = Rebuilt(sound=False, text=f"how the session was made cannot be read: {error}")
    else:
        rebuilt = rebuild(config, kept.records)
    findings.append(Finding(subject="run", sound=rebuilt.sound, text=rebuilt.text, seq=rebuilt.seq))
    return [*findings, _unread_rows(kept) or check_rows(kept, rebuilt)]


def check_numbers(records: list[JournalRecord]) -> Finding:
    """From 1 on, each one more than the last."""
    gaps = [
        (expected, record.seq)
        for expected, record in zip([1, *(r.seq + 1 for r in records)], records, strict=False)
        if record.seq != expected
    ]
    if not gaps:
        text = f"1 to {records[-1].seq:,}, none is missing" if records else "there are no facts yet"
        return Finding(subject="numbers", sound=True, text=text)
    first, after = gaps[0]
    which = f"fact {first} is" if after == first + 1 else f"facts {first} to {after - 1} are"
    more = f"; {counted(len(gaps) - 1, 'more gap')}" if len(gaps) > 1 else ""
    return Finding(subject="numbers", sound=False, text=f"{which} missing{more}", seq=first)


def check_contents(records: list[JournalRecord]) -> Finding:
    """Every fact can be read and is what its record says."""
    wrong = [(record, problem) for record in records if (problem := _problem(record))]
    if wrong:
        record, problem = wrong[0]
        more = f"; {len(wrong) - 1:,} more like that" if len(wrong) > 1 else ""
        text = f"fact {record.seq} ({record.kind}) {problem}{more}"
        return Finding(subject="contents", sound=False, text=text, seq=record.seq)
    kinds = Counter(record.kind for record in records)
    rewinds = kinds[ev.Rewound.__name__]
    hold = f", {len(holding(records)):,} hold after {counted(rewinds, 'rewind')}" if rewinds else ""
    text = f"{counted(len(records), 'fact')} of {counted(len(kinds), 'kind')} can be read{hold}"
    return Finding(subject="contents", sound=True, text=text)


def _problem(record: JournalRecord) -> str:
    event = decoded(record)
    if event is None:
        return "cannot be read"
    if type(event).__name__ != record.kind:
        return f"is in truth {type(event).__name__}"
    if isinstance(event, ev.BarsReplayed | ev.Rewound) and event.bar != record.bar:
        return f"tells of bar {event.bar}, its record of bar {record.bar}"
    return ""


def _unread_rows(kept: Kept) -> Finding | None:
    return None if kept.rows is not None else Finding(subject="rows", sound=False, text=kept.rows_error)


def check_rows(kept: Kept, rebuilt: Rebuilt) -> Finding:
    """The rows of the database against those of the run; without it the orders and fills
    against what the facts say by themselves."""
    assert kept.rows is not None
    facts = Facts(holding(kept.records))
    if facts.wrong is not None:
        text = f"fact {facts.wrong.seq} cannot follow what is before it: {_told(facts.wrong)}"
        return Finding(subject="rows", sound=False, text=text, seq=facts.wrong.seq)
    expected = rebuilt.rows if rebuilt.rows is not None else facts.rows()
    different = first_difference(expected, kept.rows, facts, whole=rebuilt.rows is not None)
    if different is not None:
        return Finding(subject="rows", sound=False, text=different.text, seq=different.seq)
    if rebuilt.rows is not None:
        return Finding(subject="rows", sound=True, text=f"{row_counts(expected)} are those of the run")
    counts = f"{counted(len(expected.orders), 'order')} and {counted(len(facts.fills), 'fill')}"
    return Finding(
        subject="rows", sound=True, text=f"{counts} are what the facts say, the rest needs the run"
    )


def _told(record: JournalRecord) -> str:
    event = decoded(record)
    return record.kind if event is None else sentence(event)

"""`monitor journal export`: every field comes back from both files, whole or not at all."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, strategies as st
from journal_world import CROSSES, DATABASE, HOLDER, Desk

from monitor import wholefile
from monitor.engine import commands as cmd, events as ev
from monitor.engine.journal import JournalRecord
from monitor.engine.values import Offset, OrderType, Side
from monitor.journal.export import csv_head, csv_line, json_line
from monitor.journal.zones import iso, nanoseconds

SHANGHAI = ZoneInfo("Asia/Shanghai")


def from_json(line: str) -> JournalRecord:
    """The record again, byte for byte, from one line."""
    parts = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    seq, bar, time_ns = (json.loads(bytes(parts[name])) for name in ("seq", "bar", "time_ns"))
    event = ev.DECODER.decode(parts["fact"])
    return JournalRecord(seq, time_ns, bar, json.loads(bytes(parts["kind"])), ev.ENCODER.encode(event))


def from_csv(row: dict[str, str]) -> JournalRecord:
    event = ev.ENCODER.encode(fact_of(row))
    return JournalRecord(int(row["seq"]), int(row["time_ns"]), int(row["bar"]), row["kind"], event)


def fact_of(row: dict[str, str]) -> ev.AnyEvent:
    """An empty cell is an empty text where a text must be, else nothing."""
    if row["kind"] == "CommandTaken":
        return ev.CommandTaken(command=msgspec.json.decode(row["command"], type=cmd.AnyCommand))
    fields: dict[str, Any] = {"event": row["kind"]}
    for field in msgspec.structs.fields(ev.KINDS[row["kind"]]):
        told_apart = field.name in ("bar", "kind", "time_ns")
        fields[field.name] = value_of(row[f"fact_{field.name}" if told_apart else field.name], field)
    event: ev.AnyEvent = msgspec.convert(fields, ev.AnyEvent, strict=False)
    return event


def value_of(cell: str, field: msgspec.structs.FieldInfo) -> Any:
    if field.type is str:
        return cell
    if cell == "":
        return None
    if cell[0] not in "[{" or str in get_args(field.type):
        return cell
    value = msgspec.json.decode(cell, type=field.type)
    # What is the default itself is left out of a fact, what only equals it is not.
    return field.default if value == field.default else value


def rows_of(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(codecs.BOM_UTF8)
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


# Round trips --------------------------------------------------------------------------------
@pytest.mark.parametrize("session", [HOLDER, CROSSES])
def test_both_files_give_the_whole_journal_back(desk: Desk, session: int) -> None:
    records = desk.records(session)
    for name in ("out.jsonl", "out.csv"):
        said = desk.lines("export", str(desk.folder / name), "--session", str(session))
        assert said == [f"{len(records)} facts of session {session} written to {desk.folder / name}"]
    lines = (desk.folder / "out.jsonl").read_text("utf-8").splitlines()
    rows = rows_of((desk.folder / "out.csv").read_bytes())
    assert [from_json(line) for line in lines] == records
    assert [from_csv(row) for row in rows] == records
    assert {json.loads(line)["session"] for line in lines} == {session}
    for row, line, record in zip(rows, lines, records, strict=True):
        assert row["time"] == json.loads(line)["time"]
        time = dt.datetime.fromisoformat(row["time"])
        assert time.utcoffset() == dt.timedelta(hours=8)
        assert nanoseconds(time, SHANGHAI) == record.time_ns


amounts = st.decimals(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))
facts = st.one_of(
    st.builds(
        ev.OrderCreated,
        order_id=st.integers(0, 2**53),
        strategy_id=st.integers(0, 9),
        account_id=texts,
        symbol=texts,
        quantity=amounts,
        price=st.none() | amounts,
        trail=st.none() | amounts,
        expires_ns=st.none() | st.integers(0, 2**62),
        reduce_only=st.booleans(),
    ),
    st.builds(
        ev.TradeExecuted,
        order_id=st.integers(0, 9),
        trade_id=st.integers(0, 9),
        venue_trade_id=texts,
        price=amounts,
        volume=amounts,
        commission=amounts,
        slippage=amounts,
    ),
    st.builds(ev.OrderCanceled, order_id=st.integers(0, 9), reason=texts, cumulative=st.none() | amounts),
    st.builds(ev.StrategyFailed, strategy_id=st.integers(0, 9), error=texts),
    st.builds(ev.Rewound, bar=st.integers(0, 2**53), reset=st.booleans()),
)


@given(facts, st.integers(0, 2**62))
def test_any_fact_comes_back_exactly(fact: ev.AnyEvent, time_ns: int) -> None:
    record = JournalRecord(1, time_ns, 3, type(fact).__name__, ev.ENCODER.encode(fact))
    assert from_json(json_line(1, record, fact, SHANGHAI).decode()) == record
    (row,) = rows_of(csv_head() + csv_line(1, record, fact, SHANGHAI))
    assert from_csv(row) == record


def test_amounts_are_numbers_and_commands_are_whole() -> None:
    order = cmd.SubmitOrder(
        strategy_id=1,
        symbol="黄金",
        side=Side.BUY,
        offset=Offset.OPEN,
        type=OrderType.LIMIT,
        quantity=Decimal(2),
        price=Decimal("294.50"),
    )
    taken = ev.CommandTaken(command=order)
    record = JournalRecord(1, 1, 0, "CommandTaken", ev.ENCODER.encode(taken))
    line = json_line(1, record, taken, SHANGHAI).decode()
    assert '"price":294.50' in line
    assert "黄金" in line
    assert from_json(line) == record
    (row,) = rows_of(csv_head() + csv_line(1, record, taken, SHANGHAI))
    assert '"price":294.50' in row["command"]


@given(st.integers(-(2**62), 2**62))
def test_a_time_is_told_to_the_nanosecond(time_ns: int) -> None:
    text = iso(time_ns, SHANGHAI)
    fraction = text[19:29] if text[19] == "." else ""
    whole = dt.datetime.fromisoformat(text[:19] + text[19 + len(fraction) :])
    assert nanoseconds(whole, SHANGHAI) + int(fraction[1:] or 0) == time_ns


# Where to -----------------------------------------------------------------------------------
def test_filters_hold_for_files_and_the_standard_output(desk: Desk) -> None:
    fills = ["--kind", "TradeExecuted", "--from", "bar:120"]
    out = [json.loads(line) for line in desk.lines("export", "-", *fills)]
    assert [fact["seq"] for fact in out] == desk.seqs("--all", *fills)
    desk.lines("export", str(desk.folder / "fills.CSV"), *fills)
    rows = rows_of((desk.folder / "fills.CSV").read_bytes())
    assert [int(row["seq"]) for row in rows] == desk.seqs("--all", *fills)


def test_a_fact_that_cannot_be_read_leaves_the_old_file(desk: Desk) -> None:
    out = desk.folder / "out.csv"
    out.write_text("the old one")
    desk.damage("update journal set payload = x'7b' where session_id = 2 and seq = 60")
    assert "fact 60 of session 2 cannot be read, nothing was exported" in desk.refusal("export", str(out))
    assert out.read_text() == "the old one"
    assert not list(desk.folder.glob(".out*"))


def test_a_full_disk_leaves_the_old_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    out = desk.folder / "out.jsonl"
    out.write_text("the old one")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(wholefile.os, "replace", full)
    assert "could not be written: No space left on device" in desk.refusal("export", str(out))
    assert out.read_text() == "the old one"
    assert not list(desk.folder.glob(".out*"))


MEASURED = """
import resource, sys
from monitor.cli import main
code = main(["--data-dir", sys.argv[1], "journal", "export", sys.argv[2]])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
sys.exit(code)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="measured in kilobytes of Linux")
def test_many_facts_do_not_fill_the_memory(desk: Desk) -> None:
    """Two hundred thousand facts, some 30 MB as lines, take no more memory than ninety."""
    memory = [_peak(desk.folder, "few.jsonl")]
    desk.damage(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000) "
        "insert into journal (session_id, seq, time_ns, bar, kind, payload) "
        "select 2, 1000 + i, time_ns, bar, kind, payload from n, journal where session_id = 2 and seq = 3"
    )
    memory.append(_peak(desk.folder, "many.jsonl"))
    assert os.path.getsize(desk.folder / "many.jsonl") > 30_000_000
    assert memory[1] - memory[0] < 20_000


def _peak(folder: Path, name: str) -> int:
    """In kB."""
    command = [sys.executable, "-c", MEASURED, str(folder), str(folder / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (folder / DATABASE).exists()
    return int(done.stdout.splitlines()[-1])

"""`monitor journal export --rows`: every table, exactly, as JSON lines and as CSV; old records too."""

from __future__ import annotations

import asyncio
import csv
import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from journal_world import DATABASE, Desk
from venue_sessions import BOUGHT, SOLD

from monitor.boundary import RecordQuery
from monitor.journal_options import TABLES
from monitor.store import Store
from monitor.store.scan import ROW_TABLES

COUNTS = {
    "orders": 8,
    "trades": 6,
    "positions": 1,
    "accounts": 1,
    "strategies": 0,
    "triggers": 0,
    "executions": 6,
    "records": 6,
    "alerts": 0,
    "operations": 10,
    "equity": 0,
}


def exported(desk: Desk, *words: str) -> list[dict[str, Any]]:
    lines = desk.lines("export", "-", "--rows", *words)
    return [json.loads(line, parse_float=Decimal) for line in lines]


def test_the_tables_that_can_be_asked_for_are_those_of_the_store() -> None:
    assert tuple(ROW_TABLES) == TABLES


@pytest.mark.parametrize("table", TABLES)
def test_every_table_in_both_forms(venue_desk: Desk, tmp_path: Path, table: str) -> None:
    objects = exported(venue_desk, table)
    assert len(objects) == COUNTS.get(table, len(objects))
    out = tmp_path / "out.csv"
    (said,) = venue_desk.lines("export", str(out), "--rows", table)
    assert said.endswith(f"of {table} of session 1 written to {out}")
    with out.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(objects)
    for line, one in zip(lines, objects, strict=True):
        assert (one["session"], one["table"], line["table"]) == (1, table, table)
        assert line["time"] == (one["time"] or "")
        for field, value in one["row"].items():
            assert same(line[field], value), field


def same(cell: str, value: Any) -> bool:
    if value is None or isinstance(value, str):
        return cell == (value or "")
    if isinstance(value, bool):
        return cell == str(value).lower()
    return bool(json.loads(cell, parse_float=Decimal) == value)


def test_rows_are_filtered(venue_desk: Desk) -> None:
    trades = exported(venue_desk, "trades", "--order", str(BOUGHT))
    assert [one["row"]["trade_id"] for one in trades] == [1, 2]
    assert [one["row"]["price"] for one in trades] == [Decimal("99.5"), Decimal(100)]
    sold = exported(
        venue_desk, "records", "--order", str(SOLD), "--symbol", "SIM.BTC-PERP", "--account", "acc"
    )
    assert [one["row"]["record_id"] for one in sold] == [3]
    assert exported(venue_desk, "signals", "--symbol", "other") == []
    last = exported(venue_desk, "trades")[-1]
    assert exported(venue_desk, "trades", "--from", last["time"][:26] + last["time"][29:]) == [last]
    assert exported(venue_desk, "trades", "--to", "2001-01-01") == []


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--rows", "accounts", "--symbol", "X"], "--symbol cannot be asked of accounts"),
        (["--rows", "strategies", "--from", "2020-01-01"], "--from and --to cannot be asked of strategies"),
        (["--rows", "trades", "--from", "bar:3"], "a bar is of facts"),
        (["--rows", "trades", "--since-seq", "3"], "--since-seq is of facts"),
        (["--rows", "trades", "--kind", "OrderSent"], "--kind is of facts"),
        (["--rows", "trades", "--archived"], "--archived is for --rows records"),
        (["--archived"], "--archived is for --rows records"),
    ],
)
def test_what_cannot_be_asked_of_rows_is_refused(venue_desk: Desk, words: list[str], complaint: str) -> None:
    assert complaint in venue_desk.refusal("export", "-", *words)


async def test_records_in_the_archive_are_given_when_asked_for_and_verified(
    venue_recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(venue_recording / DATABASE, tmp_path / DATABASE)
    store = await Store.open(tmp_path / DATABASE)
    middle = [r async for part in store.all_position_records(1, RecordQuery()) for r in part][3]
    assert await store.archive_records(middle.time_ns) == 3
    await store.close()

    def look() -> None:
        desk = Desk(tmp_path, capsys)
        assert [one["row"]["record_id"] for one in exported(desk, "records")] == [4, 5, 6]
        every = exported(desk, "records", "--archived")
        assert [one["row"]["record_id"] for one in every] == [1, 2, 3, 4, 5, 6]
        assert desk.lines("verify")[-1] == "Session 1 is sound."
        desk.damage("update position_records_archive set price = '1' where record_id = 2")
        assert "records 2: price is 1 in the database, 100 by the facts" in desk.journal("verify")[1]

    await asyncio.to_thread(look)  # the command has a loop of its own

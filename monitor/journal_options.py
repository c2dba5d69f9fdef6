"""The options of `monitor journal`, and what was asked for as one checked value.

Owns the form of points in time and of session, order and fact numbers. Opens nothing.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from monitor import argument_types as types
from monitor.engine.events import KINDS
from monitor.errors import UserError

DEFAULT_LIMIT = 50
LARGEST = 2**63 - 1  # what a database can hold
STDOUT = Path("-")
_SUFFIXES = (".jsonl", ".csv")
# Named here, because the store costs start-up time; a test holds them against `scan.ROW_TABLES`.
TABLES = (
    "orders",
    "trades",
    "positions",
    "accounts",
    "strategies",
    "triggers",
    "signals",
    "executions",
    "records",
    "alerts",
    "operations",
    "equity",
)


class Point(msgspec.Struct, frozen=True):
    """A bar number, or a time: without a zone of its own it is in the session's. `whole_day`: the
    time is a day's midnight, meaning the day."""

    bar: int | None = None
    time: dt.datetime | None = None
    whole_day: bool = False


class JournalRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`action` is list, export or verify; `session` None is the last one; `limit` None means all.
    `out` is a file, or STDOUT. `rows` is the table to export instead of facts, `archived` with what
    was moved to its archive. `every_facts` 0 checks the books only at the end."""

    action: str
    session: int | None = None
    sessions: bool = False
    limit: int | None = DEFAULT_LIMIT
    kinds: tuple[str, ...] = ()
    order: int | None = None
    strategy: int | None = None
    account: str | None = None
    symbol: str | None = None
    start: Point | None = None
    end: Point | None = None
    since_seq: int | None = None
    out: Path = STDOUT
    every_facts: int = 0
    rows: str | None = None
    archived: bool = False


def add_journal(commands: Any, common: argparse.ArgumentParser, make: Callable[..., Any]) -> None:
    """Add the command with its actions. `make` builds a parser."""
    session, listing = _session_options(make), _listing_options(make)
    early, filters = _filter_options(make, "early_kinds"), _filter_options(make, "kinds")
    journal = commands.add_parser(
        "journal",
        parents=[common, session, early, listing],
        usage="monitor journal [list|export FILE|verify] [options]",
        help="list, filter, export and verify what was recorded",
        description="Show the facts recorded in a session, the newest last. It only reads, and may run\n"
        "beside Trading Monitor. Filters combine; limits are included.",
    )
    journal.set_defaults(action="list")
    actions = journal.add_subparsers(dest="action", metavar="ACTION", title="actions", prog="monitor journal")
    actions.add_parser("list", parents=[common, session, filters, listing], help="the same as without")
    export = actions.add_parser(
        "export",
        parents=[common, session, filters],
        help="write facts or rows to a file, exactly",
        description="Write facts as JSON lines or CSV, by the file's name; - is JSON lines on the standard\n"
        "output. With --rows the rows of a table instead. The file is written whole or not at all.",
    )
    table = "the rows of a table instead of facts: %(choices)s"
    export.add_argument("--rows", metavar="TABLE", choices=TABLES, help=table)
    export.add_argument(
        "--archived", action="store_true", help="with --rows records: also those moved to the archive"
    )
    export.add_argument("out", metavar="FILE", type=_output, help="OUT.jsonl, OUT.csv or -")
    check = actions.add_parser(
        "verify",
        parents=[common, session],
        help="check a session: numbers, facts, run and rows",
        description="Check that no fact is missing, that all can be read, that they give the same\n"
        "run again and that the rows in the database are those of that run. Of a session at a\n"
        "venue the facts are folded: rows, books, signals, position records and checkpoints are\n"
        "compared with what they make. The exit code is 1 when something is wrong.",
    )
    check.add_argument(
        "--every",
        metavar="N",
        dest="every_facts",
        type=_whole(1),
        help="at a venue, check the books after every N facts too",
    )


def _session_options(make: Callable[..., Any]) -> Any:
    parser = make(add_help=False, argument_default=argparse.SUPPRESS)
    parser.add_argument("--session", metavar="ID", type=_whole(1), help="a session's number (the last)")
    return parser


def _filter_options(make: Callable[..., Any], kinds: str) -> Any:
    """`kinds` is where the kinds go: those before the action's name are not to be replaced by
    those behind it."""
    parser = make(add_help=False, argument_default=argparse.SUPPRESS)
    add = parser.add_argument_group("filters").add_argument
    kind = "a kind of fact, such as TradeExecuted; repeatable"
    add("--kind", metavar="KIND", dest=kinds, action="append", choices=list(KINDS), help=kind)
    add("--order", metavar="ID", type=_whole(1), help="what happened to an order")
    add("--strategy", metavar="ID", type=_whole(0), help="what a strategy and its orders did")
    add("--account", metavar="ID", help="what happened to an account and its orders")
    add("--symbol", metavar="SYMBOL", help="what happened to an instrument and its orders")
    form = "a time such as 2019-08-01T09:30 in the session's zone, or bar:120"
    add("--from", metavar="WHEN", dest="start", type=_point, help=form)
    add("--to", metavar="WHEN", dest="end", type=_point, help="the same; a date means its whole day")
    add("--since-seq", metavar="N", type=_whole(0), help="facts from this number on")
    return parser


def _listing_options(make: Callable[..., Any]) -> Any:
    parser = make(add_help=False, argument_default=argparse.SUPPRESS)
    parser.add_argument("--sessions", action="store_true", help="list the sessions instead")
    length = parser.add_mutually_exclusive_group()
    shown = f"at most this many, the newest ({DEFAULT_LIMIT})"
    length.add_argument("--limit", metavar="N", type=_whole(1), help=shown)
    length.add_argument("--all", dest="every", action="store_true", help="all of them")
    return parser


def journal_request(asked: argparse.Namespace) -> JournalRequest:
    """What was asked for. UserError when it does not fit together."""
    given = vars(asked)
    values = {name: given[name] for name in JournalRequest.__struct_fields__ if name in given}
    values["kinds"] = tuple(dict.fromkeys([*given.get("early_kinds", ()), *given.get("kinds", ())]))
    if given.get("every"):
        values["limit"] = None
    request = JournalRequest(**values)
    start, end = request.start, request.end
    if start and end and start.bar is not None and end.bar is not None and start.bar > end.bar:
        raise UserError(f"--from bar:{start.bar} is after --to bar:{end.bar}: nothing can be between them")
    _check_rows(request)
    return request


def _check_rows(request: JournalRequest) -> None:
    """What is asked of facts cannot be asked of rows."""
    if request.archived and request.rows != "records":
        raise UserError("--archived is for --rows records: nothing else has an archive")
    if request.rows is None:
        return
    points = [point for point in (request.start, request.end) if point is not None]
    asked = {
        "--kind": request.kinds,
        "--since-seq": request.since_seq is not None,
        "a bar": any(point.bar is not None for point in points),
    }
    for option, given in asked.items():
        if given:
            raise UserError(f"{option} is of facts, it cannot be asked of rows")


def _whole(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.strip().isdecimal() or not least <= int(text) <= LARGEST:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} on")
        return int(text)

    return read


def _point(text: str) -> Point:
    kind, colon, number = text.strip().partition(":")
    if colon and kind.lower() == "bar":
        return Point(bar=_whole(0)(number))
    try:
        time = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        message = f"{text!r} is not a time; allowed is one such as 2019-08-01T09:30, a date, or bar:120"
        raise argparse.ArgumentTypeError(message) from None
    return Point(time=time, whole_day=_is_date(text.strip()))


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _output(text: str) -> Path:
    if text == str(STDOUT):
        return STDOUT
    path = types.output_file(text)
    if path.suffix.lower() not in _SUFFIXES:
        raise argparse.ArgumentTypeError(
            f"{text} is neither a .jsonl nor a .csv file; - writes JSON lines to the standard output"
        )
    return path

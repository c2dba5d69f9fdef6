"""The bytes of a K-line file as columns of numbers: unpacking, decoding, comments, and the rows,
in bulk when all are well-formed and one by one when some are not. Knows no bar rules.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from monitor.engine.klines.dialects import Layout
from monitor.engine.klines.report import BadRow, KlineError
from monitor.engine.klines.series import FloatArray, IntArray
from monitor.engine.klines.times import is_count, moment, parse_texts, unit_ns

TEXT_WIDTH = 40
"""Longest text of a time that the bulk reader keeps whole."""


class Lines(msgspec.Struct, frozen=True):
    """A file's lines that are neither empty nor comments; `numbers` are their line numbers."""

    file: str
    comments: list[str]
    header: str
    header_line: int
    rows: list[str]
    numbers: IntArray
    digest: str


class Columns(msgspec.Struct, frozen=True):
    """Columns of equal length in the file's order; `lines` says where each row stood."""

    time_ns: IntArray
    numbers: list[FloatArray]
    lines: IntArray
    bad: list[BadRow]
    zone_assumed: bool


def load_lines(path: Path) -> Lines:
    """The lines of a text or gz file. `KlineError` when it is not there, not text, or empty."""
    data = load_bytes(path)
    digest = hashlib.sha256(data).hexdigest()
    text = decode(path.name, unpack(path.name, data))
    lines = text.splitlines()
    keep = [i for i, line in enumerate(lines) if line and not line.isspace() and line[0] != "#"]
    comments = [line.lstrip("# ").rstrip() for line in lines if line.startswith("#")]
    if not keep:
        raise KlineError(f"{path.name} is empty")
    rows = lines[1:] if len(keep) == len(lines) else [lines[i] for i in keep[1:]]
    numbers = np.array(keep[1:], dtype=np.int64) + 1
    return Lines(path.name, comments, lines[keep[0]], keep[0] + 1, rows, numbers, digest)


def load_bytes(path: Path) -> bytes:
    if path.is_dir():
        raise KlineError(f"{path} is a directory, not a K-line file")
    if not path.exists():
        raise KlineError(f"{path} does not exist")
    if not path.is_file():
        raise KlineError(f"{path} is not a file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise KlineError(f"{path} cannot be read: {error.strerror}") from error


def unpack(file: str, data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise KlineError(f"{file} is not a whole gz file: {error}") from error


def decode(file: str, data: bytes) -> str:
    """UTF-8 with or without mark, otherwise GBK, which Chinese spreadsheets write."""
    if b"\0" in data[:4096]:
        raise KlineError(f"{file} is not text; a K-line file is CSV, plain or gz")
    for encoding in ("utf-8-sig", "gbk"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise KlineError(f"{file} is not text in UTF-8 or GBK; save it as CSV in UTF-8")


def parse(lines: Lines, layout: Layout, zone: str) -> Columns:
    """All rows as columns. Rows that cannot be read are listed, not raised."""
    counted_time = layout.clock is None and any(is_count(text) for text in first_times(lines, layout))
    try:
        return parse_bulk(lines, layout, zone, counted_time)
    except (ValueError, OverflowError):
        return parse_rows(lines, layout, zone, counted_time)


def first_times(lines: Lines, layout: Layout) -> list[str]:
    """Times of the first rows, enough to tell text from numbers though some be broken."""
    rows = (row.split(layout.delimiter) for row in lines.rows[:10])
    return [unquoted(cells[layout.time]) for cells in rows if layout.time < len(cells)]


def shown(cell: str) -> str:
    """A cell in a message: quoted, on one line, not too long."""
    return f"'{cell}'" if len(cell) <= TEXT_WIDTH and cell.isprintable() else f"{cell[:TEXT_WIDTH]!r}…"


def unquoted(cell: str) -> str:
    return cell.strip().strip("\"'")


def parse_bulk(lines: Lines, layout: Layout, zone: str, counted_time: bool) -> Columns:
    """Every row at once; ValueError when any is not well-formed."""
    if counted_time:
        whole = all(text.isdigit() for text in first_times(lines, layout))
        kinds, columns = ["i8" if whole else "f8"], [layout.time]
    else:
        columns = [layout.time] if layout.clock is None else [layout.time, layout.clock]
        kinds = [f"U{TEXT_WIDTH}"] * len(columns)
    fields = [(str(i), kind) for i, kind in enumerate(kinds + ["f8"] * len(layout.numbers))]
    if any(row.count(layout.delimiter) != len(layout.names) - 1 for row in lines.rows):
        raise ValueError("ragged")
    table = np.loadtxt(
        lines.rows,
        dtype=np.dtype(fields),
        delimiter=layout.delimiter,
        usecols=[*columns, *layout.numbers],
        comments=None,
        quotechar='"',
        ndmin=1,
    )
    if len(table) != len(lines.rows):
        raise ValueError("an open quote joins rows")
    texts = [table[str(i)] for i in range(len(columns))]
    if counted_time:
        time_ns, assumed = scale_times(layout, texts[0]), False
    else:
        time_ns, assumed = parse_texts([" ".join(cells) for cells in zip(*texts, strict=True)], zone)
    numbers = [np.ascontiguousarray(table[str(len(columns) + i)]) for i in range(len(layout.numbers))]
    return Columns(time_ns, numbers, lines.numbers, [], assumed)


def scale_times(layout: Layout, counts: npt.NDArray[Any]) -> IntArray:
    """Counts since 1970 as nanoseconds. Floats hold times of bars exactly: whole minutes,
    seconds and halves of them are multiples of the 256 ns that a float64 resolves."""
    largest = float(np.max(np.abs(counts))) if len(counts) else 0.0
    unit = unit_ns(layout.names[layout.time], largest)
    if not largest * unit < 2.0**63:
        raise ValueError("a time is not a number or beyond the year 2262")
    whole: IntArray = np.rint(counts * unit).astype(np.int64) if counts.dtype.kind == "f" else counts * unit
    return whole


def parse_rows(lines: Lines, layout: Layout, zone: str, counted_time: bool) -> Columns:
    """Row by row, for files with faults: what can be read is kept, the rest is listed."""
    times: list[str] = []
    numbers: list[list[float]] = []
    kept: list[int] = []
    bad: list[BadRow] = []
    for line, row in zip(lines.numbers.tolist(), lines.rows, strict=True):
        try:
            time, values = parse_row(row, layout, counted_time)
        except (ValueError, OverflowError) as error:
            bad.append(BadRow(line, str(error)))
            continue
        times.append(time)
        numbers.append(values)
        kept.append(line)
    assumed = False
    if counted_time:
        whole = all(time.isdigit() for time in times)
        time_ns = scale_times(layout, np.array([int(t) if whole else float(t) for t in times]))
    else:
        time_ns, assumed = parse_texts(times, zone)
    table = np.array(numbers, dtype=np.float64).reshape(len(numbers), len(layout.numbers))
    columns = [np.ascontiguousarray(table[:, i]) for i in range(len(layout.numbers))]
    return Columns(time_ns, columns, np.array(kept, dtype=np.int64), bad, assumed)


def parse_row(row: str, layout: Layout, counted_time: bool) -> tuple[str, list[float]]:
    """Time (checked, still as text) and numbers of one row; ValueError says which column is wrong."""
    cells = [unquoted(cell) for cell in row.split(layout.delimiter)]
    if len(cells) != len(layout.names):
        raise ValueError(f"{len(cells)} columns instead of {len(layout.names)}")
    time = check_time(cells, layout, counted_time)
    return time, [parse_number(cells, layout, column) for column in layout.numbers]


def check_time(cells: Sequence[str], layout: Layout, counted_time: bool) -> str:
    text, name = cells[layout.time], layout.names[layout.time]
    if layout.clock is not None:
        text = f"{text} {cells[layout.clock]}"
    try:
        if not counted_time:
            moment(text)
        elif not 0 < float(text) * unit_ns(name, float(text)) < 2.0**63:
            raise ValueError("out of range")
    except ValueError as error:
        raise ValueError(f"column {name}: {shown(text)} is not a time") from error
    return text


def parse_number(cells: Sequence[str], layout: Layout, column: int) -> float:
    """Unknown open interest is allowed (NaN); an unknown price or volume is not."""
    if column == layout.open_interest and not cells[column]:
        return math.nan
    try:
        return float(cells[column])
    except ValueError as error:
        raise ValueError(f"column {layout.names[column]}: {shown(cells[column])} is not a number") from error

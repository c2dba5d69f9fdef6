"""What was ever asked of the exchange: the truth that tests count by, and a file to go on from.

Each input is a JSON line with its time; the exchange is deterministic, so the lines again give
the same orders, fills and money. Written in order, flushed line by line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from monitor.engine.values import Quote
from monitor.net.venue_sim.control import AnyControl
from monitor.net.venue_sim.terms import VenueTerms
from monitor.net.venue_sim.wire import AnyAsked


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One input. The first line of a file has `terms` instead."""

    time_ns: int = 0
    connection: int = 0
    request: AnyAsked | None = None
    control: AnyControl | None = None
    quote: Quote | None = None
    terms: VenueTerms | None = None


class RecordError(Exception):
    """Why a record cannot be used, as a sentence."""


_ENCODER = msgspec.json.Encoder(decimal_format="string")
_DECODER = msgspec.json.Decoder(Line)


class Record:
    """Appends to a file, or (`path` None) to nothing."""

    def __init__(self, path: Path | None) -> None:
        self._file: BinaryIO | None = None
        if path is not None:
            try:
                self._file = path.open("ab")
            except OSError as error:
                raise RecordError(f"The record {path} cannot be written: {error.strerror}.") from error

    def add(self, line: Line) -> None:
        if self._file is not None:
            self._file.write(_ENCODER.encode(line) + b"\n")
            self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def read_lines(path: Path | None) -> list[Line]:
    """What a record holds, without a last line that was not finished. Raises `RecordError`."""
    if path is None or not path.exists():
        return []
    whole, _, torn = path.read_bytes().rpartition(b"\n")
    if torn:
        with path.open("r+b") as file:
            file.truncate(len(whole) + 1 if whole else 0)
    try:
        return [_DECODER.decode(line) for line in whole.split(b"\n") if line]
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise RecordError(f"The record {path} cannot be read: {error}.") from error


def plain(value: Any) -> Any:
    """A request as JSON would show it."""
    return msgspec.json.decode(_ENCODER.encode(value))

"""Rows as JSON on the wire: names are the row's own, `*_ns` become `*_ms`, Decimals exact numbers.

Owns the one encoder of the mirror, so REST and every socket say the same in the same words.
Browsers hold integers only to 2**53, which nanoseconds exceed: hence milliseconds.
"""

from __future__ import annotations

import time
from functools import cache
from typing import Any, TypeAlias

import msgspec

Wire: TypeAlias = dict[str, Any]

NS_PER_MS = 1_000_000

_encoder = msgspec.json.Encoder(decimal_format="number")


def to_ms(nanoseconds: int) -> int:
    return nanoseconds // NS_PER_MS


def now_ms() -> int:
    return to_ms(time.time_ns())


def encode(value: Any) -> bytes:
    return _encoder.encode(value)


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, str, bool], ...]:
    """(attribute, name on the wire, is a time) of each field of a row."""
    return tuple(
        (name, f"{name[:-3]}_ms", True) if name.endswith("_ns") else (name, name, False)
        for name in kind.__struct_fields__
    )


def to_wire(row: msgspec.Struct) -> Wire:
    """Every field of the row, unknown ones as null."""
    return {
        wire_name: to_ms(value) if is_time and value is not None else value
        for name, wire_name, is_time in _fields(type(row))
        for value in (getattr(row, name),)
    }


def changed_fields(before: msgspec.Struct, after: msgspec.Struct, key: str) -> Wire:
    """The fields of `after` that differ from `before`, and always `key`."""
    return {
        wire_name: to_ms(value) if is_time and value is not None else value
        for name, wire_name, is_time in _fields(type(after))
        for value in (getattr(after, name),)
        if name == key or value != getattr(before, name)
    }

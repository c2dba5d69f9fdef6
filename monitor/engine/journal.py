"""The journal's record: one fact, numbered without gaps, as bytes."""

from __future__ import annotations

import msgspec


class JournalRecord(msgspec.Struct, frozen=True, gc=False):
    """`seq` grows by one from 1 within a session; `bar` is the number of bars replayed when the
    fact arose; `time_ns` the engine's clock; `kind` the fact's name; `payload` its JSON."""

    seq: int
    time_ns: int
    bar: int
    kind: str
    payload: bytes

"""What may stand in an address: ids, pages, times. Everything else is refused by name.

Pure functions from text to values; each refusal names the field and what it takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from starlette.datastructures import QueryParams

from monitor.engine.values import LogLevel, OrderStatus, RecordType, SignalKind
from monitor.net.problems import Problem, invalid
from monitor.net.wire import NS_PER_MS

MAX_ID = 2**53 - 1
MAX_SIZE = 500
MAX_PAGE = 1_000_000
MAX_POINTS = 10_000
MAX_MS = (2**63 - 1) // NS_PER_MS
_DIGITS = re.compile(r"[0-9]{1,16}", re.ASCII)
_SYMBOL = re.compile(r"[\w.\-@/&]{1,64}")
_WORD = re.compile(r"[\w .\-]{1,64}")

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class Query:
    """The fields of one request, each read once by name; `done` refuses those not read."""

    def __init__(self, fields: QueryParams) -> None:
        self._left: dict[str, str] = {}
        for name, value in fields.multi_items():
            if name in self._left:
                raise Problem(422, "repeated-field", f"{name[:40]} is given twice.", field=name[:40])
            self._left[name] = value

    def read(self, name: str, parse: Callable[[str, str], T]) -> T | None:
        text = self._left.pop(name, None)
        return None if text is None else parse(name, text)

    def done(self) -> None:
        for name in self._left:
            raise Problem(422, "unknown-field", f"{name[:40]} is not a field of this route.", field=name[:40])


def whole(name: str, text: str, low: int, high: int) -> int:
    if not _DIGITS.fullmatch(text) or not low <= int(text) <= high:
        raise invalid(name, f"{name} must be a whole number from {low} to {high}.")
    return int(text)


def identity(name: str, text: str) -> int:
    return whole(name, text, 0, MAX_ID)


def strategy_id(path: Mapping[str, str]) -> int:
    return identity("strategy_id", path["strategy_id"])


def order_id(path: Mapping[str, str]) -> int:
    return identity("order_id", path["order_id"])


def page(name: str, text: str) -> int:
    return whole(name, text, 1, MAX_PAGE)


def size(name: str, text: str) -> int:
    return whole(name, text, 1, MAX_SIZE)


def points(name: str, text: str) -> int:
    return whole(name, text, 4, MAX_POINTS)


def symbol(name: str, text: str) -> str:
    if not _SYMBOL.fullmatch(text):
        raise invalid(name, f"{name} must be a symbol such as SHFE.au2512.")
    return text


def account(name: str, text: str) -> str:
    if not 1 <= len(text) <= 64 or not text.isprintable():
        raise invalid(name, f"{name} must be an account id.")
    return text


def switch(name: str, text: str) -> bool:
    if text not in {"0", "1"}:
        raise invalid(name, f"{name} must be 0 or 1.")
    return text == "1"


def one_of(kind: type[E]) -> Callable[[str, str], E]:
    """A word of this enumeration, in capitals or not."""

    def parse(name: str, text: str) -> E:
        for known in kind:
            if known.value.lower() == text.lower():
                return known
        raise invalid(name, f"{name} must be one of {', '.join(kind)}.")

    return parse


status = one_of(OrderStatus)
record_type = one_of(RecordType)
signal_kind = one_of(SignalKind)
level = one_of(LogLevel)


def word(name: str, text: str) -> str:
    if not _WORD.fullmatch(text):
        raise invalid(name, f"{name} must be a word of at most 64 letters.")
    return text


def instant(name: str, text: str) -> int:
    """Nanoseconds UTC of milliseconds UTC, or of ISO 8601 with a zone."""
    if _DIGITS.fullmatch(text) and int(text) <= MAX_MS:
        return int(text) * NS_PER_MS
    try:
        moment = datetime.fromisoformat(text[:40])
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise invalid(name, f"{name} must be milliseconds UTC, or a time with its zone (ISO 8601).")
    return round(moment.timestamp() * 1000) * NS_PER_MS

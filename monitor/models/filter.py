"""The quick filter's small language: words and tokens like `side:buy sym:au pnl<0`.

Pure: text and a table's columns in, a predicate out. All parts must hold.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from monitor.models.columns import Align, Column, TableSpec
from monitor.models.context import Context

Test: TypeAlias = Callable[[Any], bool]

TOKEN = re.compile(r"(?P<name>[A-Za-z_]+)(?::(?P<after>[<>]=?|=)?|(?P<op>[<>]=?|=))(?P<value>.*)")
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}


class Filter(msgspec.Struct, frozen=True):
    """`predicate` None shows all. `problem` says in a sentence what was not understood."""

    predicate: Test | None
    problem: str = ""


def parse(text: str, spec: TableSpec, context: Context) -> Filter:
    """Read a filter. A token that names no column or is not finished yet (`pnl<`) is left out, so
    that neither typing nor a mistake empties the table."""
    tests: list[Test] = []
    problem = ""
    for part in text.split():
        token = TOKEN.fullmatch(part)
        like = _columns(token["name"].lower(), spec) if token else []
        column = like[0] if len(like) == 1 else None
        if token is None:
            tests.append(_word(part.lower(), spec, context))
            continue
        if column is None:
            names = " or ".join(column.title for column in like)
            problem = f"There is no column named {token['name']}." if not like else f"Which column: {names}?"
            continue
        if not token["value"]:
            continue
        test = _token(column, token["after"] or token["op"] or "", token["value"], context)
        if test is None:
            problem = f"{token['value']} is not a number."
        else:
            tests.append(test)
    if not tests:
        return Filter(None, problem)
    return Filter(lambda row: all(test(row) for test in tests), problem)


def _columns(name: str, spec: TableSpec) -> list[Column]:
    """The column of this id or alias, else all whose id or title begins so."""
    for column in spec.columns:
        if name == column.id or name in column.aliases:
            return [column]
    return [column for column in spec.columns if column.id.startswith(name) or column.title.startswith(name)]


def _word(word: str, spec: TableSpec, context: Context) -> Test:
    columns = [column for column in spec.columns if column.search]
    return lambda row: any(word in column.text(row, context).lower() for column in columns)


def _token(column: Column, sign: str, value: str, context: Context) -> Test | None:
    if column.align is Align.RIGHT:
        return _number(column, COMPARE[sign or "="], value, context)
    wanted = value.lower()
    if sign == "=":
        return lambda row: column.text(row, context).lower() == wanted
    if sign:
        return None
    return lambda row: wanted in column.text(row, context).lower()


def _number(column: Column, compare: Callable[[Any, Any], bool], value: str, context: Context) -> Test | None:
    try:
        limit = float(value.replace("\u2212", "-").replace(",", ""))
    except ValueError:
        return None

    def test(row: Any) -> bool:
        found = column.sort(row, context)
        return isinstance(found, int | float) and compare(found, limit)

    return test

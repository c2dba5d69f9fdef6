"""Columns as plain data: what a cell says, how it sorts, where it is aligned and its tone.

A table is a `TableSpec`: a tuple of columns made by the helpers below. Knows rows only through
the functions it is given; colours are the delegate's business.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from enum import StrEnum
from typing import Any, TypeAlias

import msgspec

from monitor.models import format as fmt
from monitor.models.context import Context

SortValue: TypeAlias = int | float | str | None
Get: TypeAlias = Callable[[Any], Any]
GetText: TypeAlias = Callable[[Any, Context], str]


class Tone(StrEnum):
    """What a colour would mean. BUY and SELL follow the user's colours of gain and loss."""

    PLAIN = ""
    MUTED = "muted"
    FAINT = "faint"
    GAIN = "gain"
    LOSS = "loss"
    BUY = "buy"
    SELL = "sell"
    WARN = "warn"
    ERROR = "error"
    STALE = "stale"
    ACCENT = "accent"


class Align(StrEnum):
    LEFT = "left"
    RIGHT = "right"
    CENTRE = "centre"


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is stable ASCII: saved layouts and filters name it.

    `value(row)` is compared to see whether the cell changed; `text(row, context)` is shown;
    `sort(row, context)` gives int, float or str, None for unknown (always last). `width` is in
    pixels, for common contents; a column of numbers grows where it must. `tip(row, context)`
    explains a cell, "" means its text. `fill(row)` is the part of a bar to fill, 0 to 1. `ages`
    marks text that changes with the clock alone. `amount(row)` is a Decimal that can be added up
    over rows, None when unknown; `counted` says that it is a number of lots, not money. `whole`
    text is never shown in part; a column that may `stretch` takes the space others leave.
    """

    id: str
    title: str
    value: Get
    text: GetText
    sort: Callable[[Any, Context], SortValue]
    align: Align = Align.LEFT
    width: int = 90
    help: str = ""
    tone: Callable[[Any, Context], Tone] | None = None
    tip: GetText | None = None
    fill: Callable[[Any], float | None] | None = None
    ages: bool = False
    amount: Get | None = None
    counted: bool = False
    whole: bool = False
    stretch: bool = False
    search: bool = False
    hidden: bool = False
    aliases: tuple[str, ...] = ()


class TableSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a table shows. `sort` are (column id, descending); `cap` the most rows kept, the
    oldest go first; None keeps all."""

    id: str
    title: str
    key: Callable[[Any], Hashable]
    columns: tuple[Column, ...]
    sort: tuple[tuple[str, bool], ...] = ()
    cap: int | None = None

    def index(self, column_id: str) -> int | None:
        """Where a column is, or None when there is none of that id."""
        return next((i for i, column in enumerate(self.columns) if column.id == column_id), None)


def text(id: str, title: str, get: Get, **more: Any) -> Column:
    """Words, shown as they are."""
    return Column(
        id=id,
        title=title,
        value=get,
        text=lambda row, _: str(get(row)),
        sort=lambda row, _: str(get(row)) or None,
        **{"search": True, **more},
    )


def word(id: str, title: str, get: Get, **more: Any) -> Column:
    """A value of an enumeration, in small letters."""
    return text(id, title, lambda row: fmt.words(get(row)), **{"width": 64, **more})


def identity(id: str, title: str, get: Get, **more: Any) -> Column:
    """A number that names something: right aligned, not grouped, found by the filter."""

    def shown(row: Any, _: Context) -> str:
        value = get(row)
        return fmt.DASH if value is None else str(value)

    defaults = {"align": Align.RIGHT, "width": 70, "search": True}
    return Column(
        id=id,
        title=title,
        value=get,
        text=shown,
        sort=lambda row, _: get(row),
        **{**defaults, **more},
    )


def figure(id: str, title: str, get: Get, show: GetText, **more: Any) -> Column:
    """A number, right aligned, sorted as a number."""
    return Column(
        id=id,
        title=title,
        value=get,
        text=show,
        sort=lambda row, _: _float(get(row)),
        **{"align": Align.RIGHT, **more},
    )


def money(id: str, title: str, get: Get, **more: Any) -> Column:
    return figure(id, title, get, lambda row, _: fmt.money(get(row)), **more)


def profit(id: str, title: str, get: Get, **more: Any) -> Column:
    """Signed money in the tone of gain or loss."""
    return figure(
        id,
        title,
        get,
        lambda row, _: fmt.signed(get(row)),
        **{"tone": lambda row, _: profit_tone(get(row)), "amount": get, "width": 88, **more},
    )


def volume(id: str, title: str, get: Get, **more: Any) -> Column:
    return figure(id, title, get, lambda row, _: fmt.volume(get(row)), **{"width": 56, **more})


def time(id: str, title: str, get: Get, *, wall: bool = False, **more: Any) -> Column:
    """Time of day with milliseconds in the data's zone, with the date where that is not the
    clock's; the tip says all. `wall` is for moments of the computer's own clock, shown in its zone."""

    def shown(row: Any, context: Context) -> str:
        ns = get(row)
        if ns is None:
            return fmt.DASH
        today = (context.wall_day if wall else context.day)()
        dated = today is not None and not today[0] <= ns < today[1]
        return (fmt.dated if dated else fmt.clock)(ns, None if wall else context.zone)

    return Column(
        id=id,
        title=title,
        value=get,
        text=shown,
        sort=lambda row, _: get(row),
        tip=lambda row, context: fmt.iso(get(row), None if wall else context.zone),
        **{"tone": lambda row, _: Tone.MUTED, "width": 96, "whole": True, **more},
    )


def age(id: str, title: str, get: Get, **more: Any) -> Column:
    """How long ago by the engine's clock. Sorts by the moment itself, which stands still."""

    def since(row: Any, _: Context) -> SortValue:
        moment = get(row)
        return None if moment is None else -int(moment)

    return Column(
        id=id,
        title=title,
        value=get,
        sort=since,
        ages=True,
        **{
            "text": lambda row, context: fmt.age(context.age_of(get(row))),
            "align": Align.RIGHT,
            "tone": lambda row, _: Tone.MUTED,
            "width": 52,
            **more,
        },
    )


def profit_tone(value: Any) -> Tone:
    if not value:
        return Tone.PLAIN
    return Tone.GAIN if value > 0 else Tone.LOSS


def _float(value: Any) -> float | None:
    return None if value is None else float(value)

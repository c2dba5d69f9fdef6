"""The table of orders that wait before the venue, the line about their queue, and how well sent
ones were executed.

Owns the words of conditions: which part of them holds is said by a mark and a word.
"""

from __future__ import annotations

from typing import Any

from monitor.engine.rows import QueueRow, WaitingRow
from monitor.engine.values import WaitingKind
from monitor.models import columns as c, format as fmt
from monitor.models.columns import Align, Column, TableSpec, Tone
from monitor.models.context import Context
from monitor.models.orders import ACCOUNT, PRIORITY_RANK, SIDE, SYMBOL, strategy_column

MARKS = {True: "✓ true", False: "✗ not yet", None: "? unknown"}
KIND_RANK = {
    WaitingKind.MANUAL: 0,
    WaitingKind.QUEUED: 1,
    WaitingKind.TRIGGER: 2,
    WaitingKind.CONDITIONAL: 3,
    WaitingKind.DELAYED: 4,
    WaitingKind.LINKED: 5,
}
"""What needs somebody first, then what goes next."""
SEPARATORS = ("\n", "; ", " and ", " AND ")
"""What conditions are joined by where they are told as one text."""


def conditions(row: WaitingRow) -> list[tuple[str, bool | None]]:
    """Each condition with how it was at the last evaluation. Where the text cannot be told apart
    it stays one, that is true when all are."""
    for separator in SEPARATORS:
        parts = row.condition.split(separator)
        if len(parts) == len(row.truth):
            return list(zip(parts, row.truth, strict=True))
    if not row.condition:
        return []
    known = False if False in row.truth else None if None in row.truth or not row.truth else True
    return [(row.condition, known)]


def condition_text(row: WaitingRow, _: Context) -> str:
    """On one line, what is missing first: ✗ not yet: spread <= 0.04 · ✓ true: last >= 752."""
    parts = sorted(conditions(row), key=lambda part: part[1] is True)
    told = [f"{MARKS[truth]}: {text}" for text, truth in parts]
    return " · ".join(told) or row.detail


def _condition_tip(row: WaitingRow, context: Context) -> str:
    told = [f"{MARKS[truth]}: {text}" for text, truth in conditions(row)]
    if row.evaluated_ns is not None:
        told.append(f"evaluated {fmt.clock(row.evaluated_ns, context.zone)}")
    return "\n".join(filter(None, (row.detail, *told)))


def _terms(row: WaitingRow, context: Context) -> str:
    return context.terms.get(row.order_id, fmt.DASH)


def countdown(ns: int | None, context: Context) -> str:
    """How long it is until a moment that is to come: in 58 s; the moment itself without a clock."""
    left = context.until(ns)
    if ns is None or left is None:
        return fmt.clock(ns, context.zone)
    return f"in {fmt.age(left)}" if left > 0 else "now"


def _moment(id: str, title: str, get: Any, **more: Any) -> Column:
    """A moment to come by its countdown, the tip tells which; sorts by the moment."""
    return Column(
        id=id,
        title=title,
        value=get,
        text=lambda row, context: countdown(get(row), context),
        sort=lambda row, _: get(row),
        tip=lambda row, context: fmt.iso(get(row), context.zone),
        ages=True,
        **{"width": 72, "align": Align.RIGHT, "tone": lambda row, _: Tone.MUTED, **more},
    )


def _kind(row: WaitingRow) -> str:
    return "your decision" if row.kind is WaitingKind.MANUAL else fmt.words(row.kind)


def _kind_tone(row: WaitingRow, _: Context) -> Tone:
    return Tone.WARN if row.kind is WaitingKind.MANUAL else Tone.PLAIN


PRIORITY = Column(
    id="priority",
    title="priority",
    value=lambda w: w.priority,
    text=lambda w, _: str(w.priority),
    sort=lambda w, _: PRIORITY_RANK[w.priority],
    width=62,
    search=True,
)

WAITING = TableSpec(
    id="waiting",
    title="Queue and conditions",
    key=lambda w: w.order_id,
    columns=(
        c.identity("order_id", "order", lambda w: w.order_id, aliases=("id",), width=52),
        Column(
            id="kind",
            title="waits as",
            value=lambda w: w.kind,
            text=lambda w, _: _kind(w),
            sort=lambda w, _: KIND_RANK[w.kind],
            tone=_kind_tone,
            width=98,
            search=True,
            help="For a time, a condition, a trigger, another order, its turn, or for you",
        ),
        PRIORITY,
        c.volume("place", "place", lambda w: w.place, width=48, help="Its place in the queue"),
        SYMBOL,
        Column(
            id="what",
            title="order",
            value=lambda w: w.order_id,
            text=_terms,
            sort=_terms,
            width=150,
            search=True,
        ),
        Column(
            id="condition",
            title="condition",
            value=lambda w: (w.condition, w.truth, w.detail),
            text=condition_text,
            sort=condition_text,
            tip=_condition_tip,
            width=280,
            stretch=True,
            search=True,
            help="What must be true, and what of it is by now; else what it waits for",
        ),
        _moment("not_before", "not before", lambda w: w.not_before_ns, help="It is not sent earlier"),
        _moment("expires", "expires", lambda w: w.expires_ns, help="Then it gives up waiting"),
        c.volume("attempts", "tries", lambda w: w.attempts or None, width=44, help="How often it was sent"),
        c.text("error", "error", lambda w: w.error, width=180, tone=lambda w, _: Tone.ERROR),
        c.age("waited", "waits", lambda w: w.since_ns, help="Since it began to wait"),
        c.text("detail", "waits for", lambda w: w.detail, width=160, hidden=True),
        c.identity("parent", "after order", lambda w: w.parent_id, hidden=True),
        c.identity("group", "group", lambda w: w.group_id, hidden=True),
        strategy_column(hidden=True),
        ACCOUNT,
    ),
    sort=(("kind", False), ("priority", False), ("place", False)),
)


BETWEEN = "  ·  "


def queue_text(row: QueueRow) -> str:
    """The queue in one line: how long, of what, how fast."""
    held = row.held + row.conditional
    parts = [
        f"{row.length:,} of {row.capacity:,} queued",
        f"high {row.high:,}, normal {row.normal:,}, low {row.low:,}",
        f"{held:,} held, {row.conditional:,} on conditions",
        f"{row.manual:,} for you",
        f"wait {fmt.seconds(row.average_wait_s)}, longest {fmt.seconds(row.longest_wait_s)}",
        f"{row.rate:.1f}/s",
        f"{row.sent:,} sent, {row.refused:,} refused, {row.retried:,} retried",
    ]
    return BETWEEN.join(parts)


def _waited(id: str, title: str, get: Any, **more: Any) -> Column:
    return c.figure(id, title, get, lambda row, _: fmt.seconds(get(row)), **{"width": 72, **more})


EXECUTIONS = TableSpec(
    id="executions",
    title="Execution",
    key=lambda e: e.order_id,
    columns=(
        c.time("time", "time", lambda e: e.updated_ns),
        c.identity("order_id", "order", lambda e: e.order_id, aliases=("id",), width=56),
        SYMBOL,
        SIDE,
        c.volume("quantity", "volume", lambda e: e.quantity, amount=lambda e: e.quantity, counted=True),
        c.volume("filled", "filled", lambda e: e.filled_quantity),
        c.figure(
            "arrival",
            "arrival",
            lambda e: e.arrival_price,
            lambda e, _: fmt.price(e.arrival_price),
            width=72,
            help="The price when the order was given",
        ),
        c.figure(
            "average",
            "average",
            lambda e: e.average_price,
            lambda e, context: context.average(e.symbol, e.average_price, e.arrival_price),
            aliases=("avg",),
            width=72,
        ),
        Column(
            id="slippage",
            title="slippage",
            value=lambda e: e.slippage,
            text=lambda e, _: fmt.signed(e.slippage),
            sort=lambda e, _: None if e.slippage is None else float(e.slippage),
            tone=lambda e, _: c.profit_tone(None if e.slippage is None else -e.slippage),
            align=Align.RIGHT,
            width=84,
            amount=lambda e: e.slippage,
            help="Money lost (+) or gained (−) against the price on arrival",
        ),
        c.money("fee", "fee", lambda e: e.commission, width=64),
        c.volume("attempts", "tries", lambda e: e.attempts, width=44),
        _waited("queue_wait", "in queue", lambda e: e.queue_wait_s),
        _waited("acknowledged", "to answer", lambda e: e.acknowledged_s, help="Until the venue confirmed it"),
        _waited("first_fill", "to fill", lambda e: e.first_fill_s, help="Until its first fill"),
        _waited("last_fill", "to last fill", lambda e: e.last_fill_s, help="Until its last fill"),
        c.text("venue", "venue", lambda e: e.venue, width=80),
        ACCOUNT,
    ),
    sort=(("time", True),),
    cap=100_000,
)

"""Numbers that no venue can mean: not a number, infinite, a negative volume. Such a word is told of
once and otherwise as if it had not been said. A price may be negative: spreads and oil have been."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.engine import events as ev
from monitor.engine.tracker.concluding import Concluder
from monitor.engine.tracker.terms import Desk
from monitor.engine.tracker.watch import Names, Watch
from monitor.engine.values import ZERO, LogLevel
from monitor.engine.venue import FillReport, OrderReport

IMPOSSIBLE = "impossible number"


def is_possible_fill(fill: FillReport) -> bool:
    volume = fill.volume
    return volume.is_finite() and fill.price.is_finite() and fill.fee.is_finite() and volume >= ZERO


def is_possible_report(report: OrderReport) -> bool:
    """Written out, because it is asked for each message."""
    total, quantity, price = report.cumulative, report.quantity, report.price
    return (
        (total is None or (total.is_finite() and total >= ZERO))
        and (quantity is None or (quantity.is_finite() and quantity >= ZERO))
        and (price is None or price.is_finite())
        and (report.trigger_price is None or report.trigger_price.is_finite())
    )


def of_impossible(
    desk: Desk, concluder: Concluder, names: Names, watch: Watch | None, word: OrderReport | FillReport
) -> Iterator[ev.AnyEvent]:
    """Once per order; of what is nobody's once per account."""
    text = f"{word.venue_order_id or word.client_order_id} was told with a number that cannot be"
    if watch is not None:
        yield from concluder.alert(watch, IMPOSSIBLE, text)
    elif not names.impossible:
        yield ev.AlertRaised(
            alert_id=desk.next_alert_id(),
            level=LogLevel.WARNING,
            cause=IMPOSSIBLE,
            message=text,
            order_id=None,
            account_id=word.account_id,
            symbol=word.symbol,
            key=word.account_id,
        )

"""P1, the window's half: 20,000 orders x 4 status events through desk, tables and painted views.

Run with `python -m benchmarks.table [orders]`; prints one JSON line. One frame is what the
window's 16 ms timer does: apply what came since the last frame, then paint. Events come at
the rate of the goal, so a frame carries 1/60 s of them; `value` is what the frames could carry.
"""

from __future__ import annotations

import gc
import math
import os
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from random import Random

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QSplitter

from benchmarks.figures import print_figure
from monitor.engine.changes import Changes
from monitor.engine.rows import OrderRow
from monitor.engine.values import Offset, OrderStatus, OrderType, Side, TimeInForce
from monitor.models.desk import Desk
from monitor.models.sorting import Sort
from monitor.ui.tables import TablePanel
from monitor.ui.theme import DARK, apply_theme

ORDERS = 20_000
GOAL = 50_000  # events per second
FRAMES_PER_SECOND = 60
LIFE = (
    (OrderStatus.CREATED, Decimal(0)),
    (OrderStatus.PLACED, Decimal(0)),
    (OrderStatus.PARTIAL, Decimal(1)),
    (OrderStatus.FILLED, Decimal(2)),
)


def events(orders: int) -> list[OrderRow]:
    """Every order's life, the orders overlapping: all are placed before the first is filled."""
    random = Random(1)
    made: list[OrderRow] = []
    for step, (status, filled) in enumerate(LIFE):
        places = list(range(1, orders + 1))
        random.shuffle(places)
        for nth, order_id in enumerate(places):
            now = (step * orders + nth) * 1_000_000
            made.append(
                OrderRow(
                    order_id=order_id,
                    strategy_id=1,
                    account_id="sim-1",
                    symbol="SHFE.au2512",
                    side=Side.BUY if order_id % 2 else Side.SELL,
                    offset=Offset.OPEN,
                    type=OrderType.LIMIT,
                    time_in_force=TimeInForce.GTC,
                    quantity=Decimal(2),
                    price=Decimal(37000 + order_id % 997) * Decimal("0.02"),
                    filled_quantity=filled,
                    average_price=Decimal("752.30") if filled else None,
                    status=status,
                    created_ns=order_id * 1_000_000,
                    updated_ns=now,
                )
            )
    return made


def frames(made: list[OrderRow]) -> Iterator[Changes]:
    """The events as the window's timer would find them, merged per frame."""
    size = GOAL // FRAMES_PER_SECOND
    for start in range(0, len(made), size):
        yield Changes(orders={row.order_id: row for row in made[start : start + size]})


def measure(app: QApplication, orders: int, sort: list[Sort] | None) -> list[float]:
    """Seconds of each frame, painting included."""
    desk = Desk()
    window = QSplitter(Qt.Orientation.Vertical)
    window.resize(1440, 900)
    panels = [TablePanel(table, DARK) for table in (desk.active_orders, desk.order_history)]
    for panel in panels:
        window.addWidget(panel)
    window.show()
    if sort is not None:
        desk.active_orders.sort_by(sort)
    app.processEvents()
    made = events(orders)
    gc.collect()
    spent: list[float] = []
    for changes in frames(made):
        start = time.perf_counter()
        desk.apply(changes)
        app.processEvents()
        spent.append(time.perf_counter() - start)
    assert len(desk.order_history) == orders
    assert not len(desk.active_orders)
    window.close()
    window.deleteLater()
    app.processEvents()
    return spent


def summary(orders: int, spent: list[float]) -> dict[str, float]:
    ranked = sorted(spent)
    return {
        "events_per_s": round(orders * len(LIFE) / sum(spent)),
        "frame_p50_ms": round(ranked[len(ranked) // 2] * 1000, 2),
        "frame_p99_ms": round(ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))] * 1000, 2),
        "frame_max_ms": round(ranked[-1] * 1000, 2),
    }


def main(orders: int = ORDERS) -> None:
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    apply_theme(app, DARK)
    measure(app, orders // 10, None)  # warm up
    by_time = measure(app, orders, None)
    by_status = measure(app, orders, [Sort("status", True), Sort("price")])
    tenth = measure(app, orders // 10, None)
    print_figure(
        "P1",
        f"{orders} orders x {len(LIFE)} events through tables and views",
        summary(orders, by_time)["events_per_s"],
        "events/s",
        goal=f">= {GOAL}, frame p99 <= 16 ms",
        by_time=summary(orders, by_time),
        sorted_by_status=summary(orders, by_status),
        exponent=math.log10(sum(by_time) / sum(tenth)),
    )


if __name__ == "__main__":
    main(*(int(given) for given in sys.argv[1:2]))

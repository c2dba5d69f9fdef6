"""Takes the README's pictures from the running program: the window and the page, same moment; trading
at a simulated venue, and a past moment of it.

`python docs/make_images.py` (needs Chromium at /usr/bin/chromium for the page; `replay` or `trading` makes
only those). The sample is replayed to a bar where a position is open, so those pictures only change when
the program does; the venue's prices are its own each time.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from playwright.sync_api import sync_playwright
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from monitor.assets import resource_path
from monitor.bundled import sample_options
from monitor.core.service import CoreThread, Setup
from monitor.engine.commands import OrderRequest, SeekReplay, SubmitLinked, SubmitOrder
from monitor.engine.options import ReplayOptions, VenueOptions
from monitor.engine.orderplan import OrderPlan
from monitor.engine.values import LinkKind, LinkState, Offset, OrderType, Side
from monitor.journal.wording import sentence
from monitor.ui.theme import DARK, apply_theme
from monitor.ui.tickets.binding import attach_tickets
from monitor.ui.window import MainWindow

IMAGES = Path(__file__).resolve().parent / "images"
BAR = 3500
WINDOW = (1440, 900)
PAGE = (1280, 800)
SETTLE_MS = 2500


def wait(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def first_bar_with_position(core: CoreThread, window: MainWindow) -> None:
    """Seek to the first bar from BAR on at which a position is open."""
    for bar in range(BAR, BAR + 500, 5):
        core.submit(SeekReplay(bar=bar)).result()
        wait(100)
        if window.desk.positions.rows() and len(window.desk.active_orders.rows()) > 1:
            return


def take_page(url: str, path: Path) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--disable-gpu"])
        page = browser.new_page(
            viewport={"width": PAGE[0], "height": PAGE[1]}, color_scheme="dark", reduced_motion="reduce"
        )
        page.goto(url)
        page.wait_for_timeout(SETTLE_MS)
        page.screenshot(path=path)
        browser.close()


@contextmanager
def running(folder: str, start: ReplayOptions | VenueOptions) -> Iterator[tuple[CoreThread, MainWindow]]:
    """A core and its window, taken down afterwards."""
    core = CoreThread(
        Setup(
            database=f"sqlite+aiosqlite:///{folder}/images.sqlite",
            start=start,
            fallback=sample_options(),
            play=False,
            port=0,
            web_root=resource_path("web"),
        )
    )
    core.start()
    core.wait()
    window = MainWindow(core, Path(folder), wording=sentence)
    attach_tickets(window)
    window.resize(*WINDOW)
    window.show()
    try:
        yield core, window
    finally:
        window.finish()
        core.stop()


def take_replay(folder: str) -> None:
    with running(folder, sample_options()) as (core, window):
        window.notice.close_button.click()  # the newcomer's welcome
        first_bar_with_position(core, window)
        wait(SETTLE_MS)
        window.grab().save(str(IMAGES / "window.png"))
        take_page(core.stats().mirror_url, IMAGES / "page.png")
        window.run_command("close_position")
        wait(1000)
        window.grab().save(str(IMAGES / "ticket.png"))


@contextmanager
def venue() -> Iterator[str]:
    """The address of a venue to practise with."""
    command = [sys.executable, "-m", "monitor", "venue-sim", "--port", "0", "--account", "sim-1:hedged"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 our own program
    try:
        assert child.stdout is not None
        found = re.search(r"ws://\S+?(?=[,\s])", child.stdout.readline())
        assert found is not None
        yield found[0]
    finally:
        child.terminate()
        child.wait()


def until(window: MainWindow, so: Callable[[], object], seconds: int = 20) -> None:
    for _ in range(seconds * 20):
        if so():
            return
        wait(50)
    raise SystemExit(f"It did not come to that: {window.status.message.text()}")


def take_trading(folder: str) -> None:
    with venue() as url, running(folder, VenueOptions(url=url)) as (core, window):
        window.notice.close_button.click()
        desk = window.desk
        until(window, lambda: [row.state for row in desk.links.rows()] == [LinkState.LIVE] * 2)
        core.submit(an_order("3")).result()
        until(window, desk.positions.rows)
        last = desk.positions.rows()[0].last_price or Decimal(700)
        give_orders(core, Decimal(f"{int(last)}.00"))
        wait(40_000)  # some equity to see
        window.dock_area.docks["queue"].bring()
        window.order_form.open(GOLD)
        window.order_form.volume.setText("1")
        window.order_form.price.setText(f"{last - 6:.2f}")
        window.order_form.buy.click()
        wait(1_000)
        window.grab().save(str(IMAGES / "trading.png"))
        window.order_form.leave()
        window.run_command("look_back")
        until(window, lambda: window.past.moment)
        moment = window.past.moment
        assert moment is not None
        window.past.go_to(moment.last_seq * 3 // 4)
        until(window, lambda: not window.past.loading)
        wait(1_000)
        window.grab().save(str(IMAGES / "past.png"))
        window.run_command("back_to_now")
        until(window, lambda: not window.past.active)


GOLD = "SIM.au9999"


def an_order(volume: str, price: Decimal | None = None, plan: OrderPlan = OrderPlan()) -> SubmitOrder:  # noqa: B008
    return SubmitOrder(
        strategy_id=0,
        symbol=GOLD,
        side=Side.BUY,
        offset=Offset.OPEN,
        type=OrderType.MARKET if price is None else OrderType.LIMIT,
        quantity=Decimal(volume),
        price=price,
        plan=plan,
    )


def give_orders(core: CoreThread, last: Decimal) -> None:
    """One that rests, one with a condition, one that is delayed, and a bracket."""
    core.submit(an_order("2", last - 8)).result()
    condition = f"last({GOLD}) <= {last - 10}"
    core.submit(an_order("1", last - 10, OrderPlan(conditions=(condition,)))).result()
    core.submit(an_order("1", last - 5, OrderPlan(delay_s=200))).result()

    def leg(side: Side, offset: Offset, kind: OrderType, price: Decimal) -> OrderRequest:
        limit, stop = (price, None) if kind is OrderType.LIMIT else (None, price)
        return OrderRequest(
            symbol=GOLD,
            side=side,
            offset=offset,
            type=kind,
            quantity=Decimal(1),
            price=limit,
            trigger_price=stop,
        )

    entry = leg(Side.BUY, Offset.OPEN, OrderType.LIMIT, last - 7)
    target = leg(Side.SELL, Offset.CLOSE, OrderType.LIMIT, last + 12)
    stop = leg(Side.SELL, Offset.CLOSE, OrderType.STOP, last - 13)
    core.submit(SubmitLinked(strategy_id=0, kind=LinkKind.BRACKET, orders=(entry, target, stop))).result()


TAKES: dict[str, Callable[[str], None]] = {"replay": take_replay, "trading": take_trading}


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    application = QApplication([])
    apply_theme(application, DARK)
    for name in sys.argv[1:] or TAKES:
        with tempfile.TemporaryDirectory() as folder:
            TAKES[name](folder)


if __name__ == "__main__":
    main()

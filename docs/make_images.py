"""Takes the README's pictures from the running program: the window and the page, same moment.

`python docs/make_images.py` (needs Chromium at /usr/bin/chromium for the page). The sample is
replayed to a bar where a position is open, so the pictures only change when the program does.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from playwright.sync_api import sync_playwright
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from monitor.assets import resource_path
from monitor.bundled import sample_options
from monitor.core.service import CoreThread, Setup
from monitor.engine.commands import SeekReplay
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


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    application = QApplication([])
    apply_theme(application, DARK)
    with tempfile.TemporaryDirectory() as folder:
        options = sample_options()
        core = CoreThread(
            Setup(
                database=f"sqlite+aiosqlite:///{folder}/images.sqlite",
                start=options,
                fallback=options,
                play=False,
                port=0,
                web_root=resource_path("web"),
            )
        )
        core.start()
        core.wait()
        window = MainWindow(core, Path(folder))
        attach_tickets(window)
        window.resize(*WINDOW)
        window.show()
        window.notice.close_button.click()  # the newcomer's welcome
        first_bar_with_position(core, window)
        wait(SETTLE_MS)
        window.grab().save(str(IMAGES / "window.png"))
        take_page(core.stats().mirror_url, IMAGES / "page.png")
        window.run_command("close_position")
        wait(1000)
        window.grab().save(str(IMAGES / "ticket.png"))
        window.finish()
        core.stop()


if __name__ == "__main__":
    main()

"""The mirrored page in a real browser: it loads, follows, says when it cannot, and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from memory_door import MemoryDoor, account, equity, order, position, replay, trade
from mirror_clients import WEB
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from monitor.engine.values import OrderStatus
from monitor.net.mirror import Mirror

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        await chromium.close()


@pytest.fixture
async def page(browser: Browser, mirror: Mirror, door: MemoryDoor) -> AsyncIterator[Page]:
    """The page in the middle of a replay; fails on any error in its console."""
    door.change(orders=[order(1)], trades=[trade(1)], equity=[equity(0, [1000.0, 1010.0, 990.0])])
    tab = await browser.new_page(viewport={"width": 1280, "height": 800})
    complaints: list[str] = []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    await tab.goto(mirror.url)
    await expect(tab.locator("#link-word")).to_have_text("live")
    yield tab
    assert [text for text in complaints if "ERR_CONNECTION_REFUSED" not in text] == []


async def test_it_says_which_world_and_shows_the_present(page: Page) -> None:
    await expect(page.locator("#world")).to_have_text("REPLAY")
    await expect(page.locator("#meaning")).to_contain_text("no real money (synthetic sample data)")
    await expect(page.locator("#figures")).to_contain_text("1,012,340.50")
    await expect(page.locator("#positions tbody tr")).to_contain_text(["SHFE.au2512"])
    await expect(page.locator("#positions")).to_contain_text("+1,520.00")
    await expect(page.locator("#active-table tbody tr")).to_have_count(1)
    await expect(page.locator("#trades tbody tr")).to_have_count(1)
    await expect(page.locator("#curve-words")).to_contain_text("Equity 990.00")
    assert await page.title() == "REPLAY double_ma on SHFE.au2512 – Trading Monitor"


async def test_it_follows_live(page: Page, door: MemoryDoor) -> None:
    door.change(orders=[order(2, OrderStatus.PARTIAL, filled_quantity=Decimal(1))])
    await expect(page.locator('#active-table tr[data-key="2"]')).to_contain_text("1/2")
    door.change(
        orders=[order(1, OrderStatus.FILLED), order(2, OrderStatus.CANCELED)],
        trades=[trade(2)],
        positions=[position(0)],
        accounts=[account(balance=Decimal("-12.5"))],
        replay=replay(4214),
    )
    await expect(page.locator("#active-table .empty")).to_be_visible()
    await expect(page.locator("#positions .empty")).to_contain_text("No open position")
    await expect(page.locator("#trades tbody tr")).to_have_count(2)
    await expect(page.locator("#figures .big dd")).to_have_text("−12.50 CNY")
    await expect(page.locator("#replay-text")).to_contain_text("bar 4,214 of 10,215")


@pytest.mark.slow
async def test_history_is_paged_by_the_keyboard(page: Page, door: MemoryDoor) -> None:
    door.change(orders=[order(number, OrderStatus.FILLED) for number in range(2, 47)])
    await page.focus("#tab-active")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#history-page")).to_have_text("page 1 of 3 · 45 orders")
    await expect(page.locator("#history-table tbody tr").first).to_have_attribute("data-key", "46")
    await page.focus("#history-older")
    await page.keyboard.press("Enter")
    await expect(page.locator("#history-page")).to_contain_text("page 2 of 3")
    await expect(page.locator("#history-table tbody tr").first).to_have_attribute("data-key", "26")
    await page.select_option("#history-status", "Rejected")
    await expect(page.locator("#history-table .empty")).to_be_visible()


@pytest.mark.slow
async def test_a_reset_empties_it(page: Page, door: MemoryDoor) -> None:
    door.change(cleared=True, accounts=[account()])
    await expect(page.locator("#active-table .empty")).to_be_visible()
    await expect(page.locator("#trades .empty")).to_be_visible()
    await expect(page.locator("#curve-empty")).to_be_visible()
    await expect(page.locator("#curve-note")).to_be_empty()


async def test_it_survives_a_restart_of_the_engine(page: Page, door: MemoryDoor, mirror: Mirror) -> None:
    await mirror.stop()
    await expect(page.locator("#link-word")).to_have_text("lost")
    await expect(page.locator("#link-detail")).to_contain_text("as of")
    await expect(page.locator("#link-detail")).to_contain_text("of 10")
    await expect(page.locator('#active-table tr[data-key="1"]')).to_be_visible()
    door.change(orders=[order(1, OrderStatus.FILLED), order(5)])
    again = Mirror(door, port=int(mirror.url.rsplit(":", 1)[1]), web_root=WEB)
    await again.start()
    await expect(page.locator("#link-word")).to_have_text("live", timeout=15_000)
    await expect(page.locator('#active-table tr[data-key="5"]')).to_be_visible()
    await expect(page.locator('#active-table tr[data-key="1"]')).to_have_count(0)
    await again.stop()


@pytest.mark.slow
async def test_after_ten_tries_it_offers_a_button(browser: Browser, door: MemoryDoor, mirror: Mirror) -> None:
    tab = await browser.new_page()
    opened: list[str] = []
    tab.on("websocket", lambda line: opened.append(line.url))
    await tab.clock.install()
    await tab.goto(mirror.url)
    await tab.clock.run_for(500)
    await expect(tab.locator("#link-word")).to_have_text("live")
    ladder = await tab.evaluate("import('/script/line.js').then(line => line.LADDER_S)")
    assert ladder == [1, 2, 4, 8, 16, 30, 60, 120, 300, 600]
    await mirror.stop()
    await expect(tab.locator("#link-word")).to_have_text("lost")
    async with asyncio.timeout(30):
        while not await tab.locator("#reconnect").is_visible():
            await tab.clock.run_for(600_000)
    await expect(tab.locator("#link-detail")).to_contain_text("gave up")
    assert sum(url.endswith("/ws/live") for url in opened) == 1 + 10
    again = Mirror(door, port=int(mirror.url.rsplit(":", 1)[1]), web_root=WEB)
    await again.start()
    await tab.click("#reconnect")
    await expect(tab.locator("#link-word")).to_have_text("live")
    await expect(tab.locator("#reconnect")).to_be_hidden()
    await again.stop()


@pytest.mark.slow
async def test_a_link_that_has_gone_silent_is_not_called_live(browser: Browser, mirror: Mirror) -> None:
    tab = await browser.new_page()
    await tab.clock.install()
    await tab.goto(mirror.url)
    await tab.clock.run_for(500)
    await expect(tab.locator("#link-word")).to_have_text("live")
    word = "document.getElementById('link-word')"
    await tab.evaluate(
        f"window.words = []; new MutationObserver(() => words.push({word}.textContent))"
        f".observe({word}, {{childList: true}})"
    )
    await tab.clock.run_for(14_000)
    await expect(tab.locator("#link-word")).to_have_text("live")
    assert "lost" in await tab.evaluate("words")


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
async def test_nothing_is_cut_off_at_the_side(page: Page, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    wide = "[document.documentElement, ...document.querySelectorAll('.scroll')]"
    cut = await page.evaluate(
        f"{wide}.filter(e => e.scrollWidth > e.clientWidth).map(e => e.id || e.tagName)"
    )
    assert cut == []


@pytest.mark.slow
async def test_it_asks_nobody_but_its_mirror(browser: Browser, mirror: Mirror) -> None:
    tab = await browser.new_page()
    asked: list[str] = []

    async def note(route: Route) -> None:
        asked.append(route.request.url)
        await route.continue_()

    await tab.route("**/*", note)
    await tab.goto(mirror.url)
    await expect(tab.locator("#link-word")).to_have_text("live")
    assert len(asked) > 5
    assert all(url.startswith(mirror.url) for url in asked)

"""`mirror.trading` from the settings to the routes, in a process of its own."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from test_serving import pytestmark as pytestmark, running

from monitor.settings import FIELDS

ORDER = {"symbol": "NO.such", "side": "BUY", "type": "MARKET", "quantity": 1}


def test_it_is_off_unless_somebody_says_so() -> None:
    field = FIELDS["mirror.trading"]
    assert field.default is False
    assert "may then trade" in field.description


@pytest.mark.parametrize(("switch", "expected"), [("no", (403, "trading-off")), ("yes", (404, "unknown"))])
def test_the_setting_opens_the_routes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, switch: str, expected: tuple[int, str]
) -> None:
    monkeypatch.setenv("MONITOR_MIRROR_TRADING", switch)
    with running(tmp_path, "serve", "--paused") as (_, url):
        answer = httpx.post(f"{url}/api/order/submit", json=ORDER, timeout=20)
        assert (answer.status_code, answer.json()["type"]) == expected
        assert httpx.get(f"{url}/api/system", timeout=20).json()["session"]["world"] == "REPLAY"

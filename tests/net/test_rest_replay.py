"""Orders given over REST in a replay: they belong to its strategy and wait by its clock."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import httpx
from mirror_clients import WEB

from monitor.engine.commands import StepReplay
from monitor.net.mirror import Mirror

sys.path.insert(0, str(Path(__file__).parents[1] / "core"))
from core_world import CoreWorld, core_world, options, write_bars, write_strategies

FLAT = [(100.0, 101.0, 99.0, 100.0, 1000.0)] * 20
RISING = [*FLAT, *[(100.0 + n, 101.0 + n, 99.0 + n, 100.0 + n, 1000.0) for n in range(20)]]
ORDER = {"instrument_name": "SHFE.test", "amount": 1, "direction": "buy", "order_type": "market"}


async def test_a_conditional_order_in_a_replay(tmp_path: Path) -> None:
    start = options(write_bars(tmp_path / "bars.csv", RISING), f"{write_strategies(tmp_path)}:Idle")
    async with core_world(tmp_path / "db.sqlite", start) as world:
        mirror = Mirror(world.core, port=0, web_root=WEB, trading=True)
        await mirror.start()
        async with httpx.AsyncClient(base_url=mirror.url, timeout=20) as web:
            await scene(world, web)
        await mirror.stop()


async def scene(world: CoreWorld, web: httpx.AsyncClient) -> None:
    await world.does(StepReplay(bars=10))
    met = await given(web, ORDER | {"conditions": ["last(SHFE.test) >= 105"]})
    never = await given(web, ORDER | {"conditions": ["last(SHFE.test) >= 500"], "expiration": 600})
    waiting = (await web.get("/api/queue")).json()["waiting"]
    assert [one["order_id"] for one in waiting] == [met, never]
    replay = world.now.replay
    assert replay is not None
    assert waiting[1]["expires_ms"] == (replay.time_ns or 0) // 1_000_000 + 600_000
    await world.does(StepReplay(bars=25))
    orders = (await web.get("/api/orders/history")).json()["orders"]
    assert {one["order_id"]: (one["status"], one["strategy_id"]) for one in orders} == {
        met: ("Filled", 1),
        never: ("Expired", 1),
    }
    whole = (await web.get(f"/api/orders/{met}")).json()
    assert [one["order_id"] for one in whole["trades"]] == [met]
    assert (await web.get("/api/queue")).json()["waiting"] == []
    assert (await web.get("/api/executions/summary")).json() is None
    refused = await web.post("/api/order/1/replace", json={"price": 1})
    assert refused.status_code in {409, 422}


async def given(web: httpx.AsyncClient, body: dict[str, Any]) -> int:
    answer = await web.post("/api/orders/conditional", json=body)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["order_ids"][0])

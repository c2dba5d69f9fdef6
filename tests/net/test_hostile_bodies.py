"""Bodies that mean harm, or nothing: a clear answer to that peer, and nothing else happens.

The pieces of broken JSON are of the kinds of RFC 8259's torture suites, written here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from memory_door import MemoryDoor, busy_door
from mirror_clients import WEB
from test_trade_routes import ADVANCED, ORDER, ROUTES

from monitor.engine.commands import accepted
from monitor.net import bodies
from monitor.net.bodies import decoded
from monitor.net.guard import MAX_BODY
from monitor.net.mirror import Mirror
from monitor.net.problems import Problem

SUBMIT = "/api/order/submit"
JSON = {"content-type": "application/json"}


@pytest.fixture
def door() -> MemoryDoor:
    door = busy_door()
    door.answer = accepted()
    return door


@pytest.fixture
async def mirror(door: MemoryDoor) -> AsyncIterator[Mirror]:
    running = Mirror(door, port=0, web_root=WEB, trading=True)
    await running.start()
    yield running
    await running.stop()


async def refusal(
    web: httpx.AsyncClient, door: MemoryDoor, content: bytes, path: str = SUBMIT
) -> dict[str, Any]:
    answer = await web.post(path, content=content, headers=JSON)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert door.commands == []
    body: dict[str, Any] = answer.json()
    assert body["detail"].endswith(".")
    assert len(body["detail"]) < 400
    return body


def with_value(text: str, field: str = "price") -> bytes:
    """An order, sound but for one field, which says exactly this."""
    rest = json.dumps({name: value for name, value in ORDER.items() if name != field})
    return f'{rest[:-1]},"{field}":{text}}}'.encode()


TORTURE = [
    b"{",
    b"}",
    b"[",
    b"{]",
    b"{}}",
    b"{} x",
    b"{},",
    b'{"a":1,}',
    b"{'a':1}",
    b"{a:1}",
    b'{"a"}',
    b'{"a":}',
    b'{"a" 1}',
    b"{:1}",
    b"{1:1}",
    b'{"a":1 "b":2}',
    b'{"a":"\x01"}',
    b'{"a":"\t"}',
    b'{"a":"\\x41"}',
    b'{"a":"\\u12"}',
    b'{"a":"\\"}',
    b'{"a":"',
    b'{"a":tru}',
    b'{"a":True}',
    b'{"a":nul',
    b"{}\x00",
    b"\x00",
    b"\xef\xbb\xbf{}",
    b"\xff\xfe{\x00}\x00",
    '{"a":1}'.encode("utf-16"),
    '{"a":1}'.encode("utf-32"),
    b'{"\xff":1}',
    b'{"a":"\xed\xa0\x80"}',
    b'{"a":"\\ud800"}',
    b'{"\\udfff":1}',
    b"{/*1*/}",
    b"{}//",
    b"\x0c{}",
    b"\xc2\xa0{}",
    b'{"a":NaN}',
    b'{"a":Infinity}',
    b'{"a":-Infinity}',
    b"nan",
    b"<xml/>",
    b"a=1&b=2",
]


async def test_what_is_no_json_is_refused(web: httpx.AsyncClient, door: MemoryDoor) -> None:
    for content in TORTURE:
        assert (await refusal(web, door, content))["type"] == "malformed-body", content


@pytest.mark.parametrize(
    "number", ["01", "-01", "+1", "1.", ".5", "-", "1e", "1e+", "0x10", "1_0", "--1", "１"]
)
async def test_what_is_no_number_of_json_is_refused(
    web: httpx.AsyncClient, door: MemoryDoor, number: str
) -> None:
    assert (await refusal(web, door, with_value(number)))["type"] == "malformed-body"


@pytest.mark.parametrize(
    "number",
    [
        "1e400",
        "1e99999999999999999999",
        "1e-400",
        "-1e16",
        "1e16",
        "0.0000000000001",
        "1" * 5_000,
        "0." + "1" * 5_000,
        "123456789012345678901234567890",
    ],
)
async def test_numbers_beyond_all_prices_are_refused(
    web: httpx.AsyncClient, door: MemoryDoor, number: str
) -> None:
    for field in ("price", "quantity", "expires_ms", "strategy_id"):
        body = await refusal(web, door, with_value(number, field))
        assert body["type"] == "invalid-value"


@pytest.mark.parametrize("content", [b"null", b"[]", b"1", b'"text"', b"true", b"[{}]"])
async def test_what_is_no_object_is_refused(web: httpx.AsyncClient, door: MemoryDoor, content: bytes) -> None:
    assert (await refusal(web, door, content))["type"] == "invalid-value"


@pytest.mark.parametrize(
    "content",
    [b"[" * 60_000, b'{"a":' * 10_000, b"[" * 30_000 + b"]" * 30_000, b'{"metadata":' + b"[" * 2_000],
)
async def test_deep_json_is_refused(web: httpx.AsyncClient, door: MemoryDoor, content: bytes) -> None:
    await refusal(web, door, content)
    assert (await web.get("/healthz")).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quantity", '"2"'),
        ("quantity", "true"),
        ("quantity", "null"),
        ("quantity", "[1]"),
        ("quantity", '"NaN"'),
        ("price", '"Infinity"'),
        ("price", '"1e5"'),
        ("price", "{}"),
        ("side", '"buy"'),
        ("side", '"HOLD"'),
        ("side", "1"),
        ("type", '"LIMIT "'),
        ("time_in_force", '"gtc"'),
        ("symbol", '""'),
        ("symbol", '"a b"'),
        ("symbol", '"SHFE.au2512\\n"'),
        ("symbol", '"' + "a" * 65 + '"'),
        ("symbol", '"<script>"'),
        ("account_id", '"a\\u0000b"'),
        ("account_id", '"\\u202etxt"'),
        ("reduce_only", "1"),
        ("reduce_only", '"true"'),
        ("strategy_id", "-1"),
        ("strategy_id", "1.5"),
        ("strategy_id", "9007199254740992"),
        ("expires_ms", "-1"),
        ("expires_ms", "999999999999999"),
        ("priority", '"urgent"'),
        ("execute_immediately", "0"),
    ],
)
async def test_wrong_types_and_sizes_are_refused_by_field(
    web: httpx.AsyncClient, door: MemoryDoor, field: str, value: str
) -> None:
    body = await refusal(web, door, with_value(value, field))
    assert (body["status"], body["type"], body["field"]) == (422, "invalid-value", field)
    if field in {"side", "type", "time_in_force", "priority"}:
        assert "must be one of" in body["detail"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("direction", "long"),
        ("order_type", "LIMIT"),
        ("conditions", "last(X) > 1"),
        ("conditions", [1]),
        ("conditions", ["x"] * 6),
        ("conditions", ["x" * 1_001]),
        ("metadata", {"a": 1}),
        ("metadata", {"a": "x" * 201}),
        ("metadata", {"": "x"}),
        ("metadata", {f"k{n}": "v" for n in range(21)}),
        ("metadata", ["a"]),
        ("delay_s", 301),
        ("delay_s", 0),
        ("expiration", 0),
        ("auto_cancel_s", -1),
        ("on_failure", "panic"),
    ],
)
async def test_plans_beyond_their_bounds_are_refused(
    web: httpx.AsyncClient, door: MemoryDoor, field: str, value: object
) -> None:
    content = json.dumps(ADVANCED | {field: value}).encode()
    body = await refusal(web, door, content, "/api/orders/advanced")
    assert body["status"] == 422
    assert body["field"].startswith(field)


async def test_unknown_missing_and_repeated_fields_are_named(
    web: httpx.AsyncClient, door: MemoryDoor
) -> None:
    cases = {
        with_value('"window"', "origin"): ("unknown-field", "origin"),
        with_value('"k"', "key"): ("unknown-field", "key"),
        b'{"symbol":"X"}': ("missing-field", "side"),
        with_value('2,"price":3'): ("repeated-field", "price"),
    }
    for content, (type_, field) in cases.items():
        body = await refusal(web, door, content)
        assert (body["type"], body["field"]) == (type_, field)
    nested = json.dumps({"kind": "OCO", "orders": [ORDER, {**ORDER, "plan": {}}]}).encode()
    assert (await refusal(web, door, nested, "/api/orders/linked"))["field"] == "orders[1].plan"
    texts = json.dumps({"kind": "OCO", "orders": [ORDER, {**ORDER, "price": "1"}]}).encode()
    assert (await refusal(web, door, texts, "/api/orders/linked"))["field"] == "price"


FORMS = [
    None,
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=latin-1",
    "application/jsonp",
    "text/json",
]


async def test_a_page_s_form_cannot_give_orders(web: httpx.AsyncClient, door: MemoryDoor) -> None:
    for path in [*ROUTES, "/api/conditions/check"]:
        for content_type in FORMS:
            headers = {"content-type": content_type} if content_type else {}
            content = json.dumps(ROUTES.get(path, {})).encode()
            answer = await web.post(path, content=content, headers=headers)
            assert (answer.status_code, answer.json()["type"]) == (415, "not-json"), (path, content_type)
    assert door.commands == []


async def test_another_page_cannot_give_orders(web: httpx.AsyncClient, door: MemoryDoor) -> None:
    for path, body in ROUTES.items():
        answer = await web.post(path, json=body, headers={"origin": "http://evil.example"})
        assert (answer.status_code, answer.json()["type"]) == (403, "foreign-origin")
    assert door.commands == []


async def test_json_says_its_charset_as_it_likes(web: httpx.AsyncClient, door: MemoryDoor) -> None:
    for content_type in ["application/json;charset=UTF-8", 'Application/JSON ; charset="utf-8"']:
        headers = {"content-type": content_type}
        answer = await web.post("/api/order/1/cancel", content=b"{}", headers=headers)
        assert answer.status_code == 200
    assert len(door.commands) == 2


async def test_bodies_are_bounded_however_they_come(web: httpx.AsyncClient, door: MemoryDoor) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * (MAX_BODY // 10)

    for content in (b" " * (MAX_BODY + 1), pieces()):
        answer = await web.post(SUBMIT, content=content, headers=JSON)
        assert (answer.status_code, answer.json()["type"]) == (413, "body-too-large")
    compressed = await web.post(SUBMIT, content=b"\x1f\x8b", headers=JSON | {"content-encoding": "gzip"})
    assert (compressed.status_code, compressed.json()["type"]) == (415, "encoded-body")
    assert door.commands == []


def head(mirror: Mirror, length: int) -> bytes:
    lines = [
        f"POST {SUBMIT} HTTP/1.1",
        f"Host: {mirror.url.removeprefix('http://')}",
        "Content-Type: application/json",
        f"Content-Length: {length}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


async def test_a_body_that_never_comes_is_not_waited_for(
    mirror: Mirror, door: MemoryDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_S", 0.05)
    reader, writer = await asyncio.open_connection(*mirror.url.removeprefix("http://").split(":"))
    writer.write(head(mirror, 100) + b"{")
    assert b"408" in await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert door.commands == []


async def test_a_body_that_breaks_off_gives_no_order(mirror: Mirror, door: MemoryDoor) -> None:
    whole = json.dumps(ORDER).encode()
    _, writer = await asyncio.open_connection(*mirror.url.removeprefix("http://").split(":"))
    writer.write(head(mirror, len(whole) + 1) + whole)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    async with httpx.AsyncClient(base_url=mirror.url) as client:
        assert (await client.get("/healthz")).status_code == 200
    assert door.commands == []


async def test_ids_in_addresses_are_checked(web: httpx.AsyncClient, door: MemoryDoor) -> None:
    for path in [
        "/api/order/-1/cancel",
        "/api/order/x/cancel",
        "/api/order/1e3/replace",
        "/api/alerts/٣/acknowledge",
    ]:
        answer = await web.post(path, json={})
        assert answer.status_code == 422
    assert (await web.post("/api/order/submit?dry=1", json=ORDER)).json()["field"] == "dry"
    assert door.commands == []


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
KINDS = [kind for kind in vars(bodies).values() if isinstance(kind, type) and issubclass(kind, bodies.Body)]


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_sent_it_is_a_body_or_a_problem(kind: type[bodies.Body], data: st.DataObject) -> None:
    names = st.sampled_from([*kind.__struct_fields__, "x"])
    body = data.draw(
        st.binary(max_size=200)
        | JSON_VALUES.map(lambda value: json.dumps(value).encode())
        | st.dictionaries(names, JSON_VALUES, max_size=6).map(lambda value: json.dumps(value).encode())
    )
    found = tried(body, kind)
    if isinstance(found, Problem):
        assert 400 <= found.status < 500
        assert json.loads(found.response().body)["detail"]
    else:
        assert isinstance(found, kind)


def tried(body: bytes, kind: type[bodies.Body]) -> bodies.Body | Problem:
    try:
        return decoded(body, kind)
    except Problem as problem:
        return problem

"""The patience of a gateway: time-outs, heartbeats, tries. Plain numbers, in seconds."""

from __future__ import annotations

import msgspec

RECONNECT_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0, 120.0, 300.0, 600.0)


class GatewayTerms(msgspec.Struct, frozen=True, kw_only=True):
    """`reconnect_s`: the wait before each try, after the last by hand. Tries count from one again
    when a line has lived for `steady_s`. `ping_s` between heartbeats; nothing heard in answer
    for `degraded_s`, then `cut_s`: doubted, then given up. `malformed_in_a_row` frames that
    cannot be read end a line. `symbols` to be quoted, None for all instruments. `most_waiting`
    requests that have not left yet."""

    request_timeout_s: float = 5.0
    connect_timeout_s: float = 5.0
    ping_s: float = 3.0
    degraded_s: float = 7.0
    cut_s: float = 15.0
    reconnect_s: tuple[float, ...] = RECONNECT_S
    steady_s: float = 30.0
    malformed_in_a_row: int = 10
    most_waiting: int = 1_000
    symbols: tuple[str, ...] | None = None

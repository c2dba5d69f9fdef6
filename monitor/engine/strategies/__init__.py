"""The strategies that are shipped, by name."""

from __future__ import annotations

from monitor.engine.strategies.channel_breakout import ChannelBreakout
from monitor.engine.strategies.double_ma import DoubleMa
from monitor.engine.strategy import Strategy

SHIPPED: dict[str, type[Strategy]] = {
    "channel_breakout": ChannelBreakout,
    "double_ma": DoubleMa,
}

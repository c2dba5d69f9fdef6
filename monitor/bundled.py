"""What ships with the program to begin with: the synthetic sample and how it is replayed."""

from __future__ import annotations

from decimal import Decimal

from monitor.assets import resource_path
from monitor.engine.options import ReplayOptions


def sample_options() -> ReplayOptions:
    """What a newcomer sees first: the bundled synthetic data with a strategy whose orders rest."""
    return ReplayOptions(
        file=str(resource_path("sample", "SIM.au9999.1m.csv.gz")),
        strategy="channel_breakout",
        multiplier=Decimal(1000),
        rate=Decimal("0.00002"),
        slippage=Decimal(1),
        margin_rate=Decimal("0.08"),
        capital=Decimal(5_000_000),
        participation=Decimal("0.05"),
    )

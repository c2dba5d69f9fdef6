"""How a figure is printed: one JSON line with the machine it was measured on."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version
from typing import Any


def print_figure(id_: str, name: str, value: float, unit: str, *, goal: str = "", **more: Any) -> None:
    """`more` goes into the line as it is; floats are rounded to three digits after the point."""
    rounded = {key: round(item, 3) if isinstance(item, float) else item for key, item in more.items()}
    line = {
        "id": id_,
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "goal": goal,
        **rounded,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "versions": {"python": platform.python_version(), "PySide6": version("PySide6-Essentials")},
    }
    print(json.dumps(line), flush=True)

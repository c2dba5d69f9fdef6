"""Which commands a row's menu offers: safe, then changing, then dangerous ones, from the table.

Owns the choice by table; what a command does and whether it can run is the command table's.
"""

from __future__ import annotations

from monitor.commands import Danger, command

READING = ("details", "copy", "filter")
RESOLVING = ("look_up_order", "never_arrived", "has_ended")
ACTING: dict[str, tuple[str, ...]] = {
    "positions": ("close_position", "close_all"),
    "active_orders": ("cancel_selected", "cancel_all", *RESOLVING),
    "stragglers": ("cancel_selected", "compare_now", *RESOLVING),
    "waiting": ("send_waiting", "cancel_selected", "new_order"),
    "alerts": ("acknowledge", "compare_now"),
    "evidence": ("compare_now", *RESOLVING),
    "links": ("reconnect", "compare_now"),
    "triggers": ("start_strategy", "stop_strategy"),
}


def row_commands(table_id: str) -> list[list[str]]:
    """Command ids in groups by danger, the safest first; empty groups are left out."""
    ids = (*READING, *ACTING.get(table_id, ()))
    groups = ([id for id in ids if command(id).danger is danger] for danger in Danger)
    return [group for group in groups if group]

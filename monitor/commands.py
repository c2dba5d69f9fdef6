"""The one table of what a user can do: menus, palette, cheat sheet and shortcuts read it.

Owns ids, titles, default keys and dangers. Knows no Qt, no widgets and no engine: `when` is
the name of a condition that the window evaluates, and handlers are bound to ids elsewhere.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Danger(StrEnum):
    """SAFE changes nothing; CHANGES can be undone; DANGEROUS touches orders or positions."""

    SAFE = "safe"
    CHANGES = "changes"
    DANGEROUS = "dangerous"


class Scope(StrEnum):
    """Where the keys work: anywhere in the window, or only while a table has the focus."""

    WINDOW = "window"
    TABLE = "table"


class Group(StrEnum):
    GENERAL = "General"
    REPLAY = "Replay"
    PAST = "Past"
    ORDERS = "Orders and positions"
    STRATEGIES = "Strategies"
    SYSTEM = "System"
    TABLES = "Tables"
    PANELS = "Panels"


class When(StrEnum):
    """Conditions under which a command can run; the window knows how to test them."""

    ALWAYS = "always"
    REPLAY = "replay"
    RESETTABLE = "resettable"
    ENGINE = "engine"
    PRESENT = "present"
    PAST = "past"
    ORDER_SELECTED = "order selected"
    ORDERS_WORKING = "orders working"
    ORDER_FOR_YOU = "order for you"
    ORDER_UNKNOWN = "order unknown"
    ALERT_STANDING = "alert standing"
    NOT_HALTED = "not halted"
    NOT_REDUCING = "not reducing"
    NOT_NORMAL = "not normal"
    TRADING = "trading"
    ORDERING = "ordering"
    POSITION_SELECTED = "position selected"
    POSITIONS_OPEN = "positions open"
    STRATEGY_STOPPED = "strategy stopped"
    STRATEGY_RUNNING = "strategy running"
    ROWS_SELECTED = "rows selected"
    TABLE = "table"


class UserCommand(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a user can do. `keys` are Qt's portable names ("Ctrl+K", "Shift+X"), the
    first is shown; `repeats` says whether holding the key down repeats it. While a past moment is
    looked at, commands of `When.PAST` have their keys for themselves."""

    id: str
    title: str
    group: Group
    keys: tuple[str, ...] = ()
    when: When = When.ALWAYS
    danger: Danger = Danger.SAFE
    scope: Scope = Scope.WINDOW
    repeats: bool = False


DOCKS: tuple[tuple[str, str], ...] = (
    ("positions", "Positions"),
    ("equity", "Equity"),
    ("orders", "Orders"),
    ("trades", "Trades"),
    ("strategies", "Strategies"),
    ("account", "Account"),
    ("log", "Log"),
    ("queue", "Queue and conditions"),
    ("records", "Position records"),
    ("system", "System"),
)
DOCK_KEYS: dict[str, str] = {
    **{name: f"Ctrl+{number}" for number, (name, _) in enumerate(DOCKS[:7], start=1)},
    "queue": "Alt+1",
    "records": "Alt+2",
    "system": "Alt+3",
}
"""Ctrl+8 and Ctrl+9 are the replay bar and the ticket, so what came later has Alt."""


def _general() -> tuple[UserCommand, ...]:
    group = Group.GENERAL
    return (
        UserCommand(id="show_palette", title="Find a command", group=group, keys=("Ctrl+K",)),
        UserCommand(id="show_keys", title="Show all keys", group=group, keys=("?", "F1")),
        UserCommand(id="open_mirror", title="Open the web page of this session", group=group),
        UserCommand(id="reset_layout", title="Reset the layout", group=group),
        UserCommand(id="quit", title="Quit", group=group, keys=("Ctrl+Q",), danger=Danger.CHANGES),
    )


def _replay() -> tuple[UserCommand, ...]:
    def replay(id: str, title: str, *keys: str, repeats: bool = False) -> UserCommand:
        return UserCommand(
            id=id, title=title, group=Group.REPLAY, keys=keys, when=When.REPLAY, repeats=repeats
        )

    return (
        replay("replay_toggle", "Play or pause the replay", "Space"),
        replay("replay_step", "Step one bar forward", ".", repeats=True),
        replay("replay_back", "Step one bar back", ",", repeats=True),
        replay("replay_slower", "Replay slower", "["),
        replay("replay_faster", "Replay faster", "]"),
        replay("replay_goto", "Go to a bar or a time", "T"),
        UserCommand(
            id="replay_reset",
            title="Reset the replay to its first bar",
            group=Group.REPLAY,
            keys=("Ctrl+Home",),
            when=When.RESETTABLE,
            danger=Danger.CHANGES,
        ),
        UserCommand(
            id="open_sample",
            title="Open the sample replay",
            group=Group.REPLAY,
            when=When.ENGINE,
            danger=Danger.CHANGES,
        ),
    )


def _past() -> tuple[UserCommand, ...]:
    def past(id: str, title: str, key: str, when: When = When.PAST, repeats: bool = False) -> UserCommand:
        return UserCommand(id=id, title=title, group=Group.PAST, keys=(key,), when=when, repeats=repeats)

    return (
        past("look_back", "Look at a past moment", "Ctrl+T", When.PRESENT),
        past("back_to_now", "Back to now", "Ctrl+T"),
        past("past_back", "Step one fact back", ",", repeats=True),
        past("past_forward", "Step one fact forward", ".", repeats=True),
        past("past_goto", "Go to a past time", "T"),
    )


def _orders() -> tuple[UserCommand, ...]:
    def order(id: str, title: str, key: str, when: When) -> UserCommand:
        return UserCommand(
            id=id, title=title, group=Group.ORDERS, keys=(key,), when=when, danger=Danger.DANGEROUS
        )

    return (
        order("close_position", "Close the selected position", "X", When.POSITION_SELECTED),
        order("close_all", "Close all positions", "Shift+X", When.POSITIONS_OPEN),
        order("cancel_selected", "Cancel the selected orders", "D", When.ORDER_SELECTED),
        order("cancel_all", "Cancel all orders", "Shift+D", When.ORDERS_WORKING),
        order("new_order", "New order", "N", When.ORDERING),
        order("send_waiting", "Send the order that waits for your decision", "E", When.ORDER_FOR_YOU),
        UserCommand(
            id="look_up_order",
            title="Ask the venue about an unknown order again",
            group=Group.ORDERS,
            keys=("L",),
            when=When.ORDER_UNKNOWN,
            danger=Danger.CHANGES,
        ),
        UserCommand(
            id="never_arrived",
            title="The unknown order never arrived",
            group=Group.ORDERS,
            when=When.ORDER_UNKNOWN,
            danger=Danger.DANGEROUS,
        ),
        UserCommand(
            id="has_ended",
            title="The unknown order has ended",
            group=Group.ORDERS,
            when=When.ORDER_UNKNOWN,
            danger=Danger.DANGEROUS,
        ),
    )


def _system() -> tuple[UserCommand, ...]:
    def system(id: str, title: str, key: str, when: When, danger: Danger) -> UserCommand:
        keys = (key,) if key else ()
        return UserCommand(id=id, title=title, group=Group.SYSTEM, keys=keys, when=when, danger=danger)

    return (
        system("emergency_stop", "Emergency stop", "Ctrl+Shift+F12", When.NOT_HALTED, Danger.DANGEROUS),
        system("reduce_only", "Reduce positions only", "", When.NOT_REDUCING, Danger.DANGEROUS),
        system("back_to_normal", "Back to normal trading", "", When.NOT_NORMAL, Danger.DANGEROUS),
        system("compare_now", "Compare with the venue now", "F5", When.TRADING, Danger.CHANGES),
        system("reconnect", "Try lost lines to venues again now", "Shift+F5", When.TRADING, Danger.CHANGES),
        system("acknowledge", "Take note of an alert", "A", When.ALERT_STANDING, Danger.CHANGES),
    )


def _strategies() -> tuple[UserCommand, ...]:
    return (
        UserCommand(
            id="start_strategy",
            title="Start the strategy",
            group=Group.STRATEGIES,
            keys=("S",),
            when=When.STRATEGY_STOPPED,
            danger=Danger.CHANGES,
        ),
        UserCommand(
            id="stop_strategy",
            title="Stop the strategy",
            group=Group.STRATEGIES,
            keys=("Shift+S",),
            when=When.STRATEGY_RUNNING,
            danger=Danger.DANGEROUS,
        ),
    )


def _tables() -> tuple[UserCommand, ...]:
    def table(id: str, title: str, *keys: str, when: When = When.TABLE) -> UserCommand:
        return UserCommand(id=id, title=title, group=Group.TABLES, keys=keys, when=when, scope=Scope.TABLE)

    return (
        UserCommand(id="filter", title="Filter the table", group=Group.TABLES, keys=("/",), when=When.TABLE),
        table("details", "Show the details of a row", "Return", "Enter", when=When.ROWS_SELECTED),
        table("copy", "Copy the selected rows", "Ctrl+C", when=When.ROWS_SELECTED),
    )


def _panels() -> tuple[UserCommand, ...]:
    docks = (
        UserCommand(
            id=f"dock_{name}", title=f"Go to {title.lower()}", group=Group.PANELS, keys=(DOCK_KEYS[name],)
        )
        for name, title in DOCKS
    )
    last = (
        UserCommand(id="next_account", title="Show the next account", group=Group.PANELS, keys=("Alt+A",)),
        UserCommand(id="dock_replay", title="Go to the replay bar", group=Group.PANELS, keys=("Ctrl+8",)),
        UserCommand(id="dock_ticket", title="Go to the open ticket", group=Group.PANELS, keys=("Ctrl+9",)),
    )
    return (*docks, *last)


COMMANDS: tuple[UserCommand, ...] = (
    *_replay(),
    *_past(),
    *_orders(),
    *_strategies(),
    *_system(),
    *_tables(),
    *_panels(),
    *_general(),
)


def command(id: str) -> UserCommand:
    """The command of that id; KeyError when there is none."""
    for candidate in COMMANDS:
        if candidate.id == id:
            return candidate
    raise KeyError(id)


def key_label(key: str) -> str:
    """How a key is shown: "X" is the key x, "Shift+X" is what one types as X."""
    if len(key) == 1:
        return key.lower()
    head, _, last = key.rpartition("+")
    if head == "Shift" and len(last) == 1:
        return last.upper()
    return {"Return": "Enter"}.get(key, key)


def keys_label(entry: UserCommand) -> str:
    """The first key of a command as shown, "" when it has none."""
    return key_label(entry.keys[0]) if entry.keys else ""

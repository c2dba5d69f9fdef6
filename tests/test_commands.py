"""The table of commands is complete, unambiguous and careful with what costs money."""

from __future__ import annotations

import pytest

from monitor.commands import COMMANDS, Danger, Scope, When, command, key_label


def test_ids_and_keys_are_unique() -> None:
    ids = [entry.id for entry in COMMANDS]
    assert len(ids) == len(set(ids))
    for past in (True, False):  # those of the past have their keys for themselves while it is looked at
        keys = [key for entry in COMMANDS if (entry.when is When.PAST) is past for key in entry.keys]
        assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("id", "shown"),
    [
        ("show_palette", "Ctrl+K"),
        ("show_keys", "?"),
        ("filter", "/"),
        ("details", "Enter"),
        ("cancel_selected", "d"),
        ("cancel_all", "D"),
        ("close_position", "x"),
        ("close_all", "X"),
        ("replay_toggle", "Space"),
        ("replay_step", "."),
        ("replay_back", ","),
        ("replay_slower", "["),
        ("replay_faster", "]"),
        ("replay_goto", "t"),
        ("dock_positions", "Ctrl+1"),
        ("dock_ticket", "Ctrl+9"),
        ("quit", "Ctrl+Q"),
    ],
)
def test_keys_are_shown_as_they_are_typed(id: str, shown: str) -> None:
    assert key_label(command(id).keys[0]) == shown


def test_a_held_key_never_repeats_what_touches_orders() -> None:
    assert [entry.id for entry in COMMANDS if entry.repeats and entry.danger is not Danger.SAFE] == []


def test_enter_and_escape_are_never_an_order_action() -> None:
    for entry in COMMANDS:
        assert "Esc" not in entry.keys
        if {"Return", "Enter"} & set(entry.keys):
            assert entry.danger is Danger.SAFE
            assert entry.scope is Scope.TABLE, "elsewhere Enter belongs to the ticket or field"


def test_an_unknown_command_is_an_error() -> None:
    with pytest.raises(KeyError):
        command("make_money")

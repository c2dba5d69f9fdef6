"""The three keys that matter now, chosen by what is happening. Reads; changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.commands import command, keys_label
from monitor.engine.rows import ReplayRow
from monitor.engine.values import ReplayState, World

if TYPE_CHECKING:
    from monitor.ui.window import MainWindow

Hint = tuple[str, str]
RECORDED = "this session is read-only, it is shown as it was recorded"
PAST = "you look at the past: Ctrl+T goes back to now first"


WORLDS = {
    World.REPLAY: "A replay of recorded bars: no order reaches a market.",
    World.SIMULATED: "Orders are simulated: none reaches a market.",
    World.LIVE: "Orders go to the market.",
}


def world_sentence(world: World, synthetic: bool) -> str:
    """What happens to orders here, in one sentence."""
    if world is World.REPLAY and synthetic:
        return "A replay of made-up bars: no order reaches a market."
    return WORLDS[world]


def key_hints(window: MainWindow) -> tuple[Hint, ...]:
    """Command ids with the word that fits now, the most urgent first."""
    if window.ticket_host.ticket is not None:
        return (("dock_ticket", "to the ticket"), ("show_palette", "commands"), ("show_keys", "keys"))
    if window.why_lost():
        return (("quit", "quit"), ("show_palette", "commands"), ("show_keys", "keys"))
    if in_past(window):
        return (("back_to_now", "back to now"), ("past_goto", "go to a time"), ("show_palette", "commands"))
    if recorded(window):
        return (("replay_reset", "begin anew"), ("show_palette", "commands"), ("show_keys", "keys"))
    acting = _orders(window) or _trading(window)
    hints = (*_replay(window.desk.replay), *acting, ("show_palette", "commands"))
    return (*hints[:2], ("show_keys", "keys")) if len(hints) > 2 else (*hints, ("show_keys", "keys"))


def nothing_to_leave(window: MainWindow) -> bool:
    """Whether going away concerns nothing: no engine, or a session that is only shown."""
    return bool(window.why_lost()) or recorded(window)


def why_read_only(window: MainWindow) -> str:
    """Why nothing can be acted upon, as a short reason, or ""."""
    return window.why_lost() or why_past(window) or (RECORDED if recorded(window) else "")


def in_past(window: MainWindow) -> bool:
    """Whether what is shown is a past moment of the session, or about to be."""
    session = window.desk.session
    return window.past.active or (session is not None and session.past_seq is not None)


def why_past(window: MainWindow) -> str:
    """The same as a short reason, or ""."""
    return PAST if in_past(window) else ""


def recorded(window: MainWindow) -> bool:
    """Whether the session is shown as it was recorded and cannot go on."""
    session = window.desk.session
    return session is not None and session.read_only and session.past_seq is None


def how_to_go_on(replay: ReplayRow | None, world: World | None = None) -> str:
    """What an empty table adds: the key that brings rows, or nothing while they come by themselves."""
    if world in (World.LIVE, World.SIMULATED):
        return f" {keys_label(command('new_order'))} writes one."
    if replay is None or replay.state is ReplayState.PLAYING:
        return ""
    return "" if replay.state is ReplayState.FINISHED else " Space plays."


def _replay(replay: ReplayRow | None) -> tuple[Hint, ...]:
    if replay is None:
        return ()
    if replay.state is ReplayState.FINISHED:
        return (("replay_reset", "start again"),)
    return (("replay_toggle", "pause" if replay.state is ReplayState.PLAYING else "play"),)


def _trading(window: MainWindow) -> tuple[Hint, ...]:
    """Where orders reach a venue, the key that writes one."""
    return () if window.truth.why_not_trading() else (("new_order", "new order"),)


def _orders(window: MainWindow) -> tuple[Hint, ...]:
    if window.truth.unknown_order() is not None:
        return (("look_up_order", "ask about the unknown order"),)
    if window.truth.order_for_you() is not None:
        return (("send_waiting", "decide about the order"),)
    if window.orders.selected_working():
        return (("cancel_selected", "cancel the order"),)
    if window.selected_position() is not None:
        return (("close_position", "close the position"),)
    if len(window.desk.positions):
        return (("close_all", "close all"),)
    return ()

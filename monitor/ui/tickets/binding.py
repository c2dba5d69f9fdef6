"""Where tickets meet the window: which user command opens which ticket, and who refreshes them.

Owns nothing after `attach_tickets` returns. The only module of tickets that knows the window.
"""

from __future__ import annotations

from monitor.engine.commands import Resolution, StopStrategy
from monitor.ui.hints import nothing_to_leave
from monitor.ui.tickets.desk import TicketDesk
from monitor.ui.tickets.rules import Limits
from monitor.ui.tickets.safety import (
    NormalQuestion,
    ReduceOnlyQuestion,
    ResolveQuestion,
    SendWaitingQuestion,
)
from monitor.ui.tickets.view import Clock, DeskView
from monitor.ui.window import MainWindow


def attach_tickets(
    window: MainWindow, limits: Limits | None = None, clock: Clock | None = None
) -> TicketDesk:
    """Give the window its tickets: closing, cancelling, stopping, and the question before it closes."""
    tickets = TicketDesk(
        window.ticket_host,
        DeskView(window.desk),
        window.answers,
        show_message=window.show_message,
        quit_application=window.finish,
        clock=clock,
        limits=limits,
        theme=window.theme,
        parent=window,
    )

    def close_selected() -> None:
        row = window.selected_position()
        if row is not None:
            tickets.close_position(row.position_id)

    def cancel_selected() -> None:
        tickets.cancel_orders([row.order_id for row in window.selected_orders()])

    def stop_strategy(strategy_id: int) -> None:
        if not tickets.stop_strategy(strategy_id):
            window.send(StopStrategy(strategy_id=strategy_id))

    def reset_replay() -> None:
        if nothing_to_leave(window) or not tickets.reset_replay():
            window.control.reset()

    def ask_to_quit() -> None:
        if window.pulse().silent_s:
            tickets.ask_to_end(lambda: window.pulse().silent_s > 0)
        else:
            tickets.ask_to_quit()

    table = window.actions_table
    table.bind("replay_reset", reset_replay)
    table.bind("close_position", close_selected)
    table.bind("close_all", tickets.close_all)
    table.bind("cancel_selected", cancel_selected)
    table.bind("cancel_all", tickets.cancel_all)
    _attach_safety(window, tickets)
    window.on_quit_requested = ask_to_quit
    window.strategy_control.on_stop_requested = stop_strategy
    window.engine_lost.connect(tickets.give_up)
    window.desk.cleared.connect(tickets.session_cleared)
    window.frames.also(tickets.refresh)
    return tickets


def _attach_safety(window: MainWindow, tickets: TicketDesk) -> None:
    """What may be sent at all, and what becomes of orders that are unknown or wait for a person."""

    def resolve(resolution: Resolution) -> None:
        row = window.truth.unknown_order()
        if row is not None:
            tickets.ask(ResolveQuestion(row.order_id, resolution))

    def send_waiting() -> None:
        order_id = window.truth.order_for_you()
        if order_id is not None:
            tickets.ask(SendWaitingQuestion(order_id))

    table = window.actions_table
    table.bind("emergency_stop", tickets.emergency_stop)
    table.bind("reduce_only", lambda: tickets.ask(ReduceOnlyQuestion()))
    table.bind("back_to_normal", lambda: tickets.ask(NormalQuestion()))
    table.bind("never_arrived", lambda: resolve(Resolution.NEVER_ARRIVED))
    table.bind("has_ended", lambda: resolve(Resolution.ENDED))
    table.bind("send_waiting", send_waiting)

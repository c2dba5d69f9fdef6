"""Tickets: questions about orders and positions that cannot be answered by accident.

`facts`, `rules`, `questions` and `leaving` are pure; `panel` and its parts are thin widgets;
`desk` joins them to the rows of the window and to the door of the core.
"""

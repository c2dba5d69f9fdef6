"""When a changed cell lights up, with time handed in."""

from __future__ import annotations

from monitor.ui.tables.flash import FlashBook


def test_a_cell_lights_and_fades():
    book = FlashBook()
    assert book.note(["a"], [2, 3], 10.0)
    assert book.is_lit("a", 2, 10.1)
    assert not book.is_lit("a", 4, 10.1)
    assert not book.is_lit("a", 2, 10.4)
    assert sorted(book.faded(10.4)) == [("a", 2), ("a", 3)]


def test_a_cell_lights_at_most_once_per_half_second():
    book = FlashBook()
    assert book.note(["a"], [2], 10.0)
    assert not book.note(["a"], [2], 10.45)
    assert not book.is_lit("a", 2, 10.46)
    assert book.note(["a"], [2], 10.5)
    assert book.is_lit("a", 2, 10.6)


def test_nothing_lights_above_twenty_changes_a_second():
    book = FlashBook()
    lit = [book.note([at], [0], 10.0 + at / 100) for at in range(30)]
    assert lit == [True] * 20 + [False] * 10
    assert book.note(["later"], [0], 12.0)


def test_a_rested_cell_is_forgotten():
    book = FlashBook()
    book.note(["a"], [0], 10.0)
    book.faded(10.6)
    assert not book

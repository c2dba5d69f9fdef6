"""Trading Monitor: an order engine, its memory, its window and its mirror in one process."""

__version__ = "0.1.0"

"""Orders that wait before a venue: for a time, a condition, another order, their turn, a person."""

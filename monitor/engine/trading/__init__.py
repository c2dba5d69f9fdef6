"""Trading at a venue: the state that facts add up to, and the decisions that make facts."""

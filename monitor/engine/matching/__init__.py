"""The simulated exchange: what a bar does to resting orders, by one of two conventions."""

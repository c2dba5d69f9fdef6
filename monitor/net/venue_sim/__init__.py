"""The scripted venue: a simulated exchange over a real WebSocket, in a process of its own.

`exchange` is the truth, `adversary` what happens to it on the way, `server` both on a loopback
port. The protocol `monitor-venue/1` is in docs/venue-sim.md. Knows nothing of our engine but its
words for orders and instruments, and never talks to a real market.
"""

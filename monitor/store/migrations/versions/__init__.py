"""One module per step, named after the version it leads to."""

"""`monitor journal`: lists, exports and verifies what the database holds, beside a running program.

Owns filters, wording, file formats and the verdict. Only reads: it takes no lock, migrates
nothing and knows no window.
"""

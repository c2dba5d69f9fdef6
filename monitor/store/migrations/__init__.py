"""Steps from each version of the database to the next, run by alembic from `store/schema.py`.

A step never changes once it has been released. Each can be run again after it was killed half-way,
because MariaDB cannot take tables back: "if not exists" everywhere.
"""

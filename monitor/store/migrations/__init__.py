"""Steps from each version of the database to the next, run by alembic from `store/schema.py`.

A step never changes once it has been released.
"""

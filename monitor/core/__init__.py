"""The core thread: engine, store and mirror on one asyncio loop; commands in, changed rows out."""

"""Doctor's checks without Qt: versions, time zones, data folder, database, port.

A check yields findings and never raises for what it is there to find. Nothing is changed:
the database is opened read-only and is not migrated.
"""

from __future__ import annotations

import asyncio
import errno
import os
import platform
import re
import shutil
import socket
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from importlib import metadata
from pathlib import Path

from monitor import __version__, machine
from monitor.findings import Finding, ok, problem, warning
from monitor.instance import holder
from monitor.settings import Settings

DISTRIBUTION = "trading-monitor"
ROOM_BYTES = 500_000_000
ANSWER_SECONDS = 2.0
_LOCK_FILE = Path(__file__).resolve().parents[1] / "requirements.lock"


# Versions -----------------------------------------------------------------------------------


def check_program(settings: Settings) -> Iterator[Finding]:
    yield ok("Program", f"Trading Monitor {__version__} on {platform.system()} {platform.machine()}")
    yield ok("Python", f"{platform.python_version()} ({sys.executable})")


def check_packages(settings: Settings) -> Iterator[Finding]:
    """Every runtime dependency, against the lock file where there is one."""
    locked = locked_versions(_LOCK_FILE)
    wrong, right = [], []
    for name in runtime_packages():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            wrong.append(problem("Packages", f"{name} is not installed", "make setup"))
            continue
        tested = locked.get(name.lower(), [installed])
        if installed not in tested:
            text = f"{name} {installed} is not the tested {' or '.join(tested)}"
            wrong.append(warning("Packages", text, "make setup"))
        right.append(f"{name} {installed}")
    yield ok("Packages", ", ".join(right)) if right else problem("Packages", "none are known", "make setup")
    yield from wrong


def runtime_packages() -> list[str]:
    """Names of what the program cannot run without, from its own metadata."""
    try:
        requirements = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []
    wanted = (requirement for requirement in requirements if _applies(requirement))
    return sorted((re.split(r"[^\w.-]", requirement, maxsplit=1)[0] for requirement in wanted), key=str.lower)


def _applies(requirement: str) -> bool:
    """Not an extra's, nor another system's."""
    platform_named = re.search(r"""sys_platform == ['"](\w+)['"]""", requirement)
    return "extra ==" not in requirement and (not platform_named or platform_named[1] == sys.platform)


def locked_versions(lock: Path) -> dict[str, list[str]]:
    """Pinned versions by lower-case name: one for each range of Python versions that needs its
    own. Nothing for an installed wheel, which has no lock file."""
    pins: dict[str, list[str]] = {}
    text = lock.read_text(encoding="utf-8") if lock.is_file() else ""
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, flags=re.MULTILINE):
        pins.setdefault(name.lower(), []).append(version)
    return pins


# Time zones ---------------------------------------------------------------------------------


def check_time_zones(settings: Settings) -> Iterator[Finding]:
    if machine.knows_time_zones():
        yield ok("Time zones", "known")
    else:
        yield problem("Time zones", "none are known", machine.apt_line([machine.ZONE_PACKAGE]))


# Data folder and database -------------------------------------------------------------------


def check_data_folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    remedy = "choose another with --data-dir or MONITOR_DATA_DIR"
    standing = next(path for path in (folder, *folder.parents) if path.exists())
    if not standing.is_dir():
        yield problem("Data folder", f"{standing} is not a folder", remedy)
    elif not os.access(standing, os.W_OK | os.X_OK):
        yield problem("Data folder", f"{standing} is not writable", remedy)
    elif (free := shutil.disk_usage(standing).free) < ROOM_BYTES:
        yield warning("Data folder", f"{folder}: only {free / 1e6:.0f} MB left on its disk", "make room")
    else:
        made = "" if standing == folder else " (made at the first start)"
        user = f", in use by process {process}" if (process := holder(folder)) else ""
        yield ok("Data folder", f"{folder}{made}, {free / 1e9:.0f} GB free{user}")


def check_database(settings: Settings) -> Iterator[Finding]:
    """Opened read-only beside whoever uses it."""
    file = settings.database_file
    if file is None:
        yield _server_state(settings.database)
        return
    if not file.exists():
        yield ok("Database", f"{file} (made at the first start)")
        return
    try:
        with closing(
            sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=2)
        ) as connection:
            yield _database_state(file, connection)
    except sqlite3.Error as error:
        remedy = "put a copy back, or move the file away: a new one is made"
        yield problem("Database", f"{file} cannot be read: {error}", remedy)


def _server_state(url: str) -> Finding:
    """A database on a server: whether it answers, what it is, and whether it keeps its word."""
    from monitor.store.address import shown
    from monitor.store.faults import StoreError
    from monitor.store.inspection import inspect_server

    where = shown(url)
    try:
        found = asyncio.run(inspect_server(url))
    except StoreError as error:
        return problem("Database", f"{where}: {error}", "see that the server runs, or set MONITOR_DATABASE")
    text = f"{where}: {found.server}, {found.state}"
    if found.forgetful:
        return warning("Database", f"{text}; {found.forgetful}", "ask who runs the server to change that")
    return ok("Database", text)


def _database_state(file: Path, connection: sqlite3.Connection) -> Finding:
    from monitor.store.schema import REVISIONS

    damage = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if damage != "ok":
        return problem("Database", f"{file} is damaged: {damage}", "put a copy back, or move the file away")
    known = "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
    if not connection.execute(known).fetchone()[0]:
        return problem(
            "Database", f"{file} belongs to another program", "choose another with MONITOR_DATABASE"
        )
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    version = str(row[0]) if row else "none"
    if row and version not in REVISIONS:
        return problem("Database", f"{file} is of a newer version ({version})", "update Trading Monitor")
    size = file.stat().st_size / 1e6
    return ok("Database", f"{file}: version {version}, sound, {size:.1f} MB, SQLite {sqlite3.sqlite_version}")


# Port ---------------------------------------------------------------------------------------


def check_port(settings: Settings) -> Iterator[Finding]:
    host, port = settings.mirror.host, settings.mirror.port
    if not settings.mirror.enabled:
        yield ok("Web page", "switched off")
        return
    trouble, shown = _binding_error(host, port), f"[{host}]" if ":" in host else host
    remedy = "choose another with --port or MONITOR_MIRROR_PORT"
    if trouble is None:
        yield ok("Web page", f"http://{shown}:{port} is free" if port else f"any free port of {host}")
    elif trouble.errno != errno.EADDRINUSE:
        yield problem("Web page", f"{shown}:{port} cannot be used: {trouble.strerror}", remedy)
    elif _answers_like_us(host, port):
        yield ok("Web page", f"http://{shown}:{port} is served by a running Trading Monitor")
    else:
        owner = port_owner(port) or "another program"
        yield problem("Web page", f"port {port} is used by {owner}", remedy)


def _binding_error(host: str, port: int) -> OSError | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None


def _answers_like_us(host: str, port: int) -> bool:
    """A running Trading Monitor says so on /healthz."""
    with closing(HTTPConnection(host, port, timeout=ANSWER_SECONDS)) as connection:
        try:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            return answer.status in (200, 503) and b"journal_seq" in answer.read(10_000)
        except (OSError, HTTPException):
            return False


def port_owner(port: int) -> str:
    """Name and id of the process that listens on a port; "" where that cannot be known."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    if not sockets:
        return ""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(handle) in sockets for handle in (folder / "fd").iterdir()):
                return f"{(folder / 'comm').read_text().strip()} (process {folder.name})"
        except OSError:  # it has ended meanwhile, or is another user's
            continue
    return ""


def _listening_inodes(port: int) -> Iterator[str]:
    listening = "0A"
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.is_file():
            continue
        for line in table.read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == listening and int(columns[1].rpartition(":")[2], 16) == port:
                yield columns[9]

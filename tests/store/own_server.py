"""A database server of a test's own, which may be crashed and started again."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

PATIENCE_S = 60
POSTGRESQL_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


class OwnServer:
    """Made by `own_server`. `crash` is what a loss of power leaves of the process."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        user, base = {"postgresql": ("postgres", "postgres"), "mariadb": ("root", "monitor")}[self.kind]
        return f"{self.kind}://{user}@127.0.0.1:{self._port}/{base}"

    def make(self) -> None:
        data = str(self._folder / "data")
        if self.kind == "postgresql":
            self._call([str(POSTGRESQL_BINARIES[-1] / "initdb"), "-D", data, "-U", "postgres", "-A", "trust"])
            return
        self._call(["mariadb-install-db", "--no-defaults", f"--datadir={data}", *self._owner(),
                    "--auth-root-authentication-method=normal", "--skip-test-db"])  # fmt: skip
        (self._folder / "data" / "monitor").mkdir()

    async def start(self) -> None:
        self._process = process = self._launched()
        async with asyncio.timeout(PATIENCE_S):
            while not await self._listens():
                assert process.poll() is None, f"{self.kind} has ended by itself"
                await asyncio.sleep(0.05)

    def _launched(self) -> subprocess.Popen[bytes]:
        data, port = str(self._folder / "data"), str(self._port)
        if self.kind == "postgresql":
            binary = str(POSTGRESQL_BINARIES[-1] / "postgres")
            command = [binary, "-D", data, "-p", port, "-h", "127.0.0.1", "-k", str(self._folder)]
        else:
            command = [
                "mariadbd",
                "--no-defaults",
                f"--datadir={data}",
                f"--port={port}",
                f"--socket={self._folder}/s",
                "--bind-address=127.0.0.1",
                "--innodb-buffer-pool-size=16M",
                *self._owner(),
            ]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen([*self._as_nobody(), *command], **quiet)

    def crash(self) -> None:
        """PostgreSQL's own word for it, so that its children go too; MariaDB is one process."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if self.kind == "postgresql" else signal.SIGKILL)
            self._process.wait(PATIENCE_S)
            self._process = None

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        writer.close()
        return True

    def _as_nobody(self) -> list[str]:
        """PostgreSQL refuses to run as root."""
        if self.kind == "mariadb" or os.geteuid() != 0:
            return []
        return ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]

    def _owner(self) -> list[str]:
        return ["--user=root"] if os.geteuid() == 0 else []

    def _call(self, command: list[str]) -> None:
        subprocess.run([*self._as_nobody(), *command], check=True, capture_output=True, cwd=self._folder)


@asynccontextmanager
async def own_server(kind: str) -> AsyncIterator[OwnServer]:
    """Running; gone afterwards with its folder. Skips the test where the programs are missing."""
    if kind == "postgresql" and not POSTGRESQL_BINARIES:
        pytest.skip("PostgreSQL's programs are not installed")
    if kind == "mariadb" and not (shutil.which("mariadbd") and shutil.which("mariadb-install-db")):
        pytest.skip("MariaDB's programs are not installed")
    folder = Path(tempfile.mkdtemp(prefix="monitor-"))
    if kind == "postgresql" and os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    server = OwnServer(kind, folder)
    try:
        await asyncio.to_thread(server.make)
        await server.start()
        yield server
    finally:
        server.crash()
        shutil.rmtree(folder, ignore_errors=True)

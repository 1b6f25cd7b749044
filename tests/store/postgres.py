"""A PostgreSQL server of one's own on loopback, from Debian's packages."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from pathlib import Path

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))


def is_installed() -> bool:
    """Tell whether a server can be started here."""
    return bool(FOLDERS) and (os.getuid() != 0 or _account() is not None)


def _account() -> pwd.struct_passwd | None:
    """Return the account that a server started by root runs as: it refuses to run as root."""
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return None


class Postgres:
    """One server with its own folder; databases are made at will."""

    def __init__(self, *, durable: bool = False) -> None:
        self._fsync = "on" if durable else "off"
        self._folder = Path(tempfile.mkdtemp(prefix="aiterms-postgres-"))
        self.port = _free_port()
        account = _account() if os.getuid() == 0 else None
        self._user = account.pw_uid if account else None
        if account:
            os.chown(self._folder, account.pw_uid, account.pw_gid)
        self._run("initdb", "-D", str(self._folder / "data"), "-U", "aiterms", "-A", "trust", "--no-sync", "-E", "UTF8")
        self.start()

    def start(self) -> None:
        """Start it; returns once it takes connections."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self._folder} -c fsync={self._fsync} -c max_connections=200"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-w", "-t", "60", "-l", log, "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is a crash."""
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-w", "-m", mode, "stop")

    def freeze(self) -> None:
        """Let it say nothing any more, without closing a connection."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        postmaster = int((self._folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for process in (postmaster, *map(int, children)):
            os.kill(process, number)

    def remove(self) -> None:
        """Stop it and delete its folder."""
        self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def new_database(self) -> str:
        """Return the address of a new, empty database."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "aiterms", name)
        return f"postgresql://aiterms@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(FOLDERS[-1] / program), *arguments]
        # To a file: a server that kept a pipe open would never let its reader end.
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(
                command, cwd=self._folder, stdout=said, stderr=said, check=False, user=self._user, timeout=120
            )
            said.seek(0)
            if done.returncode:
                raise RuntimeError(f"{program} failed: {said.read()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

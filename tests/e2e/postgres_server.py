"""A real PostgreSQL server of its own in a folder, for tests; nothing of it is in the way of the user's."""

from __future__ import annotations

import getpass
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

USER, PASSWORD = "night", "open sesame: 芝麻/开门@"
_DEBIAN = Path("/usr/lib/postgresql")
# PostgreSQL refuses to run as root.
_STAND_IN = "postgres"


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """One running server; databases are cheap, so every test takes its own."""

    port: int
    programs: Path
    authority: Path
    """The certificate to trust; it is for localhost."""
    control: tuple[str, ...]
    """pg_ctl of this server, as who may run it."""
    options: str

    def place(self, database: str, host: str = "127.0.0.1") -> str:
        """The address of a database, without the password."""
        return f"postgresql://{USER}@{host}:{self.port}/{database}"

    def create(self, database: str) -> str:
        """Make a database; gives its address."""
        self._do("createdb", database)
        return self.place(database)

    def fresh(self, folder: Path) -> tuple[str, Path]:
        """The address of an empty database of any name, and a file in the folder that holds the password."""
        password_file = folder / "password"
        password_file.write_text(PASSWORD, encoding="utf-8")
        return self.create(f"hall_{secrets.token_hex(6)}"), password_file

    def ask(self, database: str, question: str) -> str:
        """What another program on the same server would find."""
        return self._do("psql", "-At", "-c", question, database).strip()

    def start(self) -> None:
        """Begin again after `stop`, with what the disk has."""
        subprocess.run(
            [*self.control, "-o", self.options, "start"],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )

    def stop(self, mode: str) -> None:
        """End it: "fast" rolls back what is under way, "immediate" is like a crash."""
        subprocess.run([*self.control, "-m", mode, "stop"], check=True, capture_output=True, cwd="/")

    def _do(self, program: str, *arguments: str) -> str:
        where = [str(self.programs / program), "-h", "127.0.0.1", "-p", str(self.port), "-U", USER]
        known = {**os.environ, "PGPASSWORD": PASSWORD}
        done = subprocess.run([*where, *arguments], env=known, check=True, capture_output=True, text=True)
        return done.stdout


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A running server in a temporary folder; skips with a reason where none can be started."""
    programs = _programs()
    with tempfile.TemporaryDirectory(prefix="deskguard-postgres-") as folder:
        home = Path(folder)
        (home / "password").write_text(PASSWORD, encoding="utf-8")
        _certify(home)
        as_user = _as_other(home)
        cluster, port = str(home / "cluster"), _free_port()
        make = [str(programs / "initdb"), "-D", cluster, "-U", USER, "-A", "scram-sha-256", "-E", "UTF8"]
        _run([*as_user, *make, "--no-sync", "--locale=C", "--pwfile", str(home / "password")])
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        options += f" -c ssl=on -c ssl_cert_file={home / 'cert.pem'} -c ssl_key_file={home / 'key.pem'}"
        control = [*as_user, str(programs / "pg_ctl"), "-D", cluster, "-w", "-l", str(home / "log")]
        _run([*control, "-o", options, "start"])
        try:
            yield PostgresServer(port, programs, home / "cert.pem", tuple(control), options)
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=False, capture_output=True)


def _programs() -> Path:
    """The folder of the newest server's programs."""
    named = shutil.which("initdb")
    places = [Path(named).resolve().parent] if named else []
    places += sorted(_DEBIAN.glob("*/bin"), key=lambda one: one.parent.name.zfill(4), reverse=True)
    for place in places:
        if all((place / name).is_file() for name in ("initdb", "pg_ctl", "psql", "createdb")):
            return place
    pytest.skip("not installed: PostgreSQL (apt-get install postgresql)")


def _certify(home: Path) -> None:
    """A certificate of its own for localhost."""
    if shutil.which("openssl") is None:
        pytest.skip("not installed: openssl (apt-get install openssl)")
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
    _run([*make, *name, "-keyout", str(home / "key.pem"), "-out", str(home / "cert.pem")])
    (home / "key.pem").chmod(0o600)


def _as_other(home: Path) -> list[str]:
    """How to run as somebody who is not root, to whom the folder is given."""
    if os.geteuid() != 0:
        return []
    try:
        other = pwd.getpwnam(_STAND_IN)
    except KeyError:
        pytest.skip(f"PostgreSQL does not run as root, and there is no user {_STAND_IN}")
    if shutil.which("setpriv") is None:
        pytest.skip(
            f"PostgreSQL does not run as root, and {getpass.getuser()} has no setpriv to be {_STAND_IN}"
        )
    for path in [home, *home.iterdir()]:
        os.chown(path, other.pw_uid, other.pw_gid)
    return ["setpriv", f"--reuid={other.pw_uid}", f"--regid={other.pw_gid}", "--clear-groups"]


def _run(command: list[str]) -> None:
    # The server inherits the streams: a pipe would never end.
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    if done.returncode != 0:
        pytest.skip(f"PostgreSQL cannot be started here: {Path(command[-1]).name}, status {done.returncode}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

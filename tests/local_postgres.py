"""A PostgreSQL cluster of a test's own, run as an ordinary user because the server refuses root."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from dagster_servers import free_port, running, wait_for

USER, DATABASE = "dagster", "dagster"


def postgres_programs() -> Path | None:
    """Folder of initdb and postgres, or None where PostgreSQL is not installed."""
    on_path = shutil.which("postgres")
    found = [*([Path(on_path)] if on_path else []), *sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))]
    folders = [path.resolve().parent for path in found]
    return next((folder for folder in reversed(folders) if (folder / "initdb").is_file()), None)


def _owner() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@dataclass(frozen=True)
class Postgres:
    """Where the server listens; the password is required."""

    port: int
    password: str

    def connect(self, database: str = DATABASE) -> "psycopg2.extensions.connection":
        """A connection; the caller closes it."""
        return psycopg2.connect(
            host="127.0.0.1", port=self.port, user=USER, password=self.password, dbname=database, connect_timeout=3
        )


def _can_connect(server: Postgres) -> bool:
    try:
        server.connect("postgres").close()
    except psycopg2.OperationalError:
        return False
    return True


@contextmanager
def local_postgres(programs: Path, password: str) -> Iterator[Postgres]:
    """A new cluster with one empty database, removed at the end.

    Args:
        programs: Folder of initdb and postgres.
        password: Password of its user.
    """
    owner = _owner()
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "LC_ALL": "C"}
    as_user = {"user": owner, "group": owner, "extra_groups": []} if owner else {}
    with tempfile.TemporaryDirectory(prefix="usage-index-postgres-") as name:
        folder = Path(name)
        secret = folder / "password"
        secret.write_text(password)
        secret.chmod(0o600)
        if owner:
            shutil.chown(folder, owner, owner)
            shutil.chown(secret, owner, owner)
        data = folder / "data"
        initdb = [programs / "initdb", "--pgdata", data, "--username", USER, "--pwfile", secret]
        subprocess.run(
            [*initdb, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"],
            env=environment,
            cwd=folder,
            check=True,
            capture_output=True,
            **as_user,
        )
        server = Postgres(free_port(), password)
        command = [str(programs / "postgres"), "-D", str(data), "-p", str(server.port), "-F"]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        log = folder / "log"
        with running(command, environment=environment, log=log, cwd=folder, user=owner) as process:
            wait_for(
                lambda: _can_connect(server),
                what="PostgreSQL answers",
                seconds=60,
                log=log,
                process=process,
                every=0.2,
            )
            connection = server.connect("postgres")
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {DATABASE}")
            connection.close()
            yield server

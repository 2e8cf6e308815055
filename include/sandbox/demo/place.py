"""Where the demo lives: its folders, its secrets, and the environment of its processes."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
SIMULATED_NOW = "2026-01-31T09:00:00+05:00"
"""The demo's clock, so that the release is the same whenever it is made: the day a provisional one is due (T1)."""

USER = "demo"
APPROVER = "approver"
"""Who starts a release does not approve it."""
PARALLEL_TASKS = 6
"""More than processors, since a task waits for the API server about as long as it computes."""


@dataclass(frozen=True)
class Place:
    """The folders of one demo."""

    home: Path

    @classmethod
    def from_environment(cls) -> Place:
        """The place that ODCM_HOME names, else ./data."""
        return cls(Path(os.environ.get("ODCM_HOME") or "data").absolute())

    @property
    def sandbox(self) -> Path:
        return self.home / "sandbox"

    @property
    def mailbox(self) -> Path:
        return self.sandbox / "mailbox"

    @property
    def airflow(self) -> Path:
        return self.home / "airflow"

    @property
    def logs(self) -> Path:
        return self.airflow / "services"

    @property
    def secrets_file(self) -> Path:
        return self.airflow / "demo.env"

    @property
    def passwords_file(self) -> Path:
        return self.airflow / "passwords.json"

    @property
    def running_file(self) -> Path:
        return self.airflow / "running.json"

    @property
    def releases(self) -> Path:
        return self.home / "releases"


@dataclass(frozen=True)
class Secrets:
    """Generated once for a folder, kept in files that only their owner can read."""

    jwt: str = field(repr=False)
    fernet: str = field(repr=False)
    session: str = field(repr=False)
    password: str = field(repr=False)
    api_token: str = field(repr=False)

    @classmethod
    def of(cls, place: Place) -> Secrets:
        """The secrets of the place; made if it has none yet."""
        if place.secrets_file.exists():
            lines = place.secrets_file.read_text().splitlines()
            return cls(**dict(line.split("=", 1) for line in lines if line))._kept(place)
        made = cls(
            jwt=secrets.token_urlsafe(64),
            fernet=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            session=secrets.token_urlsafe(32),
            password=secrets.token_urlsafe(12),
            api_token=secrets.token_urlsafe(24),
        )
        write_private(place.secrets_file, "".join(f"{name}={value}\n" for name, value in vars(made).items()))
        return made._kept(place)

    def _kept(self, place: Place) -> Secrets:
        """These, their passwords where Airflow looks for them."""
        write_private(place.passwords_file, json.dumps(dict.fromkeys((USER, APPROVER), self.password)))
        return self


@dataclass(frozen=True)
class Ports:
    """Free ports of this machine, found when the demo starts."""

    airflow: int
    log_server: int
    sources_api: int
    smtp: int

    @classmethod
    def free(cls) -> Ports:
        """Four ports that nobody listens on."""
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
        try:
            return cls(*(found.getsockname()[1] for found in sockets))
        finally:
            for found in sockets:
                found.close()


def write_private(path: Path, text: str) -> None:
    """A file that only its owner can read (0600 from its first byte)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def environment(place: Place, keys: Secrets, ports: Ports) -> dict[str, str]:
    """The environment of every process of the demo: the caller's, without its own Airflow settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    base_url = f"http://localhost:{ports.airflow}"
    smtp = {
        "conn_type": "smtp",
        "host": "127.0.0.1",
        "port": ports.smtp,
        "extra": {"from_email": "statistics@odcm.example", "disable_ssl": True, "disable_tls": True},
    }
    return inherited | {
        "PYTHONPATH": str(PROJECT),
        "GX_ANALYTICS_ENABLED": "False",
        "ODCM_HOME": str(place.home),
        "ODCM_INBOX": str(place.sandbox / "inbox"),
        "ODCM_API": f"http://127.0.0.1:{ports.sources_api}",
        "ODCM_API_TOKEN": keys.api_token,  # for the server
        "ODCM_NOW": os.environ.get("ODCM_NOW") or SIMULATED_NOW,
        "AIRFLOW_HOME": str(place.airflow),
        "AIRFLOW_CONN_SANDBOX_API": json.dumps({"conn_type": "http", "password": keys.api_token}),
        "AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(smtp),
        "AIRFLOW__API__BASE_URL": base_url,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(ports.airflow),
        "AIRFLOW__API__SECRET_KEY": keys.session,
        "AIRFLOW__API__INSTANCE_NAME": "Online drug channels: DEMO, synthetic data",
        "AIRFLOW__API_AUTH__JWT_SECRET": keys.jwt,
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{ports.airflow}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__FERNET_KEY": keys.fernet,
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "32",
        "AIRFLOW__CORE__PARALLELISM": os.environ.get("ODCM_DEMO_PARALLELISM", str(PARALLEL_TASKS)),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(place.passwords_file),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin,{APPROVER}:op",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "3600",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{place.airflow / 'airflow.db'}",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(ports.log_server),
        "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "http.access=WARNING airflow.jobs=WARNING airflow.executors=WARNING",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
        # The supervisor of a task may wait this long for an end that has already come (5 s by default).
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
    }

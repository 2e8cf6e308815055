"""The mail server of an Airflow connection, as the steps want it."""

from typing import Any

from airflow.sdk import Connection


def smtp_settings(conn_id: str) -> dict[str, Any]:
    """Host, port, user, password, tls and sender of the SMTP connection.

    `tls` is none, starttls or tls, from the connection's extra `disable_ssl` and `disable_tls` as the SMTP
    provider reads them: SSL from the start unless disabled, else STARTTLS unless disabled.
    """
    found = Connection.get(conn_id)
    extra = found.extra_dejson
    if not _true(extra.get("disable_ssl", False)):
        tls = "tls"
    else:
        tls = "none" if _true(extra.get("disable_tls", False)) else "starttls"
    return {
        "host": found.host,
        "port": found.port or (465 if tls == "tls" else 25),
        "user": found.login,
        "password": found.password,
        "tls": tls,
        "sender": extra.get("from_email"),
    }


def _true(value: object) -> bool:
    return str(value).lower() in ("true", "1", "yes")

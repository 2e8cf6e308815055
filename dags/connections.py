"""The connections of sources as Airflow holds them, in whichever of its secrets backends."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from include.sources.connections import Connection

PARTS = ("conn_type", "host", "port", "login", "password", "schema", "extra")


def source_connection(conn_id: str) -> Connection:
    """The Airflow connection of that id, as sources want it.

    Raises:
        ConnectionFault: there is none, Airflow does not hand it over, or its extra is no JSON object.
    """
    from airflow.sdk import Connection as AirflowConnection
    from airflow.sdk.exceptions import AirflowException, AirflowSecretsBackendAccessDenied

    from include.sources.connections import Connection, ConnectionFault

    try:
        found = AirflowConnection.get(conn_id)
    except (AirflowException, AirflowSecretsBackendAccessDenied) as error:
        raise ConnectionFault(f"Airflow does not give it: {type(error).__name__}") from None
    try:
        return Connection.of(conn_id, {part: getattr(found, part) for part in PARTS})
    except (ValueError, TypeError):
        raise ConnectionFault("its extra in Airflow is no JSON object") from None

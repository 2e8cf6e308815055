"""What a database says when something goes wrong, by its SQLSTATE: none of its own words, they may quote a row.

Source of the states: PostgreSQL documentation, appendix A.
"""

from __future__ import annotations

from dataclasses import dataclass

NOT_ALLOWED_IN = "a login and password that the database accepts"
LATER = "It will be asked again; if it stays so, ask whoever runs the database."


@dataclass(frozen=True)
class Said:
    """The parts of an error of a feed."""

    place: str
    found: str
    expected: str
    action: str
    may_pass: bool = False


LOGIN = Said(
    "transport.connection", "a login or password that the database does not accept", NOT_ALLOWED_IN,
    "Mend the connection.",
)  # fmt: skip
NO_DATABASE = Said(
    "transport.connection", "no such database on the server", "the name of a database as schema",
    "Mend the connection.",
)  # fmt: skip
HOST_RULES = Said(
    "transport.connection", "a server that does not let this login in from here", NOT_ALLOWED_IN,
    "Ask whoever runs the database (pg_hba.conf).",
)  # fmt: skip
TLS = Said(
    "transport.connection", "no encrypted connection as sslmode asks for it",
    "a certificate for this host, from an authority that is trusted",
    "Check sslmode and sslrootcert of the connection, and the server's certificate.",
)  # fmt: skip
NOT_THERE = Said(
    "transport.connection", "nobody who answers", "a database that answers within timeout_s", LATER, True
)
BUSY = Said("transport.connection", "a server that takes nobody in now", "a free place", LATER, True)

SAID_AT_THE_DOOR: tuple[tuple[tuple[str, ...], Said], ...] = (
    (("pg_hba.conf",), HOST_RULES),
    (("too many", "starting up", "shutting down", "слишком много", "запускается", "останов"), BUSY),
    (("password", "role ", "парол", "роль "), LOGIN),
    (("certificate", "ssl"), TLS),
    (("database ", "баз"), NO_DATABASE),
    (("refused", "timeout", "timed out", "could not connect"), NOT_THERE),
)
"""Pieces of what libpq and servers in English and Russian say to whom they do not let in; the first that fits."""

STATES = {
    "28": LOGIN,
    "3D": NO_DATABASE,
    "42P01": Said(
        "transport.table", "no such table or view", "a table or view, its schema in transport.schema",
        "Mend the definition; upper and lower case differ.",
    ),
    "42703": Said(
        "transport.columns", "no such column", "columns of the table or view",
        "Mend the definition; upper and lower case differ.",
    ),
    "42501": Said(
        "transport.table", "no permission to read", "a login that may SELECT from it",
        "Ask whoever runs the database.",
    ),
    "25006": Said(
        "transport.table", "a view that writes when it is read", "a table or view that only reads",
        "Nothing was written. Name another view.",
    ),
    "22021": Said(
        "rows", "a text that cannot be turned into UTF-8", "texts in the encoding that the database declares",
        "Ask whoever runs the database for a view that converts them (convert_from).",
    ),
    "55P03": Said(
        "transport.table", "a table that somebody keeps locked", "a table that can be read within timeout_s",
        LATER, True,
    ),
}  # fmt: skip
STATES |= {"3F": STATES["42P01"], "22P05": STATES["22021"]}
PASSING = ("08", "25P03", "40", "53", "55", "57", "58", "F0", "XX")
"""States of a server, a line or a lock; those of the question or of the data stay as they are."""


def by_state(state: str | None, kind: str = "", lost: bool = False) -> Said:
    """What to say of an SQLSTATE; of one that is not known, the state itself and the driver's name of the error.

    Args:
        state: five letters and figures; None where the driver gives none.
        kind: the driver's name of the error.
        lost: the connection broke.
    """
    if state:
        for known in (state, state[:2]):
            if known in STATES:
                return STATES[known]
    named = ", ".join(filter(None, (kind, f"SQLSTATE {state}" if state else "")))
    if lost or (state or "").startswith(PASSING):
        return Said("rows", f"a database that broke off ({named})", "everything to the end", LATER, True)
    return Said(
        "rows", f"an error of the database ({named})", "a table or view that can be read to its end",
        "Read it there with the same login; its own words are not repeated here.",
    )  # fmt: skip

"""Column types and naming rules shared by the models and the migrations."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
"""Constraint names; explicit, so that a migration can find them again on every database."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in, aware UTC out, on SQLite (stored without offset) and PostgreSQL alike.

    Raises:
        ValueError: a datetime without a time zone; it would mean a different instant on each machine.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The instant in UTC, without offset where the database cannot keep one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(
                f"the ledger takes datetimes with a time zone, found {value.isoformat()} without one"
            )
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The stored instant as an aware UTC datetime."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

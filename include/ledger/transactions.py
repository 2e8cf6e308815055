"""Short transactions over one engine: the base of every part of the ledger."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy.orm import Session

from include.ledger.engine import ledger_engine
from include.ledger.migrate import migrate

Record = TypeVar("Record")


class Transactions:
    """Sessions that commit when their block ends and roll back when it raises.

    A `with Ledger(url) as ledger:` block closes the connections at its end.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = ledger_engine(url)
        self._writing_engine = self.engine.execution_options(writes=True)

    def migrate(self) -> None:
        """Bring the database to the newest schema; several processes may call this at once."""
        migrate(self.engine)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for questions."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session for one change, all or nothing."""
        with Session(self._writing_engine) as session, session.begin():
            yield session

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def as_record(kind: type[Record], row: object) -> Record:
    """The plain record of a database row: the attributes that `kind` names."""
    values: dict[str, Any] = {field.name: getattr(row, field.name) for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**values)

"""Alembic's environment: migrates the open connection that `include.ledger.migrate` hands over.

For `alembic revision` in development give the database instead: `alembic -x url=sqlite:///data/ledger.db ...`.
"""

from alembic import context
from sqlalchemy import Connection

from include.ledger.engine import ledger_engine
from include.ledger.models import Base


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    _run(handed_over)
else:
    with ledger_engine(context.get_x_argument(as_dictionary=True)["url"]).begin() as own:
        _run(own)

"""Alembic migrations of the ledger, packaged; run by `Ledger(url).migrate()`."""

"""The migrations give exactly the models, once, whoever asks first."""

import multiprocessing
import time

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, inspect

from include.ledger import Ledger
from include.ledger.migrate import HEAD, MIGRATIONS, revision
from include.ledger.models import Base


def test_the_migrations_equal_the_models(ledger: Ledger) -> None:
    with ledger.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_every_check_of_the_models_is_in_the_database(ledger: Ledger) -> None:
    found = inspect(ledger.engine)
    for table in Base.metadata.sorted_tables:
        declared = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
        in_database = {c["name"] for c in found.get_check_constraints(table.name)}
        assert in_database == declared, table.name


def test_a_check_that_was_extended_holds_in_its_new_form_alone(ledger: Ledger) -> None:
    found = inspect(ledger.engine)
    for table in ("batch_delivery", "alert"):
        names = [check["name"] for check in found.get_check_constraints(table)]
        assert len(names) == len(set(names)), names


def test_a_second_migration_changes_nothing(ledger: Ledger) -> None:
    before = inspect(ledger.engine).get_table_names()
    ledger.migrate()
    assert inspect(ledger.engine).get_table_names() == before


def _migrate(url: str, start: float) -> None:
    time.sleep(max(0.0, start - time.time()))
    Ledger(url).migrate()


def test_four_processes_may_migrate_at_once(empty_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    start = time.time() + 3
    processes = [spawn.Process(target=_migrate, args=(empty_url, start)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    assert "batch" in inspect(Ledger(empty_url).engine).get_table_names()


def test_the_newest_revision_is_the_one_the_ledger_asks_for(ledger: Ledger) -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]
    assert revision(ledger.engine) == HEAD


def test_a_database_without_tables_is_at_no_revision(empty_url: str) -> None:
    assert revision(Ledger(empty_url).engine) is None

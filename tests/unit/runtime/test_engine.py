import re
from pathlib import Path

import duckdb
import pytest

from include.runtime.engine import connect

DENIED = (duckdb.PermissionException, duckdb.InvalidInputException, duckdb.CatalogException)


def files(folder: Path) -> tuple[Path, Path, Path]:
    """A file to be read, another one beside it, and a folder for what is written."""
    for name in ("read.csv", "other.csv"):
        (folder / name).write_text("a\n1\n", encoding="utf-8")
    (folder / "work").mkdir()
    return folder / "read.csv", folder / "other.csv", folder / "work"


def test_a_pass_reads_its_files_and_writes_to_its_folder(tmp_path: Path) -> None:
    read, _, work = files(tmp_path)
    with connect(reads=[read], folder=work) as con:
        con.execute(f"copy (from read_csv('{read}')) to '{work}/a.parquet'")
        assert con.execute(f"from '{work}/a.parquet'").fetchall() == [(1,)]


def test_a_file_is_read_by_its_link_and_with_any_letters_in_its_name(tmp_path: Path) -> None:
    read, _, _ = files(tmp_path)
    odd, link = tmp_path / "o'dd, [x]*? ә.csv", tmp_path / "link"
    odd.write_bytes(read.read_bytes())
    link.symlink_to(read)
    with connect(reads=[odd, link]) as con:
        for path in (odd, link):
            assert con.execute("from read_csv(?)", [[str(path)]]).fetchall() == [(1,)]


def test_a_pass_reaches_no_other_file(tmp_path: Path) -> None:
    read, other, work = files(tmp_path)
    (work / "link").symlink_to(other)
    (work / "inner").symlink_to(tmp_path)
    with connect(reads=[read], folder=work) as con:
        for query in (
            f"from read_csv('{other}')",
            f"from read_csv('{work}/../other.csv')",
            f"from read_csv('{work}/link')",
            f"from read_csv('{work}/inner/other.csv')",
            f"from read_csv('file://{other}')",
            f"from read_text('{other}')",
            f"from glob('{tmp_path}/*')",
            f"from '{other}'",
            f"copy (select 1) to '{tmp_path}/new.csv'",
            f"attach '{tmp_path}/new.db'",
            f"export database '{tmp_path}/all'",
            "from read_csv('http://localhost:1/a.csv')",
            "create persistent secret s (type s3)",
        ):
            with pytest.raises(DENIED):
                con.execute(query).fetchall()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.csv", "read.csv", "work"]


def test_a_pass_without_a_folder_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with connect(memory_limit="40MB", threads=1) as con, pytest.raises(duckdb.OutOfMemoryException):
        con.execute("create table t as select md5(range::varchar) as a from range(5000000) order by a")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "statement", ["install httpfs", "load httpfs", "install json from 'http://localhost:1'"]
)
def test_no_extension_is_installed_or_loaded(statement: str) -> None:
    with connect() as con, pytest.raises(DENIED):
        con.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "set enable_external_access = true", "set allowed_directories = ['/']", "set allowed_paths = ['/etc/hostname']",
        "set lock_configuration = false", "reset lock_configuration", "set memory_limit = '8GB'", "set timezone = 'Asia/Almaty'",
        "set autoload_known_extensions = true", "set temp_directory = '/tmp'", "pragma enable_profiling",
    ],
)  # fmt: skip
def test_no_setting_can_be_changed(statement: str) -> None:
    with connect() as con, pytest.raises(duckdb.InvalidInputException, match="locked"):
        con.execute(statement)


def test_variables_of_the_program_are_no_tables() -> None:
    rows = connect().sql("select 1 as a").to_arrow_table()
    assert rows.num_rows == 1
    with connect() as con, pytest.raises(duckdb.CatalogException, match="rows"):
        con.execute("from rows")


def test_the_clock_of_a_pass_shows_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Almaty")
    with connect() as con:
        assert con.execute("select timestamptz '2025-03-31 20:30:00+00'::varchar").fetchall() == [
            ("2025-03-31 20:30:00+00",)
        ]


def test_connections_are_opened_in_one_place() -> None:
    include = Path(__file__).parents[3] / "include"
    opening = re.compile(r"duckdb\.(connect|sql|query|execute|default_connection|read_\w+)\(")
    found = [
        path.relative_to(include).as_posix()
        for path in sorted(include.rglob("*.py"))
        if opening.search(path.read_text(encoding="utf-8"))
    ]
    assert found == ["runtime/engine.py"]

#!/usr/bin/env bash
# DuckDB 2.0.0: try_strptime with a list of formats, one of them with %z, gives a row that has no offset the offset of the row
# parsed before it in the same vector. The same text therefore has another value on another line: '2025-04-01' is midnight UTC
# when it stands first, and 31 March 19:00 UTC below a row with +05:00. One format a call, joined by coalesce, is not affected.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.0 pytz==2026.1
"$place/env/bin/python" - <<'END'
import duckdb

print("duckdb", duckdb.__version__)
connection = duckdb.connect()
connection.execute("set timezone = 'UTC'")
FORMATS = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"]


def moments(expression: str, *texts: str) -> list[str | None]:
    rows = ", ".join(f"({n}, '{text}')" for n, text in enumerate(texts))
    found = connection.sql(f"select cast({expression} as varchar) from (values {rows}) t(n, x) order by n").fetchall()
    return [moment for (moment,) in found]


listed = f"try_strptime(x, {FORMATS})"
alone = f"coalesce(try_strptime(x, '{FORMATS[0]}'), timezone('UTC', try_strptime(x, '{FORMATS[1]}')))"
first = moments(listed, "2025-04-01", "2025-04-10T09:00:00+05:00")
below = moments(listed, "2025-04-10T09:00:00+05:00", "2025-04-01")
print("list of formats, date first:", first)
print("list of formats, date below:", below)
print("one format a call          :", moments(alone, "2025-04-10T09:00:00+05:00", "2025-04-01"))
assert first == ["2025-04-01 00:00:00+00", "2025-04-10 04:00:00+00"], "changed: the date that stands first"
assert below == ["2025-04-10 04:00:00+00", "2025-03-31 19:00:00+00"], "changed: the date below an offset"
assert moments(alone, "2025-04-10T09:00:00+05:00", "2025-04-01")[1] == "2025-04-01 00:00:00+00"
END

#!/usr/bin/env bash
# pyarrow 26.0.1: a cast from decimal128 to float64 is not correctly rounded. Of 10,000 decimals with three places about one in
# eight becomes a double beside the nearest one, so that 909925.048 prints as 909925.0480000001. Python's float() of the same
# decimal, and DuckDB's cast of the same Arrow column, give the nearest double each time.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1 duckdb==2.0.0
"$place/env/bin/python" - <<'END'
import random
from decimal import Decimal

import duckdb
import pyarrow as pa

print("pyarrow", pa.__version__, "duckdb", duckdb.__version__)
random.seed(1)
decimals = [Decimal(random.randint(1, 10**9)).scaleb(-3) for _ in range(10_000)]
column = pa.array(decimals, pa.decimal128(18, 3))
amounts = pa.table({"amount": column})
nearest = [float(each) for each in decimals]
by_arrow = column.cast(pa.float64()).to_pylist()
by_duckdb = [value for (value,) in duckdb.sql("select cast(amount as double) from amounts").fetchall()]
wrong = [(str(d), a) for d, a, n in zip(decimals, by_arrow, nearest, strict=True) if a != n]
print(f"pyarrow: {len(wrong)} of {len(decimals)} are not the nearest double, for example {wrong[0]}")
print(f"DuckDB : {sum(a != n for a, n in zip(by_duckdb, nearest, strict=True))}")
assert 1_200 < len(wrong) < 1_500, "changed: the number of wrong doubles"
assert pa.array([Decimal("909925.048")], pa.decimal128(18, 3)).cast(pa.float64())[0].as_py() == 909925.0480000001
assert by_duckdb == nearest, "changed: DuckDB"
END

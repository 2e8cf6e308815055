#!/usr/bin/env bash
# deltalake 1.6.6: an append that carries an application transaction (app id, version) which the table already has is committed
# again, without an error or a warning: the rows are in twice. The transaction identifier of the Delta protocol is only a record;
# whoever wants to write once has to read transaction_version first.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==26.0.1
"$place/env/bin/python" - "$place/table" <<'END'
import sys

import deltalake
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

print("deltalake", deltalake.__version__)
where = sys.argv[1]
rows = pa.table({"n": [1, 2, 3]})
for attempt in range(2):
    once = CommitProperties(app_transactions=[Transaction("batch-7", 1)])
    write_deltalake(where, rows, mode="append", commit_properties=once)
    table = DeltaTable(where)
    print(f"append {attempt + 1}: {table.to_pyarrow_table().num_rows} rows, version of batch-7: {table.transaction_version('batch-7')}")
assert DeltaTable(where).to_pyarrow_table().num_rows == 6, "changed: the repeated append"
assert DeltaTable(where).transaction_version("batch-7") == 1
END

#!/usr/bin/env bash
# pandas 3.1.1: read_html takes rowspan="0" for no span at all. HTML says that such a cell reaches to the end of its row group, so
# the rows below it lose their first column: their numbers move one column to the left and the last column is empty. A register
# that is exported with one region over several rows so reads '2' as a region.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 lxml==6.1.3
"$place/env/bin/python" - <<'END'
import io

import pandas as pd

print("pandas", pd.__version__)


def table(span: str) -> list[list[object]]:
    rows = f'<tr><td rowspan="{span}">north</td><td>1</td></tr><tr><td>2</td></tr><tr><td>3</td></tr>'
    page = f"<table><thead><tr><th>region</th><th>n</th></tr></thead><tbody>{rows}</tbody></table>"
    return pd.read_html(io.StringIO(page), dtype_backend="numpy_nullable")[0].astype(object).fillna("").values.tolist()


print('rowspan="3":', table("3"))
print('rowspan="0":', table("0"))
assert [[str(cell) for cell in row] for row in table("3")] == [["north", "1"], ["north", "2"], ["north", "3"]]
assert [[str(cell) for cell in row] for row in table("0")] == [["north", "1"], ["2", ""], ["3", ""]], "changed"
END

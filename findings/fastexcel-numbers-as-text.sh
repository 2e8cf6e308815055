#!/usr/bin/env bash
# fastexcel 0.21.0: a sheet asked for as text (dtypes="string") has its numbers cut to nine decimals (0.1234567891234567 becomes
# '0.123456789', 0.0000000004 becomes '0'), and a duration becomes a moment of the year 1899 or 1900 (6 hours: '1899-12-31
# 06:00:00'). Asked for numbers, the same column has every digit.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet --disable-pip-version-check fastexcel==0.21.0 XlsxWriter==3.3.1 pyarrow==26.0.1
"$place/env/bin/python" - "$place/book.xlsx" <<'END'
import sys

import fastexcel
import xlsxwriter

print("fastexcel", fastexcel.__version__)
with xlsxwriter.Workbook(sys.argv[1]) as book:
    sheet, hours = book.add_worksheet("S"), book.add_format({"num_format": "[h]:mm"})
    sheet.write_row(0, 0, ["amount", "duration"])
    for row, (amount, days) in enumerate([(0.1234567891234567, 0.25), (0.0000000004, 1.5)], 1):
        sheet.write_number(row, 0, amount)
        sheet.write_number(row, 1, days, hours)
reader = fastexcel.read_excel(sys.argv[1])
as_text = reader.load_sheet("S", dtypes="string").to_arrow().to_pylist()
as_numbers = [row["amount"] for row in reader.load_sheet("S").to_arrow().to_pylist()]
print("as text   :", as_text)
print("as numbers:", as_numbers)
assert as_text == [
    {"amount": "0.123456789", "duration": "1899-12-31 06:00:00"},
    {"amount": "0", "duration": "1900-01-01 12:00:00"},
], "changed"
assert as_numbers == [0.1234567891234567, 0.0000000004], "changed: numbers"
END

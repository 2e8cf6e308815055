#!/usr/bin/env bash
# python-calamine 0.9.1: in a cell of an ODS sheet a line break and a tab within a paragraph leave nothing behind. A cell that
# shows 100 above 50 reads as the text '10050', which is a number; two paragraphs are parted by a line feed and stay apart.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet --disable-pip-version-check python-calamine==0.9.1
"$place/env/bin/python" - "$place/sheet.ods" <<'END'
import importlib.metadata
import sys
import zipfile

import python_calamine

URN = "urn:oasis:names:tc:opendocument:xmlns"
TYPE = "application/vnd.oasis.opendocument.spreadsheet"
SPACES = f'xmlns:office="{URN}:office:1.0" xmlns:table="{URN}:table:1.0" xmlns:text="{URN}:text:1.0"'
MANIFEST = (
    f'<manifest:manifest xmlns:manifest="{URN}:manifest:1.0" manifest:version="1.2">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{TYPE}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)


def shown(path: str, inner: str) -> object:
    """What calamine makes of one cell of texts."""
    cell = f'<table:table-cell office:value-type="string">{inner}</table:table-cell>'
    table = f'<table:table table:name="S"><table:table-row>{cell}</table:table-row></table:table>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", TYPE)
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr(
            "content.xml",
            f'<office:document-content {SPACES} office:version="1.2"><office:body><office:spreadsheet>{table}'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_name("S").to_python()[0][0]


print("python-calamine", importlib.metadata.version("python-calamine"))
EXPECTED = {
    "<text:p>100<text:line-break/>50</text:p>": "10050",
    "<text:p>100<text:tab/>50</text:p>": "10050",
    "<text:p>100</text:p><text:p>50</text:p>": "100\n50",
    '<text:p>100<text:s text:c="2"/>50</text:p>': "100  50",
}
for inner, expected in EXPECTED.items():
    found = shown(sys.argv[1], inner)
    print(f"{inner:50} {found!r}")
    assert found == expected, "changed"
END

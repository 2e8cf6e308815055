"""Broken deliveries are broken as their kind says, and lie beside the good ones."""

import shutil
from pathlib import Path

from include.sandbox import broken_deliveries


def test_broken_files_differ_from_the_good_ones_and_carry_a_later_day(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "inbox", tmp_path / "inbox")
    broken = {item.feed_id: item for item in broken_deliveries(tmp_path)}
    assert {item.kind for item in broken.values()} == {
        "wrong encoding", "empty", "truncated", "wrong type", "missing column", "doubled column", "another sheet",
    }  # fmt: skip
    assert all(item.path.exists() and "_2025-12_20260120" in item.path.name for item in broken.values())
    assert broken["KZ-11/blocking_record"].path.read_bytes() == b""
    assert broken["KZ-63/blocking_record"].path.read_bytes().startswith(b"%PDF")
    try:
        broken["KZ-31/blocking_record"].path.read_bytes().decode("kz1048")
        readable = True
    except UnicodeDecodeError:
        readable = False
    assert not readable

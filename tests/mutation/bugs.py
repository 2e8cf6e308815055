"""The planted bugs: what each does to the data, by name."""

from __future__ import annotations

from tests.mutation.planted import Bug

FILES = "tests/mutation/test_mutated_files.py"
SOUND = f"{FILES}::test_a_sound_file_is_taken_as_it_is"
DAMAGED = f"{FILES}::test_a_damaged_file_is_refused_or_every_record_is_accounted_for"
BUGS: dict[str, Bug] = {
    "records that are no rows are forgotten": Bug(
        "include.steps.judge", "        for number, raw in self.readable.items():\n            self.con.execute(\n                f\"insert into judged",
        "        for number, raw in ():\n            self.con.execute(\n                f\"insert into judged",
        (f"{DAMAGED}[csv]", "tests/end_to_end/test_bad_input.py"),
    ),
    "one title row too many is skipped": Bug(
        "include.sources.formats.csv", "skip={declared.title_rows}", "skip={declared.title_rows + 1}", (f"{SOUND}[csv]",)
    ),
}  # fmt: skip

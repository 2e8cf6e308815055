"""Definitions as the command line lists and checks them."""


def test_a_source_is_listed_with_its_feeds(country):
    (source,) = country.data("source", "list")["sources"]
    assert (source["source"], source["name"]["ru"], source["synthetic"]) == ("KZ-43", "Проба", True)
    (feed,) = source["feeds"]
    assert (feed["feed_id"], feed["transport"], feed["format"]) == ("KZ-43/laboratory", "folder", "csv")


def test_a_good_definition_has_no_faults(country):
    checked = country.data("source", "check")
    assert checked == {
        "files": [{"file": "KZ-43.yaml", "source": "KZ-43", "feeds": 1, "faults": []}],
        "faults": 0,
    }


def test_a_broken_definition_is_exit_code_2_and_names_file_and_key(country):
    text = country.definition.read_text(encoding="utf-8")
    country.definition.write_text(text.replace("closed_on", "closing_day"), encoding="utf-8")
    done = country.odcm("source", "check")
    assert done.exit_code == 2
    assert "KZ-43.yaml: feeds.laboratory.fields.closing_day: expected" in done.stderr


def test_one_broken_definition_does_not_hide_the_good_ones(country):
    broken = country.definition.with_name("KZ-10.yaml")
    broken.write_text("source: KZ-10\n", encoding="utf-8")
    files = {one["file"]: one for one in country.data("source", "check", code=2)["files"]}
    assert (files["KZ-43.yaml"]["faults"], bool(files["KZ-10.yaml"]["faults"])) == ([], True)


def test_a_source_that_stands_in_two_files_is_a_fault(country):
    country.definition.with_name("copy.yaml").write_text(country.definition.read_text(), encoding="utf-8")
    assert "is taken by KZ-43.yaml" in country.odcm("source", "check").stderr


def test_a_definition_can_be_checked_before_it_is_put_in_place(country):
    draft = country.root / "new.yaml"
    draft.write_text("source: [", encoding="utf-8")
    done = country.odcm("source", "check", str(draft))
    assert (done.exit_code, "new.yaml: expected YAML" in done.stderr) == (2, True)


def test_a_folder_without_definitions_is_wrong_usage(country):
    country.definition.unlink()
    assert country.odcm("source", "check").exit_code == 2


def test_a_definition_that_is_not_utf_8_is_a_fault_with_its_place(country):
    country.definition.write_bytes(b"source: KZ-43\nname: \xff\n")
    done = country.odcm("source", "check")
    assert (done.exit_code, "KZ-43.yaml: document: expected UTF-8" in done.stderr) == (2, True)


def test_a_definition_in_place_has_the_name_of_its_source_and_a_draft_any_name(country):
    draft = country.root / "draft.yaml"
    draft.write_text(country.definition.read_text(encoding="utf-8"), encoding="utf-8")
    assert country.odcm("source", "check", str(draft)).exit_code == 0
    country.definition.rename(country.definition.with_name("kyzylorda.yaml"))
    said = "kyzylorda.yaml: source: 'KZ-43' is not the name of the file; expected KZ-43.yaml"
    checked = country.odcm("source", "check")
    assert (checked.exit_code, said in checked.stderr) == (2, True)
    ingested = country.odcm("ingest")
    assert (ingested.exit_code, said in ingested.stderr) == (1, True), ingested.stderr

"""A release as files: complete, traceable, and the same bytes every time."""

import hashlib
import html.parser
import io
import json
import re

import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from include.contracts import codelist, load, names
from include.publish import headline_cards, regional_cards, release_files, release_tables
from include.publish.manifest import content_sha256


@pytest.fixture(scope="module")
def make(sample):
    def files(**changes):
        facts, contracts, marts = sample.facts(**changes), sample.release_contracts(), sample.marts()
        release = release_tables(marts, contracts, 2025)
        headlines = headline_cards(
            release.tables["release_headlines"], codelist("figures"), sample.sources(), facts
        )
        regions = codelist("regions")
        regional = regional_cards(
            marts,
            codelist("figures"),
            regions["code"].to_pylist(),
            sample.sources(),
            facts,
            release.grains,
            0.9,
        )
        origins = [load(name) for name in names("mart")]
        return release_files(facts, release, contracts, origins, headlines, regional, regions)

    return files


@pytest.fixture(scope="module")
def files(make):
    return make()


def test_the_same_input_gives_the_same_bytes(make, files):
    assert make() == files


def test_other_batches_with_the_same_content_change_the_manifest_alone(make, files):
    other = make(batches=())
    assert {path for path in files if files[path] != other[path]} == {"manifest.json"}
    assert (
        content_sha256(files) == content_sha256(other) == json.loads(files["manifest.json"])["content_sha256"]
    )


def test_every_table_lies_there_as_parquet_and_csv_with_the_same_rows(files):
    for name in names("release"):
        parquet = pq.read_table(io.BytesIO(files[f"data/{name}.parquet"]))
        text = pacsv.read_csv(io.BytesIO(files[f"data/{name}.csv"]))
        assert parquet.column_names == text.column_names == [column.name for column in load(name).columns]
        assert parquet.num_rows == text.num_rows > 0
        assert parquet.schema.metadata[b"synthetic"] == b"true"


def test_the_manifest_names_every_file_with_hash_size_and_rows(files):
    listed = {entry["path"]: entry for entry in json.loads(files["manifest.json"])["files"]}
    assert listed.keys() == files.keys() - {"manifest.json"}
    for path, entry in listed.items():
        assert entry["sha256"] == hashlib.sha256(files[path]).hexdigest() and entry["bytes"] == len(
            files[path]
        )
    assert listed["data/release_headlines.csv"]["rows"] == len(codelist("figures"))


def test_the_manifest_says_what_the_release_was_made_from(files):
    manifest = json.loads(files["manifest.json"])
    assert {
        "release_id",
        "rules_version",
        "factor_table_version",
        "code_version",
        "as_at",
        "stage",
    } <= manifest.keys()
    assert manifest["input_batches"] == [
        {
            "batch_id": "b1",
            "feed_id": "KZ-10/blocking_record",
            "committed_at": "2026-01-31T04:30:00Z",
            "deliveries": ["d1", "d2"],
        }
    ]
    assert {"name": "mart_channels", "version": load("mart_channels").version} in manifest["contracts"]


def test_every_file_that_a_person_reads_is_marked_synthetic(files):
    for path in (
        "index.html",
        "dictionary.html",
        "dictionary.md",
        "figures.json",
        "figures_by_region.json",
        "manifest.json",
    ):
        assert "SYNTHETIC" in files[path].decode()


def test_a_real_release_carries_no_such_mark(make):
    real = make(synthetic=False)
    assert not [
        path for path, content in real.items() if b"SYNTHETIC" in content or b'"synthetic": true' in content
    ]


class Page(html.parser.HTMLParser):
    VOID = {"meta", "input", "br", "link", "img"}

    def __init__(self, text):
        super().__init__()
        self.open, self.languages, self.headers, self.links, self.outside, self.scripts = (
            [],
            [],
            [],
            [],
            [],
            0,
        )
        self.ids, self.labelled = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids += [given["id"]] if "id" in given else []
        self.labelled += [given["aria-labelledby"]] if "aria-labelledby" in given else []
        self.scripts += tag == "script"
        if tag == "main":
            self.languages.append(given["lang"])
        if tag == "th":
            self.headers.append(given.get("scope"))
        if tag == "a":
            self.links.append(given["href"])
        self.outside += [value for value in given.values() if value and re.match(r"(https?:)?//", value)]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_stands_alone_in_three_languages_without_script(files):
    page = Page(files["index.html"].decode())
    assert page.open == [] and page.scripts == 0 and page.outside == []
    assert page.languages == ["kk", "ru", "en"]
    assert None not in page.headers
    assert len(page.ids) == len(set(page.ids)) and set(page.labelled) <= set(page.ids)


def test_the_page_links_only_to_files_of_the_release(files):
    page = Page(files["index.html"].decode())
    assert set(page.links) and set(page.links) <= files.keys()


def test_the_page_shows_missing_and_zero_apart(files):
    text = re.sub(r"\s+", " ", files["index.html"].decode())
    russian = text[text.index('<main lang="ru"') : text.index('<main lang="en"')]
    silent = russian[russian.index("Область Ұлытау") :][:900]
    nothing = russian[russian.index("Акмолинская область") :][:900]
    assert '<abbr title="нет отчёта">:</abbr>' in silent
    assert "нет отчёта" not in nothing.split("</tr>")[0] and ">0</td>" in nothing


def test_the_page_writes_numbers_as_each_language_does(files):
    text = files["index.html"].decode()
    assert "30\u00a0413" in text and "30,413" in text and "+12,6\u00a0%" in text and "+12.6%" in text


def test_text_from_outside_is_escaped(make):
    page = make(number=2, reason="<script>alert(1)</script>")["index.html"].decode()
    assert "<script>" not in page and "&lt;script&gt;" in page

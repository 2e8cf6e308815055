"""A release as a set of files: path → content, the same bytes for the same tables and facts."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from include.contracts import Contract
from include.publish.cards import FigureCard, card_json
from include.publish.dictionary import dictionary_html, dictionary_md, synthetic_mark
from include.publish.facts import ReleaseFacts
from include.publish.files import csv_bytes, json_bytes, parquet_bytes
from include.publish.manifest import NAME, manifest
from include.publish.page import TableFile, months_of, page
from include.publish.tables import ReleaseTables
from include.publish.texts import texts

FIGURES = "figures.json"
REGIONS = "figures_by_region.json"


def release_files(
    facts: ReleaseFacts,
    release: ReleaseTables,
    contracts: Sequence[Contract],
    origins: Sequence[Contract],
    headlines: Sequence[FigureCard],
    regional: Sequence[FigureCard],
    regions: pa.Table,
) -> dict[str, bytes]:
    """Every file of the release: data/<table>.parquet and .csv, figures, dictionary, index.html, manifest.json.

    Args:
        facts: of the release.
        release: its tables.
        contracts: the contracts of these tables.
        origins: the contracts of the marts and core tables that they come from.
        headlines: national cards, in catalogue order.
        regional: cards of the regions, in the order in which they are shown.
        regions: codelists/regions.csv.
    """
    files: dict[str, bytes] = {}
    rows: dict[str, int] = {}
    listed = []
    for contract in contracts:
        table = release.tables[contract.name]
        paths = (f"data/{contract.name}.parquet", f"data/{contract.name}.csv")
        files[paths[0]] = parquet_bytes(table, _notes(facts, contract))
        files[paths[1]] = csv_bytes(table)
        rows |= dict.fromkeys(paths, table.num_rows)
        listed.append(TableFile(contract.name, contract.from_mart or contract.name, table.num_rows, paths))
    files[FIGURES] = json_bytes(_figures(facts, headlines))
    files[REGIONS] = json_bytes(_figures(facts, regional))
    rows |= {FIGURES: len(headlines), REGIONS: len(regional)}
    files["dictionary.md"] = dictionary_md(contracts, facts)
    files["dictionary.html"] = dictionary_html(contracts, facts)
    months = months_of(table_from(release, contracts, "mart_channels"))
    reports = table_from(release, contracts, "mart_reports")
    files["index.html"] = page(facts, headlines, regional, regions, months, reports, listed)
    made_of = manifest(facts, files, rows, [*contracts, *origins], release.grains, _kind_of_data(facts))
    files[NAME] = json_bytes(made_of)
    return files


def table_from(release: ReleaseTables, contracts: Sequence[Contract], mart: str) -> pa.Table:
    """The release table that comes from a mart.

    Raises:
        KeyError: no release contract takes its rows from that mart.
    """
    for contract in contracts:
        if contract.from_mart == mart:
            return release.tables[contract.name]
    raise KeyError(f"no release table comes from {mart}")


def _figures(facts: ReleaseFacts, cards: Sequence[FigureCard]) -> dict[str, object]:
    return {
        "release_id": facts.release_id,
        "synthetic": facts.synthetic,
        "data": _kind_of_data(facts),
        "figures": [card_json(card) for card in cards],
    }


def _kind_of_data(facts: ReleaseFacts) -> str:
    return (
        f"{synthetic_mark()}. {texts('en')('synthetic_text')}"
        if facts.synthetic
        else "Reports of regional sources."
    )


def _notes(facts: ReleaseFacts, contract: Contract) -> dict[str, str]:
    return {
        "release_id": facts.release_id,
        "table": contract.name,
        "contract_version": contract.version,
        "rules_version": facts.rules_version,
        "synthetic": "true" if facts.synthetic else "false",
    }

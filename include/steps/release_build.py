"""A release built in memory from core: the batches frozen with it, counted again, made into files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from include.contracts import Contract, codelist, load, names
from include.ledger import Ledger
from include.publish import (
    FigureCard,
    InputBatch,
    ReleaseFacts,
    ReleaseTables,
    headline_cards,
    problems,
    refuse_if_any,
    regional_cards,
    release_files,
    release_tables,
)
from include.publish.package import table_from
from include.statistics import RULES, build
from include.steps import definitions, statistics
from include.storage.home import Home


@dataclass(frozen=True)
class Building:
    """A release built in memory from core, each part when it is first asked for."""

    home: Home
    facts: ReleaseFacts

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        """Release table → its contract."""
        return {name: load(name) for name in names("release")}

    @cached_property
    def marts(self) -> dict[str, pa.Table]:
        """Every mart for the year and the year before, from the frozen batches alone (T2)."""
        year, batches = self.facts.year, [batch.batch_id for batch in self.facts.batches]
        inputs = statistics.inputs(self.home, batches, self.facts.as_at)
        return build(inputs, [year - 1, year], spill=statistics.spill_folder(self.home)).marts

    @cached_property
    def release(self) -> ReleaseTables:
        """The tables of the release."""
        return release_tables(self.marts, list(self.contracts.values()), self.facts.year)

    @cached_property
    def headlines(self) -> list[FigureCard]:
        """The national cards."""
        table = table_from(self.release, list(self.contracts.values()), "mart_headlines")
        return headline_cards(table, codelist("figures"), _sources(self.contracts), self.facts)

    @cached_property
    def regional(self) -> list[FigureCard]:
        """The cards of every region."""
        regions = codelist("regions")["code"].to_pylist()
        return regional_cards(
            self.marts,
            codelist("figures"),
            regions,
            _sources(self.contracts),
            self.facts,
            self.release.grains,
            RULES.coverage_threshold,
        )

    @cached_property
    def files(self) -> dict[str, bytes]:
        """Path → content of every file of the release."""
        origins = [load(name) for layer in ("mart", "core") for name in names(layer)]
        return release_files(
            self.facts,
            self.release,
            list(self.contracts.values()),
            origins,
            self.headlines,
            self.regional,
            codelist("regions"),
        )


def checked(built: Building) -> Building:
    """The same release when it passes every check.

    Raises:
        ReleaseRefused: lists every fault: coverage (C1), small counts (C2), restricted columns, odd text (B9).
        IncompleteCard: names each figure and the missing part of its card.
    """
    every = [load(name) for name in names()]
    faults = problems(built.release.tables, built.contracts, every, built.headlines, RULES.coverage_threshold)
    refuse_if_any(built.facts.release_id, faults)
    return built


def facts_of(ledger: Ledger, release_id: str) -> ReleaseFacts:
    """What was frozen with the release, from the ledger; synthetic where one of its sources is simulated."""
    row = ledger.release(release_id)
    wanted = ledger.release_batches(release_id)
    batches = tuple(
        InputBatch(
            batch_id=batch.batch_id,
            feed_id=batch.feed_id,
            committed_at=batch.committed_at,
            deliveries=tuple(
                sorted(result.delivery_id for result in ledger.delivery_results(batch.batch_id))
            ),
        )
        for batch in map(ledger.batch, wanted)
        if batch.committed_at is not None
    )
    return ReleaseFacts(
        release_id=row.release_id,
        year=row.year,
        number=row.number,
        stage=row.stage,
        as_at=row.as_at,
        rules_version=row.rules_version,
        factor_table_version=RULES.factor_table_version,
        code_version=row.code_version,
        synthetic=not definitions.ever_synthetic(ledger, row.as_at).isdisjoint(
            batch.feed_id.partition("/")[0] for batch in batches
        ),
        batches=batches,
        reason=row.reason,
    )


def _sources(contracts: Mapping[str, Contract]) -> dict[str, tuple[str, ...]]:
    """Dataset → the tables that its figures come from, nearest first: release table, mart, core table."""
    catalogue = codelist("figures").to_pylist()
    from_mart = {contract.from_mart: name for name, contract in contracts.items()}
    return {
        entry["dataset"]: (from_mart[entry["mart"]], entry["mart"], f"core_{entry['dataset']}")
        for entry in catalogue
        if entry["mart"] in from_mart
    }

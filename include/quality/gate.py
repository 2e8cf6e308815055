"""The gate: Great Expectations judges the accepted rows of a dataset again, as a second engine.

The suite comes from the same contract as the row rules. A row that passed ours and fails here means a defect
in one of the two: its source is stopped, the others go on. The only module that imports Great Expectations;
import it inside a task, it takes seconds.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")

import great_expectations as gx
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.render.renderer import ValidationResultsPageRenderer
from great_expectations.render.view import DefaultJinjaPageView

from include.contracts import Contract, Expectation, expectations

ROW_CAP = 1_000_000
"""Rows of a dataset run that are examined whole; above it a stated sample of this size is."""


@dataclass(frozen=True)
class Examined:
    """The verdict of one expectation over one batch, with how many rows it looked at."""

    expectation: str
    success: bool
    rows_examined: int
    rows_unexpected: int


@dataclass(frozen=True)
class Report:
    """Results by batch, the batches that are stopped with the reason, and Great Expectations' own page."""

    results: dict[str, list[Examined]] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)
    html: str = ""


def examine(contract: Contract, staged: Mapping[str, Sequence[Path]], row_cap: int = ROW_CAP) -> Report:
    """Validate the accepted rows of all staged batches of one dataset in one run.

    Args:
        contract: whose suite is used.
        staged: batch id → Parquet files of its accepted rows.
        row_cap: above this many rows, an evenly spaced sample of that size is examined, and the number of rows
            examined is what the results say.
    """
    frame = _frame(contract, staged, row_cap)
    examined = frame["batch_id"].value_counts().to_dict()
    declared = expectations(contract)
    if frame.empty:  # months without cases, duplicates or bad rows alone: there is nothing to judge again
        return Report({batch: [Examined(item.id, True, 0, 0) for item in declared] for batch in staged})
    outcome = _validate(contract.name, declared, frame)
    results: dict[str, list[Examined]] = {batch: [] for batch in staged}
    disagreed: dict[str, list[str]] = {batch: [] for batch in staged}
    for expectation, found in zip(declared, outcome.results, strict=True):
        unexpected = _unexpected(found, frame)
        for batch in staged:
            bad = unexpected.get(batch, 0)
            # A failed expectation that names no rows concerns the whole run: no batch of it passes.
            success = bool(found.success) or (bool(unexpected) and not bad)
            results[batch].append(Examined(expectation.id, success, examined.get(batch, 0), bad))
            if not success:
                disagreed[batch].append(expectation.id)
    stopped = {
        batch: f"the gate disagrees with the row verdicts on {', '.join(ids)}; one of the two is wrong"
        for batch, ids in disagreed.items()
        if ids
    }
    return Report(results, stopped, _page(outcome))


def _frame(contract: Contract, staged: Mapping[str, Sequence[Path]], row_cap: int) -> pd.DataFrame:
    table = pa.concat_tables(
        [pq.read_table(path) for paths in staged.values() for path in paths], promote_options="default"
    )
    if table.num_rows > row_cap:
        step = table.num_rows / row_cap
        table = table.take(pa.array([int(n * step) for n in range(row_cap)]))
    # Great Expectations compares whole columns only for plain numbers and for dates in nanoseconds.
    days = {c.name: "datetime64[ns]" for c in contract.columns if c.type == "date"}
    return table.to_pandas().astype(days)


def _validate(name: str, declared: list[Expectation], frame: pd.DataFrame) -> Any:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    suite = gx.ExpectationSuite(name=name)
    for item in declared:
        suite.add_expectation_configuration(
            gx.expectations.core.__dict__[_class_name(item.type)](
                **item.kwargs, meta={"id": item.id}
            ).configuration
        )
    asset = context.data_sources.add_pandas("accepted").add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe("run").get_batch(batch_parameters={"dataframe": frame})
    outcome = batch.validate(suite, result_format={"result_format": "COMPLETE"})
    order = {item.id: n for n, item in enumerate(declared)}
    outcome.results.sort(key=lambda found: order[_id(found)])
    return outcome


def _id(found: Any) -> str:
    return str(found.expectation_config.meta["id"])


def _class_name(kind: str) -> str:
    return "".join(part.capitalize() for part in kind.split("_"))


def _unexpected(found: Any, frame: pd.DataFrame) -> dict[str, int]:
    rows = found.result.get("unexpected_index_list") or []
    if not rows:
        return {}
    return dict(frame["batch_id"].iloc[rows].value_counts())


def _page(outcome: Any) -> str:
    page: str = DefaultJinjaPageView().render(ValidationResultsPageRenderer().render(outcome))
    return page

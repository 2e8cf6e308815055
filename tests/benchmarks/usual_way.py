"""The same work as most would write it: pandas for reading and normalising, Great Expectations for the verdicts.

A fair opponent: whole columns wherever pandas has an operation for it, words folded once per distinct word, the
public suffix list asked once per host. It keeps all rows in memory, judges them with one Great Expectations run,
and writes the same three files with the same verdicts on the same rows; the harness compares the counts.
"""

from __future__ import annotations

import hashlib
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")

import great_expectations as gx
import great_expectations.expectations as gxe
import idna
import pandas as pd
import tldextract
import yaml
from great_expectations.data_context.types.base import ProgressBarsConfig

from include.contracts import codes, fold, load, spellings
from include.contracts.rules import MIXED_UP_LETTERS

DEFINITION = Path(__file__).parent / "sources" / "BENCH.yaml"
RECEIVED = pd.Timestamp("2026-01-15")
ORDERED = (
    ("detected_on", "requested_on"),
    ("requested_on", "decision_on"),
    ("detected_on", "blocked_on"),
    ("blocked_on", "unblocked_on"),
)
TELEGRAM = re.compile(
    r"^(?:@|(?:https?://)?(?:www\.)?(?:t\.me|telegram\.me|telegram\.dog)/(?:s/)?|tg://resolve/?\?(?:[^#]*&)?domain=)"
    r"([a-z0-9_]{2,64})(?:[/?&#].*)?$"
)
NETWORK = re.compile(r"^(?:@|(?:https?://)?(?:[a-z.]+)/@?)?(\+?[a-z0-9_.-]{2,64})(?:[/?#].*)?$")
HOST = re.compile(r"^(?:[a-z]+://)?([^/:?#@\s]+)")
suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def process(source: Path, folder: Path) -> dict[str, Any]:
    """Judge every row of the register and write core, quarantine and duplicates as Parquet; counts of each."""
    received = pd.read_csv(source, sep=";", dtype=str, na_values=["", "-"], keep_default_na=False)
    frame = normalised(received)
    bad = unexpected_rows(frame)
    good = frame[~bad]
    again = good.duplicated(["record_no", "content_hash"])
    folder.mkdir(parents=True, exist_ok=True)
    good[~again].to_parquet(folder / "core.parquet", index=False)
    good.loc[again, ["record_no", "content_hash"]].to_parquet(folder / "duplicates.parquet", index=False)
    received[bad].to_parquet(folder / "quarantine.parquet", index=False)
    duplicate = int(again.sum())
    return {
        "landed": len(frame),
        "accepted": len(good) - duplicate,
        "quarantined": int(bad.sum()),
        "duplicate": duplicate,
    }


def normalised(received: pd.DataFrame) -> pd.DataFrame:
    """The contract's fields with their types, keys and hashes; what cannot be read is null, and marked as such."""
    contract = load("core_blocking_record")
    mapping = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))["feeds"]["blocking_record"]["fields"]
    frame = received.rename(columns={heading: field for field, heading in mapping.items()})[list(mapping)]
    frame = frame.apply(lambda column: column.str.strip())
    for field in contract.reported:
        text = frame[field.name]
        if field.type == "date":
            frame[field.name] = pd.to_datetime(text, format="%d.%m.%Y", errors="coerce")
        elif field.codelist:
            known = spellings(field.codelist)
            frame[field.name] = text.map({word: known.get(fold(word)) for word in text.dropna().unique()})
        else:
            continue
        frame[f"{field.name}_read"] = frame[field.name].notna() | text.isna()
    columns = frame[["platform", "identifier", "platform_numeric_id"]].itertuples(index=False, name=None)
    frame["channel_key"] = [channel_key(*row) for row in columns]
    columns = frame[["platform", "mirror_of"]].itertuples(index=False, name=None)
    frame["parent_channel_key"] = [channel_key(platform, parent, None) for platform, parent in columns]
    frame["record_key"] = "BENCH|blocking_record|" + frame["record_no"]
    content = frame[list(mapping)].itertuples(index=False, name=None)
    frame["content_hash"] = [hashlib.md5(repr(row).encode()).hexdigest() for row in content]
    frame["raw_row"] = range(2, len(frame) + 2)
    frame["source_id"], frame["received_at"] = "BENCH", RECEIVED
    return frame


def channel_key(platform: Any, identifier: Any, numeric_id: Any) -> str | None:
    """The canonical channel of one row, as `include.channels` defines it, of the spellings that the register has."""
    if not isinstance(platform, str) or not isinstance(identifier, str):
        return None
    namespace = "telegram" if platform.startswith("telegram") else platform
    if isinstance(numeric_id, str):
        return f"{namespace}:{'user' if platform == 'telegram_bot' else 'id'}:{numeric_id}"
    text = identifier.lower()
    if namespace == "telegram":
        found = TELEGRAM.match(text)
        return f"telegram:{found[1]}" if found else None
    if platform in ("instagram", "tiktok", "vk", "whatsapp"):
        found = NETWORK.match(text)
        return f"{platform}:{found[1]}" if found else None
    found = HOST.match(text)
    domain = registrable(found[1]) if found else None
    return f"{platform}:{domain}" if domain else None


@lru_cache(maxsize=1_000_000)
def registrable(host: str) -> str | None:
    """The registrable domain of a host, IDNA-encoded."""
    try:
        ascii_host = idna.encode(host.strip("."), uts46=True).decode().lower()
    except idna.IDNAError:
        return None
    parts = suffixes(ascii_host)
    if not parts.suffix:
        labels = ascii_host.split(".")
        return ".".join(labels[-2:]) if len(labels) > 1 else None
    return f"{parts.domain}.{parts.suffix}" if parts.domain else None


def suite() -> gx.ExpectationSuite:
    """What the contract asks of a row, as expectations over columns."""
    found = gx.ExpectationSuite(name="blocking_record")
    for field in load("core_blocking_record").fields:
        name = field.name
        if field.required:
            found.add_expectation(gxe.ExpectColumnValuesToNotBeNull(column=name))
        if field.codelist:
            found.add_expectation(
                gxe.ExpectColumnValuesToBeInSet(column=name, value_set=codes(field.codelist))
            )
        if field.codelist or field.type == "date":
            found.add_expectation(gxe.ExpectColumnValuesToBeInSet(column=f"{name}_read", value_set=[True]))
        if field.type == "date":
            found.add_expectation(
                gxe.ExpectColumnValuesToBeBetween(
                    column=name, min_value="2000-01-01T00:00:00", max_value=RECEIVED
                )
            )
        if field.min_length is not None or field.max_length is not None:
            found.add_expectation(
                gxe.ExpectColumnValueLengthsToBeBetween(
                    column=name, min_value=field.min_length, max_value=field.max_length
                )
            )
        if field.pattern:
            found.add_expectation(gxe.ExpectColumnValuesToMatchRegex(column=name, regex=field.pattern))
        if field.type == "string" and not field.codelist and not field.derived:
            found.add_expectation(gxe.ExpectColumnValuesToNotMatchRegex(column=name, regex=MIXED_UP_LETTERS))
    for earlier, later in ORDERED:
        found.add_expectation(
            gxe.ExpectColumnPairValuesAToBeGreaterThanB(
                column_A=later, column_B=earlier, or_equal=True, ignore_row_if="either_value_is_missing"
            )
        )
    return found


def unexpected_rows(frame: pd.DataFrame) -> pd.Series:
    """True for every row that breaks at least one expectation."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("register").add_dataframe_asset("blocking_record")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch(batch_parameters={"dataframe": frame})
    outcome = batch.validate(suite(), result_format={"result_format": "COMPLETE"})
    bad = pd.Series(False, index=frame.index)
    for result in outcome.results:
        if result.exception_info.get("raised_exception"):
            raise RuntimeError(f"{result.expectation_config.type}: {result.exception_info}")
        bad.loc[result.result.get("unexpected_index_list") or []] = True
    return bad

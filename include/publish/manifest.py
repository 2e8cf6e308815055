"""The manifest: what a release consists of and what it was made from, so that anyone can check it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from include.contracts import Contract
from include.publish.cards import stamp
from include.publish.facts import ReleaseFacts
from include.publish.tables import Grain

NAME = "manifest.json"


def manifest(
    facts: ReleaseFacts,
    files: Mapping[str, bytes],
    rows: Mapping[str, int],
    contracts: Iterable[Contract],
    grains: Mapping[str, Grain],
    rests_on: str,
) -> dict[str, Any]:
    """The manifest of a release, ready for JSON.

    Args:
        facts: of the release.
        files: path → content of every file but the manifest itself.
        rows: path → data rows, for the files that hold a table or a list.
        contracts: the contracts of the release tables and of the marts and core tables they come from.
        grains: marts published coarser than they are (C2), with the grain at which persons are counted.
        rests_on: one sentence on what the data are.
    """
    return {
        "release_id": facts.release_id,
        "synthetic": facts.synthetic,
        "data": rests_on,
        "year": facts.year,
        "number": facts.number,
        "stage": facts.stage,
        "reason": facts.reason,
        "as_at": stamp(facts.as_at),
        "rules_version": facts.rules_version,
        "factor_table_version": facts.factor_table_version,
        "code_version": facts.code_version,
        "content_sha256": content_sha256(files),
        "files": [
            {"path": path, "bytes": len(content), "rows": rows.get(path), "sha256": sha256(content)}
            for path, content in sorted(files.items())
        ],
        "contracts": [
            {"name": c.name, "version": c.version} for c in sorted(contracts, key=lambda each: each.name)
        ],
        "made_coarser": [
            {"mart": mart, "persons_counted_where": dict(grain), "rule": "C2"}
            for mart, grain in sorted(grains.items())
        ],
        "input_batches": [
            {
                "batch_id": batch.batch_id,
                "feed_id": batch.feed_id,
                "committed_at": stamp(batch.committed_at),
                "deliveries": list(batch.deliveries),
            }
            for batch in sorted(facts.batches, key=lambda each: (each.feed_id, each.batch_id))
        ],
    }


def content_sha256(files: Mapping[str, bytes]) -> str:
    """One hash over all files but the manifest: of the lines `<sha256>  <path>`, sorted by path.

    The input batches are not part of it: the same deliveries in another order give the same content.
    """
    lines = (f"{sha256(content)}  {path}\n" for path, content in sorted(files.items()) if path != NAME)
    return sha256("".join(lines).encode("utf-8"))


def sha256(content: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(content).hexdigest()

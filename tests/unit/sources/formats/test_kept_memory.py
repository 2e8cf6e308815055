"""Memory that a piece gave back is there for the next one, without the system's doing."""

from __future__ import annotations

import multiprocessing
import resource
from typing import Any

import numpy as np
import pyarrow as pa

from include.sources.formats.memory import keep_freed_memory

ROUNDS, ARRAYS, SIZE = 50, 40, 300_000


def faults(keep: bool, told: Any) -> None:
    """Tell how many pages the system handed out while pieces were worked on, and whose memory Arrow takes."""
    if keep:
        keep_freed_memory()
    for measured in (False, True):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(ROUNDS):
            arrays = [np.ones(SIZE, np.uint8) for _ in range(ARRAYS)]
            del arrays
        if measured:
            told.put(
                (
                    resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before,
                    pa.default_memory_pool().backend_name,
                )
            )


def in_a_process_of_its_own(keep: bool) -> tuple[int, str]:
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    process = context.Process(target=faults, args=(keep, told))
    process.start()
    found: tuple[int, str] = told.get(timeout=60)
    process.join()
    return found


def test_pages_are_handed_out_once_and_not_for_every_piece() -> None:
    pieces = ROUNDS * ARRAYS * SIZE // resource.getpagesize()
    kept, pool = in_a_process_of_its_own(keep=True)
    assert kept < pieces / 20 and pool == "system"
    fresh, _ = in_a_process_of_its_own(keep=False)
    assert fresh > pieces / 2  # or the C library does so by itself, and the function can go

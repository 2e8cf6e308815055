"""Memory that one piece of a delivery gave back is there for the next: the system zeroes what it hands out anew."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa

LARGEST = (32 << 20) - (1 << 16)


@cache
def keep_freed_memory() -> None:
    """Let this process keep up to 64 MiB that it has freed, and Arrow take its memory from there.

    The C library keeps twice the largest block that was ever freed, of those up to 32 MiB (mallopt(3),
    M_MMAP_THRESHOLD); without that, each piece of a sheet is read into fresh memory. Arrow's own allocator asks for
    huge pages, of which a single one may take the system 20 ms.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    np.empty(LARGEST, np.uint8)

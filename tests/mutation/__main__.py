"""The whole run: python -m tests.mutation [--files 10000] [--form xlsx] [--seed 17] [--workers 2]"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

from include.steps.alone import Alone
from tests.mutation.originals import FORMATS
from tests.mutation.run import Damaged, Outcome, examine_one


def examine_many(form: str, seeds: range) -> list[Outcome]:
    """Damaged files of one format, one after another."""
    with Alone() as alone, tempfile.TemporaryDirectory() as folder:
        return [examine_one(alone, Damaged(form, seed), Path(folder)) for seed in seeds]


def main() -> int:
    """Examine all, print what became of them; 1 where anything is wrong."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--files", type=int, default=10_000)
    arguments.add_argument("--form", choices=FORMATS, action="append")
    arguments.add_argument("--seed", type=int, help="this one alone")
    arguments.add_argument("--workers", type=int, default=2)
    asked = arguments.parse_args()
    forms = asked.form or list(FORMATS)
    each = -(-asked.files // len(forms))
    seeds = range(asked.seed, asked.seed + 1) if asked.seed is not None else range(each)
    parts = [range(begin, min(begin + 50, seeds.stop)) for begin in range(seeds.start, seeds.stop, 50)]
    wrong, began = 0, time.monotonic()
    with ProcessPoolExecutor(asked.workers) as pool:
        for form in forms:
            outcomes = [one for many in pool.map(examine_many, repeat(form), parts) for one in many]
            ends = ", ".join(
                f"{end} {count}" for end, count in sorted(Counter(one.end for one in outcomes).items())
            )
            seconds, memory = max(one.seconds for one in outcomes), max(one.memory_mb for one in outcomes)
            print(
                f"{form:12}{len(outcomes):6} files: {ends}; at most {seconds:.1f} s, {memory} MB", flush=True
            )
            for one in outcomes:
                if one.wrong:
                    wrong += 1
                    print(f"  {one.file} after {', '.join(one.done)}: {'; '.join(one.wrong)}", flush=True)
    print(f"{wrong} with something wrong; {time.monotonic() - began:.0f} s")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())

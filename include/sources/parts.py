"""What every part of a definition is: closed to unknown keys, never changed after it was read."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


class Part(BaseModel):
    """A block of keys of a definition. Its fields' descriptions are what an editor shows (JSON Schema)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

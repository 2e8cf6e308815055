"""`python -m include.sandbox.demo.country FOLDER`: make the simulated country's deliveries."""

import sys
from pathlib import Path

from include.sandbox import make

if __name__ == "__main__":
    make(Path(sys.argv[1]))

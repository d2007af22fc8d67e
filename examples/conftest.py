"""Makes the examples importable by their names, as `gambrel run examples/NAME` does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

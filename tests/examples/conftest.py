"""The examples are no part of the installed package: tests find them beside their own folder."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "examples"))

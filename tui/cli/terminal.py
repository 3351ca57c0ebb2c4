"""What kind of thing the program writes to."""

import os
from typing import IO


def moves(stream: IO[str]) -> bool:
    """Tell whether a display that redraws itself makes sense on a stream."""
    return stream.isatty() and (os.environ.get("TERM") or "dumb") not in {"dumb", "unknown"}

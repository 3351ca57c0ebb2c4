"""Names that somebody may have meant."""

import difflib
from collections.abc import Iterable


def nearest(typed: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like what was typed; None when none is like it."""
    # "max-size" is "max_size", and capitals are no difference.
    names = {name.lower().replace("-", "_"): name for name in known}
    found = difflib.get_close_matches(typed.lower().replace("-", "_"), names, n=1, cutoff=0.6)
    return names[found[0]] if found else None

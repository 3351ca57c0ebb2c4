"""The checkpoints that Deezer published: names, where they are, and their known checksums.

The release holds one archive per model and an index of their checksums beside them.
"""

import json
from dataclasses import dataclass

from core.errors import ModelError

RELEASE_URL = "https://github.com/deezer/spleeter/releases/download/v1.4.0"
CHECKSUM_FILE = "checksum.json"


@dataclass(frozen=True, slots=True)
class Release:
    """One published checkpoint.

    Attributes
    ----------
    name
        The model's name in this program.
    stem
        Name of the archive without `.tar.gz`, and its key in the checksum index.
    sha256
        Checksum of the archive as published, hexadecimal. Serves where the index cannot be
        reached: an archive that was brought by hand is checked without a network.
    """

    name: str
    stem: str
    sha256: str

    @property
    def archive(self) -> str:
        """File name of the archive."""
        return f"{self.stem}.tar.gz"


RELEASES = {
    release.name: release
    for release in (
        Release(
            "spleeter-2stems",
            "2stems",
            "f3a90b39dd2874269e8b05a48a86745df897b848c61f3958efc80a39152bd692",
        ),
        Release(
            "spleeter-4stems",
            "4stems",
            "3adb4a50ad4eb18c7c4d65fcf4cf2367a07d48408a5eb7d03cd20067429dfaa8",
        ),
        Release(
            "spleeter-5stems",
            "5stems",
            "25a1e87eb5f75cc72a4d2d5467a0a50ac75f05611f877c278793742513cc7218",
        ),
    )
}
"""Published checkpoints by model name."""


def find_release(name: str) -> Release:
    """Look a published checkpoint up by the model's name.

    Raises
    ------
    ModelError
        There is none of that name.
    """
    try:
        return RELEASES[name]
    except KeyError:
        raise ModelError(
            f"There is no model called {name!r} to install.",
            f"Models that can be installed: {', '.join(RELEASES)}.",
        ) from None


def read_checksum(index: str, release: Release, origin: str) -> str:
    """Find one archive's checksum in the text of a checksum index.

    Parameters
    ----------
    index
        JSON object, name to sha256; a name may stand with or without `.tar.gz`.
    release
        The archive that is looked for.
    origin
        URL or path of the index, for the error.

    Returns
    -------
    str
        sha256, 64 lower-case hexadecimal digits.

    Raises
    ------
    ModelError
        The text is no such index, or does not hold the archive.
    """
    try:
        table = json.loads(index)
    except ValueError as exc:
        raise ModelError(
            f"The checksum index {origin} is not JSON.",
            "Is this the right address? A sign-in page of a network looks like this, too.",
        ) from exc
    found = None
    if isinstance(table, dict):
        found = table.get(release.stem, table.get(release.archive))
    if not isinstance(found, str):
        raise ModelError(f"The checksum index {origin} does not list {release.archive}.")
    digest = found.strip().lower()
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise ModelError(f"The checksum of {release.archive} in {origin} is not a sha256.")
    return digest

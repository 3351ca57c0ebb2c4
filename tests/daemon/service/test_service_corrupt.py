"""Damaged files of every format: the daemon lives on, and each ends with its stems or a reason."""

import sys
from pathlib import Path

# At the end: where minusone is installed, the installed one is tested.
sys.path.append(str(Path(__file__).parents[3]))

from benchmarks.mutants import complaint_about, mutants, originals

MUTANTS = 60


def test_damaged_files_of_every_format(daemon) -> None:
    daemon.configure(jobs="nice = 0\nbackoff = 0.1", rest='preset = "fast"')
    songs = originals()
    for number, mutant in enumerate(mutants(songs, MUTANTS, seed=3)):
        (daemon.inbox / f"{number:03}.{mutant.codec}").write_bytes(mutant.data)
    daemon.start()
    daemon.until(lambda: len(daemon.jobs("done")) + len(daemon.jobs("failed")) == MUTANTS, 120)
    assert len(daemon.jobs()) == MUTANTS
    complaints = {
        (job["error_title"], job["error_detail"]): complaint
        for job in daemon.jobs("failed")
        if (complaint := complaint_about(job["error_title"], job["error_detail"]))
    }
    assert complaints == {}
    assert len(daemon.jobs("done")) > MUTANTS // 4
    assert len(daemon.jobs("failed")) > MUTANTS // 10
    daemon.assert_sound()
    # And a whole song goes through as ever.
    for codec, data in songs.items():
        (daemon.inbox / f"whole.{codec}").write_bytes(data)
    whole = "SELECT 1 FROM jobs WHERE state = 'done' AND source LIKE '%/whole.%'"
    daemon.until(lambda: len(daemon.rows(whole)) == len(songs))
    daemon.assert_sound()
    assert daemon.stop() == 0

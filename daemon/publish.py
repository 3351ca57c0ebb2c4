"""A finished staging folder becomes a track of the library, however the process ends meanwhile.

Four steps, each durable before the next: the folder's record is written, the job says where it is
going (`jobs.folder`), the folder is renamed into the library, the rows are written. After a crash
the record in the folder tells which of the last two steps had been reached.
"""

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.library.naming import folder_name, numbered
from core.library.record import read_record, write_record
from core.library.root import exchange_folder, publish_folder
from core.store.database import Database
from core.store.jobs import complete, intend, put_back
from core.store.records import Job, NewTrack, Original, Track
from core.store.tracks import find_track, folder_taken


class Publisher:
    """Puts finished songs into the library.

    Parameters
    ----------
    db
        The database.
    library
        The library's folder.
    clock
        Unix seconds.
    """

    def __init__(self, db: Database, library: Path, clock: Callable[[], float] = time.time) -> None:
        self._db = db
        self._library = library
        self._clock = clock

    def publish(
        self, job: Job, staging: Path, track: NewTrack, original: Original, speed: float
    ) -> Track:
        """Move a complete staging folder into the library and write its rows.

        Parameters
        ----------
        job
            Running.
        staging
            Holds the stems and nothing unfinished.
        track
            What is in it; `sha256` and `folder` are filled in here.
        original
            What is to become of the song's own file.
        speed
            The job's real-time factor.

        Raises
        ------
        OutputError, LibraryError
            The folder could not be moved; it still is in the staging area.
        StoreError
            The database refused. `settle` finishes the job later if the folder has its name.
        """
        assert job.sha256 is not None
        track = replace(track, sha256=job.sha256)
        before = find_track(self._db, job.sha256)
        if before is not None:
            track = replace(track, folder=before.folder)
            self._replace(job, staging, track)
        else:
            track = self._add(job, staging, track)
        published = complete(
            self._db,
            job.id,
            track,
            original=original,
            backend=track.backend,
            realtime_factor=speed,
            now=self._clock(),
        )
        # After an exchange this is the former folder.
        shutil.rmtree(staging, ignore_errors=True)
        return published

    def settle(self, job: Job, original: Original) -> Track | None:
        """Bring a job that was running when a process ended to a state that is true.

        Returns
        -------
        Track or None
            The track if it had reached the library; None: the job is in the queue again.

        Raises
        ------
        StoreError
            The database refused.
        """
        if job.folder is not None:
            found = read_record(self._library / job.folder)
            if found is not None and found[0] == job.id and found[1].sha256 == job.sha256:
                track = replace(found[1], folder=job.folder)
                return complete(
                    self._db,
                    job.id,
                    track,
                    original=original,
                    backend=track.backend,
                    realtime_factor=None,
                    now=self._clock(),
                )
        put_back(self._db, job.id)
        return None

    def _add(self, job: Job, staging: Path, track: NewTrack) -> NewTrack:
        wanted = folder_name(track.artist, track.title, job.source.stem)
        number = 1
        while True:
            name = numbered(wanted, number) if number > 1 else wanted
            number += 1
            if folder_taken(self._db, name) or (self._library / name).exists():
                continue
            track = replace(track, folder=name)
            write_record(staging, job.id, track)
            intend(self._db, job.id, name)
            try:
                publish_folder(staging, self._library, name)
            except FileExistsError:
                continue  # Somebody made it in this moment.
            return track

    def _replace(self, job: Job, staging: Path, track: NewTrack) -> None:
        write_record(staging, job.id, track)
        intend(self._db, job.id, track.folder)
        place = self._library / track.folder
        if place.is_dir():
            exchange_folder(staging, place)
        else:
            publish_folder(staging, self._library, track.folder)

-- The queue, the library and what the daemon says of itself.

CREATE TABLE meta (
  -- Facts about the database itself: library_id, paused, rescan.
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tracks (
  -- A song that has been separated. Its folder is complete before its row appears.
  id          INTEGER PRIMARY KEY,
  sha256      TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),  -- of the original's bytes
  folder      TEXT NOT NULL UNIQUE,             -- relative to the library
  folder_key  TEXT NOT NULL UNIQUE,             -- caseless: exFAT, NTFS and SMB know one name
  title       TEXT NOT NULL,
  artist      TEXT NOT NULL DEFAULT '',
  album       TEXT NOT NULL DEFAULT '',
  date        TEXT NOT NULL DEFAULT '',
  genre       TEXT NOT NULL DEFAULT '',
  title_sort  TEXT NOT NULL,                    -- caseless, without accents, without "the "
  artist_sort TEXT NOT NULL,
  album_sort  TEXT NOT NULL,
  duration    REAL NOT NULL CHECK (duration > 0),     -- seconds
  rate        INTEGER NOT NULL CHECK (rate > 0),      -- Hz
  channels    INTEGER NOT NULL CHECK (channels > 0),
  bpm         REAL CHECK (bpm > 0),             -- NULL until known
  key         TEXT,                             -- NULL until known
  source_name TEXT NOT NULL,                    -- file name of the original, for people
  cover       TEXT,                             -- file in the folder, or NULL
  lyrics      TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(lyrics)),  -- files in the folder
  model       TEXT NOT NULL,
  preset      TEXT NOT NULL,
  backend     TEXT NOT NULL,
  added_at    REAL NOT NULL
) STRICT;
CREATE INDEX tracks_by_title  ON tracks (title_sort, id);
CREATE INDEX tracks_by_artist ON tracks (artist_sort, album_sort, title_sort, id);
CREATE INDEX tracks_by_album  ON tracks (album_sort, title_sort, id);
CREATE INDEX tracks_by_added  ON tracks (added_at, id);
CREATE INDEX tracks_by_length ON tracks (duration, id);
CREATE INDEX tracks_by_bpm    ON tracks (bpm, id);
CREATE INDEX tracks_by_key    ON tracks (key, id);
CREATE INDEX tracks_with_lyrics ON tracks (added_at) WHERE lyrics <> '[]';

CREATE TABLE stems (
  track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
  name     TEXT NOT NULL,                       -- vocals, accompaniment, ...
  position INTEGER NOT NULL,                    -- order of the model's stems
  file     TEXT NOT NULL,                       -- in the track's folder
  codec    TEXT NOT NULL,
  bytes    INTEGER NOT NULL CHECK (bytes > 0),
  PRIMARY KEY (track_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
  -- One attempt after another at one song, until it is done, failed or cancelled.
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  state            TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  origin           TEXT NOT NULL CHECK (origin IN ('inbox', 'added')),
  priority         INTEGER NOT NULL DEFAULT 0,  -- higher first
  source           TEXT NOT NULL,               -- path of the original
  sha256           TEXT CHECK (length(sha256) = 64),  -- NULL: could never be read
  size             INTEGER NOT NULL,            -- bytes, when it was taken
  mtime_ns         INTEGER NOT NULL,            -- when it was taken
  inode            INTEGER NOT NULL,            -- when it was taken
  mount            TEXT NOT NULL DEFAULT '',    -- which file system it was on
  title            TEXT NOT NULL,
  artist           TEXT NOT NULL DEFAULT '',
  album            TEXT NOT NULL DEFAULT '',
  duration         REAL,                        -- announced, seconds
  rate             INTEGER,
  channels         INTEGER,
  codec            TEXT,
  model            TEXT,                        -- NULL: what the configuration says
  preset           TEXT,                        -- NULL: what the configuration says
  replace          INTEGER NOT NULL DEFAULT 0 CHECK (replace IN (0, 1)),  -- separate again
  attempts         INTEGER NOT NULL DEFAULT 0,  -- times it was claimed
  failures         INTEGER NOT NULL DEFAULT 0,  -- of these, errors that may pass
  deaths           INTEGER NOT NULL DEFAULT 0,  -- of these, workers that died of it
  not_before       REAL NOT NULL DEFAULT 0,
  cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
  worker           TEXT,                        -- who runs it, NULL unless running
  heartbeat_at     REAL,
  stage            TEXT,
  progress         REAL NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
  realtime_factor  REAL,
  backend          TEXT,
  folder           TEXT,                        -- about to be published there (library-relative)
  track_id         INTEGER REFERENCES tracks (id) ON DELETE SET NULL,
  original         TEXT CHECK (original IN ('pending', 'kept', 'moved', 'trashed')),
  error_title      TEXT,
  error_detail     TEXT,
  queued_at        REAL NOT NULL,
  started_at       REAL,
  finished_at      REAL,
  CHECK ((state = 'running') = (worker IS NOT NULL)),
  CHECK (state <> 'failed' OR error_title IS NOT NULL)
) STRICT;
-- The queue: what may be claimed next, in order.
CREATE INDEX jobs_queue ON jobs (priority DESC, id) WHERE state = 'queued';
CREATE INDEX jobs_by_state ON jobs (state, id);
CREATE INDEX jobs_by_source ON jobs (source);
CREATE INDEX jobs_by_track ON jobs (track_id);
CREATE INDEX jobs_originals ON jobs (id) WHERE original = 'pending';
-- The same content is never under way twice.
CREATE UNIQUE INDEX jobs_active ON jobs (sha256) WHERE state IN ('queued', 'running');

CREATE TABLE job_events (
  -- The last lines of the log of each job; job_id is NULL for the daemon's own lines.
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id INTEGER REFERENCES jobs (id) ON DELETE CASCADE,
  at     REAL NOT NULL,
  level  TEXT NOT NULL CHECK (level IN ('debug', 'info', 'warning', 'error')),
  text   TEXT NOT NULL
) STRICT;
CREATE INDEX job_events_by_job ON job_events (job_id, id);

CREATE TABLE sources (
  -- Every inbox file that has been dealt with, so that a restart need not read it again.
  path     TEXT PRIMARY KEY,
  size     INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  inode    INTEGER NOT NULL,
  sha256   TEXT,                                -- NULL for what is no song
  outcome  TEXT NOT NULL CHECK (outcome IN ('job', 'duplicate', 'ignored')),
  job_id   INTEGER REFERENCES jobs (id) ON DELETE SET NULL,
  track_id INTEGER REFERENCES tracks (id) ON DELETE SET NULL,  -- what a duplicate duplicates
  reason   TEXT NOT NULL DEFAULT '',            -- why it was ignored
  seen_at  REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sources_by_sha256 ON sources (sha256);
CREATE INDEX sources_by_job ON sources (job_id);
CREATE INDEX sources_by_track ON sources (track_id);

CREATE TABLE daemon (
  -- What the daemon said last about itself; one row, or none before its first start.
  id           INTEGER PRIMARY KEY CHECK (id = 1),
  pid          INTEGER NOT NULL,
  host         TEXT NOT NULL,
  version      TEXT NOT NULL,
  started_at   REAL NOT NULL,
  heartbeat_at REAL NOT NULL,
  stopped_at   REAL,                            -- NULL while it runs, or when it was killed
  waiting      TEXT NOT NULL DEFAULT '',        -- why the queue stands still; '' when it does not
  folders      TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(folders)),  -- inboxes and how watched
  library      TEXT NOT NULL,
  free_bytes   INTEGER
) STRICT;

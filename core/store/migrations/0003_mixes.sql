CREATE TABLE mixes (
  -- Karaoke and remix settings that someone saved.
  id         INTEGER PRIMARY KEY,
  track_id   INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  settings   TEXT NOT NULL CHECK (json_valid(settings)),
  created_at REAL NOT NULL,
  changed_at REAL NOT NULL,
  UNIQUE (track_id, name)
) STRICT;

-- For people with a SQL prompt or Datasette: the same with readable times.
CREATE VIEW library AS
  SELECT id, artist, title, album, date, genre, round(duration, 1) AS seconds, bpm, key, folder,
         model, preset, datetime(added_at, 'unixepoch') AS added
  FROM tracks;
CREATE VIEW job_log AS
  SELECT datetime(at, 'unixepoch') AS time, job_id, level, text FROM job_events;
CREATE VIEW queue AS
  SELECT id, state, priority, artist, title, round(100 * progress) AS percent, stage, attempts,
         error_title AS error, source, datetime(queued_at, 'unixepoch') AS queued,
         datetime(started_at, 'unixepoch') AS started, datetime(finished_at, 'unixepoch') AS finished
  FROM jobs;

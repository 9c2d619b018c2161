-- What terminals say beyond what they hold, and how changes reached them.

ALTER TABLE terminals
  -- What it shows.
  ADD COLUMN state text CHECK (state IN ('live', 'catching_up', 'offline', 'needs_attention')),
  -- Which copy of its data spoke last, and how often it had been started.
  ADD COLUMN instance_id uuid,
  ADD COLUMN instance_starts integer CHECK (instance_starts > 0),
  -- The starts that spoke, as UUIDs with blanks between, the newest first.
  ADD COLUMN instance_runs text NOT NULL DEFAULT '',
  -- When two copies last spoke as this one terminal.
  ADD COLUMN cloned_at timestamptz,
  ADD CHECK ((instance_id IS NULL) = (instance_starts IS NULL));

-- Reports of many licenses are written together.
GRANT INSERT, UPDATE (last_seen_at, epoch, version, digest, unsent_sales, clock_offset_ms, state,
    instance_id, instance_starts, instance_runs, cloned_at)
  ON terminals TO tillcast_system;
REVOKE UPDATE (last_seen_at, epoch, version, digest, unsent_sales, clock_offset_ms)
  ON terminals FROM tillcast_app;

-- For each of a license's latest changes, how often and how fast it was applied. Which terminals have it, what they
-- hold tells.
CREATE TABLE deliveries (
  license_id integer NOT NULL REFERENCES licenses,
  epoch text NOT NULL CHECK (epoch ~ '^[a-z0-9]{8,32}$'),
  version bigint NOT NULL CHECK (version > 0),
  committed_at timestamptz NOT NULL,
  -- How many terminals reported that they applied it.
  applied integer NOT NULL CHECK (applied > 0),
  -- The same by the time that it took; what each place stands for, the program knows.
  buckets integer[] NOT NULL,
  last_applied_at timestamptz NOT NULL,
  PRIMARY KEY (license_id, epoch, version)
) WITH (fillfactor = 70);

ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY all_licenses ON deliveries TO tillcast_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE (applied, buckets, last_applied_at), DELETE ON deliveries TO tillcast_system;

CREATE INDEX broadcasts_by_end ON broadcasts (expires_at);

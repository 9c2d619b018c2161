-- What each terminal may have open at the broker.

ALTER TABLE terminals
  -- When the broker was told what it may have open; null: it is still to be told, or the terminal is blocked.
  ADD COLUMN limited_at timestamptz;

GRANT UPDATE (limited_at) ON terminals TO tillcast_system;

CREATE INDEX terminals_unlimited ON terminals (license_id)
  WHERE public_key IS NOT NULL AND revoked_at IS NULL AND limited_at IS NULL;

ALTER TABLE revocations
  DROP CONSTRAINT revocations_kind_check,
  ADD CONSTRAINT revocations_kind_check CHECK (kind IN ('block', 'unblock', 'limit'));

-- One row for each terminal ever activated, and for each act: what was done is forgotten after a while.
GRANT DELETE ON revocations TO tillcast_system;
CREATE INDEX revocations_done ON revocations (done_at) WHERE done_at IS NOT NULL;

-- When a backend is to look over the broker next: of several, one does.
CREATE TABLE broker_looks (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  due_at timestamptz NOT NULL
);

INSERT INTO broker_looks (due_at) VALUES ('-infinity');
GRANT SELECT, UPDATE (due_at) ON broker_looks TO tillcast_system;

-- What the broker was told of a terminal, and who tells it.

ALTER TABLE terminals
  -- The broker is to refuse its tokens until then, when the last of them has ended; null: it is not blocked.
  ADD COLUMN blocked_until timestamptz,
  -- When its connections were last closed by us.
  ADD COLUMN closed_at timestamptz;

GRANT UPDATE (blocked_until, closed_at) ON terminals TO tillcast_system;

CREATE INDEX terminals_by_token_end ON terminals (token_expires_at) WHERE token_expires_at IS NOT NULL;
CREATE INDEX terminals_blocked ON terminals (blocked_until) WHERE blocked_until IS NOT NULL;

-- Which backend brings the broker into line for a license just now: one at a time, so that a block never comes
-- after the unblock that followed it.
CREATE TABLE revocation_claims (
  license_id integer PRIMARY KEY REFERENCES licenses,
  owner uuid NOT NULL,
  claimed_until timestamptz NOT NULL
);

ALTER TABLE revocation_claims ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY all_licenses ON revocation_claims TO tillcast_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON revocation_claims TO tillcast_system;

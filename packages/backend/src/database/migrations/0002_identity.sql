-- Who a terminal is, what signs for us, and what was done.

ALTER TABLE licenses DROP CONSTRAINT licenses_status_check;
ALTER TABLE licenses
  ADD CONSTRAINT licenses_status_check CHECK (status IN ('active', 'suspended', 'revoked')),
  ADD COLUMN terminals_max integer NOT NULL DEFAULT 10 CHECK (terminals_max BETWEEN 0 AND 100000),
  -- A slow hash; null: no till can be activated until a code is made.
  ADD COLUMN activation_code_hash text,
  -- When it stopped being active: what was sold before may be handed in for a while.
  ADD COLUMN ended_at timestamptz;

-- A row for each terminal that was activated, and for each that named itself where that is allowed.
ALTER TABLE terminals
  ALTER COLUMN last_seen_at DROP NOT NULL,
  ALTER COLUMN unsent_sales SET DEFAULT 0,
  ALTER COLUMN clock_offset_ms SET DEFAULT 0,
  ADD COLUMN name text NOT NULL DEFAULT '' CHECK (length(name) <= 64),
  -- A JWK; null: it was never activated.
  ADD COLUMN public_key text,
  ADD COLUMN activated_at timestamptz,
  ADD COLUMN revoked_at timestamptz,
  -- When the last token that it was given ends: the reaper closes what outlives it.
  ADD COLUMN token_expires_at timestamptz,
  ADD CHECK ((public_key IS NULL) = (activated_at IS NULL));

-- An assertion names a terminal, not its license. Who merely named itself may bear any id, another license's too.
CREATE UNIQUE INDEX terminals_by_id ON terminals (terminal_id) WHERE public_key IS NOT NULL;
CREATE UNIQUE INDEX terminals_by_key ON terminals (public_key) WHERE public_key IS NOT NULL;
-- Read at every request, of a license with however many terminals.
CREATE INDEX terminals_active ON terminals (license_id) WHERE public_key IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX terminals_revoked ON terminals (license_id, revoked_at) WHERE revoked_at IS NOT NULL;

-- A seat that waits for its new machine: a code for one activation, under the old name.
CREATE TABLE seat_codes (
  license_id integer NOT NULL REFERENCES licenses,
  id uuid NOT NULL,
  code_hash text NOT NULL,
  name text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (license_id, id)
);

-- Assertions that were used: none is taken twice.
CREATE TABLE assertions (
  license_id integer NOT NULL REFERENCES licenses,
  terminal_id uuid NOT NULL,
  jti text NOT NULL CHECK (length(jti) <= 128),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (license_id, terminal_id, jti)
);

CREATE INDEX assertions_by_end ON assertions (expires_at);

-- Private keys are sealed with the deployment's secret key; the public ones are computed from them.
CREATE TABLE signing_keys (
  kid text PRIMARY KEY,
  purpose text NOT NULL CHECK (purpose IN ('token', 'message')),
  state text NOT NULL CHECK (state IN ('next', 'current', 'retired')),
  sealed_private_jwk text NOT NULL,
  created_at timestamptz NOT NULL,
  current_from timestamptz,
  retired_at timestamptz
);

CREATE UNIQUE INDEX signing_keys_current ON signing_keys (purpose) WHERE state = 'current';
CREATE UNIQUE INDEX signing_keys_next ON signing_keys (purpose) WHERE state = 'next';

-- Made with the commit, so that the relay only hands on. Null in what was committed before there were signatures:
-- tills do not take it, and pull.
ALTER TABLE changes ADD COLUMN signature text;
ALTER TABLE broadcasts ADD COLUMN signature text;

-- What the broker is still to be told: whose connections to close and keep closed, or to let in again.
CREATE TABLE revocations (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  license_id integer NOT NULL REFERENCES licenses,
  -- Null: all terminals of the license.
  terminal_id uuid,
  kind text NOT NULL CHECK (kind IN ('block', 'unblock')),
  created_at timestamptz NOT NULL,
  done_at timestamptz
);

CREATE INDEX revocations_open ON revocations (id) WHERE done_at IS NULL;

-- Append-only and chained: see append_audit.
CREATE TABLE audit_log (
  number bigint PRIMARY KEY CHECK (number > 0),
  at timestamptz NOT NULL,
  actor text NOT NULL,
  act text NOT NULL,
  subject text,
  detail text NOT NULL,
  hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$')
);

CREATE TABLE audit_head (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  number bigint NOT NULL,
  hash text NOT NULL
);

INSERT INTO audit_head (number, hash) VALUES (0, repeat('0', 64));

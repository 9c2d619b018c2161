-- Every table that holds a license's data leads its primary key with license_id: what belongs to one
-- license lies together, and row-level security needs no other column.

CREATE TABLE licenses (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- The key becomes one word of a routing key, so nothing that a topic exchange reads as structure.
  key text COLLATE "C" NOT NULL UNIQUE
    CHECK (key ~ '^[A-Z0-9]+(-[A-Z0-9]+)*$' AND length(key) BETWEEN 6 AND 64),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  term text NOT NULL CHECK (term IN ('LIFE', '1MTR', '3MTR', 'OTHER')),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
  valid_until timestamptz,
  created_at timestamptz NOT NULL
);

-- Where each license's catalog stands. This row is the license's counter: whoever writes the catalog
-- updates it in the same transaction, so versions are given out one at a time and without a hole.
CREATE TABLE catalogs (
  license_id integer PRIMARY KEY REFERENCES licenses,
  epoch text NOT NULL CHECK (epoch ~ '^[a-z0-9]{8,32}$'),
  version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
  digest text NOT NULL DEFAULT '0000000000000000' CHECK (digest ~ '^[0-9a-f]{16}$'),
  live_items integer NOT NULL DEFAULT 0 CHECK (live_items >= 0),
  -- Changes up to here can no longer be told from the rows: a delta from below is refused.
  history_floor bigint NOT NULL DEFAULT 0 CHECK (history_floor BETWEEN 0 AND version)
) WITH (fillfactor = 50);

-- One row an item, live or deleted. Ids compare by bytes, so that pages do not depend on a locale.
-- license_id refers to catalogs, but is not declared to: the writing statement takes it from the locked
-- counter row, and the check would cost an import of 100,000 rows a lookup each.
CREATE TABLE items (
  license_id integer NOT NULL,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('category', 'modifier', 'product', 'table', 'user')),
  id text COLLATE "C" NOT NULL CHECK (length(id) BETWEEN 1 AND 64),
  version bigint NOT NULL CHECK (version > 0),
  deleted_at timestamptz,
  -- Canonical JSON: the one text that is stored, hashed and sent.
  body text,
  digest text CHECK (length(digest) = 16),
  PRIMARY KEY (license_id, kind, id),
  CHECK ((body IS NULL) = (deleted_at IS NOT NULL) AND (digest IS NULL) = (body IS NULL))
);

CREATE INDEX items_by_version ON items (license_id, version, kind, id);

-- The change log: outbox and audit trail in one. `message` is the whole body that goes out.
CREATE TABLE changes (
  license_id integer NOT NULL,
  version bigint NOT NULL CHECK (version > 0),
  id uuid NOT NULL,
  type text NOT NULL,
  digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{16}$'),
  message text NOT NULL,
  committed_at timestamptz NOT NULL,
  PRIMARY KEY (license_id, version)
);

-- What the broker has confirmed. Apart from catalogs, so that the relay never waits for a commit's lock,
-- nor a commit for the relay.
CREATE TABLE publications (
  license_id integer PRIMARY KEY REFERENCES licenses,
  shard smallint NOT NULL CHECK (shard BETWEEN 0 AND 15),
  published_version bigint NOT NULL DEFAULT 0 CHECK (published_version >= 0)
) WITH (fillfactor = 50);

CREATE TABLE broadcasts (
  id uuid PRIMARY KEY,
  type text NOT NULL,
  message text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
  published_at timestamptz
);

CREATE INDEX broadcasts_unpublished ON broadcasts (created_at, id) WHERE published_at IS NULL;

-- The running relays, and which of them publishes for which shard.
CREATE TABLE relays (
  id uuid PRIMARY KEY,
  seen_until timestamptz NOT NULL
);

CREATE TABLE relay_shards (
  shard smallint PRIMARY KEY CHECK (shard BETWEEN 0 AND 15),
  owner uuid,
  lease_until timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50);

INSERT INTO relay_shards (shard) SELECT generate_series(0, 15);

CREATE TABLE terminals (
  license_id integer NOT NULL REFERENCES licenses,
  terminal_id uuid NOT NULL,
  last_seen_at timestamptz NOT NULL,
  epoch text,
  version bigint,
  digest text,
  unsent_sales integer NOT NULL CHECK (unsent_sales >= 0),
  clock_offset_ms double precision NOT NULL,
  PRIMARY KEY (license_id, terminal_id),
  CHECK ((epoch IS NULL) = (version IS NULL) AND (version IS NULL) = (digest IS NULL))
) WITH (fillfactor = 70);

-- API keys are random and long, so a fast hash is enough.
CREATE TABLE api_keys (
  hash text PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),
  name text NOT NULL,
  created_at timestamptz NOT NULL
);

-- What tills sold. Nobody changes a sale: what was sold was sold, and a refund is a sale of its own.

CREATE TABLE sales (
  license_id integer NOT NULL REFERENCES licenses,
  terminal_id uuid NOT NULL,
  -- Unique within its terminal: brought twice, it is there once.
  sale_id text NOT NULL CHECK (sale_id ~ '^[0-9A-HJKMNP-TV-Z]{8}-[1-9][0-9]{0,14}$'),
  kind text NOT NULL CHECK (kind IN ('sale', 'refund')),
  sold_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL,
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  -- In minor units of the currency; of a refund too they are not negative.
  total_minor bigint NOT NULL CHECK (total_minor >= 0),
  tax_minor bigint NOT NULL CHECK (tax_minor >= 0),
  body text NOT NULL,
  -- SHA-256 of the body, in hexadecimal: whether what is brought again is the same.
  body_hash text NOT NULL CHECK (body_hash ~ '^[0-9a-f]{64}$'),
  PRIMARY KEY (license_id, terminal_id, sale_id)
);

CREATE INDEX sales_by_time ON sales (license_id, sold_at);

-- What was brought as a sale and is none, or another one under an id that is taken: kept as it came, with the reason.
CREATE TABLE rejected_sales (
  license_id integer NOT NULL REFERENCES licenses,
  terminal_id uuid NOT NULL,
  body_hash text NOT NULL CHECK (body_hash ~ '^[0-9a-f]{64}$'),
  body text NOT NULL,
  code text NOT NULL,
  detail text NOT NULL,
  received_at timestamptz NOT NULL,
  PRIMARY KEY (license_id, terminal_id, body_hash)
);

ALTER TABLE sales ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_license ON sales TO tillcast_app
  USING (license_id = current_license_id()) WITH CHECK (license_id = current_license_id());
GRANT SELECT, INSERT ON sales TO tillcast_app;

ALTER TABLE rejected_sales ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_license ON rejected_sales TO tillcast_app
  USING (license_id = current_license_id()) WITH CHECK (license_id = current_license_id());
GRANT SELECT, INSERT ON rejected_sales TO tillcast_app;

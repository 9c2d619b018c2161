-- Who may see and do what, whatever a statement asks for. Two roles, which no one logs in as:
--   tillcast_app     acts for one license, named by the setting tillcast.license_id for one transaction. Row-level
--                    security shows it that license's rows alone, and takes no row of another.
--   tillcast_system  acts for the deployment: finds licenses, relays, leases, keys, operators' lists. It has no
--                    grant and no policy on items.
-- Row-level security is forced, so it holds for the owner too, for whom there is no policy: a later step that
-- has to change rows says SET LOCAL ROLE first, and a dump is made by a superuser.

-- The license of this transaction; null, and so equal to none, where none is set.
CREATE FUNCTION current_license_id() RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('tillcast.license_id', true), '')::integer;

DO $$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO tillcast_system, tillcast_app', current_schema());
END
$$;

-- Each license's own. Grants say which verbs and columns, policies which rows.

ALTER TABLE licenses ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_license ON licenses TO tillcast_app
  USING (id = current_license_id()) WITH CHECK (id = current_license_id());
CREATE POLICY all_licenses ON licenses TO tillcast_system USING (true) WITH CHECK (true);
GRANT SELECT ON licenses TO tillcast_app, tillcast_system;
GRANT UPDATE (name, status, valid_until, terminals_max, activation_code_hash, ended_at)
  ON licenses TO tillcast_app;
GRANT INSERT ON licenses TO tillcast_system;

ALTER TABLE catalogs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_license ON catalogs TO tillcast_app
  USING (license_id = current_license_id()) WITH CHECK (license_id = current_license_id());
CREATE POLICY all_licenses ON catalogs TO tillcast_system USING (true) WITH CHECK (true);
GRANT SELECT ON catalogs TO tillcast_app, tillcast_system;
GRANT UPDATE (version, digest, live_items) ON catalogs TO tillcast_app;
GRANT INSERT ON catalogs TO tillcast_system;

ALTER TABLE items ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_license ON items TO tillcast_app
  USING (license_id = current_license_id()) WITH CHECK (license_id = current_license_id());
GRANT SELECT, INSERT ON items TO tillcast_app;
GRANT UPDATE (version, deleted_at, body, digest) ON items TO tillcast_app;

ALTER TABLE changes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_license ON changes TO tillcast_app
  USING (license_id = current_license_id()) WITH CHECK (license_id = current_license_id());
CREATE POLICY all_licenses ON changes TO tillcast_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON changes TO tillcast_app;
GRANT SELECT ON changes TO tillcast_system;

ALTER TABLE publications ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_license ON publications TO tillcast_app
  USING (license_id = current_license_id()) WITH CHECK (license_id = current_license_id());
CREATE POLICY all_licenses ON publications TO tillcast_system USING (true) WITH CHECK (true);
GRANT SELECT ON publications TO tillcast_app;
GRANT SELECT, INSERT, UPDATE (published_version) ON publications TO tillcast_system;

ALTER TABLE terminals ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_license ON terminals TO tillcast_app
  USING (license_id = current_license_id()) WITH CHECK (license_id = current_license_id());
CREATE POLICY all_licenses ON terminals TO tillcast_system USING (true) WITH CHECK (true);
GRANT SELECT ON terminals TO tillcast_app, tillcast_system;
GRANT INSERT ON terminals TO tillcast_app;
-- Neither its id nor its key: another key is another terminal.
GRANT UPDATE (name, revoked_at, token_expires_at, last_seen_at, epoch, version, digest, unsent_sales, clock_offset_ms)
  ON terminals TO tillcast_app;

ALTER TABLE seat_codes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_license ON seat_codes TO tillcast_app
  USING (license_id = current_license_id()) WITH CHECK (license_id = current_license_id());
CREATE POLICY all_licenses ON seat_codes TO tillcast_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON seat_codes TO tillcast_app;
GRANT SELECT ON seat_codes TO tillcast_system;

ALTER TABLE assertions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_license ON assertions TO tillcast_app
  USING (license_id = current_license_id()) WITH CHECK (license_id = current_license_id());
CREATE POLICY all_licenses ON assertions TO tillcast_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON assertions TO tillcast_app;
GRANT SELECT, DELETE ON assertions TO tillcast_system;

ALTER TABLE revocations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_license ON revocations TO tillcast_app
  USING (license_id = current_license_id()) WITH CHECK (license_id = current_license_id());
CREATE POLICY all_licenses ON revocations TO tillcast_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON revocations TO tillcast_app;
GRANT SELECT, INSERT, UPDATE (done_at) ON revocations TO tillcast_system;

-- Of no license: the system's alone.

GRANT SELECT, INSERT, UPDATE (published_at) ON broadcasts TO tillcast_system;
GRANT SELECT, INSERT, UPDATE (seen_until), DELETE ON relays TO tillcast_system;
GRANT SELECT, UPDATE (owner, lease_until) ON relay_shards TO tillcast_system;
GRANT SELECT, INSERT, UPDATE (name) ON api_keys TO tillcast_system;
GRANT SELECT, INSERT, UPDATE (state, current_from, retired_at), DELETE ON signing_keys TO tillcast_system;

-- The audit log: everyone appends, by one function that runs as the owner; nobody changes it.

GRANT SELECT ON audit_log, audit_head TO tillcast_system;

-- The hash is SHA-256, in hexadecimal, of the UTF-8 bytes of the hash before, a line's end, and a JSON array of
-- number, at, actor, act, subject and detail without any blank between them. The program's protocol has the same.
CREATE FUNCTION append_audit(actor text, act text, subject text, detail text, at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
AS $$
DECLARE
  head audit_head%ROWTYPE;
  moment timestamptz := date_trunc('milliseconds', at);
  content text;
BEGIN
  SELECT * INTO STRICT head FROM audit_head FOR UPDATE;
  head.number := head.number + 1;
  content := '[' || head.number
    || ',' || to_json(to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))::text
    || ',' || to_json(actor)::text
    || ',' || to_json(act)::text
    || ',' || coalesce(to_json(subject)::text, 'null')
    || ',' || to_json(detail)::text || ']';
  head.hash := encode(sha256(convert_to(head.hash || E'\n' || content, 'UTF8')), 'hex');
  INSERT INTO audit_log (number, at, actor, act, subject, detail, hash)
  VALUES (head.number, moment, actor, act, subject, detail, head.hash);
  UPDATE audit_head SET number = head.number, hash = head.hash;
  RETURN head.number;
END
$$;

-- What runs as the owner finds its tables in this schema, and no other name before PostgreSQL's own.
DO $$
BEGIN
  EXECUTE format(
    'ALTER FUNCTION append_audit(text, text, text, text, timestamptz) SET search_path = pg_catalog, %I, pg_temp',
    current_schema()
  );
END
$$;

REVOKE ALL ON FUNCTION append_audit(text, text, text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_audit(text, text, text, text, timestamptz) TO tillcast_app, tillcast_system;

CREATE FUNCTION refuse_audit_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is only ever appended to' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_log
  FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER one_head BEFORE INSERT OR DELETE ON audit_head
  FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER one_head_whole BEFORE TRUNCATE ON audit_head
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
-- The head moves by one entry at a time.
CREATE TRIGGER head_moves_on BEFORE UPDATE ON audit_head
  FOR EACH ROW WHEN (NEW.number <> OLD.number + 1) EXECUTE FUNCTION refuse_audit_change();
ALTER TABLE audit_head ADD CHECK (hash ~ '^[0-9a-f]{64}$' AND number >= 0);
ALTER TABLE audit_log ADD CHECK (isfinite(at));
-- Even where a session says that it replicates.
ALTER TABLE audit_log
  ENABLE ALWAYS TRIGGER append_only,
  ENABLE ALWAYS TRIGGER append_only_whole;
ALTER TABLE audit_head
  ENABLE ALWAYS TRIGGER one_head,
  ENABLE ALWAYS TRIGGER one_head_whole,
  ENABLE ALWAYS TRIGGER head_moves_on;
